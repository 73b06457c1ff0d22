"""The doors: signing in with a password or a badge, showing again who one is, signing out, the reader's language.

Passwords and PINs never enter a command row: these POSTs run in a plain transaction.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from wms.core.actor import MUST_ENROL, UNFINISHED, Actor, ActorKind
from wms.core.refusals import Refused
from wms.identity import authentication, queries, service
from wms.platform.access import AUTHENTICATED, actor, current_actor, public, requires
from wms.platform.database import transaction
from wms.platform.i18n import LANGUAGES
from wms.platform.limits import too_many_logins
from wms.platform.pages import show_refusal

blueprint = Blueprint("identity_pages", __name__, template_folder="../templates")
COOKIE_YEAR = 365 * 24 * 3600
Page = tuple[str, int, dict[str, str]]


@blueprint.app_context_processor
def reader() -> dict[str, Any]:
    """What the base templates want to know about who reads: language, theme, hand, name, and where the doors are."""
    found = current_actor()
    doors = {
        "language_url": url_for("identity_pages.language"),
        "logout_url": url_for("identity_pages.logout"),
        "account_url": url_for("identity_account.account"),
    }
    if found is None or found.kind is not ActorKind.USER:
        return {"language_url": doors["language_url"]}
    initials = "".join(word[0] for word in found.name.split()[:2]).upper()
    who = {"name": found.name, "initials": initials, "detail": ", ".join(found.roles)}
    theme = found.extra.get("theme", "auto")
    return {**doors, "account": who, "worker": who, "hand": found.handedness, "tenant": _tenant(found),
            "theme": None if theme == "auto" else theme}  # fmt: skip


def _tenant(found: Actor) -> dict[str, Any]:
    """Whose place this is: the seller's, or the operator's."""
    if found.is_staff:
        return {"name": _("Operations"), "detail": _("Warehouse staff"), "initial": "W"}
    sellers = queries.sellers_seen(found)
    name = sellers[0].name if len(sellers) == 1 else ", ".join(seller.code for seller in sellers)
    return {"name": name, "detail": _("Seller"), "initial": name[:1].upper()}


@blueprint.get("/login")
@public
def login() -> BaseResponse | str:
    found = current_actor()
    if found is not None:
        return redirect(next_address(_home(found)))
    return render_template("identity/login.html", next=request.args.get("next", ""))


@blueprint.post("/login")
@public
def login_post() -> BaseResponse | Page:
    form = request.form
    opened: service.Opened | service.CodeAwaited | Refused | None = too_many_logins(form.get("login", ""))
    if opened is None:
        with transaction():
            _leave()
            opened = service.login(form.get("login", ""), form.get("password", ""))
    if isinstance(opened, Refused):
        return refused("identity/login.html", opened, login=form.get("login", ""), next=form.get("next", ""))
    if isinstance(opened, service.CodeAwaited):
        return _ask_for_code(opened)
    return enter(opened, next_address("/"))


def _ask_for_code(awaited: service.CodeAwaited) -> BaseResponse:
    """The way to the second step. Whatever login the browser had has ended: it has none until the code is there."""
    response = redirect(url_for("identity_second_step.code", next=request.form.get("next") or None))
    authentication.clear_session_cookie(response)  # type: ignore[arg-type]
    authentication.set_step_cookie(response, awaited.token)  # type: ignore[arg-type]
    return response


@blueprint.get("/floor/badge")
@public
def badge() -> str:
    return render_template("identity/badge.html", next=request.args.get("next", ""))


@blueprint.post("/floor/badge")
@public
def badge_post() -> BaseResponse | Page:
    form = request.form
    opened: service.Opened | Refused | None = too_many_logins(form.get("badge", ""))
    if opened is None:
        with transaction():
            _leave()
            opened = service.login_with_badge(form.get("badge", ""), form.get("pin", ""))
    if isinstance(opened, Refused):
        return refused("identity/badge.html", opened, next=form.get("next", ""))
    return enter(opened, "/floor/station")


@blueprint.get("/confirm")
@requires(AUTHENTICATED, unfinished={MUST_ENROL})
def confirm() -> str:
    return render_template("identity/confirm.html", **_confirmed(request.args.get("next", "")))


@blueprint.post("/confirm")
@requires(AUTHENTICATED, unfinished={MUST_ENROL})
def confirm_post() -> BaseResponse | Page:
    """Who one is, shown again: the way to what changes a way in."""
    opened: service.Opened | Refused | None = too_many_logins(str(actor().id))
    if opened is None:
        with transaction():
            opened = service.prove(actor(), request.form.get("secret", ""), request.form.get("code", ""))
    if isinstance(opened, Refused):
        return refused("identity/confirm.html", opened, **_confirmed(request.form.get("next", "")))
    return enter(opened, next_address(_home(actor())))


def _confirmed(following: str) -> dict[str, Any]:
    """What the page shows: password managers want to know whose password is asked for."""
    person = queries.person(actor().id)
    return {"next": following, "login": person.login, "asks_code": person.second_step_since is not None}


@blueprint.post("/logout")
@requires(AUTHENTICATED, unfinished=UNFINISHED)
def logout() -> BaseResponse:
    found = actor()
    with transaction():
        if found.session_id is not None:
            service.logout(found.session_id)
    door = "identity_pages.badge" if found.face == "floor" else "identity_pages.login"
    response = redirect(url_for(door))
    authentication.clear_session_cookie(response)  # type: ignore[arg-type]
    return response


@blueprint.post("/language")
@public
def language() -> BaseResponse:
    """The reader's language: kept with the person, and in a cookie for the pages before the login."""
    wanted = request.form.get("language", "").replace("-", "_")
    wanted = {"zh": "zh_CN"}.get(wanted, wanted)
    found = current_actor()
    if wanted in LANGUAGES and found is not None:
        with transaction():
            service.set_language(found, wanted)
    response = redirect(next_address("/login" if found is None else _home(found)))
    if wanted in LANGUAGES:
        response.set_cookie("language", wanted, max_age=COOKIE_YEAR, samesite="Lax", secure=request.is_secure)
    return response


def _leave() -> None:
    """End the login that this browser brought: the new one gets a token of its own."""
    found = current_actor()
    if found is not None and found.session_id is not None:
        service.logout(found.session_id)


def refused(template: str, refusal: Refused, **shown: Any) -> Page:
    """The form again with what was wrong: 422, or 429 after too many tries."""
    many = refusal.code == "too_many_tries"
    headers = {"Retry-After": str(refusal.params["seconds"])} if many else {}
    return render_template(template, refusal=show_refusal(refusal), **shown), 429 if many else 422, headers


def enter(opened: service.Opened, address: str) -> BaseResponse:
    """Give the browser its new login and lead on."""
    response = redirect(address)
    authentication.set_session_cookie(response, opened.token)  # type: ignore[arg-type]
    return response


def _home(found: Actor) -> str:
    return "/floor/" if found.face == "floor" else "/"


def next_address(default: str) -> str:
    """Where to go on: an address of this site only, never of another one."""
    wanted = request.values.get("next", "")
    if not wanted.startswith("/") or wanted.startswith(("//", "/\\")) or any(ord(c) < 0x20 for c in wanted):
        return default
    return wanted
