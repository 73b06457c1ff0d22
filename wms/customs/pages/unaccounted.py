"""The clerk's desk for what is unaccounted: what is missing and over, where it comes from, and what customs says of it."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from wms.core.permissions import Permission
from wms.core.refusals import RefusalKind, Refused
from wms.customs import queries, schemas, settling
from wms.customs.models import SettlementKind
from wms.customs.settling import SIDE_OF, Asked
from wms.facility.queries import warehouses_seen
from wms.inventory import unaccounted
from wms.inventory.queries import Scope
from wms.inventory.unaccounted import Side
from wms.inventory.words import CONDITION_WORDS
from wms.platform import forms
from wms.platform.access import actor, requires
from wms.platform.pages import Entry, lazy, navigation, state_labels
from wms.platform.schemas import CodedSchema

blueprint = Blueprint("customs_settling", __name__, url_prefix="/customs/unaccounted", template_folder="../templates")
KIND_WORDS = {
    "duty": lazy("Pay duty"), "entry": lazy("Enter in the book"), "destruction": lazy("Destroy"),
    "return_abroad": lazy("Send back abroad"),
}  # fmt: skip
DONE_WORDS = {"destruction": lazy("It was destroyed"), "return_abroad": lazy("It was sent back")}
ORIGIN_WORDS = {
    "count": lazy("Stock count"), "adjustment": lazy("Adjustment"), "carton": lazy("Receipt"), "booking": lazy("Transfer"),
}  # fmt: skip
SHOWN = 100

state_labels["settlement"] = {
    "declared": (lazy("Waits for customs' answer"), "info"), "accepted": (lazy("Accepted, to be done"), "warn"),
    "settled": (lazy("Settled"), "ok"), "refused": (lazy("Refused by customs"), "stop"),
    "withdrawn": (lazy("Withdrawn"), "idle"),
}  # fmt: skip
navigation.add(
    Entry(
        lazy("Unaccounted in bond"), "customs_settling.index", "alert", Permission.CUSTOMS_RECORD, staff=True, order=422
    )
)


@blueprint.get("")
@requires(Permission.CUSTOMS_RECORD)
def index() -> str:
    return _page()


@blueprint.post("/<uuid:warehouse_id>/rows/<int:balance_id>")
@requires(Permission.CUSTOMS_RECORD)
def declare(warehouse_id: uuid.UUID, balance_id: int) -> BaseResponse | tuple[str, int]:
    """Tell customs of goods that are missing or over."""
    typed = {
        "kind": forms.typed_text("kind"), "quantity": forms.typed_number("quantity"), "note": forms.typed_text("note"),
        "serials": request.form.get("serials", "").split() or None,
    }  # fmt: skip

    def use_case(body: dict[str, Any]) -> Any:
        asked = Asked(SettlementKind(body["kind"]), body["quantity"], body["serials"], body["note"])
        return settling.declare(actor(), warehouse_id, balance_id, asked)

    said = _("Declared. Record customs' answer when it comes.")
    return _run("customs.declare", {"row": balance_id}, schemas.DeclareForm(), typed, use_case, said)


@blueprint.post("/<uuid:warehouse_id>/rows/<int:balance_id>/set-off")
@requires(Permission.CUSTOMS_RECORD)
def set_off(warehouse_id: uuid.UUID, balance_id: int) -> BaseResponse | tuple[str, int]:
    """The missing and the found are the same units."""
    typed = {"quantity": forms.typed_number("quantity"), "bin": forms.typed_text("bin")}
    return _run(
        "customs.set_off", {"row": balance_id}, schemas.SetOffForm(), typed,
        lambda body: settling.set_off(actor(), warehouse_id, balance_id, body["quantity"], body["bin"]),
        _("Set off: they stand in the bin again."),
    )  # fmt: skip


@blueprint.post("/settlements/<uuid:settlement_id>/<any(accept, refuse):answer>")
@requires(Permission.CUSTOMS_RECORD)
def answered(settlement_id: uuid.UUID, answer: str) -> BaseResponse | tuple[str, int]:
    """Customs' word, as the clerk read it."""
    typed = {"document": forms.typed_text("document"), "reason": forms.typed_text("reason")}
    if answer == "accept":
        return _run(
            "customs.accept", {"id": settlement_id}, schemas.AnswerForm(), {"document": typed["document"]},
            lambda body: settling.accept(actor(), settlement_id, body["document"]), _("Recorded."),
        )  # fmt: skip
    return _run(
        "customs.refused", {"id": settlement_id}, schemas.RefusedForm(), typed,
        lambda body: settling.refuse(actor(), settlement_id, body["document"], body["reason"]), _("Recorded."),
    )  # fmt: skip


@blueprint.post("/settlements/<uuid:settlement_id>/withdraw")
@requires(Permission.CUSTOMS_RECORD)
def withdraw(settlement_id: uuid.UUID) -> BaseResponse | tuple[str, int]:
    return _run(
        "customs.withdraw", {"id": settlement_id}, CodedSchema(), {},
        lambda _body: settling.withdraw(actor(), settlement_id), _("Withdrawn."),
    )  # fmt: skip


@blueprint.post("/settlements/<uuid:settlement_id>/settle")
@requires(Permission.CUSTOMS_RECORD)
def settle(settlement_id: uuid.UUID) -> BaseResponse | tuple[str, int]:
    """What customs accepted is done."""
    return _run(
        "customs.settle", {"id": settlement_id}, schemas.SettleForm(), {"bin": forms.typed_text("bin")},
        lambda body: settling.settle(actor(), settlement_id, body["bin"]), _("Settled."),
    )  # fmt: skip


def _run(
    name: str,
    about: dict[str, Any],
    schema: CodedSchema,
    typed: dict[str, Any],
    use_case: Callable[[dict[str, Any]], Any],
    said: str,
) -> BaseResponse | tuple[str, int]:
    body = forms.load_form(schema, forms.given(typed))
    outcome = body if isinstance(body, Refused) else forms.run_form(name, {**about, **body}, lambda: use_case(body))
    if not isinstance(outcome, Refused):
        flash(said, "ok")
        return redirect(url_for(".index"), 303)
    if outcome.kind is RefusalKind.NOT_FOUND:
        raise outcome
    return _page(forms.told(outcome)), 422


def _page(refusals: list[str] | None = None) -> str:
    scope = Scope.of(actor())
    rows = queries.unaccounted_goods(scope)
    origins = defaultdict(list)
    for origin in unaccounted.origins_of([row["id"] for row in rows]):
        origins[origin.row_id].append(origin)
    made = queries.settlements(scope, limit=SHOWN)
    desks = [
        (house, [row for row in rows if row["warehouse_id"] == house.id],
         [each for each in made if each.warehouse_id == house.id])
        for house in warehouses_seen(actor()) if house.is_bonded
    ]  # fmt: skip
    asks = {side.value: [(kind.value, KIND_WORDS[kind.value]) for kind, own in SIDE_OF.items() if own is side]
            for side in Side}  # fmt: skip
    return render_template(
        "customs/unaccounted.html", desks=desks, origins=origins, asks=asks, kinds=KIND_WORDS, done=DONE_WORDS,
        origin_words=ORIGIN_WORDS, conditions=CONDITION_WORDS, refusals=refusals or [],
    )  # fmt: skip
