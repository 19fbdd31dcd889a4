"""Merges staged rows into a Delta table by the package deltalake, as the lanes' MERGE does it.

    merge.py TABLE STAGING_FOLDER BATCH COLUMN...

TABLE is a folder; STAGING_FOLDER holds the gzipped NDJSON that the lane read; COLUMN are the names of the free part's
columns, in the order in which the staging files number them. Prints one JSON object. What is timed: opening the
table, reading the staged rows, casting them, the merge. Not timed: Python's start and its imports.
"""

import glob
import json
import resource
import sys
import time

import pyarrow as pa
import pyarrow.json as pajson
from deltalake import DeltaTable


def staged_rows(folder: str, schema: pa.Schema, batch: int, columns: list[str]) -> pa.Table:
    """The staged rows by the table's names and types, with the operation as `__op`."""
    files = sorted(glob.glob(f"{folder}/*.json.gz"))
    options = pajson.ReadOptions(use_threads=True, block_size=16 << 20)
    tables = [pajson.read_json(pa.input_stream(path, compression="gzip"), read_options=options) for path in files]
    read = pa.concat_tables(tables, promote_options="permissive")
    staged_as = {name: f"c{index}" for index, name in enumerate(columns)}
    arrays, fields = [read["op"]], [pa.field("__op", pa.string())]
    for field in schema:
        name = staged_as.get(field.name, field.name)
        if field.name == "_batch":
            column = pa.array([batch] * read.num_rows, field.type)
        elif name not in read.column_names or pa.types.is_list(field.type):
            # Nothing staged for it (the indices of the bench's cases are empty).
            column = pa.nulls(read.num_rows, field.type)
        else:
            column = read[name].cast(field.type)
        arrays.append(column)
        fields.append(pa.field(field.name, field.type))
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields))


def main(path: str, folder: str, batch: str, *columns: str) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF)
    began = time.monotonic()
    table = DeltaTable(path)
    schema = pa.schema(table.schema().to_arrow())
    source = staged_rows(folder, schema, int(batch), list(columns))
    read = time.monotonic()
    values = {f"`{name}`": f"s.`{name}`" for name in schema.names}
    metrics = (
        table.merge(source, predicate="t.`_id` = s.`_id`", source_alias="s", target_alias="t")
        .when_matched_delete(predicate="s.`__op` = 'delete'")
        .when_matched_update(
            updates=values, predicate="s.`__op` = 'upsert' AND (t.`_rev` IS NULL OR s.`_rev` >= t.`_rev`)"
        )
        .when_not_matched_insert(updates=values, predicate="s.`__op` = 'upsert'")
        .execute()
    )
    ended = time.monotonic()
    after = resource.getrusage(resource.RUSAGE_SELF)
    print(
        json.dumps(
            {
                "seconds": ended - began,
                "readSeconds": read - began,
                "cpuSeconds": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
                "peakBytes": after.ru_maxrss * 1024,
                "inserted": metrics["num_target_rows_inserted"],
                "updated": metrics["num_target_rows_updated"],
                "deleted": metrics["num_target_rows_deleted"],
            }
        )
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
