"""Types that lake.yaml declares (README, "Types"): which column has one, and what a text is as one."""

import re
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, Mapping, Optional

# Per column key (`declaration_key`) the types that may stand there, as the Delta log spells them.
Declared = Mapping[str, frozenset[str]]


def declaration_key(name: str) -> str:
    """Lists on the way and case make no difference."""
    return name.replace("[].", "__").replace("[]", "").lower()


def scalar_type(declared: str) -> str:
    """The type of the values: `list<long>` is long, `list` string."""
    word = re.sub(r"\s", "", declared).lower()
    if word == "list":
        return "string"
    return word[len("list<") : -1] if word.startswith("list<") else word


def rescued_name(name: str) -> str:
    """A name as part of a key of `_rescued`."""
    return name.replace("[", "~5B")


def value_of(text: str, kind: str) -> Optional[Any]:
    """@returns None when the text is no value of the type"""
    if kind == "long":
        return _long(text)
    if kind == "double":
        return _double(text)
    if kind == "boolean":
        return {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}.get(text.lower())
    if kind == "date":
        return _date(text)
    if kind.startswith("timestamp"):
        return _instant(text)
    if kind.startswith("decimal"):
        precision, scale = (int(part) for part in re.findall(r"\d+", kind))
        return _decimal(text, precision, scale)
    return text


def _long(text: str) -> Optional[int]:
    if re.fullmatch(r"[+-]?[0-9]{1,40}", text) is None:
        return None
    value = int(text)
    return value if -(2**63) <= value < 2**63 else None


_NUMBER = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)"


def _double(text: str) -> Optional[float]:
    if re.fullmatch(_NUMBER + r"(?:[eE][+-]?[0-9]{1,4})?", text) is None:
        return None
    value = float(text)
    return value if abs(value) != float("inf") else None


def _decimal(text: str, precision: int, scale: int) -> Optional[Decimal]:
    if re.fullmatch(_NUMBER, text) is None:
        return None
    whole, _, fraction = text.lstrip("+-").partition(".")
    fits = len(whole.lstrip("0")) <= precision - scale and len(fraction.rstrip("0")) <= scale
    return Decimal(text) if fits else None


def _date(text: str) -> Optional[date]:
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text) is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


_TIME = re.compile(
    r"[T ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,6}))?)?(?:Z|([+-])([0-9]{2})(?::?([0-9]{2}))?)?"
)


def _instant(text: str) -> Optional[datetime]:
    day = _date(text[:10])
    if day is None:
        return None
    midnight = datetime(day.year, day.month, day.day, tzinfo=timezone.utc)
    if len(text) == 10:
        return midnight
    found = _TIME.fullmatch(text[10:])
    if found is None:
        return None
    hours, minutes, seconds, fraction, sign, east_hours, east_minutes = found.groups()
    if int(hours) > 23 or int(minutes) > 59 or int(seconds or 0) > 59:
        return None
    east = timedelta(hours=int(east_hours or 0), minutes=int(east_minutes or 0))
    if east > timedelta(hours=18) or int(east_minutes or 0) > 59:
        return None
    time = timedelta(
        hours=int(hours),
        minutes=int(minutes),
        seconds=int(seconds or 0),
        microseconds=int((fraction or "0").ljust(6, "0")),
    )
    try:
        return midnight + time + (east if sign == "-" else -east)
    except OverflowError:
        return None
