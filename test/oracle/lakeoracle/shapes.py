"""The free part of a record laid into the columns a table has (design section 7).

Which paths are lists follows from a table's history, which the oracle does not know: it takes the column's type from
the table and works out what the cell must then hold. A value that finds no column, or a list that finds no list
column, is a difference.
"""

from dataclasses import dataclass, field
from typing import Any, Mapping, Tuple, Union

from .declared import rescued_name, value_of
from .names import Path, encode_column, find_columns
from .overflow import Emptied
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
    rescued: dict[str, Any] = field(default_factory=dict)
    """Texts that are no values of their columns' types, by place."""

    def put(self, column: str, value: Any, rescued: Mapping[str, Any]) -> None:
        self.rescued.update(rescued)
        # Two paths may join to one name (`a__b` and `a` > `b`): the documents do not say which wins.
        self.held[column] = Alternatives((self.held[column], value)) if column in self.held else value


@dataclass(frozen=True)
class _Scope:
    """Where fields are named: the table, or the struct of a list. `place` stands before their keys in `_rescued`."""

    columns: Mapping[str, ColumnType]
    cells: Cells
    place: str = ""


# A cell's value, and what of it goes to `_rescued`.
Choice = Tuple[Any, Mapping[str, Any]]


def lay(value: Any, name: str, columns: Mapping[str, ColumnType], cells: Cells, path: Path = ()) -> None:
    """Puts the value of path `name` where it belongs."""
    _lay(value, name, _Scope(columns, cells), path)


def _lay(value: Any, name: str, scope: _Scope, path: Path) -> None:
    if value == [] or _holds_nothing(value):
        return
    candidates = find_columns(name, scope.columns, path)
    choices: dict[str, Choice] = {}
    for one in candidates:
        kind, place = scope.columns[one], scope.place + rescued_name(one)
        if isinstance(kind, ListType):
            choices[one] = _list_cell(value, kind, path, scope.cells.actual.get(one), place)
        elif isinstance(kind, str) and not isinstance(value, (dict, list)):
            choices[one] = _typed(scalar_text(value), kind, place)
    # Of several lists none may be this object's: then it is flattened.
    if isinstance(value, dict) and (not choices or len(candidates) > 1 and _right(scope.cells, choices) is None):
        for key, child in value.items():
            _lay(child, f"{name}__{key}", scope, (*path, str(key)))
    elif choices:
        column = _right(scope.cells, choices) or next(iter((*_free(scope.cells, choices), *choices)))
        scope.cells.put(column, *choices[column])
    elif not isinstance(value, Emptied):
        scope.cells.homeless[encode_column(name)] = value


def _holds_nothing(value: Any) -> bool:
    """Null, or an object without values; '' and an empty list in an object are values."""
    if isinstance(value, dict):
        return all(_holds_nothing(child) for child in value.values())
    return value is None


def _right(cells: Cells, choices: Mapping[str, Choice]) -> "str | None":
    """The column that does hold the value, and is not yet another's."""
    return next((one for one in _free(cells, choices) if equal(choices[one][0], cells.actual.get(one))), None)


def _free(cells: Cells, choices: Mapping[str, Choice]) -> list[str]:
    return [one for one in choices if one not in cells.held]


def _list_cell(value: Any, kind: ListType, path: Path, actual: Any, place: str) -> Choice:
    items = value if isinstance(value, list) else [value]
    held = actual if isinstance(actual, list) and len(actual) == len(items) else [None] * len(items)
    cells = [
        _as_item(item, kind.element, (*path, None), one, f"{place}[{at}]")
        for at, (item, one) in enumerate(zip(items, held))
    ]
    return [value for value, _ in cells], {key: text for _, rescued in cells for key, text in rescued.items()}


def _as_item(item: Any, kind: ColumnType, path: Path, actual: Any, place: str) -> Choice:
    if isinstance(item, list):
        item = {"#list": item}
    elif _holds_nothing(item):
        return None, {}
    if not isinstance(kind, StructType):
        # An object in a list of scalars cannot be held: its JSON text would lie about its shape, so nothing equals it.
        lost = isinstance(item, dict) or not isinstance(kind, str)
        return ({"lost": item}, {}) if lost else _typed(scalar_text(item), str(kind), place)
    cells = Cells(actual if isinstance(actual, dict) else {})
    scope = _Scope(kind.fields, cells, f"{place}.")
    for key, child in (item if isinstance(item, dict) else {"#text": item}).items():
        _lay(child, str(key), scope, (*path, str(key)))
    return {**cells.held, **cells.homeless}, cells.rescued


def _typed(text: Any, kind: str, place: str) -> Choice:
    """A scalar under the column's type; a text that is no value of it leaves the cell null and goes to `_rescued`."""
    if kind == "string" or text is None:
        return text, {}
    value = value_of(text, kind) if isinstance(text, str) else None
    return value, ({place: text} if value is None else {})
