"""A working day on tablets: real pages in a real browser, with a scanner that types fast."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text

from tests.floor.serving import WEDGE, Screen, run_jobs, served
from tests.floor.worker import CABLE, CODES, MUG, announce, house_carrier, order, totes, tracking_numbers
from wms.core.barcodes import OwnCode, format_own
from wms.platform.database import session
from wms.seed import PEOPLE, badge_of

pytestmark = pytest.mark.page
ROSA, WANG = (next(person for person in PEOPLE if person.login == login) for login in ("receiver@demo", "picker@demo"))
SHOTS = os.environ.get(
    "FLOOR_SHOTS"
)  # a folder: every screen is photographed there, in both languages and orientations
WALKERS = [ROSA, WANG] if SHOTS else [ROSA]


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


def stow(screen: Screen, cast, carton: str, skus) -> None:
    screen.open("putaway")
    screen.shot("putaway-1-carton")
    screen.scan(carton)
    screen.shot("putaway-2-item")
    for sku in skus:
        screen.scan(CODES[sku])
        screen.shot("putaway-3-bin")
        screen.scan(cast.overseas.labels[screen.place])
    assert screen.step == "scan_carton"


@pytest.mark.parametrize("person", WALKERS, ids=lambda person: person.language)
def test_a_small_order_goes_from_the_dock_to_the_load(cast, fresh_app, fresh_client, tablet, person):
    with fresh_app.app_context():
        (carton,) = announce(cast, {MUG: 10, CABLE: 4})
        service = house_carrier()
    screen = tablet(person)
    screen.shot("home")
    receive(screen, cast, carton)
    stow(screen, cast, carton, [MUG, CABLE, CABLE])
    order(cast.api(fresh_client), {MUG: 2, CABLE: 1}, service)
    with fresh_app.app_context():
        tote = totes(cast.overseas.id)[0]
    pick(screen, cast, fresh_app, tote)
    with fresh_app.app_context():
        number = tracking_numbers()[0]
    pack(screen, tote, number)
    screen.open("handover")
    screen.shot("handover-1")
    screen.scan(number)
    assert screen.page.inner_text("[data-quantity] >> nth=0") == "1"
    screen.shot("handover-2")
    if SHOTS:
        others(screen, fresh_app, number)


def receive(screen: Screen, cast, carton: str) -> None:
    """Ten mugs, and of four cables one damaged; a bin scanned by mistake; a reload in the middle."""
    screen.open("receive")
    screen.shot("receive-1-carton")
    screen.scan(carton)
    assert screen.step == "scan_product"
    screen.shot("receive-2-first")
    screen.scan(CODES[MUG])
    screen.shot("receive-3-one")
    screen.key_in("9", done=True)
    screen.shot("receive-4-quantity")
    screen.scan(CODES[MUG])
    screen.tap("CMD-DAMAGE")
    screen.shot("receive-5-damaged")
    screen.scan(CODES[CABLE])
    screen.shot("receive-6-difference")
    screen.scan(cast.overseas.labels["A-01-01-1"])
    assert screen.page.get_attribute("#floor-band .band", "data-tone") == "error"
    screen.shot("receive-7-refused")
    screen.page.reload()
    assert (screen.step, screen.page.inner_text(".figure >> nth=0 >> b")) == ("scan_product", "1")
    screen.key_in("3", done=True)
    screen.scan(CODES[CABLE])
    screen.tap("CMD-OK")
    assert screen.step == "scan_carton"
    screen.shot("receive-8-closed")


def pick(screen: Screen, cast, app: Flask, tote: str) -> None:
    screen.open("pick")
    screen.shot("pick-0-plan")
    screen.tap("CMD-OK")
    run_jobs(app)
    screen.shot("pick-1-begin")
    screen.tap("CMD-OK")
    screen.shot("pick-2-tote")
    screen.scan(tote)
    screen.shot("pick-3-bin")
    screen.scan(cast.overseas.labels["A-02-03-2"])
    screen.shot("pick-3-wrong-bin")
    while screen.step == "scan_location":
        screen.scan(cast.overseas.labels[screen.place])
        screen.shot("pick-4-item")
        sku = screen.page.inner_text(".item-codes > span >> nth=0")
        if screen.page.inner_text("[data-quantity]") == "2":
            screen.tap("CMD-SHORT")
            screen.shot("pick-5-short")
            screen.key_in("2")
        screen.scan(CODES[sku])
    assert screen.step == "begin"
    screen.shot("pick-6-done")


def pack(screen: Screen, tote: str, number: str) -> None:
    """A wrong weight is refused; the label is printed at the bench and scanned back."""
    screen.open("pack")
    screen.shot("pack-1-tote")
    screen.scan(tote)
    screen.shot("pack-2-items")
    for sku in (MUG, CABLE, MUG):
        screen.scan(CODES[sku])
    assert screen.step == "weigh"
    screen.shot("pack-3-weigh")
    low = screen.page.inner_text(".scale-ask .scale-value").split("–")[0]
    screen.key_in("99", done=True)
    assert screen.step == "weigh"
    screen.shot("pack-3-weight-off")
    screen.key_in(low, done=True)
    screen.shot("pack-4-label")
    with screen.page.context.expect_page() as opened:
        screen.page.click("form[action*='/print'] button")
    opened.value.close()
    screen.page.wait_for_selector("form[action$='/lost']")
    screen.shot("pack-5-sent")
    screen.scan(number)
    assert screen.step == "scan_tote"


def others(screen: Screen, app: Flask, number: str) -> None:
    """Pictures of the screens that the small order does not come by."""
    with app.app_context():
        held = text(
            "SELECT l.barcode, p.sku FROM balance b JOIN location l ON l.id = b.location_id"
            " JOIN product p ON p.id = b.product_id WHERE b.on_hand > 0 AND l.kind = 'storage' LIMIT 1"
        )
        label, sku = session().execute(held).one()
    screen.open("putback")
    screen.shot("putback-1")
    screen.open("move")
    screen.shot("move-1")
    screen.scan(label)
    screen.shot("move-2")
    screen.scan(CODES[sku])
    screen.shot("move-3")
    screen.open("return")
    screen.shot("return-1")
    screen.scan(number)
    screen.shot("return-2")
    screen.scan(CODES[MUG])
    screen.shot("return-3")
    screen.page.goto(f"{screen.address}/floor/")
    screen.shot("home-later")
    screen.page.click(".floor-menu-button")
    screen.shot("home-menu")


def test_the_screen_speaks_its_workers_language_and_changes_it_at_the_same_step(cast, fresh_app, tablet):
    with fresh_app.app_context():
        (carton,) = announce(cast, {MUG: 10})
    screen = tablet(WANG)
    screen.open("receive")
    assert screen.page.inner_text(".armed-ask") == "扫箱唛"
    assert screen.scan(carton) == "第 1 箱，共 1 箱。"
    assert screen.page.inner_text(".item-name") == "旅行杯 450毫升 蓝色"
    assert screen.scan(cast.overseas.labels["A-01-01-1"]) == "这是库位码。"
    assert screen.page.inner_text(".band-detail") == "请扫商品条码。"
    screen.page.click(".floor-menu-button")
    screen.page.click("#worker-menu button[value='en']")
    screen.page.wait_for_selector("html[lang=en]")
    assert screen.step == "scan_product"
    assert screen.page.inner_text(".item-name") == "Travel mug 450 ml, blue"


def test_a_second_tablet_that_saw_an_older_step_is_shown_the_present_one(cast, fresh_app, tablet):
    with fresh_app.app_context():
        (carton,) = announce(cast, {MUG: 10})
    screen = tablet(ROSA)
    screen.open("receive")
    other = Screen(screen.page.context.new_page(), screen.address)
    other.page.goto(screen.page.url)
    screen.scan(carton)
    assert (screen.step, other.step) == ("scan_product", "scan_carton")
    with other.page.expect_response("**/floor/v1/scans") as answer:
        other.page.evaluate(WEDGE, carton)
    assert answer.value.status == 409
    other.page.wait_for_selector("[data-screen][data-state=scan_product]")
    other.page.wait_for_selector("#floor-band .band")
    assert other.band == "Already moved on. Showing the next step."


@pytest.mark.parametrize("clock_ms", [0, 4_102_444_800_000], ids=["1970", "2100"])
def test_a_tablet_whose_clock_is_decades_off_works_like_any_other(cast, fresh_app, page, tablet, clock_ms):
    """Its battery ran flat: the page tells it the time that its scans' ids are made from."""
    with fresh_app.app_context():
        (carton,) = announce(cast, {MUG: 10})
    page.add_init_script(f"Date.now = () => {clock_ms}")
    screen = tablet(ROSA)
    screen.open("receive")
    screen.scan(carton)
    assert screen.step == "scan_product"
    screen.scan(CODES[MUG])
    with fresh_app.app_context():
        assert session().execute(text("SELECT sum(on_hand) FROM balance")).scalar() == 1


def test_a_number_typed_before_a_scan_counts_without_a_key_to_set_it(cast, fresh_app, tablet):
    """`Type how many and scan one`, says the screen: five are five."""
    with fresh_app.app_context():
        (carton,) = announce(cast, {MUG: 10})
    screen = tablet(ROSA)
    screen.open("receive")
    screen.scan(carton)
    screen.key_in("5")
    screen.scan(CODES[MUG])
    assert screen.page.inner_text(".figure >> nth=0 >> b") == "5"
    screen.scan(CODES[MUG])
    assert screen.page.inner_text(".figure >> nth=0 >> b") == "6"


@pytest.mark.parametrize("person", WALKERS, ids=lambda person: person.language)
def test_a_whole_carton_is_counted_stowed_and_taken_back_by_tapping_what_the_screen_offers(
    cast, fresh_app, tablet, person
):
    with fresh_app.app_context():
        (carton,) = announce(cast, {MUG: 10, CABLE: 4})
        tote = totes(cast.overseas.id)[0]
    screen = tablet(person)
    screen.open("receive")
    screen.scan(carton)
    screen.shot("whole-1-receive")
    screen.tap("CMD-FULL")
    screen.shot("whole-2-counted")
    assert screen.page.locator("[data-screen] [data-command='CMD-FULL']").count() == 0
    screen.tap("CMD-OK")
    screen.open("putaway")
    screen.scan(carton)
    screen.shot("whole-3-putaway")
    screen.scan(cast.overseas.labels["A-01-01-1"])
    assert screen.step == "scan_carton"
    screen.shot("whole-4-stowed")
    screen.undo()
    assert (screen.step, screen.page.locator(".item-line").count()) == ("scan_product", 2)
    screen.open("move")
    screen.shot("whole-5-move")
    screen.scan(tote)
    screen.shot("whole-6-tote")
    screen.scan(cast.overseas.labels["PACK"])
    assert screen.step == "scan_location"
