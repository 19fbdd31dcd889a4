"""Locations with their ancestors, and where a record belongs (design section 5)."""

from datetime import datetime
from typing import Any, Iterable, Mapping, Optional, Sequence

from .configuration import Domain
from .errors import Unreadable
from .values import Row, parse_json_object

# HQ's trees are a few levels deep; the bound only keeps a damaged (circular) tree from hanging the oracle.
_MAX_DEPTH = 50


class Places:
    def __init__(self, rows: Iterable[Row]) -> None:
        self._by_id: dict[tuple[str, str], Row] = {}
        self._by_pk: dict[int, Row] = {}
        for row in rows:
            self._by_id[(row["domain"], row["location_id"])] = row
            self._by_pk[row["pk"]] = row

    def find(self, domain: str, location_id: Optional[str]) -> Optional[Row]:
        return self._by_id.get((domain, location_id)) if location_id else None

    def lineage(self, location: Row) -> list[Row]:
        """The location itself, then its ancestors, nearest first."""
        chain = [location]
        parent = self._by_pk.get(location["parent_pk"])
        while parent is not None and len(chain) < _MAX_DEPTH:
            chain.append(parent)
            parent = self._by_pk.get(parent["parent_pk"])
        return chain

    def by_level(self, location: Row, levels: Sequence[str]) -> dict[str, Row]:
        """Level -> the location of the lineage that has it; of two with one type the nearest."""
        result: dict[str, Row] = {}
        for place in self.lineage(location):
            if place["type_code"] in levels:
                result.setdefault(place["type_code"], place)
        return result

    def revision(self, location: Row) -> Optional[datetime]:
        """The greatest last_modified of the row, its ancestors and all their types."""
        times = [place[name] for place in self.lineage(location) for name in ("last_modified", "type_modified")]
        return max((time for time in times if time is not None), default=None)


class UserPlaces:
    """User -> location id, and when the user was last saved; a deleted one only tells when the place was lost."""

    def __init__(self) -> None:
        self._of_user: dict[tuple[str, str], str] = {}
        self._changed: dict[tuple[str, str], datetime] = {}

    def take_documents(self, users: Iterable[Row]) -> None:
        """By the user's own document in CouchDB (couch.py)."""
        for row in users:
            user = (row["domain"], row["user_id"])
            if row["modified"] is not None:
                self._changed[user] = row["modified"]
            if row["location_id"] is not None:
                self._of_user[user] = row["location_id"]

    def take_usercases(self, usercases: Iterable[Row]) -> None:
        """By the usercase, oldest first."""
        for row in usercases:
            user = (row["domain"], row["external_id"])
            self._changed[user] = max(row["server_modified_on"], self._changed.get(user, row["server_modified_on"]))
            if row["gone"]:
                continue
            try:
                location_id = parse_json_object(row["case_json"]).get("commcare_location_id")
            except Unreadable:
                location_id = None
            if isinstance(location_id, str) and location_id != "":
                self._of_user[user] = location_id
            else:
                self._of_user.pop(user, None)

    def of(self, domain: str, user_id: Optional[str]) -> Optional[str]:
        return self._of_user.get((domain, user_id)) if user_id else None

    def changed(self, domain: str, user_id: Optional[str]) -> Optional[datetime]:
        """When the user was last saved in HQ."""
        return self._changed.get((domain, user_id)) if user_id else None


def record_place(
    places: Places, users: UserPlaces, domain: Domain, owner_id: Optional[str], user_ids: Sequence[Optional[str]]
) -> Optional[Row]:
    """The first location found in the configured order. An id that is no location of the domain finds nothing."""
    for source in domain.record_location:
        if source == "owner":
            found = places.find(domain.name, owner_id)
        else:
            candidates = (places.find(domain.name, users.of(domain.name, user)) for user in user_ids)
            found = next((place for place in candidates if place is not None), None)
        if found is not None:
            return found
    return None


def placed_since(
    places: Places, users: UserPlaces, domain: Domain, place: Optional[Row], user_ids: Sequence[Optional[str]]
) -> Optional[datetime]:
    """
    When anything last changed that decides the record's place: the location, those above it and their types, the
    users that are asked. Before that moment the place may have been another.
    """
    times = [users.changed(domain.name, user) for user in user_ids] if "user" in domain.record_location else []
    times += [places.revision(place)] if place is not None else []
    return max((time for time in times if time is not None), default=None)


def record_columns(places: Places, domain: Domain, place: Optional[Row]) -> dict[str, Any]:
    """`location_id` and `<level>_id` of a form or case."""
    found: Mapping[str, Row] = places.by_level(place, domain.levels) if place is not None else {}
    columns: dict[str, Any] = {"location_id": place["location_id"] if place is not None else None}
    for level in domain.levels:
        columns[f"{level}_id"] = found[level]["location_id"] if level in found else None
    return columns
