"""A picking cart scanned in the place of a tote means its next free tote."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from tests.floor.test_contract import receive_and_stow
from tests.floor.worker import CODES, MUG, Tablet, house_carrier, order
from wms.core.actor import SYSTEM
from wms.facility.models import HandlingUnitKind, LocationKind
from wms.facility.queries import system_location
from wms.facility.service import create_handling_unit
from wms.platform.database import session, transaction


@pytest.fixture
def cart(cast, db_session) -> str:
    """The label of a cart of two totes; the totes of C10 and C1-00, other carts, are not its."""
    place = system_location(cast.overseas.id, LocationKind.TOTE).id
    with transaction():
        units = [create_handling_unit(SYSTEM, cast.overseas.id, kind, code, place) for kind, code in (
            (HandlingUnitKind.CART, "C1"), (HandlingUnitKind.TOTE, "C1-02"), (HandlingUnitKind.TOTE, "C1-01"),
            (HandlingUnitKind.CART, "C10"), (HandlingUnitKind.TOTE, "C10-01"),
            (HandlingUnitKind.CART, "C1-00"), (HandlingUnitKind.TOTE, "C1-00-01"),
        )]  # fmt: skip
        return str(units[0].barcode)


def bound() -> list[str]:
    query = "SELECT u.code FROM outbound_order o JOIN handling_unit u ON u.id = o.tote_id ORDER BY u.code"
    return list(session().execute(text(query)).scalars())


def test_each_order_gets_the_next_tote_until_none_is_free(cast, client, cart) -> None:
    tablet = Tablet(cast.sign_in(client, cast.receiver))
    receive_and_stow(cast, tablet, {MUG: 10})
    service = house_carrier()
    for number in range(3):
        order(cast.api(client), {MUG: 1}, service, reference=f"CART-{number}")
    tablet.start("pick")
    for _ in range(2):
        tablet.scan("CMD-OK")
    for tote in ("C1-01", "C1-02"):
        assert tablet.step == "scan_tote"
        told = tablet.scan(cart)
        assert (told["code"], told["params"]) == ("tote_bound", {"tote": tote})
        tablet.scan(tablet.seen["location_barcode"])
        tablet.scan(CODES[MUG])
    assert bound() == ["C1-01", "C1-02"]
    assert tablet.scan(cart)["code"] == "cart_full"
    assert tablet.step == "scan_tote" and bound() == ["C1-01", "C1-02"]


def test_a_cart_is_no_container_for_goods(cast, client, cart) -> None:
    tablet = Tablet(cast.sign_in(client, cast.receiver))
    tablet.start("repack")
    assert tablet.scan(cart)["code"] == "scan_wrong_kind"
