"""The office: a supervisor who counts, holds and decides, and a clerk who tells what customs said, always late."""

from __future__ import annotations

from typing import Any

from wms.inventory.unaccounted import TOLD_APART
from wms.seed import PEOPLE
from wms.simulation import slots
from wms.simulation.answers import answer_all, decide_shortages
from wms.simulation.play import Play, has_lots
from wms.simulation.stage import WALL, House
from wms.simulation.timeline import Process
from wms.simulation.wire import Desk
from wms.simulation.world import Place, Untrue

_PLACE = (
    "SELECT b.id, b.on_hand, w.code AS house, l.code AS bin, s.code AS seller, p.sku, b.condition,"
    " b.customs_status FROM balance b JOIN warehouse w ON w.id = b.warehouse_id JOIN location l ON l.id = b.location_id"
    " JOIN seller s ON s.id = b.owner_id JOIN product p ON p.id = b.product_id"
    " WHERE b.handling_unit_id IS NULL AND l.kind IN ('storage', 'pick_face') AND b.condition = 'good'"
)
_DOUBTED = (
    _PLACE + " AND CAST(b.id AS text) IN (SELECT scope_key FROM stock_hold WHERE scope = 'balance'"
    " AND reason = 'in_doubt' AND ended_at IS NULL) ORDER BY b.id"
)
_ROW = _PLACE + " AND b.id = :id"
_IN_STOCK = _PLACE + " AND b.on_hand > 0 AND b.held_by = 0 ORDER BY b.id"
_EXCEPTIONS = (
    "SELECT CAST(e.id AS text) AS id, e.kind, e.created_at, CAST(e.order_id AS text) AS order_id FROM order_exception e"
    " WHERE e.resolved_at IS NULL ORDER BY e.created_at, e.id"
)
_DECIDED = (
    "SELECT e.resolved_at IS NOT NULL AS resolved, o.state FROM order_exception e JOIN outbound_order o"
    " ON o.id = e.order_id WHERE e.id = CAST(:id AS uuid)"
)
_HELD = (
    "SELECT CAST(id AS text) AS id, CAST(warehouse_id AS text) AS house FROM stock_hold WHERE ended_at IS NULL"
    " AND reason <> 'in_doubt' ORDER BY created_at, id"
)
_AT_CUSTOMS = (
    "SELECT CAST(id AS text) AS id, number, created_at FROM outbound_order WHERE customs_state = 'waiting'"
    " AND state NOT IN ('short', 'shipped', 'cancelled') ORDER BY created_at, id"
)
_RELEASED = "SELECT customs_state FROM outbound_order WHERE id = CAST(:id AS uuid)"
_WAITING = "SELECT id FROM stock_adjustment WHERE balance_id = :id AND state = 'requested'"
# What came as announced. What came beyond is declared for itself (`wms.customs.settling`).
_UNBOOKED = (
    "SELECT k.item_number, k.unbooked - x.over AS unbooked FROM book_item k CROSS JOIN LATERAL (SELECT coalesce(sum(i.over"
    f" - o.over), 0) AS over FROM location l JOIN balance b ON b.location_id = l.id AND b.book_item_id = k.id{TOLD_APART}"
    "  WHERE l.warehouse_id = k.warehouse_id AND l.kind = 'unaccounted') x"
    " WHERE k.warehouse_id = CAST(:house AS uuid) AND k.unbooked > x.over ORDER BY k.item_number"
)
_TO_APPROVE = (
    "SELECT CAST(t.id AS text) AS id, w.code AS house, l.code AS bin FROM count_task t JOIN warehouse w"
    " ON w.id = t.warehouse_id JOIN location l ON l.id = t.location_id WHERE t.state = 'review' ORDER BY t.id"
)
_COUNT_STATE = "SELECT state FROM count_task WHERE id = CAST(:id AS uuid)"
_ASKED = "SELECT CAST(id AS text) AS id, number FROM service_request WHERE state = 'requested' ORDER BY id"
_CARTON_STATE = "SELECT state FROM carton WHERE id = CAST(:id AS uuid)"
_READY = (
    "SELECT w.code, count(*) AS orders FROM outbound_order o JOIN warehouse w ON w.id = o.warehouse_id"
    " WHERE o.state = 'promised' GROUP BY 1 ORDER BY 2 DESC, 1"
)
KINDS = ("", "", "single_unit", "multi_line")
PASSWORDS = {person.login: person.password for person in PEOPLE}


def supervise(play: Play) -> Process:
    """Round after round: doubtful bins counted, exceptions decided, a hold placed or ended, a wave released."""
    desk = Desk(play.wire, "supervisor", "supervisor@demo", PASSWORDS["supervisor@demo"])
    other = Desk(play.wire, "admin", "admin@demo", PASSWORDS["admin@demo"])
    slotting = play.dice("moves that save steps")
    while True:
        yield desk.dice.uniform(240, 900)
        for row in play.look(_DOUBTED):
            _count(play, desk, other, row)
            yield 20.0
        for row in play.look(_EXCEPTIONS):
            _decide(play, desk, row)
            yield 15.0
        for row in play.look(_TO_APPROVE):
            _approve(play, desk, row)
            yield 15.0
        for row in play.look(_ASKED):
            desk.form("accept service", f"/office/services/requests/{row.id}/accept", {}, row.number)
            yield 5.0
        _give_up_cartons(play, desk)
        yield from answer_all(play, desk)
        yield from _hold(play, desk)
        if play.closing:
            slots.drop_all(play, desk)
            continue
        if slotting.random() < 0.3:
            slots.ask(desk, play.stage.houses[slotting.choice(["DE1", "DE1", "NGB1"])])
            yield 10.0
        _look_around(play, desk, other)


def _count(play: Play, desk: Desk, other: Desk, row: Any) -> None:
    """A bin is counted: what is missing of its product there is found missing in this row first. What is worth more than the
    limit is approved by the other one.
    """
    place = Place(row.house, row.bin, row.seller, row.sku, row.condition)
    in_hand = play.world.in_hands(place)
    if in_hand and (has_lots(row.sku) or row.customs_status == "bonded"):
        return  # of which of its rows is seen when it is put down
    lost = min(row.on_hand - in_hand, play.world.missing[place])
    counted = row.on_hand - in_hand - lost
    desk.form(
        "count", f"/office/stock/{row.id}/count", {"counted": str(counted)}, f"{place.bin} {place.sku}: {counted}"
    )
    for waiting in play.look(_WAITING, id=row.id):
        other.form("approve", f"/office/adjustments/{waiting.id}/approve", {}, f"{place.bin} {place.sku}: {counted}")
    now = play.look(_ROW, id=row.id)[0].on_hand
    if now != counted + in_hand:
        raise Untrue(f"{place} was counted as {counted}, {in_hand} are in hand, and the system says {now}")
    if lost:
        play.world.found_out(place, lost, row.customs_status == "bonded")


def _approve(play: Play, desk: Desk, row: Any) -> None:
    """A variance that two people found, or that is worth much: the book follows. Outdated, it is counted anew."""
    desk.form("approve count", f"/office/counts/bins/{row.id}/approve", {}, f"{row.house} {row.bin}")
    lost = play.world.counted_bins.pop((row.house, row.bin), {})
    if play.look(_COUNT_STATE, id=row.id)[0].state == "done":
        for place, units in lost.items():
            play.world.found_out(place, units, bonded=False)
    else:
        desk.form("drop count", f"/office/counts/bins/{row.id}/cancel", {}, f"{row.house} {row.bin}")


def _give_up_cartons(play: Play, desk: Desk) -> None:
    """What should have come two hours ago is given up; it may still arrive."""
    for overdue in list(play.world.overdue):
        booking, carton, since = overdue
        if not play.closing and (play.timeline.moment - since).total_seconds() < 7_200:
            continue
        play.world.overdue.remove(overdue)
        if play.look(_CARTON_STATE, id=carton)[0].state == "declared":
            desk.form(
                "give carton up", f"/office/arrivals/bookings/{booking}/cartons/{carton}/missing", {}, carton[-8:]
            )


def _plan_count(desk: Desk, house: House) -> None:
    if desk.dice.random() < 0.6:
        how, what = "bin", desk.dice.choice([*house.bins])
    else:
        how, what = "zone", desk.dice.choice(["F", "A-01-0"])
    desk.form("plan count", f"/office/counts/{house.id}/plan", {"how": how, "what": what}, f"{how} {what}")


def plan_waves(play: Play) -> Process:
    """The same person at another screen: wave after wave, while orders come."""
    desk = Desk(play.wire, "planner", "supervisor@demo", PASSWORDS["supervisor@demo"])
    while not play.closing:
        yield desk.dice.uniform(300, 900)
        _wave(play, desk)


def _wave(play: Play, desk: Desk) -> None:
    """A wave by hand: at once, or planned, looked at and then released as it was shown, or refused."""
    ready = play.look(_READY)
    house = play.stage.houses[ready[0].code] if ready else desk.dice.choice(list(play.stage.houses.values()))
    kind = desk.dice.choice(KINDS)
    wall = WALL if kind != "single_unit" and desk.dice.random() < 0.75 else ""
    parted = {"by_zone": "1"} if wall and desk.dice.random() < 0.5 else {}
    form = {"warehouse": house.id, "limit": "20", "wall": wall} | parted | ({"kinds": kind} if kind else {})
    told = " ".join(filter(None, (house.code, kind, wall, *parted)))
    if desk.dice.random() < 0.5:
        desk.form("release wave", "/office/waves", form, told)
        return
    planned = desk.form("plan wave", "/office/waves/plans", form, told).headers.get("Location", "")
    if "/plans/" in planned:
        shown = desk.read(planned)
        if shown.status != 200:
            raise Untrue(f"{planned} is not shown")
        if decide_shortages(play, desk, shown.body.decode()) and desk.dice.random() < 0.7:
            planned = desk.form("plan again", f"{planned}/again", {}, told).headers.get("Location", "")
            if "/plans/" not in planned:
                return
        desk.form("release plan", planned, {}, told)


def _decide(play: Play, desk: Desk, row: Any) -> None:
    """Look once more first; give up what stays without its goods."""
    order = play.world.orders[row.order_id]
    age = (play.timeline.moment - row.created_at).total_seconds()
    give_up = row.kind != "customs_refused" and (play.closing or age > 3_600 or desk.dice.random() < 0.1)
    decision = "cancel" if give_up else "wait"
    desk.form(
        "decide", f"/office/exceptions/{row.id}", {"decision": decision}, f"{order.number} {row.kind}: {decision}"
    )
    found = play.look(_DECIDED, id=row.id)[0]
    if give_up and not (found.resolved and found.state == "cancelled"):
        raise Untrue(f"{order.number} was to be cancelled, and is {found.state}")
    if give_up and not order.cancelled:
        play.world.cancel(order)


def _hold(play: Play, desk: Desk) -> Process:
    held = play.look(_HELD)
    if held and (play.closing or desk.dice.random() < 0.5):
        row = held[0]
        desk.form("end hold", f"/office/holds/{row.house}/{row.id}/end", {})
        yield 10.0
    elif not play.closing and desk.dice.random() < 0.2:
        rows = play.look(_IN_STOCK)
        if rows:
            row = desk.dice.choice(rows)
            scope = desk.dice.choice(["balance", "location", "product"])
            desk.form(
                "hold", f"/office/stock/{row.id}/hold", {"scope": scope, "reason": "quality"}, f"{row.bin} {row.sku}"
            )
            yield 10.0


def _look_around(play: Play, desk: Desk, other: Desk) -> None:
    """A spot check, a wave by hand, and the board."""
    throw = desk.dice.random()
    if throw < 0.25:
        rows = play.look(_IN_STOCK)
        if rows:
            _count(play, desk, other, desk.dice.choice(rows))
    elif throw < 0.75:
        _plan_count(desk, play.stage.houses["DE1"])
    else:
        for page in ("/office/", "/office/orders", "/office/exceptions", "/office/stock"):
            answer = desk.read(page)
            if answer.status != 200:
                raise Untrue(f"{page} was answered {answer.status}")


def clear_customs(play: Play, house: House) -> Process:
    """The clerk: books what came in, releases orders, now and then refuses one first. Hurries only at the end."""
    desk = Desk(play.wire, "clerk", "clerk@demo", PASSWORDS["clerk@demo"])
    documents = 0
    refused: set[str] = set()
    while True:
        yield desk.dice.uniform(300, 1_500)
        for row in play.look(_UNBOOKED, house=house.id):
            units = row.unbooked if play.closing or desk.dice.random() < 0.8 else desk.dice.randint(1, row.unbooked)
            documents += 1
            form = {"item_number": row.item_number, "document": f"BK{documents:06}", "quantity": str(units)}
            answer = desk.form("book receipt", f"/customs/book/{house.id}", form, f"{row.item_number}: {units}")
            if answer.status != 303:
                raise Untrue(f"customs booked {form}, and the system would not: {answer.status}")
            yield 5.0
        for row in play.look(_AT_CUSTOMS):
            age = (play.timeline.moment - row.created_at).total_seconds()
            if not play.closing and age < desk.dice.uniform(120, 2_400):
                continue
            documents += 1
            _tell(play, desk, row, f"QD{documents:08}", refused)
            yield 5.0


def _tell(play: Play, desk: Desk, row: Any, document: str, refused: set[str]) -> None:
    refuse = row.id not in refused and not play.closing and desk.dice.random() < 0.05
    if refuse:
        refused.add(row.id)
    outcome = "refuse" if refuse else "release"
    form = {"document": document} | ({"reason": "value in doubt"} if refuse else {})
    answer = desk.form(f"customs {outcome}", f"/office/customs/{row.id}/{outcome}", form, row.number)
    if answer.status == 302 and not refuse:
        play.world.orders[row.id].released = True
    told = play.look(_RELEASED, id=row.id)[0].customs_state
    if answer.status == 302 and told != ("refused" if refuse else "released"):
        raise Untrue(f"{row.number} was to be {outcome}d by customs, and is {told}")
