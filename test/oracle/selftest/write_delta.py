"""Writes Delta tables from Python rows, and puts a deletion vector on one by hand (delta-rs itself writes none)."""

import json
import os
import struct
import uuid
import zlib
from datetime import date, datetime
from typing import Any, Mapping, Sequence

from deltalake import QueryBuilder, write_deltalake

Rows = Sequence[Mapping[str, Any]]
_ARROW = {
    **{"string": "Utf8", "date": "Date32", "boolean": "Boolean", "double": "Float64", "integer": "Int32"},
    **{"long": "Int64", "timestamp": 'Timestamp(Microsecond, Some("UTC"))'},
}
_Z85 = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"


def write_table(path: str, types: Mapping[str, Any], rows: Rows) -> None:
    """`types`: column -> a name of `_ARROW`, [type] for a list, {field: type} for a struct."""
    selects = [
        "SELECT " + ", ".join(f"{_literal(types[name], row.get(name))} AS {_quoted(name)}" for name in types)
        for row in (rows or [{}])
    ]
    query = f"SELECT * FROM ({' UNION ALL '.join(selects)})" + ("" if rows else " WHERE false")
    write_deltalake(path, QueryBuilder().execute(query))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(kind: Any, value: Any) -> str:
    if isinstance(kind, list):
        if value is None:
            return f"CASE WHEN false THEN make_array({_literal(kind[0], None)}) END"
        if not value:
            return f"array_pop_back(make_array({_literal(kind[0], None)}))"
        return f"make_array({', '.join(_literal(kind[0], one) for one in value)})"
    if isinstance(kind, dict):
        own = value or {}
        fields = ", ".join(f"{_text(name)}, {_literal(one, own.get(name))}" for name, one in kind.items())
        return f"named_struct({fields})"
    if isinstance(value, datetime):
        return f"arrow_cast({_text(value.isoformat())}, '{_ARROW[kind]}')"
    if isinstance(value, (str, date)):
        return f"arrow_cast({_text(str(value))}, '{_ARROW[kind]}')"
    return f"arrow_cast({'NULL' if value is None else str(value).lower()}, '{_ARROW[kind]}')"


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def delete_by_vector(path: str, position: int) -> None:
    """Marks one row (its position in the table's only file) deleted, as Spark does: a deletion vector in a file."""
    log = os.path.join(path, "_delta_log")
    versions = sorted(name for name in os.listdir(log) if name.endswith(".json"))
    actions: list[Any] = []
    for name in versions:
        with open(os.path.join(log, name), encoding="utf-8") as file:
            actions += [json.loads(line) for line in file]
    removed = {action["remove"]["path"] for action in actions if "remove" in action}
    (add,) = [one["add"] for one in actions if "add" in one and one["add"]["path"] not in removed]
    bitmap, name = _roaring(position), uuid.uuid4()
    with open(os.path.join(path, f"deletion_vector_{name}.bin"), "xb") as file:
        file.write(b"\x01" + struct.pack(">I", len(bitmap)) + bitmap + struct.pack(">I", zlib.crc32(bitmap)))
    vector = {
        **{"storageType": "u", "pathOrInlineDv": _z85(name.bytes), "offset": 1, "sizeInBytes": len(bitmap)},
        "cardinality": 1,
    }
    features = ["deletionVectors"]
    protocol = {"minReaderVersion": 3, "minWriterVersion": 7, "readerFeatures": features, "writerFeatures": features}
    metadata = [action["metaData"] for action in actions if "metaData" in action][-1]
    metadata["configuration"] = {**metadata["configuration"], "delta.enableDeletionVectors": "true"}
    metadata["id"] = metadata.get("id") or str(uuid.uuid4())
    stamp = add["modificationTime"]
    removal = {"path": add["path"], "deletionTimestamp": stamp, "dataChange": True, "partitionValues": {}}
    lines = [
        {"commitInfo": {"timestamp": stamp, "operation": "DELETE"}},
        {"protocol": protocol},
        {"metaData": metadata},
        {"remove": removal},
        {"add": {**add, "deletionVector": vector, "dataChange": True}},
    ]
    with open(os.path.join(log, f"{len(versions):020d}.json"), "x", encoding="utf-8") as file:
        file.write("\n".join(json.dumps(line) for line in lines))


def _roaring(position: int) -> bytes:
    """The protocol's RoaringBitmapArray holding one small number."""
    bitmap = struct.pack("<IIHHIH", 12346, 1, 0, 0, 16, position)
    return struct.pack("<iqi", 1681511377, 1, 0) + bitmap


def _z85(data: bytes) -> str:
    text = ""
    for start in range(0, len(data), 4):
        number, group = int.from_bytes(data[start : start + 4], "big"), ""
        for _ in range(5):
            number, digit = divmod(number, 85)
            group = _Z85[digit] + group
        text += group
    return text
