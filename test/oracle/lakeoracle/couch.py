"""Reads users from HQ's CouchDB: every document of its users database, page by page."""

import base64
import json
from datetime import datetime
from typing import Any, Iterator, Optional
from urllib.error import URLError
from urllib.parse import quote, unquote, urlsplit
from urllib.request import Request, urlopen

from .errors import CannotRead
from .values import Row

_PAGE = 500


def couch_users(url: str) -> Iterator[Row]:
    """
    One row per user and domain: `domain`, `user_id`, `location_id` (None: nowhere, or deleted), `modified`.
    @raises CannotRead when CouchDB does not answer
    """
    after: Optional[str] = None
    while True:
        start = "" if after is None else f"&startkey={quote(json.dumps(after))}&skip=1"
        rows = _get(url, f"/_all_docs?include_docs=true&limit={_PAGE}{start}")["rows"]
        for row in rows:
            if not row["id"].startswith("_design/"):
                yield from _places(row["doc"])
        if len(rows) < _PAGE:
            return
        after = rows[-1]["id"]


def _places(document: dict[str, Any]) -> Iterator[Row]:
    base = document.get("base_doc")
    if base not in ("CouchUser", "CouchUser-Deleted"):
        return
    modified = document.get("last_modified")
    if document.get("doc_type") == "CommCareUser":
        memberships = [{"domain": document.get("domain"), "location_id": document.get("location_id")}]
    else:
        memberships = document.get("domain_memberships", [])
    for membership in memberships:
        yield {
            "domain": membership["domain"],
            "user_id": document["_id"],
            "location_id": (membership.get("location_id") or None) if base == "CouchUser" else None,
            "modified": datetime.fromisoformat(modified.replace("Z", "+00:00")) if modified else None,
        }


def _get(url: str, path: str) -> Any:
    parts = urlsplit(url.removeprefix("couchdb+"))
    host = parts.hostname if parts.port is None else f"{parts.hostname}:{parts.port}"
    request = Request(f"{parts.scheme}://{host}{parts.path.rstrip('/')}{path}")
    if parts.username is not None:
        login = f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode()
        request.add_header("Authorization", f"Basic {base64.b64encode(login).decode()}")
    try:
        with urlopen(request, timeout=60) as answer:
            return json.load(answer)
    except (URLError, ValueError) as error:
        raise CannotRead(f"HQ_USERS, CouchDB at {host}: {error}") from error
