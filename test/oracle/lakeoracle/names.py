"""Where a table lies and what a column is called (design section 6)."""

import hashlib
import re
from functools import lru_cache
from typing import Mapping, NamedTuple, Optional

TOPIC_OF_KIND = {"form": "form-sql", "case": "case-sql", "location": "location"}
KIND_OF_TOPIC = {topic: kind for kind, topic in TOPIC_OF_KIND.items()}
XMLNS_PREFIX = "http://openrosa.org/formdesigner/"
LOCATION_TYPE = "location"
# Delta refuses these in column names; `~` stands with them so that the encoding can be undone.
_COLUMN_ESCAPED = re.compile(r"[ ,;{}()=~\t\n]")


class TableKey(NamedTuple):
    """Domain, kind (form, case, location) and case type or whole xmlns."""

    domain: str
    kind: str
    type: str


def encode_component(text: str) -> str:
    if text == "":
        return "~"
    encoded = re.sub(rb"[^A-Za-z0-9._-]", lambda found: b"~%02X" % found.group(0)[0], text.encode("utf-8")).decode()
    return "~2E" + encoded[1:] if encoded.startswith(".") else encoded


def decode_component(component: str) -> Optional[str]:
    """@returns None when no name is spelled like this"""
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
        last = "~~" + (encode_component(key.type) if key.type != "" else "")
    return f"{encode_component(key.domain)}/{topic}/{last}"


def key_of_path(path: str) -> Optional[TableKey]:
    """The inverse of `table_path`. @returns None for a folder that no table may have"""
    parts = path.split("/")
    if len(parts) != 3 or parts[1] not in KIND_OF_TOPIC:
        return None
    domain, kind, last = decode_component(parts[0]), KIND_OF_TOPIC[parts[1]], parts[2]
    if kind == "form" and last.startswith("~~"):
        # An empty xmlns after the mark: both the bare mark and the mark with the empty name are readable.
        type_name = "" if last in ("~~", "~~~") else decode_component(last[2:])
    else:
        type_name = decode_component(last)
        if kind == "form" and type_name is not None:
            type_name = XMLNS_PREFIX + type_name
    if domain is None or type_name is None or (kind == "location" and type_name != LOCATION_TYPE):
        return None
    return TableKey(domain, kind, type_name)


def encode_column(original: str) -> str:
    return _COLUMN_ESCAPED.sub(lambda found: f"~{ord(found.group(0)):02X}", original)


def find_column(original: str, columns: Mapping[str, object], whole: Optional[str] = None) -> Optional[str]:
    """The column that holds `original`: by its own name, or with the hash that a clash ignoring case has earned it.

    A clash may be with a column no live row has any more, so a hashed name is accepted wherever it stands.
    `whole` is the full path of a field inside a list, a second thing the hash may be taken of.
    """
    return next((name for name in _spellings(original, whole) if name in columns), None)


@lru_cache(maxsize=100_000)
def _spellings(original: str, whole: Optional[str]) -> tuple[str, ...]:
    encoded = encode_column(original)
    hashed = [text for text in (original, encoded, whole) if text is not None]
    digests = [hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8] for text in hashed]
    return (*(f"{encoded}__{digest}" for digest in digests), encoded)
