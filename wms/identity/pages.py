"""Login, badge, language, keys and people. Wrong passwords and PINs never enter a command row: these POSTs run in a
plain transaction; all other changes are commands.
"""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from wms.core.actor import Actor, ActorKind
from wms.core.ids import new_id, parse_id
from wms.core.permissions import KEY_SCOPES, Permission
from wms.core.refusals import Refused, not_found
from wms.identity import authentication, queries, service
from wms.platform import commands
from wms.platform.access import AUTHENTICATED, actor, current_actor, public, requires
from wms.platform.commands import Outcome
from wms.platform.database import transaction
from wms.platform.i18n import LANGUAGES
from wms.platform.pages import Entry, lazy, navigation, show_refusal

blueprint = Blueprint("identity_pages", __name__, template_folder="templates")
BLUEPRINTS = [blueprint]
COOKIE_YEAR = 365 * 24 * 3600

navigation.add(
    Entry(lazy("API keys"), "identity_pages.keys", "key", Permission.KEYS_MANAGE, order=90),
    Entry(lazy("People"), "identity_pages.people", "user", Permission.PEOPLE_MANAGE, staff=True, order=91),
)


@blueprint.app_context_processor
def reader() -> dict[str, Any]:
    """What the base templates want to know about who reads: language, theme, hand, name, and where the doors are."""
    found = current_actor()
    doors = {
        "language_url": url_for("identity_pages.language"),
        "logout_url": url_for("identity_pages.logout"),
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
        return redirect(_next(_home(found)))
    return render_template("identity/login.html", next=request.args.get("next", ""))


@blueprint.post("/login")
@public
def login_post() -> BaseResponse | tuple[str, int]:
    form = request.form
    with transaction():
        _leave()
        opened = service.login(form.get("login", "")[:120], form.get("password", "")[:200])
    if isinstance(opened, Refused):
        text = show_refusal(opened)
        page = render_template(
            "identity/login.html", refusal=text, login=form.get("login", ""), next=form.get("next", "")
        )
        return page, 422
    return _enter(opened, _next("/"))


@blueprint.get("/floor/badge")
@public
def badge() -> str:
    return render_template("identity/badge.html", next=request.args.get("next", ""))


@blueprint.post("/floor/badge")
@public
def badge_post() -> BaseResponse | tuple[str, int]:
    form = request.form
    with transaction():
        _leave()
        opened = service.login_with_badge(form.get("badge", "")[:64], form.get("pin", "")[:6])
    if isinstance(opened, Refused):
        return render_template("identity/badge.html", refusal=show_refusal(opened), next=form.get("next", "")), 422
    return _enter(opened, "/floor/station")


@blueprint.post("/logout")
@requires(AUTHENTICATED)
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
    response = redirect(_next("/login" if found is None else _home(found)))
    if wanted in LANGUAGES:
        response.set_cookie("language", wanted, max_age=COOKIE_YEAR, samesite="Lax", secure=request.is_secure)
    return response


@blueprint.get("/keys")
@requires(Permission.KEYS_MANAGE)
def keys() -> str:
    return _keys_page()


@blueprint.post("/keys")
@requires(Permission.KEYS_MANAGE)
def create_key() -> str | tuple[str, int]:
    """The new key is shown in this answer and never again; the command row holds its id only."""
    form = request.form
    made: list[service.IssuedKey] = []
    body: dict[str, Any] = {
        "seller": form.get("seller"),
        "name": form.get("name", "").strip()[:80],
        "scopes": form.getlist("scopes"),
    }

    def use_case() -> service.IssuedKey:
        seller = queries.choose_owner(actor(), body["seller"] or None)
        made.append(service.issue_api_key(actor(), seller.id, body["name"] or "API", body["scopes"]))
        return made[-1]

    outcome = _run("identity.issue_key", body, use_case, lambda key: {"id": key.id})
    if isinstance(outcome, Refused):
        return _keys_page(refusal=show_refusal(outcome)), 422
    return _keys_page(issued=made[-1].text if made and not outcome.replayed else None, replayed=outcome.replayed)


@blueprint.post("/keys/<uuid:key_id>/revoke")
@requires(Permission.KEYS_MANAGE)
def revoke_key(key_id: uuid.UUID) -> BaseResponse:
    outcome = _run("identity.revoke_key", {"id": key_id}, lambda: service.revoke_api_key(actor(), key_id),
                   lambda key: {"id": key.id})  # fmt: skip
    if isinstance(outcome, Refused):
        raise outcome
    flash(_("The key no longer works."), "ok")
    return redirect(url_for("identity_pages.keys"))


@blueprint.get("/people")
@requires(Permission.PEOPLE_MANAGE)
def people() -> str:
    sellers = queries.seller_codes([seller.id for seller in queries.sellers_seen(actor())])
    return render_template("identity/people.html", people=queries.people(), sellers=sellers, roles=queries.roles(),
                           command_id=new_id())  # fmt: skip


@blueprint.post("/people")
@requires(Permission.PEOPLE_MANAGE)
def create_person() -> BaseResponse:
    """A person with one role: staff of every warehouse, or of one seller."""
    form = request.form
    body = {name: form.get(name, "").strip()[:120] for name in ("login", "name", "role", "seller")}
    password = form.get("password", "")[:200]

    def use_case() -> uuid.UUID:
        user = service.create_user(actor(), body["login"], body["name"] or body["login"])
        service.set_password(actor(), user.id, password)
        if body["seller"]:
            service.add_membership(actor(), user.id, queries.choose_owner(actor(), body["seller"]).id, body["role"])
        else:
            service.add_staff_role(actor(), user.id, body["role"])
        return user.id

    outcome = _run("identity.create_person", {"login": body["login"]}, use_case, lambda key: {"id": key})
    if isinstance(outcome, Refused):
        flash(show_refusal(outcome), "stop")
    return redirect(url_for("identity_pages.people"))


@blueprint.post("/people/<uuid:user_id>/deactivate")
@requires(Permission.PEOPLE_MANAGE)
def deactivate_person(user_id: uuid.UUID) -> BaseResponse:
    outcome = _run("identity.deactivate", {"id": user_id}, lambda: service.deactivate_user(actor(), user_id),
                   lambda user: {"id": user.id})  # fmt: skip
    if isinstance(outcome, Refused):
        raise outcome
    return redirect(url_for("identity_pages.people"))


def _keys_page(**shown: Any) -> str:
    return render_template(
        "identity/keys.html", keys=queries.keys_seen(actor()), sellers=queries.sellers_seen(actor()),
        scopes=sorted(KEY_SCOPES), command_id=new_id(), **shown,
    )  # fmt: skip


def _run(name: str, body: Any, use_case: Any, answer: Any) -> Outcome:
    """A command of a form: its id was made when the page was shown."""
    command_id = parse_id(request.form.get("command_id", ""))
    if command_id is None:
        raise not_found("command_id")
    return commands.execute(commands.command_for(actor(), str(command_id), name, body), use_case, answer)


def _leave() -> None:
    """End the login that this browser brought: the new one gets a token of its own."""
    found = current_actor()
    if found is not None and found.session_id is not None:
        service.logout(found.session_id)


def _enter(opened: service.Opened, address: str) -> BaseResponse:
    response = redirect(address)
    authentication.set_session_cookie(response, opened.token)  # type: ignore[arg-type]
    return response


def _home(found: Actor) -> str:
    return "/floor/" if found.face == "floor" else "/"


def _next(default: str) -> str:
    """Where to go on: an address of this site only, never of another one."""
    wanted = request.values.get("next", "")
    if not wanted.startswith("/") or wanted.startswith(("//", "/\\")) or any(ord(c) < 0x20 for c in wanted):
        return default
    return wanted
