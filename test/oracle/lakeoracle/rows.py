"""One lake row against what it must hold, cell by cell."""

from typing import Any, Iterator, Mapping, Optional

from .declared import Declared, declaration_key
from .names import encode_column, find_columns
from .overflow import OVERFLOW, without_overflow
from .records import Expected
from .shapes import Cells, ColumnType, ListType, StructType, lay
from .values import equal, is_null

# `_batch` names the batch that wrote the row: HQ cannot know it.
_IGNORED = frozenset({"_batch"})
RESCUED = "_rescued"
_STRING = frozenset({"string"})
_TIMESTAMP = frozenset({"timestamp"})
_BOOLEAN = frozenset({"boolean"})
_DOUBLE = frozenset({"double"})
_INTEGER = frozenset({"integer", "long", "short", "byte"})
_TYPES: Mapping[str, frozenset[str]] = {
    **{name: _TIMESTAMP for name in ("server_modified_on", "received_on", "edited_on", "date_header", "_rev")},
    **{name: _TIMESTAMP for name in ("opened_on", "modified_on", "closed_on", "archived_on")},
    **{name: _TIMESTAMP for name in ("last_modified", "created_at")},
    **{name: _BOOLEAN for name in ("partial_submission", "initial_processing_complete", "closed", "is_archived")},
    **{name: _DOUBLE for name in ("latitude", "longitude")},
    **{name: _INTEGER for name in ("state", "location_level")},
    "month": frozenset({"date"}),
}
_FREE = ("form__", "case_json__", "metadata__")


class RowCheck:
    """Knows one table's columns. `declared`: the types that free columns may have instead of STRING."""

    def __init__(self, columns: Mapping[str, ColumnType], declared: Optional[Declared] = None) -> None:
        self._columns = columns
        self._wrong_types = {
            name: f"column {name} has the type {kind}"
            for name, kind in columns.items()
            if name.startswith(_FREE) and not _is_free_type(kind, declaration_key(name), declared or {})
        }

    def problems(self) -> list[str]:
        return [self._wrong_types[column] for column in sorted(self._wrong_types)]

    def differences(
        self, expected: Expected, actual: Mapping[str, Any], ignore_places: bool = False
    ) -> Iterator[tuple[str, Any, Any]]:
        """(column, what it must hold, what it holds)"""
        cells, ignored = Cells(actual), set(_IGNORED)
        for original, value in expected.fields.items():
            self._put(original, value, cells)
        for original, value in expected.places.items():
            if ignore_places:
                ignored.add(self._column_of(original, cells) or "")
            else:
                self._put(original, value, cells)
        tree: Mapping[str, Any] = expected.tree
        if OVERFLOW in self._columns:
            # What stands there must be the record's, and then has no column: in either, never in both.
            ignored.add(OVERFLOW)
            tree, strange = without_overflow(tree, expected.prefix, dict(actual[OVERFLOW] or {}))
            if strange:
                yield OVERFLOW, None, strange
        for key, value in tree.items():
            lay(value, f"{expected.prefix}__{key}", self._columns, cells, (str(key),))
        if cells.rescued and RESCUED not in self._columns:
            yield RESCUED, cells.rescued, None
        elif RESCUED in self._columns:
            ignored.add(RESCUED)
            told = dict(actual[RESCUED] or {})
            if not equal(cells.rescued, told):
                yield RESCUED, cells.rescued, told
        for column, value in cells.held.items():
            if not equal(value, actual[column]):
                yield column, value, actual[column]
        for column, value in cells.homeless.items():
            yield column, value, actual.get(column)
        for column, value in actual.items():
            if column not in cells.held and column not in cells.homeless and column not in ignored:
                # A map read from Delta is a list of pairs: an empty one is as good as null.
                if not is_null(value):
                    yield column, None, value

    def _put(self, original: str, value: Any, cells: Cells) -> None:
        column = self._column_of(original, cells)
        if column is None:
            if not equal(value, None):
                cells.homeless[encode_column(original)] = value
            return
        cells.held[column] = value
        self._check_type(original, column)

    def _column_of(self, original: str, cells: Cells) -> "str | None":
        """A level named like a field (`user_id`) has a column of its own, told by its hash: fields come first."""
        candidates = reversed(find_columns(original, self._columns))
        return next((one for one in candidates if one not in cells.held), None)

    def _check_type(self, original: str, column: str) -> None:
        kind = self._columns[column]
        if original == "indices":
            right = isinstance(kind, ListType) and isinstance(kind.element, StructType)
        else:
            right = kind in _wanted_types(original) if isinstance(kind, str) else False
        if not right:
            self._wrong_types[column] = f"column {column} has the type {kind}"


def _is_free_type(kind: ColumnType, key: str, declared: Declared) -> bool:
    if isinstance(kind, ListType) and isinstance(kind.element, StructType):
        fields = kind.element.fields
        # A plain text among structs is what the declaration of the list itself means.
        keys = {name: f"{key}__{name.lower()}" for name in fields}
        if "#text" in fields and keys["#text"] not in declared:
            keys["#text"] = key
        return all(_is_free_type(one, keys[name], declared) for name, one in fields.items())
    scalar = kind.element if isinstance(kind, ListType) else kind
    return scalar in declared.get(key, _STRING)


def _wanted_types(original: str) -> frozenset[str]:
    if original in _TYPES:
        return _TYPES[original]
    for suffix, types in (("_latitude", _DOUBLE), ("_longitude", _DOUBLE), ("_is_archived", _BOOLEAN)):
        if original.endswith(suffix):
            return types
    return _STRING
