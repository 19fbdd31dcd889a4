"""Where tables lie and what columns are called."""

import hashlib
import unittest

from lakeoracle.names import (
    TableKey,
    decode_component,
    encode_column,
    encode_component,
    find_columns,
    key_of_path,
    table_path,
)


class Paths(unittest.TestCase):
    def test_paths_follow_the_design(self) -> None:
        for key, path in {
            TableKey("demo", "case", "child_care"): "demo/case-sql/child_care",
            TableKey("demo", "location", "location"): "demo/location/location",
            TableKey("demo", "form", "http://openrosa.org/formdesigner/AB-1"): "demo/form-sql/AB-1",
            TableKey("demo", "form", "http://x/y"): "demo/form-sql/~~http~3A~2F~2Fx~2Fy",
            TableKey("a b", "case", ""): "a~20b/case-sql/~",
            TableKey(".d", "case", "é/.."): "~2Ed/case-sql/~C3~A9~2F..",
        }.items():
            self.assertEqual(table_path(key), path)

    def test_every_path_reads_back_to_its_key(self) -> None:
        types = (
            "",
            "~",
            "~~",
            ".",
            "..",
            "a~20b",
            "a b",
            "ä",
            "~2E",
            "http://openrosa.org/formdesigner/",
            "x/y",
            ".y",
            "%2F",
        )
        seen: set[str] = set()
        for kind in ("form", "case"):
            for name in types:
                path = table_path(TableKey("d", kind, name))
                self.assertEqual(key_of_path(path), TableKey("d", kind, name))
                self.assertNotIn(path, seen)
                seen.add(path)

    def test_a_folder_no_table_may_have_has_no_key(self) -> None:
        for path in (
            "d/case/x",
            "d/case-sql/a b",
            "d/case-sql/~2f",
            "d/location/x",
            "d",
            "d/case-sql/x/y",
            "d/case-sql/~41",
        ):
            self.assertIsNone(key_of_path(path), path)

    def test_a_long_component_is_cut_and_ends_with_its_hash(self) -> None:
        for text in ("x" * 201, "😀" * 100, "." + "é" * 150):
            component = encode_component(text)
            self.assertEqual((len(component), component[182:184]), (200, "~-"))
            self.assertEqual(component[184:], hashlib.sha256(text.encode()).hexdigest()[:16])
            self.assertIsNone(decode_component(component))
        self.assertEqual(encode_component("x" * 200), "x" * 200)
        self.assertEqual(len(table_path(TableKey("d", "form", "http://" + "y" * 250)).split("/")[2]), 200)

    def test_components_survive_the_round_trip(self) -> None:
        for text in ("", "a", "~", "a/b", "日本", "\n", "a.b", ".a"):
            self.assertEqual(decode_component(encode_component(text)), text)


class Columns(unittest.TestCase):
    def test_what_delta_refuses_is_escaped(self) -> None:
        self.assertEqual(encode_column("a b,c;d{e}f(g)h=i~j\tk\nl"), "a~20b~2Cc~3Bd~7Be~7Df~28g~29h~3Di~7Ej~09k~0Al")
        self.assertEqual(encode_column("form__meta__@xmlns.é-#"), "form__meta__@xmlns.é-#")

    def test_what_utf8_and_jsonb_cannot_hold_is_escaped(self) -> None:
        self.assertEqual(encode_column("a\ud800\0\udfff😀"), "a~D800~00~DFFF😀")

    def test_fields_of_one_spelling_are_told_apart_by_their_paths(self) -> None:
        digest = hashlib.sha256(b'["a","b"]').hexdigest()[:8]
        columns = {"x__a__b": 1, f"x__a__b__{digest}": 1}
        self.assertEqual(find_columns("x__a__b", columns, ("a", "b"))[0], f"x__a__b__{digest}")
        self.assertEqual(find_columns("x__a__b", columns, ("a__b",))[0], "x__a__b")
        again = hashlib.sha256(b'2:["l",null,"\\ud800\\n"]').hexdigest()[:8]
        columns = {f"~D800~0A__{again}": 1}
        self.assertEqual(find_columns("\ud800\n", columns, ("l", None, "\ud800\n"))[0], f"~D800~0A__{again}")

    def test_a_column_is_found_by_its_own_name_or_with_its_hash(self) -> None:
        digest = hashlib.sha256(b"x__Dob").hexdigest()[:8]
        self.assertEqual(find_columns("x__Dob", {"x__dob": 1, "x__Dob": 1})[0], "x__Dob")
        self.assertEqual(find_columns("x__Dob", {"x__dob": 1, f"x__Dob__{digest}": 1})[0], f"x__Dob__{digest}")
        self.assertEqual(find_columns("x__Dob", {"x__dob": 1, "x__Dob__00000000": 1}), [])


if __name__ == "__main__":
    unittest.main()
