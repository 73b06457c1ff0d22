"""Pickers and packers: walks, totes, boxes and labels, as the screen says and as the goods really are."""

from __future__ import annotations

from collections import Counter

from wms.outbound.rules import EACH_UP_TO
from wms.simulation import finds, totes
from wms.simulation.play import GONE_ON, Act, Play, code_of, expect, mischief
from wms.simulation.stage import House
from wms.simulation.timeline import Process
from wms.simulation.wire import Tablet
from wms.simulation.world import Order, Place, Untrue

IDLE = 150.0
PATIENCE = 60
LABEL_SECONDS = 45.0  # between two looks for a waybill: PATIENCE of them outlast a worker that is away
IN_DOUBT = ("dispatching", "dispatched", "unknown")
STOP_GONE = ("allocation_changed", "too_many_picked")
_FULL_TOTES = (
    "SELECT h.barcode FROM handling_unit h JOIN outbound_order o ON o.id = h.subject_id WHERE h.warehouse_id ="
    " CAST(:house AS uuid) AND o.state = 'picked' AND o.kind <> 'destruction' AND h.subject_kind = 'order'"
    " AND h.kind = 'tote' ORDER BY h.code"
)
_LABEL = "SELECT barcode FROM handling_unit WHERE warehouse_id = CAST(:house AS uuid) AND code = :code"
_WORK = (
    "SELECT EXISTS (SELECT 1 FROM pick_batch WHERE warehouse_id = CAST(:house AS uuid) AND state <> 'done'),"
    " EXISTS (SELECT 1 FROM outbound_order WHERE warehouse_id = CAST(:house AS uuid) AND state = 'promised')"
)


def pick(play: Play, house: House, job: str) -> Process:
    """Walk after walk; what is not there is reported short."""
    tablet = play.tablet(house, job)
    tablet.start("pick")
    stuck = 0
    while True:
        before = tablet.task["step_token"]
        if tablet.state == "begin":
            yield from _begin(play, house, tablet)
            stuck = 0
            continue
        yield from _step(play, house, tablet)
        mischief(play, tablet, before)
        stuck = stuck + 1 if tablet.task["step_token"] == before else 0
        if stuck > PATIENCE:
            raise Untrue(f"{tablet.name} is stuck at {tablet.state}: {play.wire.record.last[-1]}")
        if tablet.dice.random() < 0.004 and not play.closing:
            yield 1_900.0  # a break longer than a login and a walk's lease last


def _begin(play: Play, house: House, tablet: Tablet) -> Process:
    waits, ready = play.look(_WORK, house=house.id)[0]
    if not waits and (not ready or (not play.closing and tablet.dice.random() < 0.85)):
        yield IDLE  # mostly a picker waits for the office to plan walks; now and then they have one planned themselves
        return
    if not expect(tablet, tablet.scan("CMD-OK"), "beginning a walk", "no_work", "faces_first"):
        yield IDLE
    yield tablet.dice.uniform(3, 10)


def _step(play: Play, house: House, tablet: Tablet) -> Process:
    if tablet.state == "scan_tote":
        shared = tablet.data["wall"] is not None or tablet.data["lane"]
        lane = tablet.data["wanted"] == 1 and not shared and not house.bonded
        if lane and not tablet.data["is_full"] and tablet.dice.random() < 0.5:
            expect(tablet, tablet.scan("CMD-MIXED"), "choosing the fast lane", "no_singles")
            yield 2.0
        if tablet.state != "scan_tote":  # its order was stopped just now: the screen leads on
            pass
        elif not totes.bind(play, house, tablet):
            yield IDLE
            return
    elif tablet.state in ("scan_location", "scan_product") and totes.is_full(play, tablet):
        pass
    elif tablet.state == "scan_location":
        if tablet.dice.random() < 0.03:
            if tablet.scan("CMD-SKIP").ok:
                yield 2.0
            return
        wrong = tablet.dice.random() < 0.03
        code = tablet.dice.choice(list(house.bins)) if wrong else tablet.data["location"]
        answer = tablet.scan(house.places[code])
        expect(tablet, answer, f"going to {code}", *(["wrong_location"] if wrong else []))
    elif tablet.state == "zero_check":
        finds.say_whether_empty(play, house, tablet)
    else:
        yield from _take(play, house, tablet)
    yield tablet.dice.uniform(4, 25)


def _take(play: Play, house: House, tablet: Tablet) -> Process:
    data = tablet.data
    order = play.order(data["order"])
    if data["container"] is not None:
        yield from _take_out(play, tablet, order)
        return
    place = Place(house.code, data["location"], order.seller, data["sku"], "good")
    wanted, there = data["quantity"], play.world.really_there(place)
    if there > 0 and (yield from finds.find(play, tablet, place, there)):
        return
    units = min(wanted, there)
    if units > 0 and tablet.dice.random() < 0.5:
        units = 1
    if units > 0:
        code = code_of(order.seller, data["sku"])
        answer = tablet.scan(code) if units == 1 else tablet.scan(code, quantity=units)
        done = expect(tablet, answer, f"picking {data['sku']} at {data['location']}", *STOP_GONE)
        if done and answer.code not in GONE_ON:
            play.world.take(place, units)
            play.world.units["picked for the fast lane"] += units if data["lane"] else 0
        elif answer.code == "too_many_picked":  # an order that wanted one of them was stopped just now
            tablet.look()
        elif not done:  # its bin lost the claim just now; where to go instead, a job is finding out
            expect(tablet, tablet.scan("CMD-SKIP"), "leaving a stop for later")
            yield 90.0
        return
    play.wire.record.faults["bin_found_short"] += 1
    asked = tablet.scan("CMD-SHORT")
    expect(tablet, asked, "asking about a shortage")
    if asked.code == "short_confirm":
        yield 3.0
        expect(tablet, tablet.scan("CMD-SHORT"), "reporting a shortage")


def _take_out(play: Play, tablet: Tablet, order: Order) -> Process:
    """Of what stands at the dock in its carton still, which only an order that destroys or fetches goods is sent to."""
    data = tablet.data
    label = play.look(_LABEL, house=play.stage.houses[order.house].id, code=data["container"])[0][0]
    carton = next(each for each in play.world.cartons if each.barcode == label)
    units = min(data["quantity"], carton.held[data["sku"], "good"])
    if units < data["quantity"]:
        raise Untrue(f"{carton.barcode} holds {carton.held}, and {data['quantity']} of {data['sku']} are wanted of it")
    answer = tablet.scan(code_of(order.seller, data["sku"]), quantity=units)
    if expect(tablet, answer, f"taking {data['sku']} out of {carton.barcode}", *STOP_GONE):
        if answer.code not in GONE_ON:
            carton.held[data["sku"], "good"] -= units
            play.world.units["picked out of cartons"] += units
        yield 3.0
        return
    expect(tablet, tablet.scan("CMD-SKIP"), "leaving a stop for later")
    yield 90.0


def pack(play: Play, house: House) -> Process:
    """Check, weigh, print, scan back."""
    tablet = play.tablet(house, "packer")
    tablet.start("pack")
    while True:
        waiting = [row[0] for row in play.look(_FULL_TOTES, house=house.id)]
        if not waiting:
            yield IDLE
            continue
        answer = tablet.scan(tablet.dice.choice(waiting))
        yield 4.0
        if expect(tablet, answer, "opening a tote", "customs_not_released", "relabel_first", *GONE):
            yield from _pack_one(play, tablet)
        else:
            yield 200.0


GONE = ("order_cancelled", "stock_is_held", "intercepted", "order_held")
# `waybill_not_ready`: that of the first box is being asked for just now.
ONE_BOX = ("box_empty", "box_is_all", "one_parcel_order", "box_in_hand", "waybill_not_ready")


def _pack_one(play: Play, tablet: Tablet) -> Process:
    order = play.order(tablet.data["order"])
    for _ in range(PATIENCE * 10):
        before = tablet.task["step_token"]
        if tablet.state == "scan_tote":
            return
        if tablet.state == "scan_product":
            done = yield from _check(play, tablet, order)
        elif tablet.state == "weigh":
            done = yield from _weigh(play, tablet)
        else:
            done = yield from take_label(play, tablet, order)
        if not done:
            expect(tablet, tablet.scan("CMD-BACK"), "putting the tote aside")
            return
        mischief(play, tablet, before)
    raise Untrue(f"{tablet.name} cannot finish {order.number}: {play.wire.record.last[-1]}")


def _check(play: Play, tablet: Tablet, order: Order) -> Act:
    line = next(line for line in tablet.data["lines"] if line["verified"] < line["quantity"])
    code, left = code_of(order.seller, line["sku"]), line["quantity"] - line["verified"]
    if line["quantity"] <= EACH_UP_TO:
        answer = tablet.scan(code)
    else:
        answer = tablet.scan(code, quantity=left)
    if not expect(tablet, answer, f"checking {line['sku']}", *GONE):
        return False
    order.checked.append((line["sku"], 1 if line["quantity"] <= EACH_UP_TO else left))
    yield tablet.dice.uniform(2, 5)
    if tablet.dice.random() < 0.03 and not play.closing:
        if not expect(tablet, tablet.scan("CMD-UNDO"), "taking a check back", *GONE):
            return False
        order.checked.pop()
        yield 2.0
    elif tablet.state == "scan_product" and tablet.dice.random() < 0.05 and not play.closing:
        play.wire.record.faults["box_full"] += 1
        if not expect(tablet, tablet.scan("CMD-FULL"), "beginning the next box", *ONE_BOX, *GONE):
            return tablet.state == "scan_product"
        yield 3.0
    return True


def _weigh(play: Play, tablet: Tablet) -> Act:
    if tablet.dice.random() < 0.05:
        answer = tablet.scan("CMD-OK", weight_g=tablet.data["high_g"] + 500)
        if expect(tablet, answer, "weighing", "weight_off", "waybill_not_ready", *GONE):
            raise Untrue(f"{tablet.name}: a wrong weight was taken")
        yield 4.0
    for _ in range(PATIENCE):
        answer = tablet.scan("CMD-OK", weight_g=tablet.data["expected_g"])
        if expect(tablet, answer, "weighing", "waybill_not_ready", *GONE):
            yield 3.0
            return True
        if answer.code != "waybill_not_ready":
            return False
        yield LABEL_SECONDS
    if tablet.data["tracking_number"] is None and not play.closing:
        return False  # its carrier is slow, or has refused
    raise Untrue(f"{tablet.name}: the waybill of {tablet.data['order']} was never prepared")


def _have_it_printed(play: Play, tablet: Tablet, order: str, number: str) -> Act:
    """Until it is in hand: out of the bench's printer, or out of the browser's, which sends it at once. False: it never came."""
    for _ in range(PATIENCE):
        if tablet.data["print_state"] in (None, "expired", "failed_safe"):
            _print(play, tablet, order)
        yield 5.0
        tablet.look()
        if tablet.data["document_id"] is None or tablet.data["print_state"] is None:
            return False  # the order was changed meanwhile: another paper is the one
        printer = tablet.data["way"].get("printer")
        came = play.paper.came[number] if printer else 1
        doubts = 0.05 if came else 0.2
        if tablet.data["print_state"] in IN_DOUBT and tablet.dice.random() < doubts and not (came and play.closing):
            said = tablet.form("no label came out", f"/labels/prints/{tablet.data['print_id']}/lost", {}, order)
            if said.status == 303:
                play.paper.asked_again[number] += 1
                if play.agent is not None:
                    play.agent.wanted = 6
        elif came:
            return True
        yield 20.0
    return False


def _print(play: Play, tablet: Tablet, order: str) -> None:
    """The agent has just asked whether there is anything, as it does each second."""
    if tablet.bench is not None and play.agent is not None:
        play.agent.poll()
        play.agent.wanted = 6
    tablet.form("print", f"/labels/documents/{tablet.data['document_id']}/print", {}, order)


def take_label(play: Play, tablet: Tablet, order: Order) -> Act:
    for _ in range(PATIENCE):
        tablet.look()
        if tablet.data["document_ready"] or tablet.data["document_id"] is None:
            break
        yield LABEL_SECONDS
    number = tablet.data["tracking_number"]
    if tablet.data["document_ready"] and not (yield from _have_it_printed(play, tablet, order.number, number)):
        return False
    if tablet.dice.random() < 0.03 and play.world.parcels:
        other = tablet.dice.choice(list(play.world.parcels))
        # unknown: it is another warehouse's; of another kind: sent from there to here, it is a carton that comes; not ready:
        # its own is still being made
        refusals = ("wrong_waybill", "scan_unknown", "scan_wrong_kind", "waybill_not_ready", *GONE)
        if expect(tablet, tablet.scan(other), "another label", *refusals):
            raise Untrue(f"{order.number} was closed with the label of another parcel, {other}")
    if number is None:
        return False
    if not expect(tablet, tablet.scan(number), f"closing {number}", *GONE, "scan_unknown", "weight_needed"):
        return False
    inside: Counter[str] = Counter()
    for sku, units in order.checked:
        inside[sku] += units
    play.world.close(order, number, inside)
    play.bring_out(order, number)
    yield 5.0
    return True
