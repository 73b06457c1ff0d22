"""The columns of a file that strangers send: known by their headings, whatever order they stand in.

Headings are compared without case, blanks and punctuation. A feature names its columns and what else each is called; here they
are found, told where two are the same or one is missing, and what is wrong is a line, a column and a reason.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from wms.core.refusals import invalid
from wms.platform.sheets import Row

MOST_UNREAD = 50  # headings that mean nothing, as they are told
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_SHORTENED = re.compile(r"[+-]?[0-9](?:[.,][0-9]+)?[eE]\+[0-9]{2,3}")
_PUNCTUATION = re.compile(r"[\W_]+")


@dataclass(frozen=True)
class Column:
    """`pointer`: where it stands in the body of the API; a line's begins with `lines`. `form`: how its text is read."""

    name: str
    pointer: str
    label: object
    example: str
    also: tuple[str, ...] = ()
    form: str = "text"

    @property
    def of_line(self) -> bool:
        return self.pointer.startswith("/lines/")


@dataclass(frozen=True)
class Finding:
    """What is wrong in a line. `column`: its name here, empty where it is none in particular."""

    line: int
    column: str
    code: str
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Heading:
    """Where each column stands. `headings`: as the file calls them; `unread`: those that mean nothing here."""

    places: dict[str, int]
    headings: dict[str, str]
    unread: list[str]

    def cells(self, row: Row) -> dict[str, str]:
        """What a row says, by column; empty where it ends before."""
        return {name: row.cells[place] if place < len(row.cells) else "" for name, place in self.places.items()}

    def shortened(self, row: Row) -> list[Finding]:
        """Cells of which a spreadsheet has kept the first digits only: a long number where no text was expected (1.23457E+11).
        Two of them may look the same, so none is taken for what it seems to say.
        """
        return [
            Finding(row.line, name, "sheet_shortened")
            for name, text in self.cells(row).items() if _SHORTENED.fullmatch(text)
        ]  # fmt: skip


def plain(heading: str) -> str:
    """A heading as it is compared."""
    return _PUNCTUATION.sub("", heading).lower()


def heading_of(column: Column, language: str) -> str:
    """What the template calls a column: a heading that is read again."""
    chinese = next((each for each in column.also if _CHINESE.search(each)), column.name)
    return chinese if language.startswith("zh") else column.name


def known_headings(columns: Sequence[Column]) -> dict[str, str]:
    """The name of a column by everything that it is called, as it is compared."""
    return {plain(heading): column.name for column in columns for heading in (column.name, *column.also)}


def placed(row: Row, name_of: Callable[[str], str | None], needed: Sequence[str]) -> Heading:
    """The columns of a heading. Refuses at `/file` `sheet_column_twice`, `table_lacks`."""
    places: dict[str, int] = {}
    unread = []
    for place, text in enumerate(row.cells):
        name = name_of(text)
        if name is None:
            unread += [text[:60]] if text else []
        elif name in places:
            raise invalid("/file", "sheet_column_twice", one=row.cells[places[name]][:60], other=text[:60])
        else:
            places[name] = place
    for name in needed:
        if name not in places:
            raise invalid("/file", "table_lacks", column=name)
    return Heading(places, {name: row.cells[place][:60] for name, place in places.items()}, unread[:MOST_UNREAD])
