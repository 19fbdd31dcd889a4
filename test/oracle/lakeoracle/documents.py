"""Form XML out of HQ's blob store: a folder or an S3 bucket, gzip or raw (reference/commcare-hq.md section 5)."""

import gzip
import os
import re
import zlib
from typing import Any, Optional

from .errors import CannotRead, Unreadable
from .settings import S3Access, Store

_LEGAL_KEY = re.compile(r"^[A-Za-z0-9_{}-][A-Za-z0-9_./{}-]*$")


def s3_client(access: S3Access) -> Any:
    try:
        import boto3
        from botocore.config import Config
    except ImportError as error:
        raise CannotRead("an S3 path needs the packages of requirements-s3.txt") from error
    return boto3.client(
        "s3",
        endpoint_url=access.endpoint,
        region_name=access.region,
        aws_access_key_id=access.access_key,
        aws_secret_access_key=access.secret_key,
        config=Config(s3={"addressing_style": "path" if access.endpoint else "auto"}),
    )


class BlobStore:
    """@raises CannotRead when the folder itself is absent: every form would seem to have no document"""

    def __init__(self, store: Store, access: S3Access) -> None:
        self._store = store
        self._client = s3_client(access) if store.bucket is not None else None
        if store.bucket is None and not os.path.isdir(store.root):
            raise CannotRead(f"HQ_BLOB_STORE: {store.root} is no folder")

    def form_xml(self, key: Optional[str], compressed: bool) -> bytes:
        """@raises Unreadable when there is no such blob or it is damaged"""
        if key is None:
            raise Unreadable("no form.xml is recorded")
        if not _LEGAL_KEY.match(key) or ".." in key:
            raise Unreadable(f"illegal blob key {key}")
        content = self._read(key)
        if not compressed and content[:2] != b"\x1f\x8b":
            return content
        try:
            return gzip.decompress(content)
        except (OSError, EOFError, zlib.error) as error:
            raise Unreadable(f"blob {key} is damaged gzip") from error

    def _read(self, key: str) -> bytes:
        if self._client is not None:
            prefix = self._store.prefix
            try:
                found = self._client.get_object(Bucket=self._store.bucket, Key=f"{prefix}/{key}" if prefix else key)
                return bytes(found["Body"].read())
            except self._client.exceptions.NoSuchKey as error:
                raise Unreadable(f"blob {key} is missing") from error
        try:
            with open(os.path.join(self._store.root, key), "rb") as file:
                return file.read()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
            raise Unreadable(f"blob {key} is missing") from error
