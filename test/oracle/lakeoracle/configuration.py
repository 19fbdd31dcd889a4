"""The part of lake.yaml that decides what the lake must hold."""

from dataclasses import dataclass, field
from typing import Any, Mapping, Optional
from zoneinfo import ZoneInfo

from .declared import Declared, declaration_key, scalar_type
from .errors import CannotRead
from .names import TableKey

ANY_TYPE = "*"


@dataclass(frozen=True)
class Domain:
    name: str
    levels: tuple[str, ...] = ()
    """Location type codes, top down."""
    record_location: tuple[str, ...] = ("owner", "user")
    locations: bool = False
    cases: frozenset[str] = frozenset()
    forms: frozenset[str] = frozenset()
    time_zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    declared: Declared = field(default_factory=dict)
    """Types that tables of the domain may give a column, by its key. Which table is meant is not looked at."""

    def lists(self, kind: str, type_name: str) -> bool:
        if kind == "location":
            return self.locations
        listed = self.cases if kind == "case" else self.forms
        return type_name in listed or ANY_TYPE in listed


@dataclass(frozen=True)
class Configuration:
    domains: Mapping[str, Domain]

    def lists(self, key: TableKey) -> bool:
        domain = self.domains.get(key.domain)
        return domain is not None and domain.lists(key.kind, key.type)


def load_configuration(path: str) -> Configuration:
    """@raises CannotRead when the file is absent or not of the documented form"""
    try:
        with open(path, encoding="utf-8") as file:
            return parse_configuration(file.read())
    except (OSError, ValueError, KeyError, AttributeError, TypeError) as error:
        raise CannotRead(f"LAKE_CONFIG {path}: {error}") from error


def parse_configuration(text: str) -> Configuration:
    """Every scalar is read as text: YAML 1.1 would turn a case type `no` or `012` into something else."""
    # Imported here: the rules that need only `Domain` run without any package.
    import yaml

    try:
        document: Any = yaml.load(text, Loader=yaml.BaseLoader)
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from error
    return Configuration({name: _domain(name, own or {}) for name, own in document["domains"].items()})


def _domain(name: str, own: Mapping[str, Any]) -> Domain:
    tables: Mapping[str, Any] = own.get("tables") or {}
    return Domain(
        name=name,
        levels=tuple(own.get("location_levels") or ()),
        record_location=tuple(own["record_location"]) if "record_location" in own else ("owner", "user"),
        locations=_flag(own.get("locations")),
        cases=frozenset(own.get("cases") or ()),
        forms=frozenset(own.get("forms") or ()),
        time_zone=ZoneInfo(own.get("time_zone") or "UTC"),
        declared=_declared(tables),
    )


def _declared(tables: Mapping[str, Any]) -> Declared:
    types: dict[str, set[str]] = {}
    for table in tables.values():
        for column, declared in ((table or {}).get("types") or {}).items():
            types.setdefault(declaration_key(column), set()).add(scalar_type(declared))
    return {key: frozenset({*found, "string"}) for key, found in types.items()}


def _flag(text: Optional[str]) -> bool:
    return text is not None and text.lower() == "true"
