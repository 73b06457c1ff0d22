"""Open orders of all sellers, most urgent first."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, request, url_for

from wms.core.ids import parse_id
from wms.core.permissions import Permission
from wms.office import queries
from wms.outbound.workflow import OrderState
from wms.platform.access import actor, requires

blueprint = Blueprint("office_orders", __name__, url_prefix="/office/orders", template_folder="../templates")
PAGE = 50
STATES = [state.value for state in OrderState]


@blueprint.get("")
@requires(Permission.WAVES_MANAGE)
def index() -> str:
    wanted = request.args.get("state")
    state = wanted if wanted in STATES else None
    late, risky = request.args.get("late") == "1", request.args.get("risk") == "1"
    rows = queries.worklist(actor(), state, late, parse_id(request.args.get("after", "")), PAGE, risky)
    here: dict[str, Any] = {"state": state, "late": "1" if late else None, "risk": "1" if risky else None}
    return render_template(
        "office/orders.html", rows=rows[:PAGE], states=STATES, state=state, late=late, risky=risky,
        next_url=url_for(".index", **here, after=rows[PAGE - 1].id) if len(rows) > PAGE else "",
        back_url=url_for(".index", **here) if request.args.get("after") else "",
    )  # fmt: skip
