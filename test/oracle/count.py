"""Counts each lake table with delta-rs, beside the live rows HQ holds: does another engine than Spark agree?

Settings and exit codes as in oracle.py; `--json` prints [{table, lake, hq}], lake null where no table stands.
"""

import json
import os
import sys
from contextlib import closing


def main() -> int:
    try:
        import psycopg

        from lakeoracle.check import Check, Options
        from lakeoracle.errors import CannotRead
        from lakeoracle.settings import read_settings
    except ImportError as error:
        print(f"count: {error}; install test/oracle/requirements.txt first", file=sys.stderr)
        return 2
    try:
        with closing(Check(read_settings(os.environ), Options())) as check:
            counts = list(check.counts())
    except (CannotRead, psycopg.Error) as error:
        print(f"count: cannot read: {error}", file=sys.stderr)
        return 2
    if "--json" in sys.argv[1:]:
        print(json.dumps([{"table": path, "lake": lake, "hq": hq} for path, lake, hq in counts]))
    else:
        for path, lake, hq in counts:
            agree = "=" if (lake or 0) == hq else "!"
            print(f"{agree} {path}: lake {'no table' if lake is None else lake}, HQ {hq}")
    return 0 if all((lake or 0) == hq for _, lake, hq in counts) else 1


if __name__ == "__main__":
    sys.exit(main())
