"""The clerk's desk for orders: what customs has decided is typed in, order by order, until it speaks for itself."""

from __future__ import annotations

import uuid

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from wms.core.permissions import Permission
from wms.core.refusals import Refused
from wms.office import queries
from wms.outbound.models import Order
from wms.outbound.service.release import record_refusal, record_release
from wms.platform import forms
from wms.platform.access import actor, requires
from wms.platform.pages import Entry, lazy, navigation, show_refusal
from wms.platform.schemas import CodedSchema, Text

blueprint = Blueprint("office_customs", __name__, url_prefix="/office/customs", template_folder="../templates")

navigation.add(
    Entry(lazy("Customs orders"), "office_customs.index", "customs", Permission.CUSTOMS_RECORD, staff=True, order=410,
          phone=True)
)  # fmt: skip


class ReleaseForm(CodedSchema):
    document = Text(64, required=True)


class RefusalForm(ReleaseForm):
    reason = Text(200, required=True)


@blueprint.get("")
@requires(Permission.CUSTOMS_RECORD)
def index() -> str:
    return _page()


def _page(refusal: Refused | None = None, order_id: uuid.UUID | None = None) -> str:
    return render_template(
        "office/customs.html", rows=queries.orders_at_customs(actor()), typed_for=order_id,
        refusal=show_refusal(refusal) if refusal is not None else None, typed=request.form,
    )  # fmt: skip


@blueprint.post("/<uuid:order_id>/<any(release, refuse):outcome>")
@requires(Permission.CUSTOMS_RECORD)
def record(order_id: uuid.UUID, outcome: str) -> BaseResponse | tuple[str, int]:
    """Released: permits are written and work goes on. Refused: work stops and a supervisor decides."""
    schema = ReleaseForm() if outcome == "release" else RefusalForm()
    names = ("document",) if outcome == "release" else ("document", "reason")
    body = forms.load_form(schema, forms.given({name: forms.typed_text(name) for name in names}))
    done = body if isinstance(body, Refused) else _record(order_id, outcome, body)
    if isinstance(done, Refused):
        return _page(done, order_id), 422
    flash(_("Recorded."), "ok")
    return redirect(url_for(".index"))


def _record(order_id: uuid.UUID, outcome: str, body: dict[str, str]) -> forms.Outcome:
    def use_case() -> Order:
        if outcome == "release":
            return record_release(actor(), order_id, body["document"])
        return record_refusal(actor(), order_id, body["document"], body["reason"])

    return forms.run_form(f"customs.{outcome}", {"order": order_id, **body}, use_case, lambda order: {"id": order.id})
