"""The oracle finds nothing in a right lake, and each seeded fault in a wrong one."""

import io
import json
import os
import shutil
import tempfile
import unittest
from contextlib import closing, redirect_stderr, redirect_stdout
from dataclasses import replace
from datetime import timedelta
from typing import Any, Callable
from unittest.mock import patch

from deltalake import DeltaTable

import count
import oracle
from lakeoracle.check import Check, Options
from lakeoracle.lake import Table
from lakeoracle.report import TableReport
from lakeoracle.settings import read_settings

from .hq import SmallHq
from .right_lake import DOB, SPELLED, Lake, at, right_lake, write_lake
from .write_delta import delete_by_vector, write_table

CHILD, VISIT, PLACE = "demo/case-sql/child", "demo/form-sql/VISIT", "demo/location/location"


class Faults(unittest.TestCase):
    hq: SmallHq
    folder: str

    @classmethod
    def setUpClass(cls) -> None:
        cls.folder = tempfile.mkdtemp(prefix="oracle-faults-")
        cls.hq = SmallHq(os.environ["ORACLE_POSTGRES_BINARIES"], cls.folder)

    @classmethod
    def tearDownClass(cls) -> None:
        cls.hq.stop()
        shutil.rmtree(cls.folder)

    def lake(self, change: Callable[[Lake], Any] = lambda lake: None) -> str:
        """A lake with one change, in a folder of its own; its root."""
        lake = right_lake()
        change(lake)
        root = tempfile.mkdtemp(dir=self.folder)
        write_lake(root, lake)
        return root

    def check(self, root: str, **options: Any) -> dict[str, TableReport]:
        environment = {**self.hq.environment, "HQ_DATA_PATH": f"file://{root}"}
        with closing(Check(read_settings(environment), Options(**options))) as check:
            return {table.table: table for table in check.tables()}

    def only_wrong(self, root: str, path: str, **options: Any) -> TableReport:
        """Asserts that this one table is wrong and no other."""
        reports = self.check(root, **options)
        self.assertEqual([name for name, table in reports.items() if not table.ok], [path], self.told(reports))
        return reports[path]

    def told(self, reports: dict[str, TableReport]) -> str:
        return "\n".join(line for table in reports.values() for line in table.lines())

    def set(self, path: str, row_id: str, column: str, value: Any) -> Callable[[Lake], None]:
        return lambda lake: lake[path].row(row_id).update({column: value})

    def test_a_right_lake_has_no_difference(self) -> None:
        reports = self.check(self.lake(), show_values=True)
        self.assertTrue(all(table.ok for table in reports.values()), self.told(reports))
        self.assertEqual(sum(table.expected_rows for table in reports.values()), 8)
        self.assertEqual([one["id"] for one in reports[VISIT].unreadable.first], ["broken"])

    def test_a_missing_row_is_found(self) -> None:
        for path, row_id in ((CHILD, "c2"), (VISIT, "f1"), (PLACE, "L-east")):
            root = self.lake(lambda lake: lake[path].rows.remove(lake[path].row(row_id)))
            self.assertEqual(self.only_wrong(root, path).missing.first, [row_id])

    def test_an_extra_row_is_found(self) -> None:
        for path, row_id in ((CHILD, "gone1"), (CHILD, "gone2"), (CHILD, "c3"), (VISIT, "archived"), (VISIT, "x")):
            root = self.lake(lambda lake: lake[path].rows.append({**lake[path].rows[0], "_id": row_id}))
            self.assertEqual(self.only_wrong(root, path).extra.first, [row_id])

    def test_a_doubled_row_is_found(self) -> None:
        root = self.lake(lambda lake: lake[VISIT].rows.append(lake[VISIT].row("f1")))
        self.assertEqual(self.only_wrong(root, VISIT).doubled.first, ["f1"])

    def test_a_stale_row_is_found(self) -> None:
        def old(lake: Lake) -> None:
            lake[CHILD].row("c1").update({"_rev": at(4, 1), "server_modified_on": at(4, 1), DOB: "old"})

        found = self.only_wrong(self.lake(old), CHILD)
        self.assertEqual({one["column"] for one in found.differing.first}, {"_rev", "server_modified_on", DOB})

    def test_every_single_wrong_cell_is_found(self) -> None:
        root = self.lake()
        for path, table in right_lake().items():
            cells = [(row, column) for row in table.rows for column in table.types if column not in ("_id", "_batch")]
            for row, column in cells:
                with self.subTest(table=path, row=row["_id"], column=column):
                    wrong = {**row, column: another(row.get(column), table.types[column])}
                    shutil.rmtree(f"{root}/commcare/{path}")
                    write_lake(root, {path: replace(table, rows=[wrong if one is row else one for one in table.rows])})
                    found = self.only_wrong(root, path, only=[path]).differing
                    self.assertEqual(found.first, [{"id": row["_id"], "column": column}])

    def test_null_and_the_empty_text_are_told_apart(self) -> None:
        for path, row_id, column, value in (
            *((CHILD, "c1", "case_json__blank", None), (CHILD, "c2", "case_json__blank", "")),
            *(
                (VISIT, "f1", "form__note", None),
                (VISIT, "f2", "form__meta__timeEnd", None),
                (VISIT, "f1", "orig_id", ""),
            ),
        ):
            found = self.only_wrong(self.lake(self.set(path, row_id, column, value)), path)
            self.assertEqual(found.differing.first, [{"id": row_id, "column": column}])

    def test_a_number_of_another_spelling_is_found(self) -> None:
        respelled = {"one": "1", "power": "100", "long": "12345678901234567000", "zero": "0"}
        self.assertEqual(set(respelled), set(SPELLED))
        for name, spelling in respelled.items():
            column = f"case_json__x__{name}"
            found = self.only_wrong(self.lake(self.set(CHILD, "c1", column, spelling)), CHILD)
            self.assertEqual(found.differing.first, [{"id": "c1", "column": column}])
        found = self.only_wrong(self.lake(self.set(CHILD, "c1", "case_json__x__list", ["1.5", "2"])), CHILD)
        self.assertEqual(found.differing.first, [{"id": "c1", "column": "case_json__x__list"}])

    def test_the_order_and_the_length_of_a_list_count(self) -> None:
        for value in (["b", "a"], ["a"], ["a", "b", None], []):
            found = self.only_wrong(self.lake(self.set(CHILD, "c1", "case_json__tags__t", value)), CHILD)
            self.assertEqual(found.differing.first, [{"id": "c1", "column": "case_json__tags__t"}])

    def test_a_missing_column_is_found_and_an_empty_one_is_none(self) -> None:
        root = self.lake(lambda lake: lake[CHILD].types.pop("case_json__flag"))
        self.assertEqual(self.only_wrong(root, CHILD).differing.first, [{"id": "c1", "column": "case_json__flag"}])
        root = self.lake(lambda lake: lake[CHILD].types.pop("closed_by"))
        self.assertTrue(all(table.ok for table in self.check(root).values()))

    def test_an_extra_column_must_be_null(self) -> None:
        def add(lake: Lake) -> None:
            lake[CHILD].types["case_json__dead"] = "string"

        self.assertTrue(all(table.ok for table in self.check(self.lake(add)).values()))

        def fill(lake: Lake) -> None:
            add(lake)
            lake[CHILD].row("c2")["case_json__dead"] = ""

        found = self.only_wrong(self.lake(fill), CHILD).differing
        self.assertEqual(found.first, [{"id": "c2", "column": "case_json__dead"}])

    def test_a_column_of_a_wrong_type_is_found(self) -> None:
        def retype(lake: Lake) -> None:
            lake[CHILD].types["case_json__n"] = "long"
            lake[CHILD].row("c1")["case_json__n"] = 1
            lake[PLACE].types["state_latitude"] = "string"

        reports = self.check(self.lake(retype))
        self.assertIn("state_latitude", " ".join(reports[PLACE].problems))
        self.assertIn("case_json__n", " ".join(reports[CHILD].problems))

    def test_tables_missing_unlisted_misplaced_or_empty(self) -> None:
        root = self.lake(lambda lake: lake.pop(CHILD))
        found = self.only_wrong(root, CHILD)
        self.assertEqual((sorted(found.missing.first), found.problems), (["c1", "c2"], ["the table is missing"]))
        for path in ("demo/case-sql/secret", "nobody/case-sql/x", "demo/case-sql/~63hild", "demo/case/child", "stray"):
            root = self.lake(lambda lake: lake.update({path: lake[CHILD]}))
            self.assertEqual(len(self.only_wrong(root, path).problems), 1)
        root = self.lake()
        write_table(f"{root}/commcare/other/case-sql/past", {"name": "string"}, [])
        self.assertEqual(self.only_wrong(root, "other/case-sql/past").problems, ["the table has no column _id"])
        shutil.rmtree(f"{root}/commcare/other/case-sql/past")
        write_table(f"{root}/commcare/other/case-sql/past", {"_id": "string"}, [])
        self.assertTrue(all(table.ok for table in self.check(root).values()))

    def test_deletion_vectors_are_applied(self) -> None:
        root = self.lake(lambda lake: lake[CHILD].rows.append({**lake[CHILD].rows[0], "_id": "gone1"}))
        self.assertEqual(self.only_wrong(root, CHILD).extra.first, ["gone1"])
        folder = f"{root}/commcare/{CHILD}"
        stored = [row["_id"] for batch in Table(DeltaTable(folder)).rows() for row in batch]
        delete_by_vector(folder, stored.index("gone1"))
        reports = self.check(root)
        self.assertTrue(all(one.ok for one in reports.values()), self.told(reports))
        self.assertEqual(reports[CHILD].actual_rows, 2)

    def test_a_row_made_of_an_unreadable_form_is_extra_and_an_older_version_is_not(self) -> None:
        for revision, extra in ((at(5, 2), ["broken"]), (at(5, 1), [])):
            root = self.lake(lambda lake: lake[VISIT].rows.append({"_id": "broken", "_rev": revision}))
            self.assertEqual(self.check(root)[VISIT].extra.first, extra)

    def test_location_columns_can_be_left_out(self) -> None:
        root = self.lake(self.set(CHILD, "c1", "district_id", "L-old"))
        self.assertEqual(self.only_wrong(root, CHILD).differing.total, 1)
        self.assertTrue(all(table.ok for table in self.check(root, location_columns="ignore").values()))

    def test_a_place_counts_when_it_has_not_changed_since_the_record_was_written(self) -> None:
        root = self.lake(self.set(CHILD, "c1", "district_id", "L-north"))
        self.assertEqual(self.only_wrong(root, CHILD, location_columns="written").differing.total, 1)
        saved = "UPDATE form_processor_commcarecasesql SET server_modified_on = %s WHERE case_id = 'uc'"
        self.hq.run("p1", saved, ["2024-06-01T00:00Z"])
        try:
            reports = self.check(root, location_columns="written")
            self.assertTrue(all(table.ok for table in reports.values()), self.told(reports))
            self.assertEqual((reports[CHILD].open_places, reports[VISIT].open_places), (2, 1))
            read_since = {"location_columns": "written", "read_since": at(6, 2)}
            self.assertEqual(self.only_wrong(root, CHILD, **read_since).differing.total, 1)
            self.assertEqual(self.only_wrong(root, CHILD).differing.total, 1)
        finally:
            self.hq.run("p1", saved, ["2024-04-02T00:00:00.000001Z"])

    def test_a_place_that_hq_deleted_since_is_left_open(self) -> None:
        root = self.lake(self.set(CHILD, "c1", "location_id", "L-gone"))
        self.assertEqual(self.check(root, location_columns="written")[CHILD].open_places, 1)
        self.assertEqual(self.only_wrong(root, CHILD).differing.total, 1)

    def test_the_program_tells_by_its_exit_code_and_shows_values_only_when_asked(self) -> None:
        wrong = self.lake(self.set(CHILD, "c1", DOB, "private"))
        for root, arguments, code, told in (
            *((self.lake(), ["--json"], 0, False), (wrong, ["--json"], 1, False), (wrong, [], 1, False)),
            *(
                (wrong, ["--json", "--show-values"], 1, True),
                (wrong, ["--table", "none"], 1, False),
                (wrong, ["--table", VISIT], 0, False),
            ),
        ):
            ended, text = self.program(arguments, {"HQ_DATA_PATH": f"file://{root}"})
            self.assertEqual((ended, "private" in text), (code, told), text)
            if "--json" in arguments:
                self.assertEqual(json.loads(text)["ok"], code == 0)
        for broken in (
            {"HQ_DATABASE_URL": ""},
            {"HQ_DATABASE_URL": "postgresql://127.0.0.1:1/x"},
            {"LAKE_CONFIG": "/no"},
        ):
            self.assertEqual(self.program(["--json"], broken)[0], 2)
        self.assertEqual(self.program(["--json"], {"HQ_BLOB_STORE": "file:///nowhere"})[0], 2)

    def test_counts_stand_side_by_side(self) -> None:
        with patch.dict(os.environ, {**self.hq.environment, "HQ_DATA_PATH": f"file://{self.lake()}"}):
            with redirect_stdout(io.StringIO()) as out:
                code = count.main()
        # The broken form is live in HQ and rightly absent from the lake.
        self.assertEqual(code, 1)
        self.assertIn(f"= {CHILD}: lake 2, HQ 2", out.getvalue())
        self.assertIn(f"! {VISIT}: lake 2, HQ 3", out.getvalue())

    def program(self, arguments: list[str], environment: dict[str, str]) -> tuple[int, str]:
        with patch.dict(os.environ, {**self.hq.environment, **environment}):
            with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()):
                return oracle.main(arguments), out.getvalue()


def another(value: Any, kind: Any) -> Any:
    """A value of the column's type that differs as little as can be."""
    if isinstance(kind, list):
        return [another(None, kind[0]), *(value or [])]
    if isinstance(kind, dict):
        return {name: another(None, one) for name, one in kind.items()}
    if value is None:
        return {
            "string": "",
            "integer": 0,
            "double": 1.0,
            "boolean": False,
            "timestamp": at(1, 1),
            "date": at(1, 1).date(),
        }[kind]
    if kind == "timestamp":
        return value + timedelta(microseconds=1)
    if kind == "date":
        return value + timedelta(days=1)
    if kind == "boolean":
        return not value
    return value + "\u200b" if kind == "string" else value + 1


if __name__ == "__main__":
    unittest.main()
