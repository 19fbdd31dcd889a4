"""What a lake row must hold for each kind of HQ record, before it is laid into a table's columns."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Mapping, Optional
from zoneinfo import ZoneInfo

from .configuration import Domain
from .formxml import Tree, form_json, parse_utc
from .places import Places, UserPlaces, placed_since, record_columns, record_place
from .values import Alternatives, Row, parse_json_object

_RELATIONSHIP = {1: "child", 2: "extension"}
_FORM_FIELDS = (
    *("domain", "app_id", "build_id", "xmlns", "user_id", "orig_id", "deprecated_form_id", "server_modified_on"),
    *("received_on", "edited_on", "partial_submission", "submit_ip", "last_sync_token", "problem", "date_header"),
    *("state", "initial_processing_complete", "auth_context", "openrosa_headers"),
)
_CASE_FIELDS = (
    *("domain", "type", "name", "owner_id", "modified_by", "opened_on", "opened_by", "modified_on"),
    *("server_modified_on", "closed", "closed_on", "closed_by", "external_id"),
)
_LOCATION_FIELDS = (
    *("domain", "name", "site_code", "external_id", "is_archived", "archived_on", "last_modified", "created_at"),
)
_LEVEL_FIELDS = {
    **{"id": "location_id", "name": "name", "site_code": "site_code", "latitude": "latitude"},
    **{"longitude": "longitude", "is_archived": "is_archived"},
}


@dataclass(frozen=True)
class Expected:
    """`fields`: columns with types of their own. `places`: columns that tell where. `tree`: the free part."""

    id: str
    fields: Mapping[str, Any]
    prefix: str
    tree: Mapping[str, Any]
    places: Mapping[str, Any] = field(default_factory=dict)
    placed_since: Optional[datetime] = None
    """Since when the record's place has been what it is; see `placed_since` in places."""

    @property
    def revision(self) -> Any:
        return self.fields["_rev"]


def revision_of_form(row: Row) -> Optional[datetime]:
    result: Optional[datetime] = row["server_modified_on"] or row["edited_on"] or row["received_on"]
    return result


def expected_form(row: Row, xml: bytes, domain: Domain, places: Places, users: UserPlaces) -> Expected:
    """@raises Unreadable when the XML does not parse"""
    form = form_json(xml)
    who = (row["user_id"],)
    place = record_place(places, users, domain, None, who)
    fields = {
        "_id": row["form_id"],
        "doc_type": "XFormInstance",
        **{name: row[name] for name in _FORM_FIELDS},
        "month": _form_month(form, row["received_on"], domain.time_zone),
        "_rev": revision_of_form(row),
    }
    since = placed_since(places, users, domain, place, who)
    return Expected(row["form_id"], fields, "form", form, record_columns(places, domain, place), since)


def expected_case(row: Row, domain: Domain, places: Places, users: UserPlaces) -> Expected:
    """@raises Unreadable when case_json is no JSON object"""
    who = (row["owner_id"], row["modified_by"])
    place = record_place(places, users, domain, row["owner_id"], who)
    indices = [
        {
            **{name: index[name] for name in ("identifier", "referenced_id", "referenced_type")},
            "relationship": _RELATIONSHIP.get(index["relationship_id"]),
        }
        for index in row["indices"]
    ]
    fields = {
        "_id": row["case_id"],
        "doc_type": "CommCareCase",
        **{name: row[name] for name in _CASE_FIELDS},
        "user_id": row["modified_by"],
        "supply_point_location_id": row["location_id"],
        "indices": indices,
        "month": month_of(row["opened_on"], domain.time_zone),
        "_rev": row["server_modified_on"],
    }
    tree = parse_json_object(row["case_json"])
    since = placed_since(places, users, domain, place, who)
    return Expected(row["case_id"], fields, "case_json", tree, record_columns(places, domain, place), since)


def expected_location(row: Row, domain: Domain, places: Places) -> Expected:
    """@raises Unreadable when the metadata is no JSON object"""
    lineage, found = places.lineage(row), places.by_level(row, domain.levels)
    code = row["type_code"]
    fields: dict[str, Any] = {
        "_id": row["location_id"],
        **{name: row[name] for name in _LOCATION_FIELDS},
        "location_type": row["type_name"],
        "location_type_code": code,
        "location_level": domain.levels.index(code) + 1 if code in domain.levels else None,
        "latitude": _degrees(row["latitude"]),
        "longitude": _degrees(row["longitude"]),
        "parent_location_id": lineage[1]["location_id"] if len(lineage) > 1 else None,
        "_rev": places.revision(row),
    }
    for level in domain.levels:
        for suffix, name in _LEVEL_FIELDS.items():
            value = found[level][name] if level in found else None
            fields[f"{level}_{suffix}"] = _degrees(value) if name in ("latitude", "longitude") else value
    return Expected(row["location_id"], fields, "metadata", parse_json_object(row["metadata"]))


def month_of(moment: Optional[datetime], zone: ZoneInfo) -> Optional[date]:
    if moment is None:
        return None
    try:
        return moment.astimezone(zone).date().replace(day=1)
    except OverflowError:
        # The first or last day of the calendar, moved beyond it by its zone.
        return moment.date().replace(day=1)


def _form_month(form: Mapping[str, Tree], received_on: datetime, zone: ZoneInfo) -> Any:
    fallback = month_of(received_on, zone)
    meta = form.get("meta")
    ended = meta.get("timeEnd") if isinstance(meta, dict) else None
    if isinstance(ended, str):
        moment = parse_utc(ended)
        if moment is not None:
            return month_of(moment, zone)
        try:
            # A bare date is no instant: whether it counts is not said.
            return Alternatives((fallback, date.fromisoformat(ended).replace(day=1)))
        except ValueError:
            return fallback
    if isinstance(ended, dict) and isinstance(ended.get("#text"), str):
        moment = parse_utc(str(ended["#text"]))
        return Alternatives((fallback, month_of(moment, zone))) if moment is not None else fallback
    return fallback


def _degrees(value: Any) -> Any:
    """HQ's own JSON turns a latitude of 0 into null; the documents do not say which of both the lake holds."""
    if value is None:
        return None
    return float(value) if value != 0 else Alternatives((0.0, None))
