"""The free part of a record laid into the columns a table has (design section 7).

Which paths are lists follows from a table's history, which the oracle does not know: it takes the column's type from
the table and works out what the cell must then hold. A value that finds no column, or a list that finds no list
column, is a difference.
"""

from dataclasses import dataclass, field
from typing import Any, Mapping, Union

from .declared import rescued_name, value_of
from .names import encode_column, find_column
from .values import Alternatives, scalar_text


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

    held: dict[str, Any] = field(default_factory=dict)
    homeless: dict[str, Any] = field(default_factory=dict)
    rescued: dict[str, Any] = field(default_factory=dict)
    """Texts that are no values of their columns' types, by place."""

    def put(self, column: str, value: Any) -> None:
        # Two paths may join to one name (`a__b` and `a` > `b`): the documents do not say which wins.
        self.held[column] = Alternatives((self.held[column], value)) if column in self.held else value


def lay(value: Any, name: str, columns: Mapping[str, ColumnType], cells: Cells) -> None:
    """Puts the value of path `name` where it belongs."""
    column = find_column(name, columns)
    kind = columns[column] if column is not None else None
    if value is None or value == []:
        return
    if column is not None and isinstance(kind, ListType):
        place = rescued_name(column)
        cells.put(column, _as_list(value, name, kind, cells, place) if value != {} else Alternatives((None, [{}])))
    elif isinstance(value, dict):
        for key, child in value.items():
            lay(child, f"{name}__{key}", columns, cells)
    elif isinstance(value, list) or column is None or not isinstance(kind, str):
        cells.homeless[encode_column(name)] = value
    else:
        cells.put(column, convert(scalar_text(value), kind, cells, rescued_name(column)))


def _as_list(value: Any, name: str, kind: ListType, row: Cells, place: str) -> list[Any]:
    """`row` takes what is rescued."""
    items = value if isinstance(value, list) else [value]
    return [_as_item(item, name, kind.element, row, f"{place}[{at}]") for at, item in enumerate(items)]


def _as_item(item: Any, name: str, kind: ColumnType, row: Cells, place: str) -> Any:
    if not isinstance(kind, StructType):
        # An object in a list of scalars cannot be held: its JSON text would lie about its shape, so nothing equals it.
        lost = isinstance(item, dict) or not isinstance(kind, str)
        return {"lost": item} if lost else convert(scalar_text(item), str(kind), row, place)
    cells = Cells(rescued=row.rescued)
    if isinstance(item, dict):
        for key, child in item.items():
            _lay_field(child, str(key), name, kind.fields, cells, place)
    else:
        _lay_field(item, "#text", name, kind.fields, cells, place)
    return {**cells.held, **cells.homeless}


def _lay_field(
    value: Any, relative: str, name: str, fields: Mapping[str, ColumnType], cells: Cells, place: str
) -> None:
    column = find_column(relative, fields, whole=f"{name}__{relative}")
    kind = fields[column] if column is not None else None
    if value is None or value == []:
        return
    if column is not None and isinstance(kind, ListType):
        whole, at = f"{name}__{relative}", f"{place}.{rescued_name(column)}"
        cells.put(column, _as_list(value, whole, kind, cells, at) if value != {} else Alternatives((None, [{}])))
    elif isinstance(value, dict):
        for key, child in value.items():
            _lay_field(child, f"{relative}__{key}", name, fields, cells, place)
    elif isinstance(value, list) or column is None or not isinstance(kind, str):
        cells.homeless[encode_column(relative)] = value
    else:
        cells.put(column, convert(scalar_text(value), kind, cells, f"{place}.{rescued_name(column)}"))


def convert(text: Any, kind: str, cells: Cells, place: str) -> Any:
    """A scalar under the column's type; a text that is no value of it leaves the cell null and goes to `_rescued`."""
    if kind == "string":
        return text
    value = value_of(text, kind) if isinstance(text, str) else None
    if value is None and text is not None:
        cells.rescued[place] = text
    return value
