"""Reads rows of a Delta table by a query, with delta-rs.

stdin: {"folder": ..., "columns": [name, ...]}; stdout: one JSON object per row, nulls left out; other than text, number,
boolean, list, struct and map (as pairs) as text.
"""

import json
import sys
from typing import Any

from deltalake import DeltaTable, QueryBuilder


def plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: plain(one) for name, one in value.items() if one is not None}
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    return value if isinstance(value, (str, int, float, bool)) or value is None else str(value)


def main() -> None:
    asked = json.load(sys.stdin)
    names = ", ".join('"' + name.replace('"', '""') + '"' for name in asked["columns"])
    table = QueryBuilder().register("lake", DeltaTable(asked["folder"]))
    for batch in table.execute(f"SELECT {names} FROM lake"):
        for row in batch.to_struct_array().to_pylist():
            print(json.dumps(plain(row)))


main()
