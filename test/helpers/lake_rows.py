"""Every row of one Delta table as JSON, read by delta-rs. stdin: the table's folder; stdout: [{column: value}]."""

import json
import sys

from deltalake import DeltaTable
from lakeoracle.lake import Table

json.dump([row for batch in Table(DeltaTable(sys.stdin.read())).rows() for row in batch], sys.stdout, default=str)
