"""The data files of one Delta table, by delta-rs. stdin: the table's folder; stdout: [[path, bytes, rows, month]]."""

import json
import sys

from deltalake import DeltaTable

COLUMNS = ["path", "size_bytes", "num_records", "partition.month"]

actions = DeltaTable(sys.stdin.read()).get_add_actions(flatten=True)
json.dump(list(zip(*(actions.column(name).to_pylist() for name in COLUMNS))), sys.stdout, default=str)
