"""What is told about a table, and when it is right."""

from dataclasses import dataclass, field
from typing import Any, Optional

from .values import shown

SHOWN = 20


@dataclass
class Finds:
    """Things found: the first few, and how many there are in all."""

    total: int = 0
    first: list[Any] = field(default_factory=list)

    def add(self, found: Any) -> None:
        self.total += 1
        if len(self.first) < SHOWN:
            self.first.append(found)


@dataclass
class TableReport:
    """One lake table against HQ. Ids, columns and counts only, unless values were asked for."""

    table: str
    expected_rows: int
    actual_rows: int = 0
    missing: Finds = field(default_factory=Finds)
    extra: Finds = field(default_factory=Finds)
    doubled: Finds = field(default_factory=Finds)
    differing: Finds = field(default_factory=Finds)
    unreadable: Finds = field(default_factory=Finds)
    problems: list[str] = field(default_factory=list)
    open_places: int = 0
    """Rows whose location columns were not compared."""

    @property
    def ok(self) -> bool:
        found = (self.missing, self.extra, self.doubled, self.differing)
        return not self.problems and all(one.total == 0 for one in found)

    def as_json(self) -> dict[str, Any]:
        return {
            "table": self.table,
            "ok": self.ok,
            "expectedRows": self.expected_rows,
            "actualRows": self.actual_rows,
            "problems": self.problems,
            "missing": _finds(self.missing, "ids"),
            "extra": _finds(self.extra, "ids"),
            "doubled": _finds(self.doubled, "ids"),
            "differing": _finds(self.differing, "cells"),
            "unreadable": _finds(self.unreadable, "documents"),
            "openPlaces": self.open_places,
        }

    def lines(self) -> list[str]:
        mark = "ok  " if self.ok else "DIFF"
        lines = [f"{mark} {self.table}: expected {self.expected_rows}, found {self.actual_rows}"]
        lines += [f"       {problem}" for problem in self.problems]
        for name, finds in (("missing", self.missing), ("extra", self.extra), ("doubled", self.doubled)):
            if finds.total:
                lines.append(f"       {name} {finds.total}: {', '.join(map(str, finds.first))}")
        for finds, name in ((self.differing, "differing cells"), (self.unreadable, "unreadable documents in HQ")):
            if finds.total:
                lines.append(f"       {name} {finds.total}:")
                lines += [f"         {_cell_line(cell)}" for cell in finds.first]
        return lines


def cell(row_id: str, column: str, expected: Any, actual: Any, values: bool) -> dict[str, Any]:
    """A differing cell; its values only on demand, they are people's data."""
    told: dict[str, Any] = {"id": row_id, "column": column}
    if values:
        told.update(expected=shown(expected), actual=shown(actual))
    return told


def whole(tables: list[TableReport], error: Optional[str] = None) -> dict[str, Any]:
    return {
        "ok": error is None and all(table.ok for table in tables),
        "error": error,
        "tables": [table.as_json() for table in tables],
    }


def _finds(finds: Finds, name: str) -> dict[str, Any]:
    return {"total": finds.total, name: finds.first}


def _cell_line(found: dict[str, Any]) -> str:
    return "  ".join(f"{name}={value!r}" if name != "id" else str(value) for name, value in found.items())
