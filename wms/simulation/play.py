"""What every actor of one simulation shares."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Generator, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from wms.platform.database import rollback, session
from wms.seed import LOT_AND_EXPIRY
from wms.simulation.paper import Paper
from wms.simulation.stage import House, Stage
from wms.simulation.timeline import Timeline
from wms.simulation.wire import Answer, Tablet, Wire
from wms.simulation.world import Order, Untrue, World

if TYPE_CHECKING:
    from wms.simulation.printers import Agent

# A part of a process that says whether it came to its end.
Act = Generator[float, None, bool]
# The parts of orders, as whoever works on one sees them.
_PART = (
    "SELECT CAST(o.id AS text) AS id, o.number, o.reference, w.code AS house, w.kind = 'bonded' AS bonded,"
    " s.code AS seller, o.kind, CAST(o.back_order_of AS text) AS first, o.state, (SELECT jsonb_object_agg(x.sku, x.units)"
    "  FROM (SELECT p.sku, sum(l.quantity)::int AS units FROM order_line l JOIN product p ON p.id = l.product_id"
    "   WHERE l.order_id = o.id GROUP BY 1) x) AS lines FROM outbound_order o JOIN warehouse w ON w.id = o.warehouse_id"
    " JOIN seller s ON s.id = o.owner_id"
)
# What the office's list of holds says of a bin: supervisors freeze it, and so does who finds it not empty.
_FROZEN = (
    "SELECT EXISTS (SELECT 1 FROM stock_hold h JOIN location l ON h.scope_key = CAST(l.id AS text)"
    " WHERE h.scope = 'location' AND h.ended_at IS NULL AND l.warehouse_id = CAST(:house AS uuid) AND l.code = :bin)"
)


class Play:
    """The stage, the time, the truth, and the lines between them."""

    def __init__(self, stage: Stage, timeline: Timeline, world: World, wire: Wire) -> None:
        self.stage, self.timeline, self.world, self.wire = stage, timeline, world, wire
        self.closing = False  # no new business: what was begun is finished
        self.paper = Paper()
        self.agent: Agent | None = None  # beside the printer of a bench

    def dice(self, name: str) -> random.Random:
        return self.timeline.dice(name)

    def tablet(self, house: House, job: str) -> Tablet:
        bench = house.bench if job == "packer" else None
        return Tablet(self.wire, f"{house.code}.{job}", house.code, house.badges[job], bench)

    def look(self, question: str, **values: Any) -> Sequence[Any]:
        """What a person sees with their own eyes or on a page: rows of a question."""
        with self.stage.app.app_context():
            rows = session().execute(text(question), values).all()
            rollback()
        return rows

    def order(self, number: str) -> Order:
        """An order as its number on a screen says; of an order that was parted meanwhile, the part, or what is left of it."""
        self.learn_of_parts()
        return self.world.by_number[number]

    def learn_of_parts(self) -> None:
        """Orders that came about because others were parted: the parts want together what the whole one wanted."""
        for row in self.look(f"{_PART} WHERE o.back_order_of IS NOT NULL ORDER BY o.created_at, o.id"):
            if row.id in self.world.orders:
                continue
            whole = self.world.orders[row.first]
            part = Order(
                row.id, row.number, row.reference, row.house, row.bonded, row.seller, row.lines, row.kind,
                first=whole.id, cancelled=row.state == "cancelled",
            )  # fmt: skip
            self.world.part(self._parted(whole, part), part)

    def _parted(self, first: Order, part: Order) -> Order:
        """Of an order and its parts the one that does not want any more what this part wants: a part is parted, too."""
        for each in [first, *(each for each in self.world.orders.values() if each.first == first.id)]:
            wants = Counter(self.look(f"{_PART} WHERE o.id = CAST(:id AS uuid)", id=each.id)[0].lines or {})
            if not Counter(part.lines) - (Counter(each.lines) - wants):
                return each
        return first

    def is_frozen(self, house: House, bin_code: str) -> bool:
        return bool(self.look(_FROZEN, house=house.id, bin=bin_code)[0][0])

    def bring_out(self, order: Order, number: str) -> None:
        """A closed parcel goes to the gate, or to the counter where its consignee fetches it."""
        if order.kind == "pick_up":
            if order not in self.world.counter[order.house]:
                self.world.counter[order.house].append(order)
        else:
            self.world.gate[order.house].append(number)

    def inside(self, action: Callable[[], Any]) -> Any:
        """Something that runs within the system: a job, a check."""
        with self.stage.app.app_context():
            return action()


def code_of(seller: str, sku: str) -> str:
    """The barcode on the goods that is this seller's alone."""
    return f"{seller}:{sku}"


def has_lots(sku: str) -> bool:
    return sku in LOT_AND_EXPIRY


def expect(tablet: Tablet, answer: Answer, what: str, *refusals: str) -> bool:
    """True when done; False when refused for one of the named reasons. Any other refusal is a fault."""
    if answer.ok:
        return True
    if answer.code in refusals:
        return False
    raise Untrue(f"{tablet.name}, {what}: {answer.status} {answer.body}")


def expect_into(
    play: Play, house: House, bin_code: str, tablet: Tablet, answer: Answer, what: str, *refusals: str
) -> bool:
    """`expect` of goods that were put into a bin. A frozen one takes nothing, and no other says that it is frozen."""
    done = expect(tablet, answer, what, "location_held", *refusals)
    frozen = play.is_frozen(house, bin_code)
    if done and frozen:
        raise Untrue(f"{tablet.name}, {what}: {answer.code}, although {bin_code} is frozen")
    if answer.code == "location_held" and not frozen:
        raise Untrue(f"{tablet.name}, {what}: {answer.code}, and {bin_code} is not frozen")
    return done


# Why a stop may be nobody's any more: the order was cancelled, lost its goods, or another picker took the walk over.
# Whatever is scanned there, the screen leads on.
GONE_ON = (
    "stop_cancelled", "stop_gone", "stop_refused", "tote_refused", "walk_taken_over", "stop_intercepted", "stop_held",
)  # fmt: skip
NONSENSE = ("]C1", "NOTHING-OF-OURS", "4006381333930", "L-Z-99-99-9-X", "CMD-DANCE", "\x1d\x1d", "é" * 300, "B-IN-1-K")


def mischief(play: Play, tablet: Tablet, former_token: str | None) -> None:
    """What hands do by accident: a code that means nothing here, or a scan of a step that is long past."""
    if play.closing or tablet.dice.random() > 0.05:
        return
    throw = tablet.dice.randrange(4)
    before = (tablet.task["step_token"], tablet.state)
    if throw == 0 and former_token is not None and former_token != before[0]:
        answer = tablet.scan("CMD-OK", token=former_token)
        if answer.code != "stale_step":
            raise Untrue(f"{tablet.name}: a scan of a past step was answered {answer.code}")
    elif throw == 1:
        tablet.headers = {}  # the login ended, or somebody took the badge to another device
        tablet.look()
    else:
        answer = tablet.scan(tablet.dice.choice(NONSENSE))
        if answer.code in GONE_ON:
            return
        if answer.ok:
            raise Untrue(f"{tablet.name}: nonsense was taken for {answer.code}")
    if (tablet.task["step_token"], tablet.state) != before:
        raise Untrue(f"{tablet.name}: what was refused moved the task from {before} to {tablet.state}")
