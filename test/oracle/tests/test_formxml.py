"""HQ's own test forms, the reference's example, and the corners of the nine rules."""

import json
import unittest
from pathlib import Path

from lakeoracle.errors import Unreadable
from lakeoracle.formxml import form_json, utc_text

DATA = Path(__file__).parent / "data"
EXAMPLE = (
    '<data xmlns="http://openrosa.org/formdesigner/AB12" name="Visit"><seen>2015-04-17T16:04:42+05:30</seen><note/>'
    '<kid><w>3.1</w></kid><kid><w>2.9</w></kid><n0:case xmlns:n0="http://commcarehq.org/case/transaction/v2"'
    ' case_id="c1" date_modified="2015-04-17T16:04:54.950-04"><n0:index><n0:parent case_type="mother">m1</n0:parent>'
    '</n0:index></n0:case><n1:meta xmlns:n1="http://openrosa.org/jr/xforms"><n1:userID>u1</n1:userID>'
    '<n2:appVersion xmlns:n2="http://commcarehq.org/xforms">2.53</n2:appVersion></n1:meta></data>'
)
EXAMPLE_JSON = (
    '{"@name":"Visit","@xmlns":"http://openrosa.org/formdesigner/AB12","seen":"2015-04-17T10:34:42.000000Z","note":"",'
    '"kid":[{"w":"3.1"},{"w":"2.9"}],"case":{"@case_id":"c1","@date_modified":"2015-04-17T20:04:54.950000Z",'
    '"@xmlns":"http://commcarehq.org/case/transaction/v2","index":{"parent":{"@case_type":"mother","#text":"m1"}}},'
    '"meta":{"@xmlns":"http://openrosa.org/jr/xforms","userID":"u1","appVersion":'
    '{"@xmlns":"http://commcarehq.org/xforms","#text":"2.53"}},"#type":"data"}'
)


class HqForms(unittest.TestCase):
    def test_forms_of_hqs_own_tests_give_hqs_own_json(self) -> None:
        for name in ("meta", "meta_dict_appversion", "unicode"):
            wanted = json.loads((DATA / f"{name}-sql.json").read_text())["form"]
            self.assertEqual(form_json((DATA / f"{name}.xml").read_bytes()), wanted, name)

    def test_the_template_gives_its_json_with_time_zones_processed(self) -> None:
        wanted = json.loads((DATA / "cloudant-template.json").read_text())["form"]
        wanted["case"]["@date_modified"] = wanted["meta"]["timeEnd"] = "2013-03-09T03:30:09.007000Z"
        wanted["meta"]["timeStart"] = "2013-03-09T03:26:56.240000Z"
        self.assertEqual(form_json((DATA / "cloudant-template.xml").read_bytes()), wanted)

    def test_the_references_example_gives_its_json(self) -> None:
        self.assertEqual(form_json(EXAMPLE.encode()), json.loads(EXAMPLE_JSON))


class Rules(unittest.TestCase):
    def form(self, inner: str, attributes: str = "") -> dict[str, object]:
        return dict(form_json(f'<data xmlns="u:x" {attributes}>{inner}</data>'.encode()))

    def test_comments_leave_no_trace_and_do_not_split_text(self) -> None:
        self.assertEqual(self.form("<a>x<!-- no -->y</a><!-- b -->")["a"], "xy")

    def test_a_namespaced_attribute_keeps_its_namespace(self) -> None:
        self.assertEqual(self.form("", 'xmlns:j="u:j" j:v="1"')["@{u:j}v"], "1")

    def test_only_a_change_of_namespace_is_noted(self) -> None:
        form = self.form('<a xmlns="u:y"><b/></a><c xmlns=""><d/></c>')
        self.assertEqual(form["a"], {"@xmlns": "u:y", "b": ""})
        self.assertEqual(form["c"], {"d": ""})

    def test_the_second_of_one_local_name_makes_a_list_wherever_it_stands(self) -> None:
        form = self.form('<a>1</a><b/><a xmlns="u:y"/><a/>')
        self.assertEqual(form["a"], ["1", {"@xmlns": "u:y"}, ""])

    def test_text_is_what_stands_before_the_first_child_untrimmed(self) -> None:
        form = self.form("<a> x <b/>tail</a><c> <d/></c><e> y </e>")
        self.assertEqual(form["a"], {"b": "", "#text": " x "})
        self.assertEqual(form["c"], {"d": ""})
        self.assertEqual(form["e"], " y ")

    def test_the_old_meta_names_are_mended_unless_the_new_are_there(self) -> None:
        form = self.form("<Meta><TimeStart>a</TimeStart><uid>b</uid><chw_id>c</chw_id><userID>d</userID></Meta>")
        self.assertEqual(form["meta"], {"timeStart": "a", "instanceID": "b", "chw_id": "c", "userID": "d"})

    def test_of_several_meta_blocks_the_first_counts(self) -> None:
        self.assertEqual(self.form("<meta><userID>a</userID></meta><meta/>")["meta"], {"userID": "a"})

    def test_broken_xml_is_unreadable(self) -> None:
        for xml in (b"", b"<a>", b"<a><b></a>", b"no"):
            with self.assertRaises(Unreadable):
                form_json(xml)


class Datetimes(unittest.TestCase):
    def test_datetimes_become_utc_with_six_digits(self) -> None:
        for text, wanted in {
            "2015-04-17T16:04:42+05:30": "2015-04-17T10:34:42.000000Z",
            "2015-04-17 16:04": "2015-04-17T16:04:00.000000Z",
            "2015-04-17T16:04:54.950-04": "2015-04-17T20:04:54.950000Z",
            "20150417T160454.123456+0530": "2015-04-17T10:34:54.123456Z",
            "2015-12-31T23:30:00-01": "2016-01-01T00:30:00.000000Z",
            "0999-01-01T00:00:00Z": "0999-01-01T00:00:00.000000Z",
        }.items():
            self.assertEqual(utc_text(text), wanted)

    def test_other_texts_stay(self) -> None:
        for text in (
            *("2015-04-17", "16:04", "16:04:05", "2015-04-17T16", "2015-04-17T16:04:05.1Z", "2015-04-17T16:04:05.12"),
            *(
                "2015-02-30T10:00:00Z",
                "2015-04-17T24:00:00Z",
                "x2015-04-17T16:04",
                "2015-04-17t16:04",
                "2015-04-17T16:04:05z",
            ),
            *("0001-01-01T00:00:00+01:00", "0000-01-01T00:00:00Z", "2015/04/17T10:00"),
        ):
            self.assertIsNone(utc_text(text), text)


if __name__ == "__main__":
    unittest.main()
