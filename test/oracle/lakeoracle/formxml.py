"""CommCare HQ's XML -> JSON rules, all nine of them (reference/commcare-hq.md section 4), on expat."""

import re
import xml.etree.ElementTree as ElementTree
from datetime import datetime, timedelta, timezone
from typing import Optional, Union

from .errors import Unreadable

Tree = Union[str, list["Tree"], dict[str, "Tree"]]

# HQ's loose pattern narrowed to what its ISO 8601 parser then accepts; `$` in Python also passes before a last
# newline, and so it does in HQ.
_DATETIME = re.compile(
    r"^(?P<year>[0-9]{4})-?(?P<month>0[1-9]|1[0-2])-?(?P<day>0[1-9]|[12][0-9]|3[01])[ T]"
    r"(?P<hour>[01][0-9]|2[0-3]):?(?P<minute>[0-5][0-9])"
    r"(?::?(?P<second>[0-5][0-9])(?:[.,](?P<fraction>[0-9]{3,6}))?)?"
    r"(?P<zone>Z|(?P<sign>[+-])(?P<zone_hour>[01][0-9]|2[0-3])(?::?(?P<zone_minute>[0-5][0-9]))?)?$"
)
_OLD_META_KEYS = {
    "TimeStart": "timeStart",
    "TimeEnd": "timeEnd",
    "chw_id": "userID",
    "DeviceID": "deviceID",
    "uid": "instanceID",
}


def form_json(xml: bytes) -> dict[str, Tree]:
    """@raises Unreadable when the XML does not parse"""
    try:
        root = ElementTree.fromstring(xml)
    except (ElementTree.ParseError, LookupError, ValueError) as error:
        raise Unreadable(f"form XML does not parse: {getattr(error, 'position', '')}") from error
    value = _convert(root, None)
    form: dict[str, Tree] = value if isinstance(value, dict) else ({"#text": value} if value else {})
    form["#type"] = _split(root.tag)[1]
    _clean_meta(form)
    return {key: _adjust(child) for key, child in form.items()}


def _split(tag: str) -> tuple[Optional[str], str]:
    """`{namespace}local` -> (namespace or None, local)"""
    if tag.startswith("{"):
        namespace, _, local = tag[1:].partition("}")
        return namespace, local
    return None, tag


def _convert(element: ElementTree.Element, parent_namespace: Optional[str]) -> Tree:
    namespace, _ = _split(element.tag)
    result: dict[str, Tree] = {f"@{name}": value for name, value in element.attrib.items()}
    if namespace is not None and namespace != parent_namespace:
        result["@xmlns"] = namespace
    seen: dict[str, int] = {}
    for child in element:
        key, value = _split(child.tag)[1], _convert(child, namespace)
        seen[key] = seen.get(key, 0) + 1
        held = result.get(key)
        if seen[key] == 1:
            result[key] = value
        elif seen[key] == 2 and held is not None:
            result[key] = [held, value]
        elif isinstance(held, list):
            held.append(value)
    text = element.text or ""
    if not result:
        return text
    if text.strip() != "":
        result["#text"] = text
    return result


def _adjust(value: Tree) -> Tree:
    if isinstance(value, dict):
        return {key: _adjust(child) for key, child in value.items()}
    if isinstance(value, list):
        return [_adjust(child) for child in value]
    return utc_text(value) or value


def utc_text(text: str) -> Optional[str]:
    """The UTC spelling of a datetime with six digits and Z. @returns None for anything that is not a datetime"""
    found = _DATETIME.match(text)
    if found is None:
        return None
    part = found.groupdict()
    offset = timedelta(hours=int(part["zone_hour"] or 0), minutes=int(part["zone_minute"] or 0))
    if part["sign"] == "-":
        offset = -offset
    try:
        local = datetime(
            int(part["year"]),
            int(part["month"]),
            int(part["day"]),
            int(part["hour"]),
            int(part["minute"]),
            int(part["second"] or 0),
            int((part["fraction"] or "0").ljust(6, "0")),
        )
        moment = local - offset
    except (ValueError, OverflowError):
        return None
    return f"{moment.year:04d}{moment:-%m-%dT%H:%M:%S.%fZ}"


def parse_utc(text: str) -> Optional[datetime]:
    """A spelling of `utc_text` as an instant."""
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=timezone.utc)
    except ValueError:
        return None


def _clean_meta(form: dict[str, Tree]) -> None:
    if "Meta" in form:
        form["meta"] = form.pop("Meta")
    meta = form.get("meta")
    if isinstance(meta, list) and meta:
        meta = form["meta"] = meta[0]
    if isinstance(meta, dict):
        for old, new in _OLD_META_KEYS.items():
            if old in meta and new not in meta:
                meta[new] = meta.pop(old)
