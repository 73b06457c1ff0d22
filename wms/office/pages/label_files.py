"""The way from a wish for labels to their files: in which size, and the page of the file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import flash, redirect, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from labels import KINDS
from wms.core.ids import parse_id
from wms.core.refusals import invalid
from wms.platform import forms

A_SHEETS = {"210x297": "A4", "297x210": "A4", "148x210": "A5", "210x148": "A5", "148x105": "A6"}


def sizes_of(kind: str) -> list[tuple[str, str]]:
    """(value, words) of the sizes that a label kind is drawn in, the usual one first."""
    return [(size.name, size_words(size.name)) for size in KINDS[kind].sizes]


def size_words(name: str) -> str:
    """'100 × 60 mm', 'A4'."""
    return A_SHEETS.get(name) or f"{name.replace('x', ' × ')} mm"


def typed_size(kind: str) -> tuple[float, float]:
    """The size that the form names, the usual one without; refuses one that the kind is not drawn in at `/size`."""
    sizes = {size.name: (size.width_mm, size.height_mm) for size in KINDS[kind].sizes}
    name = forms.typed_text("size", 12) or next(iter(sizes))
    if name not in sizes:
        raise invalid("/size", "invalid")
    return sizes[name]


def to_files(bundles: Sequence[Any]) -> BaseResponse:
    """The page of the first file; the others are told above it. `bundles`: ids, as an answer keeps them; not empty."""
    for number, bundle in enumerate(bundles[1:], 2):
        flash(
            _("File %(number)s: %(address)s", number=number, address=url_for("printing_pages.bundle", bundle_id=bundle))
        )
    return redirect(url_for("printing_pages.bundle", bundle_id=parse_id(str(bundles[0]))))
