"""Compares the lake with CommCare HQ's own stores, every row and every column.

Settings come by environment, the pipeline's own names (HQ_DATABASE_URL, HQ_SHARD_DATABASE_URLS, HQ_BLOB_STORE,
HQ_DATA_PATH, LAKE_CONFIG, HQ_USERS, S3_ENDPOINT, AWS_*, HQ_BLOB_*). Exit: 0 all equal, 1 differences, 2 something cannot be read.
"""

import argparse
import json
import os
import sys
from contextlib import closing
from datetime import datetime
from typing import Optional, Sequence


def main(arguments: Optional[Sequence[str]] = None) -> int:
    given = _arguments(arguments)
    try:
        import psycopg

        from lakeoracle.check import Check, Options
        from lakeoracle.errors import CannotRead
        from lakeoracle.report import whole
        from lakeoracle.settings import read_settings
    except ImportError as error:
        print(f"oracle: {error}; install test/oracle/requirements.txt first", file=sys.stderr)
        return 2
    options = Options(given.location_columns, given.show_values, tuple(given.table), given.read_since)
    tables, failure = [], None
    try:
        with closing(Check(read_settings(os.environ), options)) as check:
            for table in check.tables():
                tables.append(table)
                if not given.json:
                    print("\n".join(table.lines()), flush=True)
    except (CannotRead, psycopg.Error) as error:
        failure = str(error)
        print(f"oracle: cannot read: {failure}", file=sys.stderr)
    report = whole(tables, failure)
    if given.json:
        print(json.dumps(report, ensure_ascii=True))
    elif failure is None:
        wrong = sum(not table.ok for table in tables)
        print(f"{len(tables)} tables, {sum(table.actual_rows for table in tables)} rows, {wrong} tables differ")
    return 2 if failure is not None else 0 if report["ok"] else 1


def _arguments(arguments: Optional[Sequence[str]]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="oracle.py", description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--json", action="store_true", help="one JSON report on stdout")
    parser.add_argument("--location-columns", choices=("exact", "written", "ignore"), default="exact")
    parser.add_argument("--read-since", type=_moment, help="with written: the lake read HQ after this moment only")
    parser.add_argument("--show-values", action="store_true", help="show differing values: they are people's data")
    parser.add_argument("--table", action="append", default=[], help="only this table (domain/topic/type); repeatable")
    return parser.parse_args(arguments)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


if __name__ == "__main__":
    sys.exit(main())
