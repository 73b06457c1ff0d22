"""A working day on tablets: real pages in a real browser, with a scanner that types fast."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.floor.serving import Screen, run_jobs, served
from tests.floor.worker import CABLE, CODES, MUG, announce, house_carrier, order, totes, tracking_numbers
from wms.core.barcodes import OwnCode, format_own
from wms.platform.database import session
from wms.seed import PEOPLE, badge_of

pytestmark = pytest.mark.page
ROSA, WANG = (next(person for person in PEOPLE if person.login == login) for login in ("receiver@demo", "picker@demo"))
SHOTS = os.environ.get("FLOOR_SHOTS")  # a folder: every screen is photographed there, in both orientations


@pytest.fixture
def tablet(fresh_app, page) -> Iterator[Callable[..., Screen]]:
    """Logs somebody in at the overseas warehouse's first bench."""
    page.set_viewport_size({"width": 1280, "height": 800})
    faults: list[str] = []
    page.on("pageerror", lambda fault: faults.append(str(fault)))
    label = format_own(OwnCode.STATION, "P01")
    with served(fresh_app) as address:

        def log_in(person) -> Screen:
            screen = Screen(page, address, Path(SHOTS) if SHOTS else None)
            screen.log_in(badge_of(person), person.pin, label)
            return screen

        yield log_in
    assert faults == []


def stow_everything(screen: Screen, cast, carton: str, skus) -> None:
    screen.open("putaway")
    screen.shot("putaway-1-carton")
    screen.scan(carton)
    screen.shot("putaway-2-item")
    for sku in skus:
        screen.scan(CODES[sku])
        screen.shot("putaway-3-bin")
        code = screen.page.get_attribute(".place-code", "data-code")
        screen.scan(cast.overseas.labels[code])
    assert screen.step == "scan_carton"


@pytest.mark.parametrize("person", [ROSA, WANG], ids=["en", "zh"])
def test_a_small_order_goes_from_the_dock_to_the_load(cast, fresh_app, fresh_client, tablet, person):
    with fresh_app.app_context():
        (carton,) = announce(cast, {MUG: 10, CABLE: 4})
        service = house_carrier()
    screen = tablet(person)
    screen.shot("home")
    screen.open("receive")
    screen.shot("receive-1-carton")
    screen.scan(carton)
    screen.shot("receive-2-first")
    assert screen.step == "scan_product"
    screen.scan(CODES[MUG])
    screen.shot("receive-3-one")
    screen.key_in("9", done=True)
    screen.page.wait_for_selector(".armed-ask:has-text('9')")
    screen.shot("receive-4-quantity")
    screen.scan(CODES[MUG])
    screen.scan("CMD-DAMAGE")
    screen.shot("receive-5-damaged")
    screen.scan(CODES[CABLE])
    screen.shot("receive-6-difference")
    screen.scan(cast.overseas.labels["A-01-01-1"])
    screen.shot("receive-7-refused")
    for _ in range(3):
        screen.scan(CODES[CABLE])
        screen.page.wait_for_timeout(200)
    screen.page.reload()
    assert screen.step == "scan_product"
    screen.tap("CMD-OK")
    assert screen.step == "scan_carton"
    screen.shot("receive-8-closed")
    stow_everything(screen, cast, carton, [MUG, CABLE, CABLE])
    order(cast.api(fresh_client), {MUG: 2, CABLE: 1}, service)
    screen.open("pick")
    screen.shot("pick-0-plan")
    screen.tap("CMD-OK")
    run_jobs(fresh_app)
    screen.shot("pick-1-begin")
    screen.tap("CMD-OK")
    screen.shot("pick-2-tote")
    with fresh_app.app_context():
        tote = totes(cast.overseas.id)[0]
    screen.scan(tote)
    screen.shot("pick-3-bin")
    screen.scan(cast.overseas.labels["A-02-03-2"])
    screen.shot("pick-3-wrong-bin")
    while screen.step == "scan_location":
        screen.scan(cast.overseas.labels[screen.page.get_attribute(".place-code", "data-code")])
        screen.shot("pick-4-item")
        sku = screen.page.inner_text(".item-codes > span")
        if screen.page.inner_text("[data-quantity]") == "2":
            screen.tap("CMD-SHORT")
            screen.shot("pick-5-short")
            screen.key_in("2")
        screen.scan(CODES[sku])
    assert screen.step == "begin"
    screen.shot("pick-6-done")
    screen.open("pack")
    screen.shot("pack-1-tote")
    screen.scan(tote)
    screen.shot("pack-2-items")
    for sku in (MUG, CABLE, MUG):
        screen.scan(CODES[sku])
        screen.page.wait_for_timeout(200)
    screen.shot("pack-3-weigh")
    assert screen.step == "weigh"
    low = screen.page.inner_text(".scale-ask .scale-value").split("–")[0]
    screen.key_in("99")
    screen._answered(lambda: screen.page.click("[data-key=done]"))
    screen.shot("pack-3-weight-off")
    screen.key_in(low)
    screen._answered(lambda: screen.page.click("[data-key=done]"))
    screen.shot("pack-4-label")
    with fresh_app.app_context():
        number = tracking_numbers()[0]
    with screen.page.context.expect_page() as opened:
        screen.page.click("form[action*='/print'] button")
    opened.value.close()
    screen.page.wait_for_selector("form[action$='/lost']")
    screen.shot("pack-5-sent")
    screen.scan(number)
    assert screen.step == "scan_tote"
    screen.open("handover")
    screen.shot("handover-1")
    screen.scan(number)
    screen.shot("handover-2")
    for kind in ("move", "return", "putback"):
        screen.open(kind)
        screen.shot(f"{kind}-1")
    if SHOTS:
        screen.open("move")
        with fresh_app.app_context():
            code = (
                session()
                .execute(
                    text(
                        "SELECT l.barcode FROM balance b JOIN location l ON l.id=b.location_id WHERE b.on_hand>0 AND l.kind='storage' LIMIT 1"
                    )
                )
                .scalar_one()
            )
        screen.scan(code)
        screen.shot("move-2")
        for sku in (MUG, CABLE):
            screen.scan(CODES[sku])
            if screen.step == "scan_target":
                break
        screen.shot("move-3")
        screen.open("return")
        screen.scan(number)
        screen.shot("return-2")
        screen.scan(CODES[MUG])
        screen.shot("return-3")
    screen.page.goto(f"{screen.address}/floor/")
    screen.shot("home-later")
    screen.page.click(".floor-menu-button")
    screen.shot("home-menu")
