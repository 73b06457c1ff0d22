"""Adjustments: asked for on a row of the stock, decided above the limit, taken back."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from marshmallow import fields
from werkzeug.wrappers import Response as BaseResponse

from wms.core.permissions import Permission
from wms.core.refusals import Refused
from wms.inventory.adjusting import queries, service
from wms.inventory.adjusting.models import Adjustment
from wms.inventory.adjusting.service import AdjustmentReason, Change
from wms.inventory.models import Condition
from wms.inventory.queries import Scope
from wms.inventory.words import CONDITION_WORDS
from wms.platform import forms
from wms.platform.access import actor, requires
from wms.platform.pages import Entry, lazy, navigation
from wms.platform.schemas import Choice, CodedSchema, Items, Range, Text

blueprint = Blueprint("office_adjustments", __name__, url_prefix="/office/adjustments", template_folder="../templates")
REASON_WORDS = {
    "found": lazy("Found"), "lost": lazy("Lost"), "broken": lazy("Broken"), "expired": lazy("Expired"),
    "sample": lazy("Taken as a sample"), "miscounted": lazy("Counted wrong before"), "regraded": lazy("Looked at again"),
    "other": lazy("Another reason"), "counted": lazy("Counted"),
}  # fmt: skip
DECISIONS: dict[str, Callable[..., Adjustment]] = {
    "approve": service.approve, "reject": service.reject, "reverse": service.reverse
}  # fmt: skip
MOST = 99_999_999
# At which field of the form a refusal of the whole is said.
FIELD_OF = {
    "not_enough_stock": "units", "note_needed": "note", "condition_same": "to_condition",
    "serials_required": "serials", "serial_not_here": "serials",
}  # fmt: skip

navigation.add(
    Entry(lazy("Adjustments"), "office_adjustments.index", "edit", Permission.STOCK_ADJUST, staff=True, order=360)
)


class AdjustForm(CodedSchema):
    """Units more or less, or, with `to_condition`, so many of another quality."""

    units = fields.Integer(strict=True, required=True, validate=Range(-MOST, MOST))
    to_condition = Choice([each.value for each in Condition], load_default=None)
    reason = Choice([each.value for each in AdjustmentReason if each != AdjustmentReason.COUNTED], required=True)
    note = Text(200, load_default=None)
    serials = Items(Text(40), 1, 5_000, load_default=())


@blueprint.get("")
@requires(Permission.STOCK_ADJUST)
def index() -> str:
    return render_template(
        "office/adjustments.html", rows=queries.adjustments(Scope.of(actor())), reasons=REASON_WORDS,
        conditions=CONDITION_WORDS,
    )  # fmt: skip


@blueprint.post("/rows/<int:balance_id>")
@requires(Permission.STOCK_ADJUST)
def adjust(balance_id: int) -> BaseResponse | tuple[str, int]:
    """Ask for a change of a row; up to the limit it is posted at once."""
    typed = {name: forms.typed_text(name) for name in ("to_condition", "reason", "note")}
    serials = request.form.get("serials", "").split() or None
    body = forms.load_form(
        AdjustForm(), forms.given({**typed, "units": forms.typed_number("units"), "serials": serials})
    )
    outcome = body if isinstance(body, Refused) else _adjust(balance_id, body)
    if isinstance(outcome, Refused):
        found = forms.at_fields(outcome, FIELD_OF)
        return forms.shown_again(found, "adjust", "office_stock.row", balance_id=balance_id)
    posted = outcome.answer["state"] == "posted"
    flash(_("Adjusted.") if posted else _("It is worth more than the limit: somebody else has to approve it."), "ok")
    return redirect(url_for(".index"))


def _adjust(balance_id: int, body: dict[str, Any]) -> forms.Outcome:
    change, reason = Change(body["units"], body["to_condition"]), AdjustmentReason(body["reason"])
    return forms.run_form(
        "stock.adjust", {"row": balance_id, **body},
        lambda: service.request(actor(), balance_id, change, reason, body["note"], body["serials"]),
        lambda made: {"id": made.id, "state": made.state},
    )  # fmt: skip


@blueprint.post("/<uuid:adjustment_id>/<any(approve, reject, reverse):decision>")
@requires(Permission.STOCK_APPROVE)
def decide(adjustment_id: uuid.UUID, decision: str) -> BaseResponse:
    """Approve, reject, or take back what was posted."""
    outcome = forms.run_form(
        f"adjustment.{decision}", {"id": adjustment_id}, lambda: DECISIONS[decision](actor(), adjustment_id),
        lambda done: {"id": done.id},
    )  # fmt: skip
    if isinstance(outcome, Refused):
        forms.flash_or_raise(outcome)
    else:
        flash(_("Decided."), "ok")
    return redirect(url_for(".index"))
