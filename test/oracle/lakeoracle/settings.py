"""The environment, read once; the names are the pipeline's own (design section 11)."""

from dataclasses import dataclass
from typing import Mapping, Optional
from urllib.parse import unquote, urlsplit

from .errors import CannotRead


@dataclass(frozen=True)
class Store:
    """A folder or a bucket. `root` is an absolute path, or `bucket/prefix` when `bucket` is set."""

    root: str
    bucket: Optional[str] = None

    @property
    def prefix(self) -> str:
        return self.root.partition("/")[2] if self.bucket is not None else ""


@dataclass(frozen=True)
class S3Access:
    endpoint: Optional[str]
    region: str
    access_key: Optional[str]
    secret_key: Optional[str]

    def delta_options(self) -> dict[str, str]:
        """What deltalake's object store wants; plain HTTP is allowed because tests run on loopback."""
        options = {"AWS_REGION": self.region, "AWS_ALLOW_HTTP": "true"}
        if self.endpoint is not None:
            options["AWS_ENDPOINT_URL"] = self.endpoint
        if self.access_key is not None and self.secret_key is not None:
            options["AWS_ACCESS_KEY_ID"] = self.access_key
            options["AWS_SECRET_ACCESS_KEY"] = self.secret_key
        return options


@dataclass(frozen=True)
class Settings:
    main_url: str
    shard_urls: tuple[str, ...]
    blobs: Store
    lake: Store
    config_path: str
    users: str
    s3: S3Access
    blob_s3: S3Access


def read_settings(source: Mapping[str, str]) -> Settings:
    """@raises CannotRead naming every variable that is missing or malformed"""
    faults: list[str] = []

    def need(name: str) -> str:
        value = source.get(name, "").strip()
        if value == "":
            faults.append(f"{name} is not set")
        return value

    main_url, config_path = need("HQ_DATABASE_URL"), need("LAKE_CONFIG")
    blobs = _store(need("HQ_BLOB_STORE"), "HQ_BLOB_STORE", faults)
    lake = _store(need("HQ_DATA_PATH"), "HQ_DATA_PATH", faults)
    shards = tuple(part.strip() for part in source.get("HQ_SHARD_DATABASE_URLS", "").split(",") if part.strip())
    users = source.get("HQ_USERS", "").strip() or "usercase"
    if users not in ("usercase", "none") and not users.startswith(("couchdb+http://", "couchdb+https://")):
        faults.append("HQ_USERS must be usercase, none or couchdb+http://login:password@host:port/database")
    if faults:
        raise CannotRead("; ".join(faults))
    s3 = S3Access(
        endpoint=source.get("S3_ENDPOINT") or None,
        region=source.get("AWS_REGION") or "us-east-1",
        access_key=source.get("AWS_ACCESS_KEY_ID") or None,
        secret_key=source.get("AWS_SECRET_ACCESS_KEY") or None,
    )
    return Settings(main_url, shards or (main_url,), blobs, lake, config_path, users, s3, _blob_access(source, s3))


def _blob_access(source: Mapping[str, str], lake: S3Access) -> S3Access:
    """HQ's blobs may be on another S3 than the lake."""
    own = source.get("HQ_BLOB_ACCESS_KEY_ID") or None
    return S3Access(
        endpoint=source.get("HQ_BLOB_ENDPOINT") or lake.endpoint,
        region=source.get("HQ_BLOB_REGION") or lake.region,
        access_key=own or lake.access_key,
        secret_key=source.get("HQ_BLOB_SECRET_ACCESS_KEY") if own else lake.secret_key,
    )


def _store(url: str, name: str, faults: list[str]) -> Store:
    parts = urlsplit(url)
    if parts.scheme == "file" and parts.netloc == "" and parts.path.startswith("/"):
        return Store(unquote(parts.path).rstrip("/") or "/")
    if parts.scheme in ("s3", "s3a") and parts.netloc != "":
        return Store((parts.netloc + parts.path).rstrip("/"), bucket=parts.netloc)
    if url != "":
        faults.append(f"{name} must be file:///… or s3a://bucket/…")
    return Store("/")
