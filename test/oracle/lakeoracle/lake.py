"""Finds and reads the Delta tables, deletion vectors applied (QueryBuilder does; to_pyarrow_* refuses)."""

import json
import os
from typing import Any, Iterator, Mapping, Optional

from deltalake import DeltaTable, QueryBuilder
from deltalake.exceptions import DeltaError, TableNotFoundError

from .documents import s3_client
from .errors import CannotRead
from .settings import S3Access, Store
from .shapes import ColumnType, StructType, parse_type

TABLES_FOLDER = "commcare"


class Table:
    def __init__(self, delta: DeltaTable) -> None:
        self._delta = delta
        described = parse_type(json.loads(delta.schema().to_json()))
        self.columns: Mapping[str, ColumnType] = described.fields if isinstance(described, StructType) else {}

    def rows(self) -> Iterator[list[dict[str, Any]]]:
        """Every row, a batch at a time. @raises CannotRead"""
        try:
            for batch in QueryBuilder().register("lake", self._delta).execute("SELECT * FROM lake"):
                yield batch.to_struct_array().to_pylist()
        except (DeltaError, OSError, ValueError) as error:
            raise CannotRead(f"{self._delta.table_uri}: {error}") from error

    def count(self) -> int:
        reader = QueryBuilder().register("lake", self._delta).execute("SELECT count(*) AS n FROM lake")
        return int(next(iter(reader)).to_struct_array().to_pylist()[0]["n"])


class Lake:
    """Paths are relative to `<HQ_DATA_PATH>/commcare` and use `/`."""

    def __init__(self, store: Store, access: S3Access) -> None:
        self._access = access
        self._bucket = store.bucket
        self._root = f"{store.root.rstrip('/')}/{TABLES_FOLDER}"
        self._client = s3_client(access) if store.bucket is not None else None

    def table_folders(self) -> list[str]:
        """Every folder that has a Delta log, sorted."""
        return sorted(self._walk("", 0))

    def open(self, path: str) -> Optional[Table]:
        """@returns None when no table stands there. @raises CannotRead when one does but cannot be read"""
        url = f"s3://{self._root}/{path}" if self._bucket is not None else f"{self._root}/{path}"
        options = self._access.delta_options() if self._bucket is not None else None
        try:
            return Table(DeltaTable(url, storage_options=options))
        except TableNotFoundError:
            return None
        except (DeltaError, OSError, ValueError) as error:
            raise CannotRead(f"{path}: {error}") from error

    def _walk(self, path: str, depth: int) -> Iterator[str]:
        folders = self._folders(path)
        if "_delta_log" in folders:
            yield path
        elif depth < 8:
            for name in folders:
                yield from self._walk(f"{path}/{name}" if path else name, depth + 1)

    def _folders(self, path: str) -> list[str]:
        if self._client is None:
            try:
                with os.scandir(os.path.join(self._root, path)) as entries:
                    return [entry.name for entry in entries if entry.is_dir()]
            except FileNotFoundError:
                return []
            except OSError as error:
                raise CannotRead(f"HQ_DATA_PATH: {error}") from error
        prefix = self._root.partition("/")[2] + (f"/{path}/" if path else "/")
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=prefix, Delimiter="/"
        )
        found = [one["Prefix"] for page in pages for one in page.get("CommonPrefixes", [])]
        return [one[len(prefix) :].rstrip("/") for one in found]
