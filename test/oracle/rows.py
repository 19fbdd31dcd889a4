"""Prints a Delta table's rows as JSON by delta-rs: `rows.py FOLDER`. For tests that look at values themselves.

Dates and timestamps are ISO texts (UTC), decimals and 64-bit integers are texts, doubles numbers, maps objects.
"""

import json
import sys
from datetime import date, datetime, timezone
from decimal import Decimal
from typing import Any


def plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(timezone.utc).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, bool) or value is None or isinstance(value, (str, float)):
        return value
    if isinstance(value, int):
        return str(value)
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    if value and isinstance(value[0], tuple):
        return {key: plain(each) for key, each in value}
    return [plain(each) for each in value]


def main() -> int:
    from deltalake import DeltaTable, QueryBuilder

    table = DeltaTable(sys.argv[1])
    rows: list[Any] = []
    for batch in QueryBuilder().register("lake", table).execute("SELECT * FROM lake"):
        rows.extend(plain(row) for row in batch.to_struct_array().to_pylist())
    types = {field.name: json.loads(field.type.to_json()) for field in table.schema().fields}
    print(json.dumps({"rows": rows, "types": types, "version": table.version()}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
