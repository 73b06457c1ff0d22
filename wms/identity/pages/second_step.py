"""Two-step sign-in: the code at the door, and switching it on and off under “My account”.

No command rows: the key and the recovery codes are in one answer each, and enter nothing else.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import structlog
from flask import Blueprint, Response, current_app, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from markupsafe import Markup
from werkzeug.wrappers import Response as BaseResponse

from wms.core.actor import MUST_ENROL
from wms.core.refusals import Refused
from wms.identity import authentication, queries, service, totp
from wms.identity.badges import qr_picture
from wms.identity.pages.door import Page, enter, next_address, refused
from wms.identity.pages.proof import proved
from wms.platform.access import AUTHENTICATED, actor, public, requires
from wms.platform.database import transaction
from wms.platform.forms import field_messages
from wms.platform.limits import too_many_logins
from wms.platform.pages import show_refusal

log = structlog.get_logger(__name__)
blueprint = Blueprint("identity_second_step", __name__)
ACCOUNT = "identity_account.account"


@blueprint.get("/login/code")
@public
def code() -> BaseResponse | str:
    if service.whose_step(authentication.step_token()) is None:
        return redirect(url_for("identity_pages.login", next=request.args.get("next")))
    return render_template("identity/code.html", next=request.args.get("next", ""))


@blueprint.post("/login/code")
@public
def code_post() -> BaseResponse | Page:
    """The second step of a sign-in: with it the browser gets its login."""
    token, following = authentication.step_token() or "", request.form.get("next", "")
    user_id = service.whose_step(token)
    opened: service.Opened | Refused | None = too_many_logins(str(user_id)) if user_id is not None else None
    if opened is None:
        with transaction():
            opened = service.login_with_code(token, request.form.get("code", ""))
    if isinstance(opened, Refused):
        if opened.code == "step_over":
            return refused("identity/login.html", opened, next=following)
        return refused("identity/code.html", opened, next=following)
    _say_how_many_are_left(opened)
    response = enter(opened, next_address("/"))
    authentication.clear_step_cookie(response)  # type: ignore[arg-type]
    return response


def _say_how_many_are_left(opened: service.Opened) -> None:
    left = queries.person(opened.user_id).recovery_codes
    if left < 3:
        flash(ngettext("You have %(num)s recovery code left. Make new ones under “My account”.",
                       "You have %(num)s recovery codes left. Make new ones under “My account”.", left), "warn")  # fmt: skip


@blueprint.get("/account/second-step")
@requires(AUTHENTICATED, unfinished={MUST_ENROL})
def again() -> BaseResponse:
    """Who loads the page of the key again is led to where it can be begun again: no address shows a key."""
    return redirect(url_for(ACCOUNT))


@blueprint.post("/account/second-step")
@requires(AUTHENTICATED, unfinished={MUST_ENROL})
@proved(ACCOUNT)
def begin() -> BaseResponse | Page | str:
    try:
        with transaction():
            secret = service.begin_second_step(actor())
    except Refused as refusal:
        return _back(refusal)
    return _key_page(secret)


@blueprint.post("/account/second-step/confirm")
@requires(AUTHENTICATED, unfinished={MUST_ENROL})
@proved(ACCOUNT)
def confirm() -> BaseResponse | Page:
    """The first code switches it on; the answer has the new login and, this once, the recovery codes."""
    refusal = too_many_logins(str(actor().id))
    try:
        if refusal is not None:
            raise refusal
        with transaction():
            made = service.confirm_second_step(actor(), request.form.get("code", ""))
    except Refused as refused_for:
        return _not_confirmed(refused_for)
    _note("second_step_on")
    response = _codes_page(made.recovery_codes)
    authentication.set_session_cookie(response, made.opened.token)
    return response


@blueprint.post("/account/second-step/recovery-codes")
@requires(AUTHENTICATED)
@proved(ACCOUNT)
def renew() -> BaseResponse:
    try:
        with transaction():
            made = service.renew_recovery_codes(actor())
    except Refused as refusal:
        return _back(refusal)
    _note("recovery_codes")
    return _codes_page(made)


@blueprint.post("/account/second-step/remove")
@requires(AUTHENTICATED)
@proved(ACCOUNT)
def remove() -> BaseResponse:
    try:
        with transaction():
            opened = service.remove_second_step(actor())
    except Refused as refusal:
        return _back(refusal)
    _note("second_step_off")
    flash(_("Two-step sign-in is off. Your other logins have ended."), "ok")
    return enter(opened, url_for(ACCOUNT))


def _not_confirmed(refusal: Refused) -> BaseResponse | Page:
    """The same key again with what was wrong, as long as it is there."""
    secret = service.begun_second_step(actor())
    if secret is None:
        return _back(refusal)
    errors = field_messages(refusal)
    many = {"Retry-After": str(refusal.params["seconds"])} if refusal.code == "too_many_tries" else {}
    shown = _key_page(secret, errors=errors, refusal=None if errors else show_refusal(refusal))
    return shown, 429 if many else 422, many


def _back(refusal: Refused) -> BaseResponse:
    flash(show_refusal(refusal), "warn")
    return redirect(url_for(ACCOUNT), 303)


def _key_page(secret: str, **shown: Any) -> str:
    """The key, as a picture and as text in groups of four."""
    login = queries.person(actor().id).login
    host = urlsplit(current_app.extensions["wms_config"].public_url).hostname or ""
    picture = Markup(qr_picture(totp.address(secret, f"WMS {host}", login)))  # noqa: S704 - drawn by us, of numbers
    groups = " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
    shown = {"errors": {}, "refusal": None, **shown}
    return render_template("identity/second_step.html", picture=picture, key=groups, **shown)


def _codes_page(recovery_codes: list[str]) -> Response:
    return make_response(render_template("identity/recovery_codes.html", recovery_codes=recovery_codes))


def _note(what: str) -> None:
    """The log's line of a change of one's own way in: ids only."""
    log.info("identity.changed", what=what, user=str(actor().id), by=str(actor().id))
