"""Reads tables with delta-rs and compares them with the documents they were made of, by the oracle's rules.

stdin: {"root": folder, "tables": [{"path": ..., "version": number or null, "documents": {id: tree}}]}
stdout: per table {"differences": [[id, column, wanted, actual]...], "columns": {name: type}, "rows": {id: {column: value}},
"leaves": columns and fields in lists, "overflow": {id: {key: text}}}; only columns of the free part, nulls, empty lists and
empty structs left out.
"""

import json
import sys
from typing import Any

from deltalake import DeltaTable
from lakeoracle.lake import Table
from lakeoracle.overflow import OVERFLOW, without_overflow
from lakeoracle.shapes import Cells, ColumnType, ListType, StructType, lay
from lakeoracle.values import equal, parse_json_object, shown

PREFIX = "case_json__"


def pruned(value: Any) -> Any:
    if isinstance(value, list):
        return [pruned(child) for child in value] or None
    if isinstance(value, dict):
        kept = {key: pruned(child) for key, child in value.items()}
        return {key: child for key, child in kept.items() if child is not None} or None
    return value


def leaves(kind: ColumnType) -> int:
    element = kind.element if isinstance(kind, ListType) else kind
    return sum(map(leaves, element.fields.values())) if isinstance(element, StructType) else 1


def examine(root: str, path: str, version: "int | None", documents: dict[str, Any]) -> dict[str, Any]:
    table = Table(DeltaTable(f"{root}/{path}", version=version))
    columns = {name: kind for name, kind in table.columns.items() if name.startswith(PREFIX)}
    rows = {row["_id"]: row for batch in table.rows() for row in batch}
    differences = [[one, "_id", "a row", None] for one in documents if one not in rows]
    differences += [[one, "_id", None, "a row"] for one in rows if one not in documents]
    overflow: dict[str, Any] = {}
    for one, tree in documents.items():
        row = rows.get(one, {})
        cells = Cells(row)
        told = dict(row.get(OVERFLOW) or {})
        if told:
            overflow[one] = told
            tree, strange = without_overflow(tree, PREFIX[:-2], told)
            differences += [[one, key, None, text] for key, text in strange.items()]
        for key, value in tree.items():
            lay(value, PREFIX + key, columns, cells, (key,))
        wanted = {**{name: None for name in columns}, **cells.held, **cells.homeless}
        differences += [
            [one, name, shown(value), shown(row.get(name))]
            for name, value in wanted.items()
            if not equal(value, row.get(name))
        ]
    return {
        "differences": differences,
        "columns": {name: str(kind) for name, kind in sorted(columns.items())},
        "rows": {
            one: pruned({name: row[name] for name in columns}) or {} for one, row in sorted(rows.items())
        },
        "leaves": sum(map(leaves, columns.values())),
        "overflow": overflow,
    }


def main() -> None:
    asked = json.load(sys.stdin)
    answer = []
    for table in asked["tables"]:
        documents = {one: parse_json_object(json.dumps(tree)) for one, tree in table["documents"].items()}
        answer.append(examine(asked["root"], table["path"], table["version"], documents))
    json.dump(answer, sys.stdout)


main()
