"""My account: one's own password and one's own open logins. No command rows: a password never enters one."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response as BaseResponse

from wms.core.actor import MUST_CHOOSE, UNFINISHED
from wms.core.refusals import Refused, invalid
from wms.identity import authentication, queries, rules, service
from wms.identity.pages.door import enter
from wms.identity.pages.proof import proved
from wms.platform.access import AUTHENTICATED, actor, requires
from wms.platform.database import transaction
from wms.platform.forms import field_messages
from wms.platform.limits import too_many_logins
from wms.platform.pages import show_refusal

blueprint = Blueprint("identity_account", __name__, url_prefix="/account")


@blueprint.get("")
@requires(AUTHENTICATED, unfinished=UNFINISHED)
def account() -> str:
    return _page()


@blueprint.post("/password")
@requires(AUTHENTICATED, unfinished={MUST_CHOOSE})
def change_password() -> BaseResponse | tuple[str, int, dict[str, str]]:
    """The password, by its owner who knows the present one."""
    form = request.form
    refusal = too_many_logins(str(actor().id))
    if refusal is not None:
        return _page(refusal=show_refusal(refusal)), 429, {"Retry-After": str(refusal.params["seconds"])}
    if form.get("password", "") != form.get("again", ""):
        return _refused(invalid("/again", "password_differs"))
    with transaction():
        outcome = service.change_password(actor(), form.get("current", ""), form.get("password", ""))
    if isinstance(outcome, Refused):
        return _refused(outcome)
    flash(_("Your password is changed. Your other logins have ended."), "ok")
    return enter(outcome, "/" if actor().must_choose else url_for("identity_account.account"))


@blueprint.post("/sessions/<uuid:session_id>/end")
@requires(AUTHENTICATED)
@proved("identity_account.account")
def end_session(session_id: uuid.UUID) -> BaseResponse:
    with transaction():
        service.end_session(actor(), actor().id, session_id)
    flash(_("That login has ended."), "ok")
    return redirect(url_for("identity_account.account"), 303)


@blueprint.post("/sessions/end")
@requires(AUTHENTICATED)
@proved("identity_account.account")
def end_other_sessions() -> BaseResponse:
    with transaction():
        ended = service.end_sessions(actor().id, but=actor().session_id)
    flash(ngettext("%(num)s other login has ended.", "%(num)s other logins have ended.", ended), "ok")
    return redirect(url_for("identity_account.account"), 303)


def _refused(refusal: Refused) -> tuple[str, int, dict[str, str]]:
    fields = field_messages(refusal)
    return _page(errors=fields, refusal=None if fields else show_refusal(refusal)), 422, {}


def _page(**shown: Any) -> str:
    found = actor()
    return render_template("identity/account.html", person=queries.person(found.id), least=rules.PASSWORD_MIN,
                           sessions=authentication.open_logins(found.id), demanded=queries.is_second_step_demanded(found.id),
                           **shown)  # fmt: skip
