"""People and their ways in, for who manages them: passwords, badges, PINs, locks, open logins.

Nobody types somebody else's password here: a temporary one is made, shown in the answer that makes it and never again,
and whoever signs in with it chooses their own. Secrets enter no command row.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import structlog
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response as BaseResponse

from wms.core import clock
from wms.core.ids import new_id
from wms.core.permissions import Permission
from wms.core.refusals import RefusalKind, Refused
from wms.identity import authentication, queries, rules, service
from wms.identity.badges import badge_card, badge_picture
from wms.identity.pages.proof import proved
from wms.platform.access import actor, requires
from wms.platform.database import transaction
from wms.platform.forms import field_messages, flash_or_raise, run_form
from wms.platform.pages import Entry, lazy, navigation, show_refusal

log = structlog.get_logger(__name__)
blueprint = Blueprint("identity_people", __name__, url_prefix="/people")
PERSON = "identity_people.person"
ROLE_WORDS = {
    "admin": lazy("Administrator"), "supervisor": lazy("Supervisor"), "floor": lazy("Floor worker"),
    "clerk": lazy("Customs clerk"), "seller": lazy("Seller"),
}  # fmt: skip

navigation.add(Entry(lazy("People"), "identity_people.people", "user", Permission.PEOPLE_MANAGE, staff=True, order=610))


@blueprint.get("")
@requires(Permission.PEOPLE_MANAGE)
def people() -> str:
    return _list_page()


@blueprint.post("")
@requires(Permission.PEOPLE_MANAGE)
@proved("identity_people.people")
def create_person() -> BaseResponse | tuple[str, int]:
    """A person with one role: staff of every warehouse, or of one seller. Their way in is given on their own page."""
    body = {name: request.form.get(name, "").strip()[:120] for name in ("login", "name", "role", "seller")}

    def use_case() -> uuid.UUID:
        user = service.create_user(actor(), body["login"], body["name"] or body["login"])
        if body["seller"]:
            service.add_membership(actor(), user.id, queries.choose_owner(actor(), body["seller"]).id, body["role"])
        else:
            service.add_staff_role(actor(), user.id, body["role"])
        return user.id

    outcome = run_form("identity.create_person", body, use_case, lambda key: {"id": key})
    if isinstance(outcome, Refused):
        fields = field_messages(outcome)
        return _list_page(errors=fields, typed=body, refusal=None if fields else show_refusal(outcome)), 422
    flash(_("Added. Now give them a password or a badge."), "ok")
    return redirect(url_for(PERSON, user_id=outcome.answer["id"]), 303)


@blueprint.post("/sessions/end")
@requires(Permission.PEOPLE_MANAGE)
@proved("identity_people.people")
def end_everybodys_sessions() -> BaseResponse:
    with transaction():
        ended = service.end_all_sessions(actor())
    _note("everybody_signed_out", None)
    flash(ngettext("%(num)s login has ended; yours stays.", "%(num)s logins have ended; yours stays.", ended), "ok")
    return redirect(url_for("identity_people.people"), 303)


@blueprint.get("/<uuid:user_id>")
@requires(Permission.PEOPLE_MANAGE)
def person(user_id: uuid.UUID) -> str:
    return _person_page(user_id)


@blueprint.post("/<uuid:user_id>/password")
@requires(Permission.PEOPLE_MANAGE)
@proved(PERSON)
def reset_password(user_id: uuid.UUID) -> str | tuple[str, int]:
    return _issue("password_reset", user_id, lambda: {"password": service.reset_password(actor(), user_id)})


@blueprint.post("/<uuid:user_id>/badge")
@requires(Permission.PEOPLE_MANAGE)
@proved(PERSON)
def issue_badge(user_id: uuid.UUID) -> str | tuple[str, int]:
    """A new badge; its PIN as the person typed it, or one that is made and shown."""
    typed = request.form.get("pin", "")

    def use_case() -> dict[str, str]:
        pin = typed or rules.new_pin()
        code = service.set_badge(actor(), user_id, pin)
        shown = {"badge": code, "picture": badge_picture(code), "card": badge_card(code, _name_of(user_id)) or ""}
        return shown | ({} if typed else {"pin": pin})

    return _issue("badge_issued", user_id, use_case)


@blueprint.post("/<uuid:user_id>/pin")
@requires(Permission.PEOPLE_MANAGE)
@proved(PERSON)
def reset_pin(user_id: uuid.UUID) -> str | tuple[str, int]:
    typed = request.form.get("pin", "")

    def use_case() -> dict[str, str]:
        pin = typed or rules.new_pin()
        service.set_pin(actor(), user_id, pin)
        return {} if typed else {"pin": pin}

    return _issue("pin_reset", user_id, use_case)


@blueprint.post("/<uuid:user_id>/badge/remove")
@requires(Permission.PEOPLE_MANAGE)
@proved(PERSON)
def remove_badge(user_id: uuid.UUID) -> BaseResponse:
    said = _("The badge opens nothing any more.")
    return _press("badge_removed", user_id, lambda: service.remove_badge(actor(), user_id), said)


@blueprint.post("/<uuid:user_id>/second-step/reset")
@requires(Permission.PEOPLE_MANAGE)
@proved(PERSON)
def reset_second_step(user_id: uuid.UUID) -> BaseResponse:
    said = _("Two-step sign-in is off for this person. They are signed out everywhere.")
    return _press("second_step_reset", user_id, lambda: service.reset_second_step(actor(), user_id), said)


@blueprint.post("/roles/<role>/second-step")
@requires(Permission.PEOPLE_MANAGE)
@proved("identity_people.people")
def demand_second_step(role: str) -> BaseResponse:
    """Oblige everybody with a role to two-step sign-in (`demanded` 1), or no longer (0)."""
    demanded = request.form.get("demanded") == "1"
    body = {"role": role, "demanded": demanded}
    outcome = run_form("identity.demand_second_step", body, lambda: service.demand_second_step(actor(), role, demanded))
    if isinstance(outcome, Refused):
        flash_or_raise(outcome)
    else:
        log.info("identity.changed", what="second_step_demanded", role=role, demanded=demanded, by=str(actor().id))
        flash(
            _("From their next sign-in on, it is asked for.") if demanded else _("It is up to each person now."), "ok"
        )
    return redirect(url_for("identity_people.people"), 303)


@blueprint.post("/<uuid:user_id>/deactivate")
@requires(Permission.PEOPLE_MANAGE)
@proved(PERSON)
def deactivate_person(user_id: uuid.UUID) -> BaseResponse:
    said = _("Locked. They are signed out everywhere.")
    return _press("locked", user_id, lambda: service.deactivate_user(actor(), user_id), said)


@blueprint.post("/<uuid:user_id>/reopen")
@requires(Permission.PEOPLE_MANAGE)
@proved(PERSON)
def reopen_person(user_id: uuid.UUID) -> BaseResponse:
    return _press("reopened", user_id, lambda: service.reopen_user(actor(), user_id), _("They can sign in again."))


@blueprint.post("/<uuid:user_id>/sessions/end")
@requires(Permission.PEOPLE_MANAGE)
@proved(PERSON)
def end_sessions(user_id: uuid.UUID) -> BaseResponse:
    keep = actor().session_id
    return _press("signed_out", user_id, lambda: service.end_sessions(user_id, but=keep), _("They are signed out."))


@blueprint.post("/<uuid:user_id>/sessions/<uuid:session_id>/end")
@requires(Permission.PEOPLE_MANAGE)
@proved(PERSON)
def end_session(user_id: uuid.UUID, session_id: uuid.UUID) -> BaseResponse:
    use_case = lambda: service.end_session(actor(), user_id, session_id)  # noqa: E731
    return _press("signed_out", user_id, use_case, _("That login has ended."))


def _issue(what: str, user_id: uuid.UUID, use_case: Callable[[], dict[str, str]]) -> str | tuple[str, int]:
    """Make a way in and show it once; the command's row knows only whose it is."""
    made: list[dict[str, str]] = []
    outcome = run_form(
        f"identity.{what}", {"id": user_id}, lambda: made.append(use_case()), lambda _made: {"id": user_id}
    )
    if isinstance(outcome, Refused):
        if outcome.kind is RefusalKind.NOT_FOUND:
            raise outcome
        fields = field_messages(outcome)
        return _person_page(user_id, errors=fields, refusal=None if fields else show_refusal(outcome)), 422
    if outcome.replayed:
        return _person_page(user_id, replayed=True)
    _note(what, user_id)
    return _person_page(user_id, issued=made[-1], done=what)


def _name_of(user_id: uuid.UUID) -> str:
    return str(queries.person(user_id).name)[:60]


def _press(what: str, user_id: uuid.UUID, use_case: Callable[[], Any], said: str) -> BaseResponse:
    """A button without fields: done and said, or refused and said."""
    outcome = run_form(f"identity.{what}", {"id": user_id}, use_case, lambda _made: {"id": user_id})
    if isinstance(outcome, Refused):
        flash_or_raise(outcome)
    else:
        _note(what, user_id)
        flash(said, "ok")
    return redirect(url_for(PERSON, user_id=user_id), 303)


def _note(what: str, user_id: uuid.UUID | None) -> None:
    """The log's line of a change of somebody's way in: ids only."""
    log.info("identity.changed", what=what, user=str(user_id) if user_id else None, by=str(actor().id))


def _list_page(**shown: Any) -> str:
    sellers = queries.seller_codes([seller.id for seller in queries.sellers_seen(actor())])
    shown = {"errors": {}, "typed": {}, "refusal": None, **shown}
    return render_template("identity/people.html", people=queries.people(), sellers=sellers, roles=queries.roles(),
                           role_words=ROLE_WORDS, now=clock.now(), command_id=new_id(), **shown)  # fmt: skip


def _person_page(user_id: uuid.UUID, **shown: Any) -> str:
    found = queries.person(user_id)
    shown = {"errors": {}, "refusal": None, "issued": None, "replayed": False, "done": None, **shown}
    codes = queries.seller_codes(uuid.UUID(seller) for _role, _words, seller in found.memberships or [])
    return render_template("identity/person.html", person=found, sessions=authentication.open_logins(user_id), now=clock.now(),
                           role_words=ROLE_WORDS, second_steps=queries.second_step_history(user_id),
                           works_for=", ".join(sorted(codes.values())), **shown)  # fmt: skip
