"""What a service costs, kept as a table, and what becomes of orders that name it."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from wms.core.permissions import Permission
from wms.core.refusals import Refused, invalid, not_found
from wms.facility.queries import warehouse_by_code, warehouses_seen
from wms.identity.queries import sellers_seen
from wms.platform import forms
from wms.platform.access import actor, requires
from wms.platform.database import session
from wms.platform.i18n import refusal_texts
from wms.platform.pages import lazy, show_refusal
from wms.platform.tables import read_table, write_table
from wms.platform.uploads import received_table
from wms.shipping import queries
from wms.shipping.models import RateTable
from wms.shipping.rate_tables import COLUMNS, MOST_ROWS
from wms.shipping.rates import Rule, WhenSilent
from wms.shipping.service import choices

refusal_texts.explain("rate_row", "why", "rate_row_")
blueprint = Blueprint("office_rates", __name__, url_prefix="/office/carriers/rates", template_folder="../templates")

RULE_WORDS = {
    Rule.CHEAPEST.value: lazy("The cheapest"),
    Rule.FASTEST.value: lazy("The fastest"),
    Rule.FIRST.value: lazy("The first that can carry it"),
}
SILENT_WORDS = {
    WhenSilent.TABLE.value: lazy("Its table"),
    WhenSilent.NAMED.value: lazy("The service that the order names"),
}


@blueprint.get("/<uuid:service_id>")
@requires(Permission.FACILITY_WRITE)
def detail(service_id: uuid.UUID) -> str:
    return _page(service_id)


def _page(service_id: uuid.UUID, refusal: Refused | None = None) -> str:
    service = queries.load_service(service_id)
    houses, sellers = warehouses_seen(actor()), sellers_seen(actor())
    table = session().get(RateTable, service_id)
    return render_template(
        "office/rates.html", service=service, carrier=queries.load_carrier(service.carrier_id), table=table,
        warehouses=houses, sellers=sellers, words=RULE_WORDS, silent_words=SILENT_WORDS,
        rules=choices.rules_of([service_id]),
        house_codes={each.id: each.code for each in houses}, seller_codes={each.id: each.code for each in sellers},
        errors=forms.field_messages(refusal), typed=request.form,
        refusal=show_refusal(refusal) if refusal is not None and not refusal.errors else None,
    )  # fmt: skip


@blueprint.get("/<uuid:service_id>/table")
@requires(Permission.FACILITY_WRITE)
def download(service_id: uuid.UUID) -> Response:
    """The table as it was uploaded; a first one to fill in where there is none."""
    service = queries.load_service(service_id)
    table = session().get(RateTable, service_id)
    rows = table.rows if table is not None else _EXAMPLE
    content = write_table(COLUMNS, [[row.get(name, "") for name in COLUMNS] for row in rows])
    headers = {"Content-Disposition": f'attachment; filename="{service.code}-rates.csv"', "Cache-Control": "no-store"}
    return Response(content, 200, headers, mimetype="text/csv")


_EXAMPLE: list[dict[str, str]] = [
    {"kind": "setting", "name": "currency", "value": "EUR"},
    {"kind": "setting", "name": "days", "value": "2"},
    {"kind": "setting", "name": "divisor", "value": "5000"},
    {"kind": "setting", "name": "step_g", "value": "500"},
    {"kind": "setting", "name": "longest_mm", "value": "1200"},
    {"kind": "setting", "name": "cutoff", "value": "15:00"},
    {"kind": "zone", "country": "DE", "zone": "1"},
    {"kind": "zone", "country": "DE", "prefix": "18565", "zone": "island"},
    {"kind": "price", "zone": "1", "up_to_g": "1000", "amount": "4.20"},
    {"kind": "price", "zone": "island", "up_to_g": "1000", "amount": "9.90"},
    {"kind": "surcharge", "name": "fuel", "percent": "12.5"},
    {"kind": "surcharge", "name": "long", "amount": "5.00", "longer_mm": "600"},
]


@blueprint.post("/<uuid:service_id>/table")
@requires(Permission.FACILITY_WRITE)
def upload(service_id: uuid.UUID) -> BaseResponse | tuple[str, int]:
    """A new table in place of the old one, if every row of it is right."""
    queries.load_service(service_id)
    try:
        rows = read_table(received_table("file"), COLUMNS, MOST_ROWS, keep_empty=True)
    except Refused as refusal:
        return _page(service_id, refusal), 422
    outcome = forms.run_form(
        "rates.save", {"service": service_id, "rows": rows}, lambda: choices.save_rates(actor(), service_id, rows)
    )
    if isinstance(outcome, Refused):
        return _page(service_id, outcome), 422
    flash(_("Saved."), "ok")
    return redirect(url_for(".detail", service_id=service_id))


@blueprint.post("/<uuid:service_id>/rule")
@requires(Permission.FACILITY_WRITE)
def rule(service_id: uuid.UUID) -> BaseResponse | tuple[str, int]:
    """What becomes of orders that name this service; an empty rule takes it away."""
    body = {name: forms.typed_text(name) for name in ("rule", "candidates", "seller", "warehouse", "when_silent")}
    outcome = forms.run_form("rates.rule", {"service": service_id, **body}, lambda: _save_rule(service_id, body))
    if isinstance(outcome, Refused):
        return _page(service_id, outcome), 409
    flash(_("Saved."), "ok")
    return redirect(url_for(".detail", service_id=service_id))


def _save_rule(service_id: uuid.UUID, body: dict[str, Any]) -> None:
    wanted = body["rule"]
    if wanted is not None and wanted not in set(Rule):
        raise invalid("/rule", "not_a_choice", choices=", ".join(Rule))
    silent = body["when_silent"] or WhenSilent.TABLE.value
    if silent not in set(WhenSilent):
        raise invalid("/when_silent", "not_a_choice", choices=", ".join(WhenSilent))
    seller = next((each for each in sellers_seen(actor()) if each.code == body["seller"]), None)
    if body["seller"] and seller is None:
        raise not_found("seller")
    house = warehouse_by_code(actor(), body["warehouse"]) if body["warehouse"] else None
    choices.save_rule(
        actor(), service_id, Rule(wanted) if wanted else None, (body["candidates"] or "").replace(",", " ").upper().split(),
        owner_id=seller.id if seller else None, warehouse_id=house.id if house else None, when_silent=WhenSilent(silent),
    )  # fmt: skip
