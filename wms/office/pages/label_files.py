"""The way from a wish for labels to their files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import flash, redirect, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from wms.core.ids import parse_id


def to_files(bundles: Sequence[Any]) -> BaseResponse:
    """The page of the first file; the others are told above it. `bundles`: ids, as an answer keeps them; not empty."""
    for number, bundle in enumerate(bundles[1:], 2):
        flash(
            _("File %(number)s: %(address)s", number=number, address=url_for("printing_pages.bundle", bundle_id=bundle))
        )
    return redirect(url_for("printing_pages.bundle", bundle_id=parse_id(str(bundles[0]))))
