-- Purpose: the tables of CommCare HQ's main database that a reader needs (locations, tombstones)
-- Reads:   nothing
-- Writes:  creates what is missing; safe to run again
-- hq_sim is the simulator's own schema, which HQ has not: it remembers which generated loads are done.

CREATE TABLE IF NOT EXISTS locations_locationtype (
  id serial PRIMARY KEY,
  domain varchar(255) NOT NULL,
  name varchar(255) NOT NULL,
  code varchar(50),
  parent_type_id integer REFERENCES locations_locationtype (id) DEFERRABLE INITIALLY DEFERRED,
  administrative boolean NOT NULL,
  shares_cases boolean NOT NULL,
  view_descendants boolean NOT NULL,
  expand_from integer REFERENCES locations_locationtype (id) DEFERRABLE INITIALLY DEFERRED,
  expand_from_root boolean NOT NULL,
  expand_to_id integer REFERENCES locations_locationtype (id) DEFERRABLE INITIALLY DEFERRED,
  include_without_expanding_id integer REFERENCES locations_locationtype (id) DEFERRABLE INITIALLY DEFERRED,
  last_modified timestamptz NOT NULL,
  has_user boolean NOT NULL,
  has_users boolean NOT NULL,
  emergency_level numeric(10, 1) NOT NULL,
  understock_threshold numeric(10, 1) NOT NULL,
  overstock_threshold numeric(10, 1) NOT NULL,
  UNIQUE (domain, code),
  UNIQUE (domain, name)
);

CREATE TABLE IF NOT EXISTS locations_sqllocation (
  id serial PRIMARY KEY,
  domain varchar(255) NOT NULL,
  name varchar(255),
  location_id varchar(100) NOT NULL UNIQUE,
  location_type_id integer NOT NULL REFERENCES locations_locationtype (id) DEFERRABLE INITIALLY DEFERRED,
  site_code varchar(255) NOT NULL,
  external_id varchar(255),
  metadata text NOT NULL,
  created_at timestamptz NOT NULL,
  last_modified timestamptz NOT NULL,
  is_archived boolean NOT NULL,
  archived_on timestamptz,
  latitude numeric(20, 10),
  longitude numeric(20, 10),
  parent_id integer REFERENCES locations_sqllocation (id) DEFERRABLE INITIALLY DEFERRED,
  stocks_all_products boolean NOT NULL,
  supply_point_id varchar(255) UNIQUE,
  user_id varchar(255) NOT NULL,
  UNIQUE (domain, site_code)
);
CREATE INDEX IF NOT EXISTS locations_locationtype_last_modified ON locations_locationtype (last_modified);
CREATE INDEX IF NOT EXISTS locations_sqllocation_last_modified ON locations_sqllocation (last_modified);
CREATE INDEX IF NOT EXISTS locations_sqllocation_parent_id ON locations_sqllocation (parent_id);

CREATE TABLE IF NOT EXISTS cleanup_deletedsqldoc (
  id serial PRIMARY KEY,
  doc_id varchar(126) NOT NULL,
  object_class_path varchar(255) NOT NULL,
  domain varchar(255) NOT NULL,
  deleted_on timestamptz NOT NULL,
  deleted_by varchar(126),
  CONSTRAINT deletedsqldoc_unique_id_and_type UNIQUE (doc_id, object_class_path)
);
CREATE INDEX IF NOT EXISTS cleanup_deletedsqldoc_deleted_on ON cleanup_deletedsqldoc (deleted_on);

CREATE TABLE IF NOT EXISTS cleanup_deletedcouchdoc (
  id serial PRIMARY KEY,
  doc_id varchar(126) NOT NULL,
  doc_type varchar(126) NOT NULL,
  deleted_on timestamptz NOT NULL,
  CONSTRAINT deletedcouchdoc_unique_id_and_type UNIQUE (doc_id, doc_type)
);
CREATE INDEX IF NOT EXISTS cleanup_deletedcouchdoc_deleted_on ON cleanup_deletedcouchdoc (deleted_on);

CREATE SCHEMA IF NOT EXISTS hq_sim;
CREATE TABLE IF NOT EXISTS hq_sim.loads (
  domain text NOT NULL,
  seed bigint NOT NULL,
  options text NOT NULL,
  finished_at timestamptz NOT NULL,
  PRIMARY KEY (domain, seed)
);
