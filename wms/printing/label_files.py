"""The way from a form that asks for labels or a paper to their files: in which size, and the page of the file."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from typing import Any

from flask import flash, redirect, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from labels import KINDS
from wms.core.ids import parse_id
from wms.core.refusals import Refused, invalid
from wms.platform import forms
from wms.printing import sheets

A_SHEETS = {"210x297": "A4", "297x210": "A4", "148x210": "A5", "210x148": "A5", "148x105": "A6"}


def sizes_of(kind: str) -> list[tuple[str, str]]:
    """(value, words) of the sizes that a label kind is drawn in, the usual one first."""
    return [(size.name, size_words(size.name)) for size in KINDS[kind].sizes]


def size_words(name: str) -> str:
    """'100 × 60 mm', 'A4'."""
    return A_SHEETS.get(name) or f"{name.replace('x', ' × ')} mm"


def sheets_of(kind: str) -> list[tuple[str, str]]:
    """(value, words) of the A4 sheets of labels that a kind is drawn on."""
    return [(name, _("A4 sheet of %(count)s", count=sheets.cells_of(name))) for name in sheets.layouts_of(kind)]


def typed_size(kind: str) -> str:
    """The name of the size that the form asks for, the usual one without; refuses one that the kind is not drawn in at
    `/size`.
    """
    names = [size.name for size in KINDS[kind].sizes]
    name = forms.typed_text("size", 12) or names[0]
    if name not in names:
        raise invalid("/size", "invalid")
    return name


def size_mm(kind: str, name: str) -> tuple[float, float]:
    """Width and height of a size that the kind is drawn in."""
    return next((size.width_mm, size.height_mm) for size in KINDS[kind].sizes if size.name == name)


def to_files(bundles: Sequence[Any]) -> BaseResponse:
    """The page of the first file; the others are told above it. `bundles`: ids, as an answer keeps them; not empty."""
    for number, bundle in enumerate(bundles[1:], 2):
        flash(
            _("File %(number)s: %(address)s", number=number, address=url_for("printing_pages.bundle", bundle_id=bundle))
        )
    return redirect(url_for("printing_pages.bundle", bundle_id=parse_id(str(bundles[0]))))


def to_file(command: str, body: object, ask: Callable[[], uuid.UUID], back: str) -> BaseResponse:
    """A paper or label is asked for: on to its file; refused, `back` with why."""
    outcome = forms.run_form(command, body, ask, lambda bundle: {"bundle": bundle})
    if isinstance(outcome, Refused):
        forms.flash_or_raise(outcome)
        return redirect(back, 303)
    return to_files([outcome.answer["bundle"]])
