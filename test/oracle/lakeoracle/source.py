"""Reads HQ's Postgres: main database and shards, each in one read-only snapshot."""

from dataclasses import dataclass
from typing import Any, Iterable, Iterator, Mapping, Sequence

import psycopg
from psycopg.rows import dict_row

from .configuration import Configuration
from .errors import CannotRead
from .names import LOCATION_TYPE, TableKey
from .values import Row

LIVE_FORMS = """SELECT form_id AS id, domain, coalesce(xmlns, '') AS type FROM form_processor_xforminstancesql
WHERE domain = ANY(%s) AND state = 1 AND deleted_on IS NULL"""
LIVE_CASES = """SELECT case_id AS id, domain, type FROM form_processor_commcarecasesql
WHERE domain = ANY(%s) AND NOT deleted AND deleted_on IS NULL"""
FORMS = """SELECT f.form_id, f.domain, f.app_id, f.build_id, f.xmlns, f.user_id, f.orig_id, f.deprecated_form_id,
 f.server_modified_on, f.received_on, f.edited_on, f.partial_submission, f.submit_ip, f.last_sync_token, f.problem,
 f.date_header, f.state, f.initial_processing_complete, f.auth_context::text AS auth_context,
 f.openrosa_headers::text AS openrosa_headers, b.key, b.compressed_length IS NOT NULL AS compressed
FROM form_processor_xforminstancesql f
LEFT JOIN LATERAL (SELECT m.key, m.compressed_length FROM blobs_blobmeta m
 WHERE m.parent_id = f.form_id AND m.type_code = 2 AND m.name = 'form.xml' ORDER BY m.id DESC LIMIT 1) b ON true
WHERE f.form_id = ANY(%s)"""
CASES = """SELECT case_id, domain, type, name, owner_id, modified_by, opened_on, opened_by, modified_on,
 server_modified_on, closed, closed_on, closed_by, external_id, location_id, case_json::text AS case_json
FROM form_processor_commcarecasesql WHERE case_id = ANY(%s)"""
INDICES = """SELECT case_id, identifier, referenced_id, referenced_type, relationship_id
FROM form_processor_commcarecaseindexsql WHERE case_id = ANY(%s) AND referenced_id <> '' ORDER BY case_id, identifier"""
USERCASES = """SELECT domain, external_id, case_json::text AS case_json, server_modified_on,
 deleted OR deleted_on IS NOT NULL AS gone FROM form_processor_commcarecasesql
WHERE domain = ANY(%s) AND type = 'commcare-user' AND external_id <> '' ORDER BY server_modified_on, case_id"""
LOCATIONS = """SELECT l.id AS pk, l.parent_id AS parent_pk, l.location_id, l.domain, l.name, l.site_code, l.external_id,
 l.is_archived, l.archived_on, l.last_modified, l.created_at, l.latitude, l.longitude, l.metadata::text AS metadata,
 t.name AS type_name, t.code AS type_code, t.last_modified AS type_modified
FROM locations_sqllocation l JOIN locations_locationtype t ON t.id = l.location_type_id WHERE l.domain = ANY(%s)"""


@dataclass(frozen=True)
class LiveIndex:
    """Ids of the live records that lake.yaml lists, by table: id -> number of the shard that holds it."""

    tables: Mapping[TableKey, Mapping[str, int]]

    def of(self, key: TableKey) -> Mapping[str, int]:
        return self.tables.get(key, {})


class Source:
    def __init__(self, main_url: str, shard_urls: Sequence[str]) -> None:
        self._main = _connect(main_url, "HQ_DATABASE_URL")
        self._shards = [_connect(url, f"HQ_SHARD_DATABASE_URLS number {n}") for n, url in enumerate(shard_urls, 1)]

    def close(self) -> None:
        for connection in (self._main, *self._shards):
            connection.close()

    def live(self, configuration: Configuration) -> LiveIndex:
        domains = list(configuration.domains)
        tables: dict[TableKey, dict[str, int]] = {}
        for shard, connection in enumerate(self._shards):
            for kind, query in (("form", LIVE_FORMS), ("case", LIVE_CASES)):
                for row in _stream(connection, query, domains):
                    key = TableKey(row["domain"], kind, row["type"])
                    if configuration.lists(key):
                        tables.setdefault(key, {})[row["id"]] = shard
        for row in self.locations([name for name, own in configuration.domains.items() if own.locations]):
            tables.setdefault(TableKey(row["domain"], "location", LOCATION_TYPE), {})[row["location_id"]] = 0
        return LiveIndex(tables)

    def locations(self, domains: Sequence[str]) -> Iterator[Row]:
        return _stream(self._main, LOCATIONS, list(domains))

    def usercases(self, domains: Sequence[str]) -> Iterator[Row]:
        """Oldest first within a shard, so that of two for one user the later wins."""
        for connection in self._shards:
            yield from _stream(connection, USERCASES, list(domains))

    def forms(self, shard: int, ids: Sequence[str]) -> list[Row]:
        return _all(self._shards[shard], FORMS, ids)

    def cases(self, shard: int, ids: Sequence[str]) -> list[Row]:
        """Each with `indices`: its rows of the index table, by identifier."""
        indices: dict[str, list[Row]] = {}
        for row in _all(self._shards[shard], INDICES, ids):
            indices.setdefault(row["case_id"], []).append(row)
        return [{**row, "indices": indices.get(row["case_id"], [])} for row in _all(self._shards[shard], CASES, ids)]


def _connect(url: str, name: str) -> "psycopg.Connection[dict[str, Any]]":
    try:
        # No server-side prepared statements: HQ's databases usually stand behind pgbouncer.
        connection = psycopg.connect(url, row_factory=dict_row, prepare_threshold=None, connect_timeout=15)
    except psycopg.Error as error:
        raise CannotRead(f"{name}: {error}") from error
    connection.read_only = True
    connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    return connection


def _stream(connection: "psycopg.Connection[dict[str, Any]]", query: str, values: list[str]) -> Iterator[Row]:
    with connection.cursor(name="oracle") as cursor:
        cursor.itersize = 5000
        cursor.execute(query, (values,))
        yield from cursor


def _all(connection: "psycopg.Connection[dict[str, Any]]", query: str, ids: Iterable[str]) -> list[Row]:
    return list(connection.execute(query, (list(ids),)))
