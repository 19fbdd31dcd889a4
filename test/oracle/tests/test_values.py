"""Equality, months, JSON, shapes."""

import unittest
from datetime import date, datetime, timedelta, timezone
from typing import Any, Mapping
from zoneinfo import ZoneInfo

from lakeoracle.errors import Unreadable
from lakeoracle.records import month_of
from lakeoracle.declared import value_of
from lakeoracle.shapes import Cells, ListType, StructType, lay, parse_type
from lakeoracle.values import Alternatives, equal, parse_json_object, scalar_text


class Equality(unittest.TestCase):
    def test_null_and_the_empty_text_differ(self) -> None:
        self.assertFalse(equal(None, ""))
        self.assertFalse(equal("", None))
        self.assertTrue(equal("", ""))

    def test_null_and_the_empty_list_are_alike(self) -> None:
        self.assertTrue(equal([], None) and equal(None, []))
        self.assertFalse(equal([None], None))

    def test_a_struct_may_hold_nulls_beyond_what_is_wanted(self) -> None:
        self.assertTrue(equal([{"a": "1"}], [{"a": "1", "b": None}]))
        self.assertFalse(equal([{"a": "1"}], [{"a": "1", "b": ""}]))
        self.assertFalse(equal([{"a": "1", "b": "2"}], [{"a": "1"}]))

    def test_instants_are_equal_in_any_zone_and_differ_by_a_microsecond(self) -> None:
        moment = datetime(2024, 5, 1, 12, tzinfo=timezone.utc)
        self.assertTrue(equal(moment, moment.astimezone(ZoneInfo("Asia/Kolkata"))))
        self.assertFalse(equal(moment, moment + timedelta(microseconds=1)))
        self.assertFalse(equal(moment, moment.replace(tzinfo=None)))

    def test_true_is_not_one_and_order_counts(self) -> None:
        self.assertFalse(equal(True, 1) or equal(1, True) or equal(["a", "b"], ["b", "a"]))

    def test_any_of_the_alternatives_passes(self) -> None:
        self.assertTrue(equal(Alternatives((None, 0.0)), None))
        self.assertFalse(equal(Alternatives((None, 0.0)), 1.0))


class Months(unittest.TestCase):
    def test_the_month_is_the_domains_own(self) -> None:
        moment = datetime(2024, 4, 30, 20, 0, tzinfo=timezone.utc)
        self.assertEqual(month_of(moment, ZoneInfo("UTC")), date(2024, 4, 1))
        self.assertEqual(month_of(moment, ZoneInfo("Asia/Kolkata")), date(2024, 5, 1))
        self.assertIsNone(month_of(None, ZoneInfo("UTC")))


class Json(unittest.TestCase):
    def test_scalars_keep_their_json_text(self) -> None:
        given = parse_json_object('{"a":1.0,"b":12345678901234567890,"c":true,"d":null,"e":"","f":1e3}')
        texts = {name: scalar_text(value) for name, value in given.items()}
        self.assertEqual(texts, {"a": "1.0", "b": "12345678901234567890", "c": "true", "d": None, "e": "", "f": "1e3"})

    def test_a_lone_surrogate_passes_as_what_utf8_writers_make_of_it(self) -> None:
        wanted = scalar_text(parse_json_object('{"a":"x\\ud800y"}')["a"])
        self.assertTrue(equal(wanted, "x?y") and equal(wanted, "x\ufffdy"))
        self.assertFalse(equal(wanted, "xy"))

    def test_only_objects_are_records(self) -> None:
        self.assertEqual(parse_json_object(None), {})
        for text in ("[]", "{", '"x"', ""):
            with self.assertRaises(Unreadable):
                parse_json_object(text)


class Shapes(unittest.TestCase):
    def laid(self, tree: Mapping[str, Any], columns: Mapping[str, Any]) -> Cells:
        cells = Cells()
        for key, value in tree.items():
            lay(value, f"f__{key}", columns, cells)
        return cells

    def test_objects_are_flattened(self) -> None:
        cells = self.laid({"a": {"b": "1", "c": {"d": ""}}}, {"f__a__b": "string", "f__a__c__d": "string"})
        self.assertEqual(cells.held, {"f__a__b": "1", "f__a__c__d": ""})
        self.assertEqual(cells.homeless, {})

    def test_scalar_and_object_live_side_by_side(self) -> None:
        columns = {"f__x": "string", "f__x__#text": "string", "f__x__@a": "string"}
        self.assertEqual(self.laid({"x": "1"}, columns).held, {"f__x": "1"})
        self.assertEqual(
            self.laid({"x": {"@a": "2", "#text": "1"}}, columns).held, {"f__x__@a": "2", "f__x__#text": "1"}
        )

    def test_a_single_value_is_wrapped_where_the_table_has_a_list(self) -> None:
        texts = {"f__x": ListType("string")}
        self.assertEqual(self.laid({"x": ""}, texts).held, {"f__x": [""]})
        fields = StructType({"w": "string", "#text": "string", "u__v": "string", "l": ListType("string")})
        structs = {"f__x": ListType(fields)}
        self.assertEqual(
            self.laid({"x": {"w": "1", "u": {"v": "2"}, "l": "3"}}, structs).held,
            {"f__x": [{"w": "1", "u__v": "2", "l": ["3"]}]},
        )
        self.assertEqual(self.laid({"x": ["1", {"w": "2"}]}, structs).held, {"f__x": [{"#text": "1"}, {"w": "2"}]})

    def test_a_value_without_a_column_is_homeless(self) -> None:
        self.assertEqual(self.laid({"a b": "1"}, {}).homeless, {"f__a~20b": "1"})
        self.assertEqual(self.laid({"a": ["1"]}, {"f__a": "string"}).homeless, {"f__a": ["1"]})
        self.assertEqual(self.laid({"a": None, "b": [], "c": {}}, {}).homeless, {})

    def test_an_object_in_a_list_of_texts_equals_nothing(self) -> None:
        cells = self.laid({"x": [{"a": "1"}]}, {"f__x": ListType("string")})
        self.assertFalse(equal(cells.held["f__x"], ['{"a":"1"}']) or equal(cells.held["f__x"], [None]))

    def test_a_field_missing_in_the_struct_is_a_difference(self) -> None:
        cells = self.laid({"x": [{"a": "1", "b": "2"}]}, {"f__x": ListType(StructType({"a": "string"}))})
        self.assertFalse(equal(cells.held["f__x"], [{"a": "1"}]))

    def test_declared_types_are_read_from_the_text(self) -> None:
        self.assertEqual(value_of("3.5", "double"), 3.5)
        self.assertEqual(value_of("007", "long"), 7)
        self.assertIsNone(value_of("x", "long"))
        self.assertIsNone(value_of("2.505", "decimal(5,2)"))
        self.assertEqual(value_of("2024-05-01", "date"), date(2024, 5, 1))
        for text in ("", " 5", "5\n", "1d", "NaN", "1e400", "2021-02-29", "2020-01-01T24:00:00Z"):
            kinds = ("long", "double", "decimal(5,2)", "date", "timestamp", "boolean")
            self.assertEqual([value_of(text, kind) for kind in kinds], [None] * 6, text)

    def test_texts_that_do_not_fit_are_wanted_in_rescued_under_their_place(self) -> None:
        columns = {
            "f__x": "long",
            "f__l": ListType("long"),
            "f__o": ListType(StructType({"a[": "date", "b": "string"})),
        }
        cells = Cells()
        for key, value in {"x": "one", "l": ["1", "two"], "o": [{"b": "x"}, {"a[": "never"}]}.items():
            lay(value, f"f__{key}", columns, cells)
        self.assertEqual(cells.rescued, {"f__x": "one", "f__l[1]": "two", "f__o[1].a~5B": "never"})
        self.assertEqual(cells.held["f__l"], [1, None])

    def test_types_of_the_delta_schema_are_understood(self) -> None:
        described = {"type": "array", "elementType": {"type": "struct", "fields": [{"name": "a", "type": "string"}]}}
        self.assertEqual(parse_type(described), ListType(StructType({"a": "string"})))


if __name__ == "__main__":
    unittest.main()
