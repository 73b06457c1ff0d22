"""The supervisor's board: where the orders stand, what is late, what has stopped, whether the jobs run."""

from __future__ import annotations

from flask import Blueprint, render_template

from wms.core.permissions import Permission
from wms.office import house_queries, queries
from wms.office.pages.printers import printers_down
from wms.outbound.workflow import OrderState
from wms.platform.access import actor, requires
from wms.platform.pages import Entry, lazy, navigation
from wms.shipping.number_ranges import running_out

blueprint = Blueprint("office", __name__, url_prefix="/office", template_folder="../templates")
STATES = [state.value for state in OrderState if state is not OrderState.CANCELLED]

# What a new house lacks → what is to be done, and the page for it. In the order of setting up.
STEP_WORDS = {
    "warehouse": (lazy("Make your first warehouse"), "office_houses.index"),
    "bins": (lazy("Give it a zone, and bins in it"), "office_bins.index"),
    "benches": (lazy("Give it benches, where tablets sign on"), "office_houses.index"),
    "totes": (lazy("Give it totes, and print their labels"), "office_houses.index"),
    "service": (lazy("Say who carries the parcels"), "office_houses.index"),
    "seller": (lazy("Take in your first seller"), "identity_sellers.index"),
    "badge": (lazy("Give somebody on the floor a badge"), "identity_people.people"),
}

navigation.add(
    Entry(lazy("Board"), "office.board", "home", Permission.EXCEPTIONS_MANAGE, staff=True, order=10, phone=True)
)


@blueprint.get("/")
@requires(Permission.EXCEPTIONS_MANAGE)
def board() -> str:
    """Numbers of now; the page looks again every half minute."""
    houses = queries.orders_by_state(actor())
    builds = actor().may(Permission.FACILITY_WRITE)
    return render_template(
        "office/board.html", houses=houses, states=STATES, ready=queries.orders_ready(actor()),
        late=sum(house["late"] for house in houses), at_risk=sum(house["at_risk"] for house in houses),
        exceptions=queries.open_exceptions(actor(), 6),
        jobs=queries.jobs_health(), dead=queries.dead_jobs() if actor().may(Permission.OPERATE) else [],
        printers=printers_down(), numbers=running_out(),
        waves=queries.waves_under_way(actor(), 8), kinds=_kinds(),
        steps=house_queries.steps_left() if builds else [], step_words=STEP_WORDS,
    )  # fmt: skip


def _kinds() -> dict[str, object]:
    from wms.office.pages.exceptions import KIND_WORDS

    return dict(KIND_WORDS)
