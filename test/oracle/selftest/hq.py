"""A small HQ: two shards and a main database, a blob folder, records that try the rules."""

import gzip
import json
import os
from typing import Any, Mapping, Sequence

import psycopg

from .postgres import Postgres

SCHEMA = """
CREATE TABLE form_processor_xforminstancesql (id serial PRIMARY KEY, form_id varchar(255) UNIQUE, domain varchar(255),
 app_id varchar(255), xmlns varchar(255), user_id varchar(255), orig_id varchar(255), deprecated_form_id varchar(255),
 server_modified_on timestamptz, received_on timestamptz, edited_on timestamptz, deleted_on timestamptz,
 deletion_id varchar(255), auth_context text, openrosa_headers text, partial_submission bool, submit_ip varchar(255),
 last_sync_token varchar(255), problem text, date_header timestamptz, build_id varchar(255), state smallint,
 initial_processing_complete bool);
CREATE TABLE blobs_blobmeta (id serial PRIMARY KEY, domain varchar(255), parent_id varchar(255), name varchar(255),
 key varchar(255) UNIQUE, type_code smallint, content_length bigint, compressed_length bigint);
CREATE TABLE form_processor_commcarecasesql (id serial PRIMARY KEY, case_id varchar(255) UNIQUE, domain varchar(255),
 type varchar(255), name varchar(255), owner_id varchar(255), opened_on timestamptz, opened_by varchar(255),
 modified_on timestamptz, server_modified_on timestamptz, modified_by varchar(255), closed bool, closed_on timestamptz,
 closed_by varchar(255), deleted bool, deleted_on timestamptz, deletion_id varchar(255), external_id varchar(255),
 location_id varchar(255), case_json text);
CREATE TABLE form_processor_commcarecaseindexsql (id serial PRIMARY KEY, case_id varchar(255), domain varchar(255),
 identifier varchar(255), referenced_id varchar(255), referenced_type varchar(255), relationship_id smallint);
CREATE TABLE locations_locationtype (id serial PRIMARY KEY, domain varchar(255), name varchar(255), code varchar(50),
 last_modified timestamptz);
CREATE TABLE locations_sqllocation (id int PRIMARY KEY, domain varchar(255), name varchar(255), location_id varchar(100),
 location_type_id int, site_code varchar(255), external_id varchar(255), metadata text, created_at timestamptz,
 last_modified timestamptz, is_archived bool, archived_on timestamptz, latitude numeric(20,10),
 longitude numeric(20,10), parent_id int);
"""
CONFIG = """
domains:
  demo:
    location_levels: [state, district]
    locations: true
    cases: {child: {}, no: {}}
    forms:
      "http://openrosa.org/formdesigner/VISIT": {name: visit}
    time_zone: Asia/Kolkata
  other:
    cases: {'*': {}}
"""
VISIT = "http://openrosa.org/formdesigner/VISIT"


def visit_xml(inner: str, time_end: str = "2024-04-30T23:00:00Z") -> str:
    meta = f'<m:meta xmlns:m="http://openrosa.org/jr/xforms"><m:timeEnd>{time_end}</m:timeEnd></m:meta>'
    return f'<data xmlns="{VISIT}" name="Visit">{inner}{meta}</data>'


class SmallHq:
    """Two shards, `p1` and `p2`, and `main`. `stop()` ends the server."""

    def __init__(self, binaries: str, folder: str) -> None:
        self.postgres = Postgres(binaries)
        self.blobs = os.path.join(folder, "blobs")
        os.mkdir(self.blobs)
        with psycopg.connect(self.postgres.url("postgres"), autocommit=True) as connection:
            for name in ("main", "p1", "p2"):
                connection.execute(f"CREATE DATABASE {name}".encode())
        for name in ("main", "p1", "p2"):
            self.run(name, SCHEMA)
        config = os.path.join(folder, "lake.yaml")
        with open(config, "w", encoding="utf-8") as file:
            file.write(CONFIG)
        self.environment = {
            "HQ_DATABASE_URL": self.postgres.url("main"),
            "HQ_SHARD_DATABASE_URLS": f"{self.postgres.url('p1')},{self.postgres.url('p2')}",
            "HQ_BLOB_STORE": f"file://{self.blobs}",
            "HQ_DATA_PATH": f"file://{folder}/lake",
            "LAKE_CONFIG": config,
            "HQ_USERS": "usercase",
        }
        self._locations()
        self._cases()
        self._forms()

    def run(self, database: str, sql: str, values: Sequence[Any] = ()) -> None:
        with psycopg.connect(self.postgres.url(database), autocommit=True) as connection:
            connection.execute(sql.encode(), values or None)

    def insert(self, database: str, table: str, row: Mapping[str, Any]) -> None:
        places = ", ".join(["%s"] * len(row))
        self.run(database, f"INSERT INTO {table} ({', '.join(row)}) VALUES ({places})", list(row.values()))

    def blob(self, key: str, content: bytes) -> None:
        path = os.path.join(self.blobs, key)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content)

    def stop(self) -> None:
        self.postgres.stop()

    def _locations(self) -> None:
        for name, code, at in (("State", "state", "2024-01-01T00:00Z"), ("District", "district", "2024-01-05T00:00Z")):
            kind = {"domain": "demo", "name": name, "code": code, "last_modified": at}
            self.insert("main", "locations_locationtype", kind)
        common = {"domain": "demo", "created_at": "2024-01-01T00:00Z", "is_archived": False}
        north = {
            **{**common, "id": 1, "name": "North", "location_id": "L-north", "location_type_id": 1, "site_code": "n"},
            **{"metadata": "{}", "last_modified": "2024-01-03T00:00Z", "latitude": "1.5", "longitude": "-2.25"},
        }
        east = {
            **{**common, "id": 2, "name": "East", "location_id": "L-east", "location_type_id": 2, "site_code": "e"},
            **{"metadata": '{"pop": "12", "x y": {"z": 1.0}}', "last_modified": "2024-01-02T00:00Z", "parent_id": 1},
        }
        self.insert("main", "locations_sqllocation", north)
        self.insert("main", "locations_sqllocation", east)

    def _case(self, database: str, case_id: str, **row: Any) -> None:
        common = {
            **{"case_id": case_id, "domain": "demo", "type": "child", "name": "n", "owner_id": "u1", "closed": False},
            **{"modified_by": "u1", "deleted": False, "case_json": "{}", "opened_on": "2024-03-31T20:00:00Z"},
            **{"modified_on": "2024-04-02T00:00Z", "server_modified_on": "2024-04-02T00:00:00.000001Z"},
        }
        self.insert(database, "form_processor_commcarecasesql", {**common, **row})

    def _cases(self) -> None:
        full = {"dob": "2020-01-01", "blank": "", "n": 1, "flag": True, "Dob": "x", "tags": {"t": ["a", "b"]}}
        # Written by hand: a JSON writer would choose spellings of its own.
        numbers = '"x": {"one": 1.0, "power": 1e2, "long": 12345678901234567890, "zero": -0, "list": [1.50, 2]}'
        spelled = f"{json.dumps(full)[:-1]}, {numbers}}}"
        self._case("p1", "c1", case_json=spelled, owner_id="L-east", location_id="L-spp")
        self._case("p2", "c2", case_json='{"tags": {"t": "solo"}, "o": {"@a": "1", "#text": "t"}}')
        self._case("p2", "c3", type="no", case_json='{"o": "scalar"}', owner_id="-", modified_by="nobody")
        self._case("p1", "gone1", deleted=True)
        self._case("p1", "gone2", deleted_on="2024-04-02T00:00Z")
        self._case("p1", "unlisted", type="secret")
        self._case("p1", "o1", domain="other", type="any thing")
        usercase = '{"commcare_location_id": "L-north"}'
        self._case("p1", "uc", type="commcare-user", external_id="u1", case_json=usercase)
        for identifier, referenced, kind in (("parent", "c2", 1), ("host", "c3", 2), ("old", "", 1)):
            index = {
                **{"case_id": "c1", "domain": "demo", "identifier": identifier, "referenced_id": referenced},
                **{"referenced_type": "child", "relationship_id": kind},
            }
            self.insert("p1", "form_processor_commcarecaseindexsql", index)

    def _form(self, database: str, form_id: str, content: bytes, compressed: bool = False, **row: Any) -> None:
        common = {
            **{"form_id": form_id, "domain": "demo", "xmlns": VISIT, "user_id": "u1", "state": 1, "app_id": "a1"},
            **{"received_on": "2024-05-02T00:00Z", "auth_context": '{"user_id":"u1"}', "openrosa_headers": "{}"},
            **{"partial_submission": False, "initial_processing_complete": True},
        }
        self.insert(database, "form_processor_xforminstancesql", {**common, **row})
        stored = gzip.compress(content) if compressed else content
        self.blob(f"old/{form_id}", stored)
        meta = {
            **{"domain": "demo", "parent_id": form_id, "name": "form.xml", "key": f"old/{form_id}", "type_code": 2},
            **{"content_length": len(content), "compressed_length": len(stored) if compressed else None},
        }
        self.insert(database, "blobs_blobmeta", meta)

    def _forms(self) -> None:
        one = visit_xml("<kid><w>1</w></kid><kid><w>2</w></kid><note/>").encode()
        self._form("p1", "f1", one, compressed=True, server_modified_on="2024-05-03T00:00Z")
        self._form("p2", "f2", visit_xml("<kid>bare</kid><note>é</note>", "").encode(), user_id="u9")
        self._form("p1", "archived", one, state=2)
        self._form("p1", "deleted", one, deleted_on="2024-05-03T00:00Z")
        self._form("p1", "broken", b"<data><x></data>")
