"""Where a table lies and what a column is called (design section 6)."""

import hashlib
import json
import re
from functools import lru_cache
from typing import Mapping, NamedTuple, Optional

TOPIC_OF_KIND = {"form": "form-sql", "case": "case-sql", "location": "location"}
KIND_OF_TOPIC = {topic: kind for kind, topic in TOPIC_OF_KIND.items()}
XMLNS_PREFIX = "http://openrosa.org/formdesigner/"
LOCATION_TYPE = "location"
# Delta refuses these in column names; `~` stands with them so that the encoding can be undone. UTF-8 has no bytes for
# half a surrogate pair.
_COLUMN_ESCAPED = re.compile("[ ,;{}()=~\t\n\0\ud800-\udfff]")
_HALF_PAIR = re.compile("[\ud800-\udfff]")
# A longer component of a path is cut to so many characters less 18, and ends with `~-` and 16 hex digits.
_LONGEST_COMPONENT = 200


class TableKey(NamedTuple):
    """Domain, kind (form, case, location) and case type or whole xmlns."""

    domain: str
    kind: str
    type: str


def encode_component(text: str) -> str:
    if text == "":
        return "~"
    encoded = _encode_bytes(text)
    return _cut("~2E" + encoded[1:] if encoded.startswith(".") else encoded, text)


def _encode_bytes(text: str) -> str:
    return re.sub(rb"[^A-Za-z0-9._-]", lambda found: b"~%02X" % found.group(0)[0], text.encode("utf-8")).decode()


def _cut(encoded: str, original: str) -> str:
    if len(encoded) <= _LONGEST_COMPONENT:
        return encoded
    return f"{encoded[: _LONGEST_COMPONENT - 18]}~-{_sha256(original)[:16]}"


def decode_component(component: str) -> Optional[str]:
    """@returns None when no name is spelled like this, or one so long that only its hash tells it"""
    if component == "~":
        return ""
    raw = re.sub(rb"~([0-9A-F]{2})", lambda found: bytes.fromhex(found.group(1).decode()), component.encode("utf-8"))
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return text if encode_component(text) == component else None


def table_path(key: TableKey) -> str:
    """The table's folder below `<HQ_DATA_PATH>/commcare`."""
    topic = TOPIC_OF_KIND[key.kind]
    if key.kind != "form":
        last = encode_component(key.type)
    elif key.type.startswith(XMLNS_PREFIX):
        last = encode_component(key.type[len(XMLNS_PREFIX) :])
    else:
        last = _cut("~~" + _encode_bytes(key.type), key.type)
    return f"{encode_component(key.domain)}/{topic}/{last}"


def key_of_path(path: str) -> Optional[TableKey]:
    """The inverse of `table_path`. @returns None for a folder that no table may have"""
    parts = path.split("/")
    if len(parts) != 3 or parts[1] not in KIND_OF_TOPIC:
        return None
    domain, kind, last = decode_component(parts[0]), KIND_OF_TOPIC[parts[1]], parts[2]
    if kind == "form" and last.startswith("~~"):
        type_name = _decode_foreign(last)
    else:
        type_name = decode_component(last)
        if kind == "form" and type_name is not None:
            type_name = XMLNS_PREFIX + type_name
    if domain is None or type_name is None or (kind == "location" and type_name != LOCATION_TYPE):
        return None
    return TableKey(domain, kind, type_name)


def _decode_foreign(last: str) -> Optional[str]:
    """An xmlns written whole; a leading dot stays what it is, as the mark stands before it."""
    if last == "~~":
        return ""
    if last.startswith("~~."):
        rest = decode_component("x" + last[2:])
        return None if rest is None else rest[1:]
    return decode_component(last[2:])


def encode_column(original: str) -> str:
    return _COLUMN_ESCAPED.sub(lambda found: f"~{ord(found.group(0)):02X}", original)


# Where a field stands: keys from the top down, None for "an item of this list".
Path = tuple[Optional[str], ...]


def find_columns(original: str, columns: Mapping[str, object], path: Path = ()) -> list[str]:
    """The columns that may hold `original`: of its own name, or with the hash that a clash ignoring case has earned it.

    A clash may be with a column no live row has any more, so a hashed name is accepted wherever it stands. Mostly it is
    one column; more when another field is spelled like this one, or as the hash makes of it.
    """
    return [name for name in _spellings(original, path) if name in columns]


@lru_cache(maxsize=100_000)
def _spellings(original: str, path: Path) -> tuple[str, ...]:
    encoded = encode_column(original)
    own = [] if path == () else [_path_text(path), *(f"{attempt}:{_path_text(path)}" for attempt in range(2, 6))]
    return (*(f"{encoded}__{_sha256(text)[:8]}" for text in (*own, original)), encoded)


def _path_text(path: Path) -> str:
    """As JSON, with half a surrogate pair as its escape."""
    text = json.dumps(path, ensure_ascii=False, separators=(",", ":"))
    return _HALF_PAIR.sub(lambda found: f"\\u{ord(found.group(0)):04x}", text)


def _sha256(text: str) -> str:
    return hashlib.sha256(_HALF_PAIR.sub("\ufffd", text).encode("utf-8")).hexdigest()
