"""The lake that `SmallHq` must give, written out by hand: no rule of the oracle is used here."""

import hashlib
import os
from copy import deepcopy
from dataclasses import dataclass
from datetime import date, datetime, timezone
from typing import Any

from .write_delta import write_table

UTC = timezone.utc
S, T, B, D = "string", "timestamp", "boolean", "double"
DOB = "case_json__Dob__" + hashlib.sha256(b"case_json__Dob").hexdigest()[:8]
# Numbers of case_json as HQ spells them; a reader that takes them for numbers writes others.
SPELLED = {"one": "1.0", "power": "1e2", "long": "12345678901234567890", "zero": "-0"}
_INDEX = {"identifier": S, "referenced_id": S, "referenced_type": S, "relationship": S}
_PLACES = {"location_id": S, "state_id": S, "district_id": S}
_ENDS = {"month": "date", "_rev": T, "_batch": S}
_CASE = {
    **{name: S for name in ("_id", "doc_type", "domain", "type", "name", "owner_id", "user_id", "modified_by")},
    **{"opened_on": T, "opened_by": S, "modified_on": T, "server_modified_on": T, "closed": B, "closed_on": T},
    **{"closed_by": S, "external_id": S, "supply_point_location_id": S, "indices": [_INDEX], **_ENDS},
}
_FORM = {
    **{name: S for name in ("_id", "doc_type", "domain", "app_id", "build_id", "xmlns", "user_id", "orig_id")},
    **{"deprecated_form_id": S, "server_modified_on": T, "received_on": T, "edited_on": T, "partial_submission": B},
    **{"submit_ip": S, "last_sync_token": S, "problem": S, "date_header": T, "state": "integer"},
    **{"initial_processing_complete": B, "auth_context": S, "openrosa_headers": S, **_PLACES, **_ENDS},
    **{f"form__{name}": S for name in ("@name", "@xmlns", "note", "meta__@xmlns", "meta__timeEnd", "#type")},
    "form__kid": [{"w": S, "#text": S}],
}
_LOCATION = {
    **{name: S for name in ("_id", "domain", "name", "site_code", "location_type", "location_type_code")},
    **{"location_level": "integer", "external_id": S, "is_archived": B, "archived_on": T, "last_modified": T},
    **{"created_at": T, "latitude": D, "longitude": D, "parent_location_id": S, "_rev": T, "_batch": S},
    **{f"{level}_{name}": S for level in ("state", "district") for name in ("id", "name", "site_code")},
    **{f"{level}_{name}": D for level in ("state", "district") for name in ("latitude", "longitude")},
    **{"state_is_archived": B, "district_is_archived": B, "metadata__pop": S, "metadata__x~20y__z": S},
}


@dataclass
class LakeTable:
    types: dict[str, Any]
    rows: list[dict[str, Any]]

    def row(self, row_id: str) -> dict[str, Any]:
        return next(row for row in self.rows if row["_id"] == row_id)


Lake = dict[str, LakeTable]


def at(month: int, day: int, microsecond: int = 0, hour: int = 0) -> datetime:
    return datetime(2024, month, day, hour, 0, 0, microsecond, UTC)


def right_lake() -> Lake:
    return deepcopy(
        {
            "demo/case-sql/child": _children(),
            "demo/case-sql/no": LakeTable(
                {**_CASE, **_PLACES, "case_json__o": S},
                [{**_case("c3"), "type": "no", "case_json__o": "scalar", "owner_id": "-", **_by("nobody")}],
            ),
            "other/case-sql/any~20thing": LakeTable(
                {**_CASE, "location_id": S},
                [{**_case("o1"), "domain": "other", "type": "any thing", "month": date(2024, 3, 1)}],
            ),
            "demo/form-sql/VISIT": _visits(),
            "demo/location/location": _locations(),
        }
    )


def write_lake(root: str, lake: Lake) -> None:
    for path, table in lake.items():
        folder = os.path.join(root, "commcare", path)
        os.makedirs(folder, exist_ok=True)
        write_table(folder, table.types, table.rows)


def _by(user: str) -> dict[str, str]:
    return {"user_id": user, "modified_by": user}


def _case(case_id: str) -> dict[str, Any]:
    return {
        **{"_id": case_id, "doc_type": "CommCareCase", "domain": "demo", "type": "child", "name": "n"},
        **{"owner_id": "u1", **_by("u1"), "opened_on": at(3, 31, hour=20), "modified_on": at(4, 2), "closed": False},
        # 20:00 UTC on 31 March is 1 April in Kolkata.
        **{"server_modified_on": at(4, 2, 1), "_rev": at(4, 2, 1), "month": date(2024, 4, 1), "_batch": "b"},
    }


def _children() -> LakeTable:
    free = {f"case_json__{name}": S for name in ("dob", "blank", "n", "flag", "o__@a", "o__#text")}
    types = {**_CASE, **_PLACES, **free, DOB: S, "case_json__tags__t": [S], "case_json__x__list": [S]}
    types |= {f"case_json__x__{name}": S for name in SPELLED}
    indices = [
        {"identifier": "host", "referenced_id": "c3", "referenced_type": "child", "relationship": "extension"},
        {"identifier": "parent", "referenced_id": "c2", "referenced_type": "child", "relationship": "child"},
    ]
    first = {
        **{**_case("c1"), "owner_id": "L-east", "location_id": "L-east", "state_id": "L-north"},
        **{"district_id": "L-east", "supply_point_location_id": "L-spp", "indices": indices, DOB: "x"},
        **{"case_json__dob": "2020-01-01", "case_json__blank": "", "case_json__n": "1", "case_json__flag": "true"},
        **{"case_json__tags__t": ["a", "b"], "case_json__x__list": ["1.50", "2"]},
        **{f"case_json__x__{name}": spelling for name, spelling in SPELLED.items()},
    }
    second = {
        **{**_case("c2"), "location_id": "L-north", "state_id": "L-north", "case_json__tags__t": ["solo"]},
        **{"case_json__o__@a": "1", "case_json__o__#text": "t", "indices": []},
    }
    return LakeTable(types, [first, second])


def _visits() -> LakeTable:
    common = {
        **{"doc_type": "XFormInstance", "domain": "demo", "app_id": "a1", "state": 1, "received_on": at(5, 2)},
        **{"xmlns": "http://openrosa.org/formdesigner/VISIT", "auth_context": '{"user_id":"u1"}'},
        **{"openrosa_headers": "{}", "partial_submission": False, "initial_processing_complete": True},
        **{"month": date(2024, 5, 1), "form__@name": "Visit", "form__#type": "data", "_batch": "b"},
        **{"form__@xmlns": "http://openrosa.org/formdesigner/VISIT", "form__note": ""},
        "form__meta__@xmlns": "http://openrosa.org/jr/xforms",
    }
    first = {
        **{**common, "_id": "f1", "user_id": "u1", "server_modified_on": at(5, 3), "_rev": at(5, 3)},
        **{"form__meta__timeEnd": "2024-04-30T23:00:00.000000Z", "form__kid": [{"w": "1"}, {"w": "2"}]},
        **{"location_id": "L-north", "state_id": "L-north"},
    }
    second = {
        **{**common, "_id": "f2", "user_id": "u9", "_rev": at(5, 2), "form__meta__timeEnd": ""},
        **{"form__kid": [{"#text": "bare"}], "form__note": "é"},
    }
    return LakeTable(dict(_FORM), [first, second])


def _locations() -> LakeTable:
    state = {
        **{"state_id": "L-north", "state_name": "North", "state_site_code": "n", "state_latitude": 1.5},
        **{"state_longitude": -2.25, "state_is_archived": False},
    }
    common = {"domain": "demo", "is_archived": False, "created_at": at(1, 1), "_batch": "b", **state}
    north = {
        **{**common, "_id": "L-north", "name": "North", "site_code": "n", "location_type": "State"},
        **{"location_type_code": "state", "location_level": 1, "last_modified": at(1, 3), "_rev": at(1, 3)},
        **{"latitude": 1.5, "longitude": -2.25},
    }
    east = {
        **{**common, "_id": "L-east", "name": "East", "site_code": "e", "location_type": "District"},
        **{"location_type_code": "district", "location_level": 2, "last_modified": at(1, 2), "_rev": at(1, 5)},
        **{"parent_location_id": "L-north", "district_id": "L-east", "district_name": "East"},
        **{
            "district_site_code": "e",
            "district_is_archived": False,
            "metadata__pop": "12",
            "metadata__x~20y__z": "1.0",
        },
    }
    return LakeTable(dict(_LOCATION), [north, east])
