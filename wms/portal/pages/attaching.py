"""A paper that is attached by a form of its own: to a booking or to an order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from wms.core.refusals import Refused
from wms.platform import forms, uploads
from wms.platform.files import Kept

Attach = Callable[[str, Kept, str], Any]  # kind, what was kept, name


def attach_paper(
    command: str, subject: object, use_case: Attach, answer: Callable[[Any], Any], page: str, **address: Any
) -> BaseResponse | tuple[Any, int]:
    """The form's file, judged and kept before the command that names it; then the page with what came of it.

    `page`: its endpoint; refused, its form `attach` keeps the kind that was chosen (a browser lets no page keep a file).
    """
    try:
        upload = uploads.received("file", uploads.PAPERS)
    except Refused as refusal:
        return forms.shown_again(refusal, "attach", page, **address)
    kept, kind = upload.keep(), request.form.get("kind", "")
    body = {"id": subject, "kind": kind, "sha256": kept.sha256, "name": upload.name}
    outcome = forms.run_form(command, body, lambda: use_case(kind, kept, upload.name), answer)
    if isinstance(outcome, Refused):
        return forms.shown_again(outcome, "attach", page, **address)
    flash(_("%(name)s is attached.", name=upload.name), "ok")
    return redirect(url_for(page, **address))
