"""Added services: what the warehouse does for goods beyond storing and sending; asking for it and following it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from wms.added_services import by_codes, catalogue, queries, service
from wms.added_services.schemas import ServiceRequestIn, asked_for
from wms.added_services.words import EFFECT_WORDS, PROOF_WORDS, UNIT_WORDS, WORK_WORDS
from wms.added_services.workflow import SERVICE, RequestState
from wms.core.permissions import Permission
from wms.core.refusals import Refused
from wms.facility.queries import warehouses_seen
from wms.identity.queries import sellers_seen
from wms.inventory.words import CONDITION_WORDS
from wms.platform import forms, uploads
from wms.platform.access import actor, requires
from wms.platform.http import decode_id_cursor, encode_cursor
from wms.platform.pages import Entry, lazy, navigation, show_refusal
from wms.portal.tables import ListView

blueprint = Blueprint("portal_services", __name__, url_prefix="/portal/services", template_folder="../templates")
PAGE = 50
TABS: dict[str, tuple[str, ...]] = {
    "all": (), "requested": ("requested",), "accepted": ("accepted", "working"), "done": ("done",),
    "ended": ("rejected", "cancelled"),
}  # fmt: skip
TAB_WORDS = {
    "all": lazy("All"), "requested": lazy("To accept"), "accepted": lazy("To do"), "done": lazy("Done"),
    "ended": lazy("Not done"),
}  # fmt: skip
NAMES = ("seller", "warehouse", "service", "sku", "container", "location", "condition", "to_sku", "note")

navigation.add(Entry(lazy("Added services"), "portal_services.index", "layers", Permission.SERVICES_READ, order=380))


@blueprint.get("")
@requires(Permission.SERVICES_READ)
def index() -> str:
    view = ListView.of_request(TABS)
    cursor = decode_id_cursor(view.cursor)
    rows = queries.requests_page(
        actor(), states=TABS[view.tab] or None, before=cursor[1] if cursor else None, limit=PAGE
    )
    following = encode_cursor(rows[PAGE - 1].asked_at, rows[PAGE - 1].id) if len(rows) > PAGE else None
    tabs = view.tabs(TAB_WORDS, TABS, queries.open_counted(actor()), ("done", "rejected", "cancelled"))
    return render_template(
        "portal/services.html", rows=rows[:PAGE], view=view, tabs=tabs, paging=view.paging(following), units=UNIT_WORDS
    )


@blueprint.get("/new")
@requires(Permission.SERVICES_WRITE)
def new() -> str:
    return _form(request.args)


@blueprint.post("/new")
@requires(Permission.SERVICES_WRITE)
def create() -> BaseResponse | tuple[str, int]:
    typed = {name: forms.typed_text(name, 400) for name in NAMES}
    body = forms.load_form(ServiceRequestIn(), forms.given(typed | {"quantity": forms.typed_number("quantity")}))
    outcome = body if isinstance(body, Refused) else _ask(body)
    if isinstance(outcome, Refused):
        return _form(request.form, outcome), 422
    flash(_("Asked for. You can follow it here."), "ok")
    return redirect(url_for(".detail", request_id=outcome.answer["id"]))


def _ask(body: dict[str, Any]) -> forms.Outcome:
    return forms.run_form("added_services.ask", body, lambda: by_codes.ask(actor(), body), asked_for)


def _form(typed: Mapping[str, Any], refusal: Refused | None = None) -> str:
    return render_template(
        "portal/service_new.html", typed=typed, services=catalogue.services(), warehouses=warehouses_seen(actor()),
        sellers=sellers_seen(actor()), works=WORK_WORDS, units=UNIT_WORDS, effects=EFFECT_WORDS, proofs=PROOF_WORDS,
        conditions=CONDITION_WORDS, errors=forms.field_messages(refusal),
        refusal=show_refusal(refusal) if refusal is not None and not refusal.errors else None,
    )  # fmt: skip


@blueprint.get("/<uuid:request_id>")
@requires(Permission.SERVICES_READ)
def detail(request_id: uuid.UUID) -> str:
    row = queries.request_row(actor(), request_id)
    may_cancel = actor().may(Permission.SERVICES_WRITE) and (
        SERVICE.permitted("cancel", row.state) or (row.done and row.state == RequestState.ACCEPTED)
    )
    return render_template(
        "portal/service.html", row=row, proofs=queries.proofs_of(request_id), kinds=PROOF_WORDS, units=UNIT_WORDS,
        effects=EFFECT_WORDS, may_cancel=may_cancel,
    )  # fmt: skip


@blueprint.get("/<uuid:request_id>/photos/<uuid:proof_id>")
@requires(Permission.SERVICES_READ)
def photo(request_id: uuid.UUID, proof_id: uuid.UUID) -> Response:
    return uploads.hand_out(*queries.proof_content(actor(), request_id, proof_id))


@blueprint.post("/<uuid:request_id>/cancel")
@requires(Permission.SERVICES_WRITE)
def cancel(request_id: uuid.UUID) -> BaseResponse:
    """Withdraw it, of the version that was read."""
    version = forms.as_number(forms.typed_text("version"))
    held = version if isinstance(version, int) else 0
    outcome = forms.run_form(
        "added_services.cancel", {"id": request_id, "version": held},
        lambda: service.cancel(actor(), request_id, held), asked_for,
    )  # fmt: skip
    if isinstance(outcome, Refused):
        forms.flash_or_raise(outcome)
    else:
        flash(_("Withdrawn."), "ok")
    return redirect(url_for(".detail", request_id=request_id))
