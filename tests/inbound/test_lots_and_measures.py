"""Days on the goods, what one scan tells, packs of every level, and what the scale says against the declaration."""

from __future__ import annotations

import uuid
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from tests.inbound.dock import MUG, deliver, line, product, service
from tests.inbound.test_differences import fields, refused
from wms.catalog import service as catalog
from wms.catalog.queries import meanings_of
from wms.catalog.rules import Code
from wms.core import clock
from wms.floor.resolver import Kind, Scope, resolve
from wms.inbound import queries
from wms.inbound.rules import Measure, Terms, deviates, far_off
from wms.inventory.models import Lot
from wms.platform.database import commit, session

TODAY = clock.today("Europe/Berlin")


def day(days: int) -> date:
    return TODAY + timedelta(days=days)


@pytest.fixture
def cream(cast, db_session) -> uuid.UUID:
    return product(cast.acme, "CREAM-50", lot_controlled=True, expiry_controlled=True)


@pytest.fixture
def carton(cast, cream) -> uuid.UUID:
    return deliver(cast.acme, cast.receiver, {"CREAM-50": 100}).carton


def count(cast, carton, cream, **given: Any):
    return service.count(cast.receiver, carton, cream, 5, **{"batch": "B1", "expires_on": day(400), **given})


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ({"made_on": day(1)}, {"/made_on": "made_in_future"}),
        ({"made_on": day(-10), "expires_on": day(-10)}, {"/expires_on": "expiry_before_made"}),
        ({"made_on": day(-10), "expires_on": day(-11)}, {"/expires_on": "expiry_before_made"}),
        ({"made_on": date(1999, 12, 31)}, {"/made_on": "date_insane"}),
        ({"expires_on": date(3000, 1, 1)}, {"/expires_on": "date_insane"}),
        (
            {"made_on": day(2), "expires_on": day(1)},
            {"/made_on": "made_in_future", "/expires_on": "expiry_before_made"},
        ),
    ],
)
def test_days_that_no_goods_have(cast, carton, cream, given, wrong):
    assert fields(refused(count, cast, carton, cream, **given)) == wrong
    assert line(carton, cream)[1:3] == (0, 0)


def test_a_batch_learns_its_day_once(cast, carton, cream):
    count(cast, carton, cream)
    count(cast, carton, cream, made_on=day(-30))
    count(cast, carton, cream, made_on=day(-30))
    refusal = refused(count, cast, carton, cream, made_on=day(-31))
    assert (refusal.code, refusal.params["known"]) == ("lot_made_otherwise", day(-30).isoformat())
    assert session().scalars(select(Lot.made_on).where(Lot.product_id == cream)).all() == [day(-30)]
    assert line(carton, cream)[1] == 15


@pytest.mark.parametrize(("left", "good"), [(179, False), (180, True), (0, False), (-5, False)])
def test_goods_keep_as_long_as_the_terms_ask(cast, carton, cream, left, good):
    service.set_terms(cast.supervisor, cast.ACME.id, Terms(min_shelf_days=180))
    if good:
        count(cast, carton, cream, expires_on=day(left))
    else:
        refusal = refused(count, cast, carton, cream, expires_on=day(left))
        assert (refusal.code, refusal.params, refusal.next_step) == (
            "shelf_life_short", {"sku": "CREAM-50", "left": left, "wanted": 180}, "count_as_damaged"
        )  # fmt: skip
        count(cast, carton, cream, expires_on=day(left), condition="damaged")
    assert line(carton, cream)[1:3] == ((5, 0) if good else (0, 5))


def test_without_terms_any_day_will_do(cast, carton, cream):
    count(cast, carton, cream, expires_on=day(1))
    assert line(carton, cream)[1] == 5


@pytest.mark.parametrize("days", [-1, 3651])
def test_shelf_days_have_bounds(cast, db_session, days):
    terms = Terms(min_shelf_days=days)
    assert "/min_shelf_days" in fields(refused(service.set_terms, cast.supervisor, cast.ACME.id, terms))


@pytest.fixture
def codes(cast, cream) -> None:
    for code in (Code("04006381333931"), Code("14006381333938", quantity=24), Code("INNER-6", quantity=6, level="inner"),
                 Code("PALLET-96", quantity=96, level="pallet")):  # fmt: skip
        catalog.add_barcode(cast.acme, cream, code)
    commit()


def test_one_scan_tells_lot_days_and_quantity(cast, cream, codes):
    scope = Scope(cast.overseas.id, cast.ACME.id)
    found = resolve("(01)04006381333931(10)LOT-7(11)260101(17)271231(30)12", scope, [Kind.PRODUCT])
    assert (found.id, found.batch, found.pack, found.level) == (cream, "LOT-7", 12, "each")
    assert (found.made_on, found.expires_on) == (date(2026, 1, 1), date(2027, 12, 31))
    cases = resolve("(02)14006381333938(37)4(10)LOT-7(17)271231", scope, [Kind.PRODUCT])
    assert (cases.pack, cases.level) == (96, "case")  # four cases of 24


@pytest.mark.parametrize(
    ("code", "quantity", "level"),
    [("4006381333931", 1, "each"), ("INNER-6", 6, "inner"), ("14006381333938", 24, "case"), ("PALLET-96", 96, "pallet"),
     ("CREAM-50", 1, "each")],
)  # fmt: skip
def test_a_code_says_what_bears_it(cast, codes, code, quantity, level):
    (found,) = meanings_of(code, [cast.ACME.id])
    assert (found.quantity, found.level) == (quantity, level)


@pytest.mark.parametrize(("quantity", "level"), [(24, "each"), (1, "case"), (1, "inner"), (1, "pallet")])
def test_a_level_fits_its_quantity(cast, cream, quantity, level):
    assert list(fields(refused(catalog.add_barcode, cast.acme, cream, Code("X-1", quantity=quantity, level=level))).values()
                ) == ["level_quantity"]  # fmt: skip


DECLARED = Measure(1000, 300, 200, 100)


@pytest.mark.parametrize(
    ("measured", "told"),
    [
        (Measure(1000, 300, 200, 100), False), (Measure(1050, 300, 200, 100), False), (Measure(1051, 300, 200, 100), True),
        (Measure(949, 300, 200, 100), True), (Measure(1000, 100, 300, 200), False), (Measure(1000, 315, 210, 110), False),
        (Measure(1000, 316, 200, 100), True), (Measure(1000, 300, 200, 111), True), (Measure(1000, 300, 189, 100), True),
    ],
)  # fmt: skip
def test_what_is_told(measured, told):
    assert deviates(DECLARED, measured) is told


def test_the_first_receipt_measures_and_the_declared_stays(cast, client, db_session):
    mug = cast.ACME.products[MUG]
    found = deliver(cast.acme, cast.receiver, {MUG: 10})
    declared = db_session.execute(text("SELECT declared_weight_g FROM product WHERE id = :p"), {"p": mug}).scalar()
    row = service.measure_product(cast.receiver, found.carton, mug, Measure(declared + 500, 900, 10, 10), twice=True)
    assert row.deviates
    sizes = text("SELECT declared_weight_g, measured_weight_g FROM product WHERE id = :p")
    assert db_session.execute(sizes, {"p": mug}).one() == (declared, declared + 500)
    (shown,) = queries.measurements_page(cast.acme)
    assert (shown["sku"], shown["weight_g"], shown["declared_weight_g"]) == (MUG, declared + 500, declared)
    assert queries.measurements_page(cast.rival) == []
    told = cast.api(client, "ACME").get("/api/v1/measurements").json["data"]
    assert [each["weight_g"] for each in told] == [declared + 500]
    event = text("SELECT count(*) FROM event WHERE name = 'product.measured_otherwise' AND subject_id = :p")
    assert db_session.execute(event, {"p": mug}).scalar() == 1


@pytest.mark.parametrize(
    ("measured", "far"),
    [
        (Measure(1200, 360, 240, 120), []), (Measure(800, 200, 240, 100), []), (Measure(1201, 300, 200, 100), ["weight_g"]),
        (Measure(100, 300, 200, 100), ["weight_g"]), (Measure(1000, 300, 241, 100), ["length_mm"]),
        (Measure(10_000, 3_000, 200, 100), ["weight_g", "length_mm"]),
    ],
)  # fmt: skip
def test_what_is_so_far_off_that_it_is_measured_twice(measured, far):
    assert far_off(DECLARED, measured) == far
    assert (
        far_off(Measure(30, 1, 1, 1), Measure(80, 300, 200, 100)) == []
    )  # light goods, and sides that nobody declared


def test_a_slip_of_the_hand_is_not_taken_for_a_measure(cast, db_session):
    """A nought too many would have every later parcel of it refused at the scale."""
    mug = cast.ACME.products[MUG]
    found = deliver(cast.acme, cast.receiver, {MUG: 10})
    sides = ("declared_length_mm", "declared_width_mm", "declared_height_mm")
    declared = db_session.execute(text(f"SELECT {', '.join(sides)} FROM product WHERE id = :p"), {"p": mug}).one()
    slip = Measure(3200, *declared)
    refusal = refused(service.measure_product, cast.receiver, found.carton, mug, slip)
    assert [(each["pointer"], each["code"]) for each in refusal.errors] == [("/weight_g", "measure_far")]
    sizes = text("SELECT measured_weight_g FROM product WHERE id = :p")
    assert db_session.execute(sizes, {"p": mug}).scalar() is None
    assert service.measure_product(cast.receiver, found.carton, mug, slip, twice=True).deviates


@pytest.mark.parametrize("wrong", ["weight_g", "length_mm", "width_mm", "height_mm"])
def test_measures_have_bounds(cast, db_session, wrong):
    found, mug = deliver(cast.acme, cast.receiver, {MUG: 1}), cast.ACME.products[MUG]
    for value in (0, -1, 2_000_001):
        measured = Measure(**{**vars(DECLARED), wrong: value})
        refusal = refused(service.measure_product, cast.receiver, found.carton, mug, measured)
        assert list(fields(refusal)) == [f"/{wrong}"]


def test_only_what_is_in_the_carton_is_measured_and_only_by_the_house(cast, db_session):
    found = deliver(cast.acme, cast.receiver, {MUG: 1})
    mug, other = cast.ACME.products[MUG], cast.ACME.products["LAMP-DESK-W"]
    assert refused(service.measure_product, cast.receiver, found.carton, other, DECLARED).code == "not_found"
    assert refused(service.measure_product, cast.acme, found.carton, mug, DECLARED).code == "not_found"
