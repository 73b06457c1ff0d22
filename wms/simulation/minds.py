"""Sellers who change their minds: orders stopped, held, sent by another service, and goods that differ decided about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wms.core.ids import new_id
from wms.simulation.world import Order, Untrue

if TYPE_CHECKING:
    from wms.simulation.sellers import Shop

SERVICES = ("HOUSE-STD", "HOUSE-EXP", "NET-STD")


def intercept(shop: Shop) -> None:
    """An order is to be stopped, until its truck has left; mostly one that is worked on. Asked again is answered again."""
    mine = [each for each in shop.mine() if not each.asked] + [each for each in shop.loaded() if not each.asked]
    if not mine:
        return
    begun = [each for each in mine if each.parcels] or mine
    order = shop.dice.choice(begun if shop.dice.random() < 0.6 else mine)
    path = f"/api/v1/orders/{order.id}/intercept"
    answer = shop.post("intercept", path, {"reason": "buyer_cancelled"}, order.number)
    if answer.status == 200:
        shop.play.world.ask_to_stop(order)
        if answer.body["state"] == "accepted":
            shop.play.world.cancel(order)
    elif answer.code != "intercept_too_late" or not _is_out(order):
        raise Untrue(f"{order.number} could not be intercepted: {answer.status} {answer.body}")


def _is_out(order: Order) -> bool:
    """Whether it cannot be stopped: a part of it is on the way, in somebody's hands, or out of the zone."""
    return order.destroyed or any(each.left or order.bonded or order.kind == "pick_up" for each in order.on_load)


def withdraw(shop: Shop) -> None:
    asked = [each for each in shop.play.world.orders.values() if each.seller == shop.seller and each.asked]
    if not asked:
        return
    order = shop.dice.choice(asked)
    answer = shop.post("withdraw interception", f"/api/v1/orders/{order.id}/intercept/withdraw", {}, order.number)
    if answer.status != 200:
        raise Untrue(f"{order.number} could not go on: {answer.status} {answer.body}")
    order.asked = False


def hold(shop: Shop) -> None:
    """A doubt about an order: it waits; sometimes without its stock."""
    mine = [each for each in shop.mine() if not each.holds]
    if not mine:
        return
    order = shop.dice.choice(mine)
    body = {"reason": "address", "keeps_stock": shop.dice.random() < 0.7}
    answer = shop.post("hold order", f"/api/v1/orders/{order.id}/holds", body, order.number)
    if answer.status == 201:
        order.holds.add(answer.body["id"])
    elif answer.code != "hold_keeps_stock" or body["keeps_stock"]:
        raise Untrue(f"{order.number} could not be held: {answer.status} {answer.body}")


def end_hold(shop: Shop) -> bool:
    """The oldest doubt is resolved; False where there is none."""
    held = [each for each in shop.mine() if each.holds]
    if not held:
        return False
    order = held[0]
    key = min(order.holds)
    answer = shop.post("end order hold", f"/api/v1/orders/{order.id}/holds/{key}/end", {}, order.number)
    if answer.status != 200:
        raise Untrue(f"a hold of {order.number} could not be ended: {answer.status} {answer.body}")
    order.holds.discard(key)
    return True


def change_service(shop: Shop) -> None:
    mine = [each for each in shop.mine() if each.kind in ("dropship", "b2b", "return_to_seller", "transfer")]
    if not mine:
        return
    order = shop.dice.choice(mine)
    version = shop.system.get(f"/api/v1/orders/{order.id}")["version"]
    changes = {"service": shop.dice.choice(SERVICES)}
    answer = shop.system.send(
        "PATCH", "change service", f"/api/v1/orders/{order.id}", changes, key=str(new_id()), match=version,
        detail=f"{order.number} {changes['service']}",
    )  # fmt: skip
    if answer.status != 200 and answer.code != "edit_too_late":
        raise Untrue(f"{order.number} could not go by another service: {answer.status} {answer.body}")


def decide(shop: Shop) -> None:
    """What becomes of goods that came otherwise than announced: any word that the answer offers, but a recount."""
    page = shop.system.get("/api/v1/differences?state=open&limit=20")["data"]
    if not page:
        return
    found = shop.dice.choice(page)
    wanted = shop.dice.choice([each for each in found["decisions"] if each != "recount"])
    path = f"/api/v1/differences/{found['id']}/decision"
    answer = shop.post("decide difference", path, {"decision": wanted}, f"{found['kind']} {wanted}")
    if answer.status != 200:
        raise Untrue(f"nothing could be decided about {found}: {answer.status} {answer.body}")
