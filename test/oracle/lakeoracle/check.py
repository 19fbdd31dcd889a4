"""Compares every row and every column of every lake table with what HQ says it must hold."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Iterator, Mapping, Optional, Sequence

from .configuration import Configuration, load_configuration
from .couch import couch_users
from .documents import BlobStore
from .errors import Unreadable
from .lake import Lake, Table
from .names import TableKey, key_of_path, table_path
from .places import Places, UserPlaces
from .records import Expected, expected_case, expected_form, expected_location, revision_of_form
from .report import TableReport, cell
from .rows import RowCheck
from .settings import Settings
from .source import LiveIndex, Source
from .values import Row, equal

# HQ rows asked for at once; bounds memory to so many documents.
_CHUNK = 500


@dataclass(frozen=True)
class Options:
    location_columns: str = "exact"
    """Of forms' and cases' location columns, which tell the place at the last write, not today's: `exact` demands
    today's, `written` demands it of records whose place has not changed since they were written, `ignore` of none."""
    show_values: bool = False
    only: Sequence[str] = ()
    """Table paths (domain/topic/type) to look at; none means all."""
    read_since: Optional[datetime] = None
    """With `written`: no record was read before this moment of HQ's clock, so that earlier moves do not count."""


class Check:
    """@raises CannotRead when a store, the configuration or the lake cannot be read"""

    def __init__(self, settings: Settings, options: Options) -> None:
        self._options = options
        self._configuration: Configuration = load_configuration(settings.config_path)
        self._lake = Lake(settings.lake, settings.s3)
        self._blobs = BlobStore(settings.blobs, settings.blob_s3)
        self._source = Source(settings.main_url, settings.shard_urls)
        domains = list(self._configuration.domains)
        self._places = Places(self._source.locations(domains))
        self._users = UserPlaces()
        if settings.users == "usercase":
            self._users.take_usercases(self._source.usercases(domains))
        elif settings.users != "none":
            self._users.take_documents(couch_users(settings.users))
        self._live: LiveIndex = self._source.live(self._configuration)

    def close(self) -> None:
        self._source.close()

    def tables(self) -> Iterator[TableReport]:
        """Tables found or expected, by path."""
        found = set(self._lake.table_folders())
        wanted = {table_path(key): key for key in self._live.tables}
        for path in sorted(set(self._options.only) or found | set(wanted)):
            if path not in found and path not in wanted:
                # Asked for by name: a slip of the pen must not pass for a table without differences.
                yield TableReport(path, 0, problems=["neither the lake nor HQ has this table"])
                continue
            key = wanted.get(path) or key_of_path(path)
            yield self._table(path, key)

    def _table(self, path: str, key: Optional[TableKey]) -> TableReport:
        if key is None:
            return TableReport(path, 0, problems=["no table may have this path"])
        live = self._live.of(key) if path == table_path(key) else {}
        report = TableReport(path, len(live))
        table = self._lake.open(path)
        report.actual_rows = 0 if table is None else table.count()
        if path != table_path(key):
            report.problems.append(f"the path of this table must be spelled {table_path(key)}")
        elif not self._configuration.lists(key):
            report.problems.append("lake.yaml does not list this table: it should not exist")
        elif table is not None and "_id" not in table.columns:
            report.problems.append("the table has no column _id")
        elif table is not None:
            self._rows(key, table, live, report)
        elif live:
            self._absent(key, list(live), live, report)
            if report.missing.total:
                report.problems.append("the table is missing")
        return report

    def _rows(self, key: TableKey, table: Table, live: Mapping[str, int], report: TableReport) -> None:
        declared = self._configuration.domains[key.domain].declared
        check = RowCheck(table.columns, declared)
        seen: set[str] = set()
        for batch in table.rows():
            for start in range(0, len(batch), _CHUNK):
                self._chunk(key, check, batch[start : start + _CHUNK], live, seen, report)
        report.problems += check.problems()
        self._absent(key, [one for one in live if one not in seen], live, report)

    def _chunk(
        self,
        key: TableKey,
        check: RowCheck,
        rows: Sequence[Mapping[str, Any]],
        live: Mapping[str, int],
        seen: set[str],
        report: TableReport,
    ) -> None:
        documents = dict(self._expected(key, [row["_id"] for row in rows if row["_id"] in live], live))
        for row in rows:
            row_id = row.get("_id")
            if row_id is None or row_id not in live:
                report.extra.add(row_id)
                continue
            if row_id in seen:
                report.doubled.add(row_id)
            seen.add(row_id)
            document = documents[row_id]
            if isinstance(document, _Unreadable):
                self._unreadable(row_id, document, row, report)
                continue
            ignored = self._ignores_places(key.domain, document, row)
            report.open_places += ignored and len(document.places) > 0
            for column, wanted, actual in check.differences(document, row, ignored):
                report.differing.add(cell(row_id, column, wanted, actual, self._options.show_values))

    def _ignores_places(self, domain: str, document: Expected, row: Mapping[str, Any]) -> bool:
        mode = self._options.location_columns
        if mode != "written":
            return mode == "ignore"
        told = row.get("location_id")
        if told is not None and self._places.find(domain, told) is None:
            # A location deleted from HQ leaves no trace there: the record may well have had it.
            return True
        read = [moment for moment in (document.revision, self._options.read_since) if moment is not None]
        return not read or document.placed_since is not None and document.placed_since > max(read)

    def _unreadable(self, row_id: str, document: "_Unreadable", row: Mapping[str, Any], report: TableReport) -> None:
        """An older version of it may stay; a row that claims to be this version was made of nothing."""
        report.unreadable.add({"id": row_id, "reason": document.reason})
        report.expected_rows -= 1
        if document.revision is None or equal(document.revision, row.get("_rev")):
            report.extra.add(row_id)

    def _absent(self, key: TableKey, ids: Sequence[str], live: Mapping[str, int], report: TableReport) -> None:
        """Ids not in the lake: missing, unless their document cannot be read."""
        for start in range(0, len(ids), _CHUNK):
            for row_id, document in self._expected(key, ids[start : start + _CHUNK], live):
                if isinstance(document, _Unreadable):
                    report.unreadable.add({"id": row_id, "reason": document.reason})
                    report.expected_rows -= 1
                else:
                    report.missing.add(row_id)

    def _expected(
        self, key: TableKey, ids: Sequence[str], live: Mapping[str, int]
    ) -> Iterator[tuple[str, "Expected | _Unreadable"]]:
        if key.kind == "location":
            for one in ids:
                location = self._places.find(key.domain, one)
                if location is not None:
                    yield one, self._document(key, location)
            return
        for shard in sorted({live[one] for one in ids}):
            own = [one for one in ids if live[one] == shard]
            for row in self._source.forms(shard, own) if key.kind == "form" else self._source.cases(shard, own):
                yield row["form_id" if key.kind == "form" else "case_id"], self._document(key, row)

    def _document(self, key: TableKey, row: Row) -> "Expected | _Unreadable":
        domain = self._configuration.domains[key.domain]
        try:
            if key.kind == "form":
                xml = self._blobs.form_xml(row["key"], bool(row["compressed"]))
                return expected_form(row, xml, domain, self._places, self._users)
            if key.kind == "case":
                return expected_case(row, domain, self._places, self._users)
            return expected_location(row, domain, self._places)
        except Unreadable as error:
            return _Unreadable(str(error), self._revision(key, row))

    def _revision(self, key: TableKey, row: Row) -> Any:
        if key.kind == "location":
            return self._places.revision(row)
        return revision_of_form(row) if key.kind == "form" else row["server_modified_on"]

    def counts(self) -> Iterator[tuple[str, Optional[int], int]]:
        """(table path, rows the lake counts or None without a table, live rows in HQ)"""
        found = set(self._lake.table_folders())
        wanted = {table_path(key): len(ids) for key, ids in self._live.tables.items()}
        for path in sorted(found | set(wanted)):
            table = self._lake.open(path)
            yield path, None if table is None else table.count(), wanted.get(path, 0)


@dataclass(frozen=True)
class _Unreadable:
    reason: str
    revision: Any
