"""A seller's rule about which goods leave first, wherever stock is chosen; the chosen bin says which rule decided."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update
from werkzeug.test import TestResponse

from tests.cast import Cast
from tests.outbound.stage import BIN1, BIN2, BIN3, MUG, SERUM, Stage, in_days
from wms.catalog import service as catalog
from wms.catalog.models import Product
from wms.core.ids import new_id
from wms.core.rotation import Rotation, due
from wms.facility.models import Location
from wms.identity import service as identity
from wms.identity.models import Seller
from wms.identity.queries import allocation_rules
from wms.inventory.expiry import lot_lines
from wms.inventory.models import Balance, Lot
from wms.inventory.pins import Pin, pinned_rows
from wms.inventory.queries import Scope, stock_lines
from wms.inventory.replenishment import faces, planning, queries
from wms.inventory.replenishment import service as replenishment
from wms.inventory.rules import Stock
from wms.inventory.sellable import expire
from wms.outbound.carts import Selection
from wms.outbound.service import lots, picking, reading
from wms.platform.database import session

# bin → batch, days to expiry, days here. Every rule has its own first.
ROWS = {BIN1: ("SOON", 200, 1), BIN2: ("OLD", 300, 40), BIN3: ("LONG", 400, 10)}
FIRST = {"fefo": (BIN1, "expires_first"), "fifo": (BIN2, "oldest_asked"), "lefo": (BIN3, "keeps_longest")}
IN_ORDER = {"fefo": [BIN1, BIN2, BIN3], "fifo": [BIN2, BIN3, BIN1], "lefo": [BIN3, BIN2, BIN1]}
RULES = sorted(FIRST)


def agree(stage: Stage, rotation: str, days: int = 0) -> None:
    seller = session().get_one(Seller, stage.cast.ACME.id)
    if (seller.rotation, seller.least_shelf_days) != (rotation, days):
        stage.do(identity.agree_on_allocation, stage.cast.admin, seller.id, Rotation(rotation), days, "their buyers")


def stocked(stage: Stage, units: int = 4) -> dict[str, Stock]:
    return {
        place: stage.stock(SERUM, units, place, batch=batch, expires_on=in_days(left), days_old=here)
        for place, (batch, left, here) in ROWS.items()
    }


def places(stage: Stage, tasks: list[Any]) -> list[tuple[str, str | None]]:
    named = {key: code for code, key in stage.cast.overseas.locations.items()}
    return [(named[task.location_id], task.why) for task in tasks]


@pytest.mark.parametrize("rule", RULES)
def test_a_wave_takes_what_the_rule_says_and_says_so(stage: Stage, rule: str) -> None:
    """The plan that is looked at before, the release, and the order that loses its bin and finds the next."""
    agree(stage, rule)
    rows = stocked(stage)
    order = stage.order({SERUM: 4})
    seen = reading.plan(reading.read(stage.cast.supervisor, stage.cast.overseas.id, Selection()))
    assert places(stage, list(seen.stops)) == [FIRST[rule]]
    stage.wave(order)
    (task,) = stage.tasks(order)
    assert places(stage, [task]) == [FIRST[rule]]
    stage.take()
    stage.tote(order)
    stage.do(picking.pick, stage.cast.picker, task.id, 1)
    stage.do(picking.report_short, stage.cast.picker, task.id)
    stage.jobs()
    second = [each for each in stage.tasks(order) if each.id != task.id]
    assert [place for place, _why in places(stage, second)] == [IN_ORDER[rule][1]]
    assert stage.amounts(rows[IN_ORDER[rule][1]]) == (4, 3)
    stage.pick_all(order)
    assert stage.state(order) == "picked"


def test_a_product_may_say_otherwise_than_its_seller(stage: Stage) -> None:
    agree(stage, "fifo")
    product = session().get_one(Product, stage.cast.ACME.products[SERUM])
    stage.do(catalog.edit_product, stage.cast.acme, product.id, {"rotation": "lefo"}, product.version)
    stocked(stage)
    stage.stock(MUG, 4, BIN1)
    stage.stock(MUG, 4, BIN3, days_old=9)
    order = stage.order({SERUM: 1, MUG: 1})
    stage.wave(order)
    assert sorted(places(stage, stage.tasks(order))) == [(BIN3, "keeps_longest"), (BIN3, "oldest_asked")]


@pytest.mark.parametrize("rule", RULES)
def test_a_pick_face_is_filled_with_what_goes_next_and_passed_by_where_it_does_not(stage: Stage, rule: str) -> None:
    agree(stage, rule)
    house, product = stage.cast.overseas, stage.cast.ACME.products[SERUM]
    first, second, third = IN_ORDER[rule]
    face = house.locations[second]
    with_kind = update(Location).where(Location.id == face).values(kind="pick_face")
    stage.do(lambda: session().execute(with_kind))
    stage.do(faces.set_face, stage.cast.supervisor, face, product, 2, 5)
    rows = stocked(stage, 2)
    order = stage.order({SERUM: 5})
    stage.wave(order)
    assert {place: stage.amounts(row) for place, row in rows.items()} == {first: (2, 2), second: (2, 2), third: (2, 1)}
    batch, left, here = ROWS[first]
    more = stage.stock(SERUM, 3, first, batch=f"{batch}-2", expires_on=in_days(left), days_old=here)
    assert planned_from(stage) == [first]  # not what is left of the last
    task = stage.do(replenishment.take_next, stage.cast.receiver, house.id)
    assert stage.amounts(more) == (3, 3)
    stage.do(replenishment.bring, stage.cast.receiver, task.id, 3, face)
    assert stage.amounts(replace(more, location_id=face)) == (3, 0)


def planned_from(stage: Stage) -> list[str]:
    """The bins that walks to faces begin at, in the order they were planned."""
    stage.do(planning.plan, stage.cast.overseas.id)
    return [row.source for row in queries.listed(stage.cast.overseas.id)]


@pytest.mark.parametrize(
    ("rule", "batch", "code"),
    [
        ("fefo", "SAME", None), ("fefo", "LATER", "lot_later"), ("fefo", "SOONER", None),
        ("fifo", "LATER", "lot_newer"), ("fifo", "SOONER", "lot_newer"), ("fifo", "SAME", "lot_newer"),
        ("lefo", "SOONER", "lot_sooner"), ("lefo", "LATER", None), ("lefo", "SAME", None),
    ],
)  # fmt: skip
def test_another_batch_in_the_hand_is_taken_unless_the_rule_forbids_it(
    stage: Stage, rule: str, batch: str, code: str | None
) -> None:
    agree(stage, rule)
    stage.stock(SERUM, 4, batch="CHOSEN", expires_on=in_days(300), days_old=20)
    order = stage.order({SERUM: 2})
    stage.wave(order)
    stage.take()
    stage.tote(order)
    (task,) = stage.tasks(order)
    left = {"SAME": 300, "LATER": 400, "SOONER": 200}[batch]
    other = stage.stock(SERUM, 4, batch=batch, expires_on=in_days(left), days_old=5)
    if code is None:
        assert stage.do(lots.change, stage.cast.picker, task.id, batch).units == 2
        assert stage.amounts(other) == (4, 2)
    else:
        assert stage.refused(lots.change, stage.cast.picker, task.id, batch).code == code


def test_age_and_expiry_decide_between_batches_of_one_day(stage: Stage) -> None:
    agree(stage, "fifo")
    stage.stock(SERUM, 2, batch="CHOSEN", expires_on=in_days(300), days_old=5)
    order = stage.order({SERUM: 2})
    stage.wave(order)
    stage.take()
    stage.tote(order)
    (task,) = stage.tasks(order)
    stage.stock(SERUM, 2, batch="LATER", expires_on=in_days(400), days_old=5)
    stage.stock(SERUM, 2, batch="SOONER", expires_on=in_days(200), days_old=5)
    assert stage.refused(lots.change, stage.cast.picker, task.id, "LATER").code == "lot_later"
    assert stage.do(lots.change, stage.cast.picker, task.id, "SOONER").units == 2


@pytest.mark.parametrize("rule", RULES)
def test_statements_sort_as_the_rule_does(stage: Stage, rule: str) -> None:
    """Reserve and pinned rows of every pair of expiry and arrival, against the key in Python."""
    agree(stage, rule)
    house, owner, product = stage.cast.overseas, stage.cast.ACME.id, stage.cast.ACME.products[SERUM]
    keys = {}
    for turn, (left, here) in enumerate([(300, 1), (200, 1), (300, 9), (200, 9), (400, 5), (100, 5)]):
        row = stage.stock(SERUM, 1, BIN1, batch=f"B{turn}", expires_on=in_days(left), days_old=here)
        keys[row.lot_id] = due(Rotation(rule), in_days(left), in_days(-here))
    wanted = sorted(keys, key=lambda lot: keys[lot])
    assert [row.lot_id for row in queries.reserves(house.id, product)] == wanted
    by_row = {row.id: row.lot_id for row in session().query(Balance).filter_by(product_id=product)}

    def pinned(pin: Pin) -> list[Any]:
        return [by_row[row.balance_id] for row in pinned_rows(pin, house.id, owner, product, bonded=False)]

    assert pinned(Pin()) == wanted
    # What goes back to the seller, or is destroyed, is not to be what keeps longest.
    expiries = [session().get_one(Lot, lot).expires_on for lot in pinned(Pin(expired=True))]
    assert expiries == sorted(expiries)


# How long goods have to keep


def test_goods_that_do_not_keep_long_enough_are_neither_promised_nor_taken(stage: Stage) -> None:
    """What is promised is what allocation gives, to the day; and orders that had them find others or wait."""
    rows = stocked(stage)  # 200, 300, 400 days
    order = stage.order({SERUM: 3})
    stage.wave(order)
    assert stage.amounts(rows[BIN1]) == (4, 3)
    agree(stage, "fefo", 250)
    assert stage.do(expire) == 1
    stage.jobs()
    assert stage.amounts(rows[BIN1]) == (4, 0)
    assert stage.free(SERUM)[0] == 8
    assert stage.state(stage.order({SERUM: 6})) == "short"
    all_there_is = stage.order({SERUM: 5})
    stage.wave(all_there_is)
    assert sum(stage.amounts(row)[1] for row in rows.values()) == 8
    assert stage.amounts(rows[BIN1]) == (4, 0)
    (line,) = stock_lines(Scope.of(stage.cast.acme), sku=SERUM)[0]
    assert (line.unqualified, line.available + line.outbound) == (4, 8)
    lasting = {each.batch: each.days_left for each in lot_lines(Scope.of(stage.cast.acme), sku=SERUM)[0]}
    assert lasting == {"SOON": -50, "OLD": 50, "LONG": 150}


def test_new_stock_is_judged_by_what_was_agreed_and_by_what_its_product_asks(stage: Stage) -> None:
    agree(stage, "fefo", 100)
    product = session().get_one(Product, stage.cast.ACME.products[SERUM])
    for left, sells in ((99, 0), (100, 2)):
        stage.stock(SERUM, 2, BIN1, batch=f"B{left}", expires_on=in_days(left))
        assert stage.free(SERUM)[0] == sells
    stage.do(catalog.edit_product, stage.cast.acme, product.id, {"outbound_days": 101}, product.version)
    assert (stage.do(expire), stage.free(SERUM)[0]) == (1, 0)
    agree(stage, "fefo", 0)
    assert (stage.do(expire), stage.free(SERUM)[0]) == (0, 0)  # the product's own days are more


# Agreeing


def test_a_rule_is_agreed_by_the_office_only_and_every_change_is_kept(stage: Stage) -> None:
    seller, agreed = stage.cast.ACME.id, identity.agree_on_allocation
    for who in (stage.cast.acme, stage.cast.supervisor):
        assert stage.refused(agreed, who, seller, Rotation.FIFO, 0, "me").kind.value == "not_found"
    assert (
        stage.refused(agreed, stage.cast.admin, stage.cast.overseas.id, Rotation.FIFO, 0, "?").kind.value == "not_found"
    )
    assert stage.refused(agreed, stage.cast.admin, seller, Rotation.FEFO, 0, "as it is").code == "rule_is_so"
    stage.do(agreed, stage.cast.admin, seller, Rotation.FIFO, 0, "returns come back older")
    stage.do(agreed, stage.cast.admin, seller, Rotation.LEFO, 30, "a chain of chemists")
    rows = allocation_rules(seller)
    assert [tuple(row)[:3] for row in rows] == [
        ("lefo", 30, "a chain of chemists"),
        ("fifo", 0, "returns come back older"),
    ]
    assert {row.by for row in rows} == {stage.cast.admin.name}
    rival = session().get_one(Seller, stage.cast.RIVAL.id)
    assert (rival.rotation, rival.least_shelf_days) == ("fefo", 0)


def test_the_office_agrees_on_its_page_and_the_seller_reads_it(cast: Cast, client: FlaskClient) -> None:
    office = cast.sign_in(client, cast.admin)
    page = f"/sellers/{cast.ACME.id}"

    def press(**fields: str) -> TestResponse:
        return office.post(f"{page}/allocation", data={"command_id": str(new_id()), **fields})

    refused = press(rotation="fifo", least_shelf_days="45", reason="")
    assert refused.status_code == 422
    assert 'value="45"' in refused.text
    for wrong in ({"rotation": "newest"}, {"least_shelf_days": "-1"}, {"least_shelf_days": "many"}):
        assert press(**({"rotation": "fifo", "reason": "x"} | wrong)).status_code == 422
    assert press(rotation="fifo", least_shelf_days="45", reason="Asked by <b>mail</b>").status_code == 302
    shown = office.get(page).text
    assert "Asked by &lt;b&gt;mail&lt;/b&gt;" in shown
    assert 'value="fifo" checked' in shown
    assert press(rotation="fifo", least_shelf_days="45", reason="again").status_code == 422
    seller = cast.sign_in(client, cast.acme_person)
    terms = seller.get("/portal/orders/terms").text
    assert "Oldest arrival first" in terms
    assert ">45<" in terms
    assert seller.get(page).status_code in (403, 404)
    (me,) = cast.api(client, "ACME").get("/api/v1/me").get_json()["sellers"]
    assert (me["rotation"], me["least_shelf_days"]) == ("fifo", 45)


def test_a_product_is_created_and_shown_with_its_own_rule(cast: Cast, client: FlaskClient) -> None:
    api = cast.api(client, "ACME")
    body = {"sku": "TONIC-1", "name_en": "Tonic", "name_zh": "爽肤水", "declared_weight_g": 90, "declared_length_mm": 40,
            "declared_width_mm": 40, "declared_height_mm": 120, "expiry_controlled": True}  # fmt: skip
    made = api.post("/api/v1/products", body | {"rotation": "lefo"})
    assert made.status_code == 201
    address = f"/api/v1/products/{made.get_json()['id']}"
    assert api.get(address).get_json()["rotation"] == "lefo"
    assert api.post("/api/v1/products", body | {"sku": "TONIC-2", "rotation": "newest"}).status_code == 422
    seller = cast.sign_in(client, cast.acme_person)
    assert "Latest expiry first" in seller.get(f"/portal/products/{made.get_json()['id']}").text
    assert 'name="rotation"' in seller.get("/portal/products/new").text
