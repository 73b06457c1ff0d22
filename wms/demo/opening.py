"""What a first start shows: two warehouses in the middle of a working day, with a fortnight behind them.

Everything happened through the same use cases as on any other day, at its own time, so that every page has something
true to show: stock with its ages and lots, orders in every state, parcels at the gate, a difference that its seller is
to decide, a bin in doubt, an order that customs refused, returns on the desk. The ledger balances.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from flask import Flask

from wms.added_services import service as added_services
from wms.added_services import working
from wms.added_services.service import Asked
from wms.added_services.working import Report
from wms.core import clock
from wms.customs import settling
from wms.customs.models import SettlementKind
from wms.customs.settling import Asked as Settled
from wms.demo.hands import Hands, at, do, run_jobs
from wms.inbound import service as inbound
from wms.inbound.models import Booking
from wms.inbound.service import CountDraft
from wms.inventory import holds
from wms.inventory.models import HoldScope
from wms.outbound.models import Order
from wms.outbound.service import orders, picking, release
from wms.platform.database import session
from wms.returns import service as returns

BERLIN = {"country": "DE", "name": "Anna Beispiel", "city": "Berlin", "postcode": "10115", "address1": "Beispielweg 1"}
LYON = {"country": "FR", "name": "Luc Exemple", "city": "Lyon", "postcode": "69002", "address1": "1 rue de l’Exemple"}
GRAZ = {"country": "AT", "name": "Eva Muster", "city": "Graz", "postcode": "8010", "address1": "Musterplatz 3"}
BUYERS = (BERLIN, LYON, GRAZ)
# 11010519491231002X is the number that GB 11643-1999 itself gives as its example.
HANGZHOU = {
    "country": "CN", "name": "示例 收件人", "city": "杭州", "postcode": "310000", "address1": "示例路 1 号",
    "phone": "0571-12345678", "id_number": "11010519491231002X",
}  # fmt: skip

ACME_CARTONS = (
    {"MUG-450-BLUE": 48, "MUG-450-RED": 48}, {"CABLE-USBC-1M": 200, "CABLE-USBC-2M": 160}, {"LAMP-DESK-W": 24},
    {"T-SHIRT-01-M": 60, "T-SHIRT-01-L": 60}, {"SERUM-30ML": 120, "VITC-60": 96}, {"PUZZLE-1000": 30, "YOGA-MAT-6": 12},
)  # fmt: skip
RIVAL_CARTONS = ({"MUG-450-BLUE": 36, "PB-10000": 40}, {"SERUM-30ML": 72}, {"T-SHIRT-01-M": 40, "T-SHIRT-01-L": 40})
BONDED_GOODS = ({"SERUM-30ML": 240, "VITC-60": 180}, {"MUG-450-BLUE": 60})
# Orders that have left, by how many days ago.
SHIPPED = {
    8: ({"MUG-450-BLUE": 2}, {"CABLE-USBC-1M": 3, "CABLE-USBC-2M": 1}),
    6: ({"LAMP-DESK-W": 1}, {"T-SHIRT-01-M": 2, "T-SHIRT-01-L": 1}, {"VITC-60": 3}),
    5: ({"MUG-450-RED": 4},),
    4: ({"SERUM-30ML": 2, "VITC-60": 1}, {"CABLE-USBC-1M": 10}, {"PUZZLE-1000": 1}, {"YOGA-MAT-6": 1}),
    3: ({"MUG-450-BLUE": 1, "MUG-450-RED": 1}, {"T-SHIRT-01-L": 2}),
    2: ({"CABLE-USBC-2M": 5}, {"SERUM-30ML": 1}, {"LAMP-DESK-W": 1, "PUZZLE-1000": 1}),
    1: ({"MUG-450-BLUE": 6}, {"VITC-60": 2}, {"T-SHIRT-01-M": 1}, {"CABLE-USBC-1M": 2}, {"MUG-450-RED": 2}),
}


def begin(app: Flask) -> None:
    """Tell the story into a system that has the cast and no stock. A few seconds; not to be repeated."""
    now = clock.now().replace(microsecond=0)
    with app.app_context():
        acme, rival = Hands("acme@demo", "DE1"), Hands("rival@demo", "DE1")
        bonded = Hands("rival@demo", "NGB1")
        _first_goods(acme, rival, bonded, now)
        shipped = _days_behind(acme, now)
        _as_they_came(acme, now)
        _at_the_dock(acme, rival, now)
        _services(acme, now)
        _in_doubt(acme, now)
        _today(acme, rival, now)
        _in_bond(bonded, now)
        _beyond_the_paper(bonded, now)
        _come_back(acme, shipped, now)
        run_jobs("outbound", "inbound", "inventory", "printing")


def _first_goods(acme: Hands, rival: Hands, bonded: Hands, now: datetime) -> None:
    with at(now - timedelta(days=13, hours=3)):
        acme.receive("ACME-PO-1041", ACME_CARTONS, _day(now, 420), transport="sea_fcl", container_number="CSQU3054383")
    with at(now - timedelta(days=11, hours=5)):
        rival.receive("RV-2231", RIVAL_CARTONS, _day(now, 300), transport="air")
    with at(now - timedelta(days=9, hours=2)):
        bonded.receive("RV-B-118", BONDED_GOODS, _day(now, 500), transport="road")
    with at(now - timedelta(days=8, hours=6)):
        for number, lines in enumerate(BONDED_GOODS, 1):
            bonded.enter_in_book(f"QD3102{now:%y}I{number:09}", lines)
    with at(now - timedelta(days=4, hours=7)):  # a second lot, younger and nearer to its end
        acme.receive("ACME-PO-1049", ({"SERUM-30ML": 48}, {"MUG-450-BLUE": 24}), _day(now, 150), transport="express")


def _days_behind(acme: Hands, now: datetime) -> list[uuid.UUID]:
    """Orders that came and left, a wave a day."""
    shipped = []
    for days, wanted in SHIPPED.items():
        with at(now - timedelta(days=days, hours=4)):
            made = [
                acme.order(f"A-{days:02}{number:02}", lines, BUYERS[number % len(BUYERS)])
                for number, lines in enumerate(wanted, 1)
            ]
            acme.ship(made)
            acme.truck_leaves()
            shipped += made
    return shipped


def _as_they_came(acme: Hands, now: datetime) -> None:
    """A carton that nobody opened: put away closed, and ordered whole by a shop. One that was counted blind, and twice."""
    with at(now - timedelta(days=3, hours=6)):
        (carton,) = acme.arrived("ACME-PO-1050", [{"CABLE-USBC-2M": 60}])
        acme.count(carton, acme.as_announced({"CABLE-USBC-2M": 60}, _day(now, 0)))
        acme.stow_closed(carton)
        number = f"{session().get_one(Booking, carton.booking_id).number}-{carton.number}"
        order_id = acme.order("SHOP-77", {"CABLE-USBC-2M": 60}, LYON, kind="b2b", container=number)
        acme.ship_whole(order_id, carton)
    with at(now - timedelta(days=2, hours=6)):
        (carton,) = acme.arrived("ACME-PO-1052", [{"PUZZLE-1000": 10}])
        do(inbound.choose_counting, acme.supervisor, carton.booking_id, "blind")
        counted = CountDraft(acme.goods["PUZZLE-1000"].id, 10)
        for units in (9, 10):  # the first time one had been overlooked
            acme.count(carton, [replace(counted, quantity=units)])
        acme.stow(carton, [counted])


def _at_the_dock(acme: Hands, rival: Hands, now: datetime) -> None:
    """One booking with differences that its seller is to decide, one being counted, one awaited, one on its way, a draft."""
    with at(now - timedelta(days=1, hours=2)):
        _received_with_differences(acme)
    with at(now - timedelta(hours=3)):
        here = rival.book("RV-2240", ({"T-SHIRT-01-M": 24}, {"PB-10000": 20}, {"YOGA-MAT-6": 10}), transport="express")
        do(inbound.arrive_booking, rival.receiver, here.id)
        first = rival.cartons(here)[0]
        rival.count(first, rival.as_announced({"T-SHIRT-01-M": 24}, _day(now, 0)))
        coming = acme.book(
            "ACME-PO-1053", ({"MUG-450-RED": 48}, {"LAMP-DESK-W": 24}), transport="sea_lcl", expected_on=_day(now, 2)
        )
        do(inbound.make_appointment, acme.owner, coming.id, _morning(now, 2), 60)
        sailing = acme.book("ACME-PO-1056", ({"CABLE-USBC-1M": 400},), transport="sea_fcl", expected_on=_day(now, 21))
        do(inbound.mark_in_transit, acme.owner, sailing.id)
        rival.book("RV-2244", ({"MUG-450-BLUE": 60},), submitted=False)


def _received_with_differences(acme: Hands) -> None:
    booking = acme.book("ACME-PO-1051", ({"PUZZLE-1000": 20}, {"LAMP-DESK-W": 8}), transport="express")
    do(inbound.arrive_booking, acme.receiver, booking.id)
    puzzle, lamp = acme.goods["PUZZLE-1000"].id, acme.goods["LAMP-DESK-W"].id
    counted: Sequence[Sequence[CountDraft]] = (
        [CountDraft(puzzle, 18)],
        [CountDraft(lamp, 7), CountDraft(lamp, 1, condition="damaged")],
    )
    for carton, counts in zip(acme.cartons(booking), counted, strict=True):
        acme.count(carton, counts)
        acme.stow(carton, counts)


def _services(acme: Hands, now: datetime) -> None:
    """A service that is done, one that waits for its worker, one that the office is still to accept."""
    seller = next(iter(acme.owner.seller_ids or ()))

    def ask(service: str, sku: str, units: int, note: str) -> uuid.UUID:
        return do(added_services.ask, acme.owner, acme.house.id, seller, Asked(service, units, sku=sku, note=note)).id

    with at(now - timedelta(days=2, hours=3)):
        repacked = ask("REPACK", "PUZZLE-1000", 6, "Boxes dented on the way: into plain cartons, please.")
        do(added_services.accept, acme.supervisor, repacked)
    with at(now - timedelta(days=2)):
        do(working.take, acme.picker, repacked)
        do(working.report, acme.picker, repacked, Report(6))
        do(working.finish, acme.picker, repacked)
    with at(now - timedelta(hours=4)):
        ask("COUNT", "CABLE-USBC-2M", 100, "")
        ask("PHOTO", "LAMP-DESK-W", 1, "The foot of the lamp, from below.")


def _in_doubt(acme: Hands, now: datetime) -> None:
    """A lot under a quality hold, and a picker who found less than the book says."""
    with at(now - timedelta(hours=5)):
        do(holds.place_hold, acme.supervisor, acme.house.id, HoldScope.PRODUCT, str(acme.goods["YOGA-MAT-6"].id),
           "quality", next(iter(acme.owner.seller_ids or ())), note="Smell reported by a buyer; supplier asked.")  # fmt: skip
        short = acme.order("A-1001", {"T-SHIRT-01-L": 1}, BERLIN)
        acme.wave([short])
        acme.take_walk()
        do(picking.report_short, acme.picker, acme.stops(short)[0].id)
        run_jobs("outbound")


def _today(acme: Hands, rival: Hands, now: datetime) -> None:
    """Parcels at the gate, totes at the bench, a walk half done, a wave not begun, orders that wait for one."""
    with at(now - timedelta(hours=2)):
        gate = [acme.order(f"A-12{n:02}", {"MUG-450-BLUE": n}, BUYERS[n % 3]) for n in (1, 2)]
        acme.ship(gate, leave=False)
        bench = [
            acme.order("A-1211", {"CABLE-USBC-1M": 2, "MUG-450-RED": 1}, LYON),
            rival.order("R-301", {"PB-10000": 2}, GRAZ),
        ]
        acme.wave(bench)
        acme.take_walk()
        for order_id in bench:
            acme.pick(order_id)
    with at(now - timedelta(minutes=50)):
        walking = [
            acme.order("A-1221", {"LAMP-DESK-W": 1, "VITC-60": 2}, BERLIN),
            acme.order("A-1222", {"PUZZLE-1000": 2}, LYON),
        ]
        acme.wave(walking)
        acme.take_walk()
        acme.pick(walking[0], stops=1)
    with at(now - timedelta(minutes=30)):
        acme.wave([acme.order(f"A-123{n}", {"T-SHIRT-01-M": n, "CABLE-USBC-2M": 1}, BUYERS[n % 3]) for n in (1, 2, 3)])
        called_off = acme.order("A-1240", {"MUG-450-RED": 1}, GRAZ)
        do(orders.cancel_order, acme.owner, called_off, None, "buyer_cancelled")
    with at(now - timedelta(minutes=12)):
        for n, lines in enumerate(({"MUG-450-BLUE": 1}, {"VITC-60": 1, "SERUM-30ML": 1}, {"CABLE-USBC-1M": 6}), 1):
            acme.order(f"A-125{n}", lines, BUYERS[n % 3])
        rival.order("R-310", {"T-SHIRT-01-L": 1, "MUG-450-BLUE": 2}, BERLIN)
        rival.order("R-311", {"YOGA-MAT-6": 3}, LYON)  # none in the house yet: it waits for the booking at the dock


def _in_bond(bonded: Hands, now: datetime) -> None:
    """One order released and gone, one released, two that customs has, one that it refused."""
    with at(now - timedelta(days=2)):
        gone = bonded.order("TM-9001", {"SERUM-30ML": 2}, HANGZHOU)
        do(release.record_release, bonded.clerk, gone, f"CEB{now:%Y}0001")
        bonded.ship([gone])
    with at(now - timedelta(hours=4)):
        made = [bonded.order(f"TM-90{n:02}", {"SERUM-30ML": 1, "VITC-60": n % 2 + 1}, HANGZHOU) for n in range(2, 6)]
        do(release.record_release, bonded.clerk, made[0], f"CEB{now:%Y}0002")
        do(release.record_refusal, bonded.clerk, made[1], f"CEB{now:%Y}0003", "Name and ID number do not match")


def _beyond_the_paper(bonded: Hands, now: datetime) -> None:
    """More came into bond than was announced: customs has let some of it into the book, and is asked about the rest."""
    with at(now - timedelta(days=1, hours=5)):
        (carton,) = bonded.arrived("RV-B-121", [{"MUG-450-BLUE": 20}])
        bonded.count(carton, [CountDraft(bonded.goods["MUG-450-BLUE"].id, 25)])
        bonded.stow(carton, [CountDraft(bonded.goods["MUG-450-BLUE"].id, 20)])
        bonded.enter_in_book(f"QD3102{now:%y}I000000121", {"MUG-450-BLUE": 20})
    with at(now - timedelta(hours=5)):
        row = bonded.unaccounted("MUG-450-BLUE")
        entered = do(settling.declare, bonded.clerk, bonded.house.id, row.id, Settled(SettlementKind.ENTRY, 3))
        do(settling.accept, bonded.clerk, entered.id, f"QD3102{now:%y}I000000130")
        do(settling.settle, bonded.clerk, entered.id, bonded.bin_of("MUG-450-BLUE"))
        do(settling.declare, bonded.clerk, bonded.house.id, row.id, Settled(SettlementKind.DESTRUCTION, 2))


def _come_back(acme: Hands, shipped: Sequence[uuid.UUID], now: datetime) -> None:
    """A return on its way and one on the desk, waiting to be looked at."""
    with at(now - timedelta(hours=6)):
        coming = session().get_one(Order, shipped[0])
        do(returns.announce, acme.owner, {"order": coming.number, "reason": "changed_mind",
                                          "lines": [{"sku": "MUG-450-BLUE", "quantity": 1}]})  # fmt: skip
        back = session().get_one(Order, shipped[5])
        opened = do(returns.announce, acme.owner, {"order": back.number, "reason": "damaged",
                                                   "lines": [{"sku": "MUG-450-RED", "quantity": 2}]})  # fmt: skip
        do(returns.receive, acme.receiver, opened.id, acme.goods["MUG-450-RED"].id, 2)


def _day(now: datetime, days: int) -> date:
    return (now + timedelta(days=days)).date()


def _morning(now: datetime, days: int) -> datetime:
    return (now + timedelta(days=days)).replace(hour=8, minute=0, second=0)
