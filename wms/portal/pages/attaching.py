"""A paper that is attached by a form of its own: to a booking or to an order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import flash, redirect, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from wms.core.refusals import Refused
from wms.platform import forms, uploads
from wms.platform.files import Kept

Attach = Callable[[str, Kept, str], Any]  # kind, what was kept, name


def attach_paper(
    command: str, subject: object, use_case: Attach, answer: Callable[[Any], Any], back: str
) -> BaseResponse:
    """The form's file, judged and kept before the command that names it; then the page `back`, with what came of it."""
    try:
        upload = uploads.received("file", uploads.PAPERS)
    except Refused as refusal:
        forms.flash_or_raise(refusal)
        return redirect(back)
    kept, kind = upload.keep(), request.form.get("kind", "")
    body = {"id": subject, "kind": kind, "sha256": kept.sha256, "name": upload.name}
    outcome = forms.run_form(command, body, lambda: use_case(kind, kept, upload.name), answer)
    if isinstance(outcome, Refused):
        forms.flash_or_raise(outcome)
    else:
        flash(_("%(name)s is attached.", name=upload.name), "ok")
    return redirect(back)
