"""The free part of a record laid into the columns a table has (design section 7).

Which paths are lists follows from a table's history, which the oracle does not know: it takes the column's type from
the table and works out what the cell must then hold. A value that finds no column, or a list that finds no list
column, is a difference.
"""

import re
from dataclasses import dataclass, field
from datetime import date, datetime, timezone
from decimal import Decimal, InvalidOperation
from typing import Any, Callable, Mapping, Union

from .names import Path, encode_column, find_columns
from .values import Alternatives, equal, scalar_text


@dataclass(frozen=True)
class StructType:
    fields: Mapping[str, "ColumnType"]


@dataclass(frozen=True)
class ListType:
    element: "ColumnType"


ColumnType = Union[str, StructType, ListType]


def parse_type(described: Any) -> ColumnType:
    """A type of the Delta protocol's schema JSON; maps and anything unknown become their name."""
    if isinstance(described, str):
        return described
    if described["type"] == "array":
        return ListType(parse_type(described["elementType"]))
    if described["type"] == "struct":
        return StructType({one["name"]: parse_type(one["type"]) for one in described["fields"]})
    return str(described["type"])


@dataclass
class Cells:
    """What a row must hold, by column. `homeless`: values no column of the table can take, by wanted name."""

    actual: Mapping[str, Any] = field(default_factory=dict)
    """What it does hold: it decides where more than one column may be meant."""
    held: dict[str, Any] = field(default_factory=dict)
    homeless: dict[str, Any] = field(default_factory=dict)

    def put(self, column: str, value: Any) -> None:
        # Two paths may join to one name (`a__b` and `a` > `b`): the documents do not say which wins.
        self.held[column] = Alternatives((self.held[column], value)) if column in self.held else value


@dataclass(frozen=True)
class _Scope:
    """Where fields are named: the table, or the struct of a list."""

    columns: Mapping[str, ColumnType]
    cells: Cells


def lay(value: Any, name: str, columns: Mapping[str, ColumnType], cells: Cells, path: Path = ()) -> None:
    """Puts the value of path `name` where it belongs."""
    _lay(value, name, _Scope(columns, cells), path)


def _lay(value: Any, name: str, scope: _Scope, path: Path) -> None:
    if value == [] or _holds_nothing(value):
        return
    candidates = find_columns(name, scope.columns, path)
    choices: dict[str, Any] = {}
    for one in candidates:
        kind = scope.columns[one]
        if isinstance(kind, ListType):
            choices[one] = _list_cell(value, kind, path, scope.cells.actual.get(one))
        elif isinstance(kind, str) and not isinstance(value, (dict, list)):
            choices[one] = convert(scalar_text(value), kind)
    # Of several lists none may be this object's: then it is flattened.
    if isinstance(value, dict) and (not choices or len(candidates) > 1 and _right(scope.cells, choices) is None):
        for key, child in value.items():
            _lay(child, f"{name}__{key}", scope, (*path, str(key)))
    elif choices:
        column = _right(scope.cells, choices) or next(iter((*_free(scope.cells, choices), *choices)))
        scope.cells.put(column, choices[column])
    else:
        scope.cells.homeless[encode_column(name)] = value


def _holds_nothing(value: Any) -> bool:
    """Null, or an object without values; '' and an empty list in an object are values."""
    if isinstance(value, dict):
        return all(_holds_nothing(child) for child in value.values())
    return value is None


def _right(cells: Cells, choices: Mapping[str, Any]) -> "str | None":
    """The column that does hold the value, and is not yet another's."""
    return next((one for one in _free(cells, choices) if equal(choices[one], cells.actual.get(one))), None)


def _free(cells: Cells, choices: Mapping[str, Any]) -> list[str]:
    return [one for one in choices if one not in cells.held]


def _list_cell(value: Any, kind: ListType, path: Path, actual: Any) -> Any:
    items = value if isinstance(value, list) else [value]
    held = actual if isinstance(actual, list) and len(actual) == len(items) else [None] * len(items)
    return [_as_item(item, kind.element, (*path, None), one) for item, one in zip(items, held)]


def _as_item(item: Any, kind: ColumnType, path: Path, actual: Any) -> Any:
    if isinstance(item, list):
        item = {"#list": item}
    elif _holds_nothing(item):
        return None
    if not isinstance(kind, StructType):
        # An object in a list of scalars cannot be held: its JSON text would lie about its shape, so nothing equals it.
        lost = isinstance(item, dict) or not isinstance(kind, str)
        return {"lost": item} if lost else convert(scalar_text(item), str(kind))
    cells = Cells(actual if isinstance(actual, dict) else {})
    scope = _Scope(kind.fields, cells)
    for key, child in (item if isinstance(item, dict) else {"#text": item}).items():
        _lay(child, str(key), scope, (*path, str(key)))
    return {**cells.held, **cells.homeless}


def convert(text: Any, kind: str) -> Any:
    """A scalar under a declared type; a text that does not fit it leaves the cell null (it goes to `_rescued`)."""
    if kind == "string" or not isinstance(text, str):
        return text
    try:
        for pattern, read in _READERS.items():
            if re.match(pattern, kind):
                return read(text)
    except (ValueError, InvalidOperation):
        return None
    return text


def _boolean(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError(text)
    return text.lower() == "true"


def _instant(text: str) -> datetime:
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=timezone.utc)


_READERS: Mapping[str, Callable[[str], Any]] = {
    r"(long|integer|short|byte)$": int,
    r"(double|float)$": float,
    r"boolean$": _boolean,
    r"date$": date.fromisoformat,
    r"timestamp": _instant,
    r"decimal": Decimal,
}
