"""Added services in the office: what is asked for, what is in work, and the catalogue of what the warehouse offers."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from marshmallow import fields
from werkzeug.wrappers import Response as BaseResponse

from wms.added_services import catalogue, queries, schemas, service, working
from wms.added_services.catalogue import ServiceDraft
from wms.added_services.models import AddedService, Effect, ProofKind, ServiceRequest, Unit, Work
from wms.added_services.words import EFFECT_WORDS, PROOF_WORDS, UNIT_WORDS, WORK_WORDS
from wms.core.permissions import Permission
from wms.core.refusals import Refused, not_found
from wms.platform import forms
from wms.platform.access import actor, requires
from wms.platform.database import session
from wms.platform.pages import Entry, lazy, navigation, show_refusal
from wms.platform.schemas import Choice, CodedSchema, Items, Text

blueprint = Blueprint("office_services", __name__, url_prefix="/office/services", template_folder="../templates")
MOST = 200
# What a supervisor does with a request; rejecting has words of its own.
DECISIONS: dict[str, Callable[..., ServiceRequest]] = {
    "accept": service.accept, "put_back": working.put_back, "renew_goods": service.renew_goods
}  # fmt: skip

navigation.add(
    Entry(lazy("Service desk"), "office_services.index", "layers", Permission.SERVICES_MANAGE, staff=True, order=385)
)


class ServiceForm(CodedSchema):
    """An entry of the catalogue as the office types it."""

    code = Text(24, required=True, pattern=schemas.CODE)
    name_en = Text(80, required=True)
    name_zh = Text(80, required=True)
    about_en = Text(400, min_length=0, load_default="")
    about_zh = Text(400, min_length=0, load_default="")
    work = Choice([each.value for each in Work], required=True)
    unit = Choice([each.value for each in Unit], required=True)
    effect = Choice([each.value for each in Effect], required=True)
    proofs = Items(Choice([each.value for each in ProofKind]), 0, 3, load_default=list)
    asks_first = fields.Boolean(load_default=False)
    for_differences = fields.Boolean(load_default=False)
    is_active = fields.Boolean(load_default=False)


@blueprint.get("")
@requires(Permission.SERVICES_MANAGE)
def index() -> str:
    """What waits for a word, what waits for hands, and what hands are at."""
    waiting, accepted = (
        queries.requests_page(actor(), states=states, limit=MOST)[:MOST]
        for states in (["requested"], ["accepted", "working"])
    )
    return render_template(
        "office/services.html", units=UNIT_WORDS, refusal=None, waiting=waiting, accepted=accepted
    )  # fmt: skip


@blueprint.post("/requests/<uuid:request_id>/<any(accept, put_back, renew_goods):decision>")
@requires(Permission.SERVICES_MANAGE)
def decide(request_id: uuid.UUID, decision: str) -> BaseResponse:
    outcome = forms.run_form(
        f"added_services.{decision}", {"id": request_id}, lambda: DECISIONS[decision](actor(), request_id),
        schemas.asked_for,
    )  # fmt: skip
    return _said(outcome)


@blueprint.post("/requests/<uuid:request_id>/reject")
@requires(Permission.SERVICES_MANAGE)
def reject(request_id: uuid.UUID) -> BaseResponse | tuple[str, int]:
    """Not done, and why; the seller reads it."""
    answer = forms.typed_text("answer", 400) or ""
    outcome = forms.run_form(
        "added_services.reject", {"id": request_id, "answer": answer},
        lambda: service.reject(actor(), request_id, answer), schemas.asked_for,
    )  # fmt: skip
    if isinstance(outcome, Refused):
        refused = forms.at_fields(outcome, {"service_answer_needed": "answer"})
        return forms.shown_again(refused, f"reject-{request_id}", ".index")
    return _said(outcome)


def _said(outcome: forms.Outcome) -> BaseResponse:
    if isinstance(outcome, Refused):
        forms.flash_or_raise(outcome)
    else:
        flash(_("Decided."), "ok")
    return redirect(url_for(".index"))


@blueprint.get("/catalogue")
@requires(Permission.SERVICES_MANAGE)
def offered() -> str:
    return render_template(
        "office/service_catalogue.html", services=catalogue.services(active=False), works=WORK_WORDS, units=UNIT_WORDS,
        effects=EFFECT_WORDS, proofs=PROOF_WORDS,
    )  # fmt: skip


@blueprint.get("/catalogue/new")
@requires(Permission.SERVICES_MANAGE)
def new() -> str:
    return _form(None, {"asks_first": "1", "is_active": "1", "unit": "unit", "effect": "none"})


@blueprint.post("/catalogue/new")
@requires(Permission.SERVICES_MANAGE)
def define() -> BaseResponse | tuple[str, int]:
    body = _typed()
    outcome = body if isinstance(body, Refused) else forms.run_form(
        "added_services.define", body, lambda: catalogue.define_service(actor(), ServiceDraft(**body)), _written
    )  # fmt: skip
    if isinstance(outcome, Refused):
        return _form(None, request.form, outcome), 422
    flash(_("The service is in the catalogue."), "ok")
    return redirect(url_for(".offered"))


@blueprint.get("/catalogue/<uuid:service_id>")
@requires(Permission.SERVICES_MANAGE)
def edit(service_id: uuid.UUID) -> str:
    found = _found(service_id)
    typed = {name: getattr(found, name) for name in ServiceForm().fields}
    return _form(found, {name: value for name, value in typed.items() if value})


@blueprint.post("/catalogue/<uuid:service_id>")
@requires(Permission.SERVICES_MANAGE)
def change(service_id: uuid.UUID) -> BaseResponse | tuple[str, int]:
    """As it is from now on, of the version that was read. Its code and what the book does stay."""
    found = _found(service_id)
    body = _typed({"code": found.code, "effect": found.effect})
    version = forms.as_number(forms.typed_text("version"))
    held = version if isinstance(version, int) else 0
    outcome = body if isinstance(body, Refused) else forms.run_form(
        "added_services.change", {"id": service_id, "version": held, **body},
        lambda: catalogue.change_service(actor(), service_id, ServiceDraft(**body), held), _written,
    )  # fmt: skip
    if isinstance(outcome, Refused):
        return _form(found, request.form, outcome), 422
    flash(_("Saved."), "ok")
    return redirect(url_for(".offered"))


def _found(service_id: uuid.UUID) -> AddedService:
    found = session().get(AddedService, service_id)
    if found is None:
        raise not_found("service")
    return found


def _written(made: AddedService) -> dict[str, Any]:
    return {"id": made.id, "version": made.version}


def _typed(kept: Mapping[str, Any] | None = None) -> dict[str, Any] | Refused:
    names = ("code", "name_en", "name_zh", "about_en", "about_zh", "work", "unit", "effect")
    typed: dict[str, Any] = forms.given({name: forms.typed_text(name, 400) for name in names}) | dict(kept or {})
    typed["proofs"] = request.form.getlist("proofs")
    for name in ("asks_first", "for_differences", "is_active"):
        typed[name] = name in request.form
    return forms.load_form(ServiceForm(), typed)


def _form(found: AddedService | None, typed: Mapping[str, Any], refusal: Refused | None = None) -> str:
    proofs = request.form.getlist("proofs") if refusal is not None else typed.get("proofs", [])
    return render_template(
        "office/service_form.html", found=found, typed=typed, chosen=proofs, works=WORK_WORDS, units=UNIT_WORDS,
        effects=EFFECT_WORDS, proofs=PROOF_WORDS, errors=forms.field_messages(refusal),
        refusal=show_refusal(refusal) if refusal is not None and not refusal.errors else None,
    )  # fmt: skip
