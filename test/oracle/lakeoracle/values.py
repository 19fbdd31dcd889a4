"""Values, and when an expected one equals one read from the lake."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Mapping, Optional

from .errors import Unreadable

# A row of one of HQ's tables, by column.
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Alternatives:
    """A cell the documents leave open: any of these passes."""

    values: tuple[Any, ...]


class JsonNumber(str):
    """A JSON number as it is spelled: 1.0 and 1 are different texts."""


def parse_json_object(text: Optional[str]) -> dict[str, Any]:
    """HQ keeps JSON as text; NULL is an empty object. @raises Unreadable for anything but an object"""
    if text is None:
        return {}
    try:
        value = json.loads(text, parse_int=JsonNumber, parse_float=JsonNumber, parse_constant=_no_number)
    except ValueError as error:
        raise Unreadable("its JSON does not parse") from error
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Unreadable("its JSON is not an object")
    return value


def _no_number(name: str) -> Any:
    """NaN and Infinity, which Python takes and JSON does not know."""
    raise ValueError(name)


def scalar_text(value: Any) -> Any:
    """A JSON scalar as the lake's STRING."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _without_lone_surrogates(str(value))
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _without_lone_surrogates(text: str) -> Any:
    try:
        text.encode("utf-8")
        return text
    except UnicodeEncodeError:
        # UTF-8 cannot hold them: Spark's JSON reader writes `?`, JavaScript's encoder U+FFFD.
        paired = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        return Alternatives((text.encode("utf-8", "replace").decode("utf-8"), paired))


def equal(expected: Any, actual: Any) -> bool:
    """Null and the empty list are alike, null and '' are not; a struct's absent field is null."""
    if isinstance(expected, Alternatives):
        return any(equal(value, actual) for value in expected.values)
    if isinstance(expected, list) or isinstance(actual, list):
        left, right = expected or [], actual or []
        if not isinstance(left, list) or not isinstance(right, list) or len(left) != len(right):
            return False
        return all(equal(one, other) for one, other in zip(left, right))
    if isinstance(expected, dict) or isinstance(actual, dict):
        left, right = expected or {}, actual or {}
        if not isinstance(left, dict) or not isinstance(right, dict):
            return False
        return all(equal(left.get(name), right.get(name)) for name in {*left, *right})
    if isinstance(expected, bool) or isinstance(actual, bool):
        return expected is actual
    if isinstance(expected, datetime) and isinstance(actual, datetime):
        return (expected.tzinfo is None) == (actual.tzinfo is None) and expected == actual
    return bool(expected == actual)


def is_null(actual: Any) -> bool:
    return equal(None, actual)


def shown(value: Any) -> Any:
    """A value for the JSON report."""
    if isinstance(value, Alternatives):
        return {"anyOf": [shown(one) for one in value.values]}
    if isinstance(value, (str, int, float, bool)) or value is None:
        return value
    if isinstance(value, list):
        return [shown(one) for one in value]
    if isinstance(value, dict):
        return {str(name): shown(one) for name, one in value.items()}
    return str(value)
