"""What the office is asked: orders to be stopped or destroyed, goods that differ, orders that a plan leaves out."""

from __future__ import annotations

import html
import re
from typing import Any

from wms.simulation.play import Play
from wms.simulation.timeline import Process
from wms.simulation.wire import Desk
from wms.simulation.world import Goods, Place, Untrue

_TO_STOP = (
    "SELECT CAST(i.id AS text) AS id, o.number FROM interception i JOIN outbound_order o ON o.id = i.order_id"
    " WHERE i.state = 'requested' ORDER BY i.requested_at, i.id"
)
_STOPPED = "SELECT state FROM interception WHERE id = CAST(:id AS uuid)"
_TO_DESTROY = "SELECT CAST(id AS text) AS id, number FROM outbound_order WHERE kind = 'destruction' AND state = 'picked' ORDER BY 1"
_UNSOLD = "SELECT CAST(id AS text) AS id, action FROM carrier_task WHERE state IN ('failed', 'refused') ORDER BY id"
_HELD = (
    "SELECT CAST(h.id AS text) AS id, CAST(h.order_id AS text) AS order_id, o.number, h.state FROM order_hold h"
    " JOIN outbound_order o ON o.id = h.order_id WHERE h.side = 'warehouse' ORDER BY h.placed_at, h.id"
)
_STATE = "SELECT state FROM outbound_order WHERE id = CAST(:id AS uuid)"
_DECIDED = "SELECT CAST(id AS text) AS id, kind, decision, quantity FROM difference WHERE state = 'decided' ORDER BY id"
# What a difference that is done took out of the stock, and from where: a carton, or a bin.
_DONE = (
    "SELECT d.state, m.quantity, w.code AS house, s.code AS seller, p.sku, b.condition, l.code AS bin, c.barcode"
    " FROM difference d LEFT JOIN stock_move m ON m.posting_id = d.posting_id LEFT JOIN balance b"
    " ON b.id = m.from_balance_id LEFT JOIN warehouse w ON w.id = b.warehouse_id LEFT JOIN seller s ON s.id = b.owner_id"
    " LEFT JOIN product p ON p.id = b.product_id LEFT JOIN location l ON l.id = b.location_id"
    " LEFT JOIN carton c ON c.handling_unit_id = b.handling_unit_id WHERE d.id = CAST(:id AS uuid) ORDER BY m.id"
)
_OFFER = re.compile(
    r'action="(?P<path>/office/waves/plans/[0-9a-f-]+/ways)".*?name="way" value="(?P<way>\w+)".*?name="product"'
    r' value="(?P<product>[0-9a-f-]+)"', re.DOTALL,
)  # fmt: skip


def answer_all(play: Play, desk: Desk) -> Process:
    """Whatever waits for a word. Requests to stop an order are left to the floor for a while."""
    for row in play.look(_TO_STOP):
        if play.closing or desk.dice.random() < 0.5:
            _stop(play, desk, row)
            yield 15.0
    for row in play.look(_TO_DESTROY):
        _destroy(play, desk, row)
        yield 30.0
    for row in play.look(_UNSOLD):
        desk.form("ask carrier again", f"/office/carriers/tasks/{row.id}", {}, row.action)
        yield 10.0
    for row in play.look(_DECIDED):
        _carry_out(play, desk, row)
        yield 15.0
    for row in play.look(_HELD):
        if row.state == "open" and (play.closing or desk.dice.random() < 0.3):
            _end_hold(play, desk, row)
            yield 10.0


def _stop(play: Play, desk: Desk, row: Any) -> None:
    """Yes: its goods were set aside. No: it goes on where it stood. What is on a load is scanned off it instead."""
    order = play.order(row.number)
    accepts = desk.dice.random() < 0.5
    path = f"/office/interceptions/{row.id}"
    if accepts:
        desk.form("accept interception", f"{path}/accept", {}, row.number)
    else:
        desk.form("refuse interception", f"{path}/refuse", {"why": "not_found"}, row.number)
    state = play.look(_STOPPED, id=row.id)[0].state
    if state == "accepted":
        play.world.cancel(order)
    elif state == "refused":
        order.asked = False
    elif state != "requested" or not (accepts and order.on_load):
        raise Untrue(f"the request to stop {row.number} was answered, and is {state}")


def _destroy(play: Play, desk: Desk, row: Any) -> None:
    desk.form("destroy", f"/office/destructions/{row.id}", {"witness": "Wanda Witness", "note": ""}, row.number)
    order = play.order(row.number)
    if play.look(_STATE, id=row.id)[0].state == "shipped":
        play.world.destroy(order)
    elif not (order.asked or order.holds or order.kept_by or order.cancelled):
        raise Untrue(f"{row.number} could not be destroyed")


def _end_hold(play: Play, desk: Desk, row: Any) -> None:
    """An order that was to wait while somebody looks for its goods goes on."""
    desk.form("end hold of the office", f"/portal/orders/{row.order_id}/holds/{row.id}/end", {}, row.number)
    if any(each.state == "open" for each in play.look(_HELD) if each.id == row.id):
        raise Untrue(f"a hold of {row.number} could not be ended")
    play.order(row.number).kept_by.discard(row.id)


def _carry_out(play: Play, desk: Desk, row: Any) -> None:
    """What its seller wants is done: sent back or destroyed it leaves the stock; a bin is counted where it lies. What was
    put away as good is not taken from under orders: then the book says so already.
    """
    leaves = row.decision in ("return", "destroy")
    stock = "yes" if leaves and desk.dice.random() < 0.8 else "no"
    path = f"/office/inbound/differences/{row.id}"
    desk.form("carry out", path, {"stock": stock}, f"{row.kind} {row.decision} {stock}")
    done = play.look(_DONE, id=row.id)
    if done[0].state != "settled":
        if stock == "yes" or row.decision == "relabel":  # its goods are away, or somebody labels them just now
            return
        raise Untrue(f"a difference could not be settled: {tuple(row)}")
    taken = [each for each in done if each.quantity is not None]
    if sum(each.quantity for each in taken) != (row.quantity if stock == "yes" else 0):
        raise Untrue(f"{tuple(row)} took {[tuple(each) for each in taken]}")
    for each in taken:
        play.world.goods[Goods(each.house, each.seller, each.sku)] -= each.quantity
        play.world.units["sent back or destroyed"] += each.quantity
        if each.barcode is None:
            play.world.take(Place(each.house, each.bin, each.seller, each.sku, each.condition), each.quantity)
        else:
            carton = next(carton for carton in play.world.cartons if carton.barcode == each.barcode)
            carton.held[each.sku, each.condition] -= each.quantity


def decide_shortages(play: Play, desk: Desk, page: str) -> bool:
    """Of what a plan leaves out for want of goods: one of the ways that the page offers. True when one was gone."""
    offers = [found.groupdict() for found in _OFFER.finditer(html.unescape(page))]
    if not offers or desk.dice.random() < 0.3:
        return False
    chosen = desk.dice.choice(offers)
    form = {"way": chosen["way"], "product": chosen["product"]}
    desk.form("way out of a shortage", chosen["path"], form, chosen["way"])
    play.learn_of_parts()
    for row in play.look(_HELD):
        if row.state == "open":
            play.order(row.number).kept_by.add(row.id)
    return True
