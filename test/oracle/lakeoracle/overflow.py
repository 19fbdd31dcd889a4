"""Texts that have no column, because the table has as many as it may: `_overflow`, by the documented keys.

A key is the name the column would have had, with the position in each list: `form__a__b`, `form__visits[3].weight`. In a
name `[` is `~5B`, and a `_` that begins it or follows another is `~5F`: so a key says one place only.
"""

import re
from typing import Any, Callable, Mapping

from .names import encode_column
from .values import scalar_text

OVERFLOW = "_overflow"
# Longer keys are cut and marked with a hash, of which nothing is said but that it is the place's own.
_LONGEST = 300
_MARKED = re.compile("~~[0-9a-f]{64}")


class Emptied(list):
    """A list whose texts all stand in `_overflow`: it may have a column, with a null for each item, or none."""


def key_part(name: str) -> str:
    """A name as part of a key."""
    encoded = encode_column(name).replace("[", "~5B")
    return re.sub(r"^_|(?<=_)_", "~5F", encoded)


def without_overflow(tree: Mapping[str, Any], prefix: str, told: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
    """The free part without the texts that stand in `_overflow`, and what stands there without being in the record."""
    left = dict(told)

    def taken(key: str, text: Any) -> bool:
        if len(key) > _LONGEST:
            key = next((one for one in left if _MARKED.search(one) and left[one] == text), key)
        if key not in left or left[key] != text:
            return False
        del left[key]
        return True

    return {name: _rest(value, f"{prefix}__{key_part(str(name))}", taken) for name, value in tree.items()}, left


def _rest(value: Any, key: str, taken: Callable[[str, Any], bool]) -> Any:
    if isinstance(value, dict):
        return _fields(value, key, "__", taken)
    if isinstance(value, list):
        items = [_item(item, f"{key}[{at}]", taken) for at, item in enumerate(value)]
        return Emptied(items) if items != value and all(_is_hollow(item) for item in items) else items
    return None if value is not None and taken(key, scalar_text(value)) else value


def _item(item: Any, key: str, taken: Callable[[str, Any], bool]) -> Any:
    if isinstance(item, list):
        return _fields({"#list": item}, key, ".", taken)
    if isinstance(item, dict):
        return _fields(item, key, ".", taken)
    return _rest(item, key, taken)


def _fields(tree: Mapping[str, Any], key: str, joiner: str, taken: Callable[[str, Any], bool]) -> dict[str, Any]:
    return {name: _rest(value, f"{key}{joiner}{key_part(str(name))}", taken) for name, value in tree.items()}


def _is_hollow(value: Any) -> bool:
    if isinstance(value, dict):
        return all(_is_hollow(child) for child in value.values())
    return value is None or isinstance(value, Emptied)
