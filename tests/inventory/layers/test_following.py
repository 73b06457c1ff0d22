"""The job behind the ledger, what sellers see of age, lots and the past; and that no move is ever missed."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from tests.inventory.conftest import assert_books_balance, test_clock, world
from tests.inventory.world import (
    TEST,
    World,
    isolated,
    make_house,
    make_lot,
    make_product,
    make_seller,
    move,
    refusal,
)  # fmt: skip
from wms.core import clock
from wms.core.actor import SYSTEM
from wms.core.refusals import RefusalKind
from wms.inventory import following, ledger, month_ends, service
from wms.inventory.audit import CHECKS
from wms.inventory.converting.rules import Recipe, RecipeKind, one_to_one
from wms.inventory.expiry import lot_lines
from wms.inventory.layers import queries, rules
from wms.inventory.layers import service as layers
from wms.inventory.layers.queries import age_lines, layers_of
from wms.inventory.models import Condition, Move
from wms.inventory.queries import Scope, network_lines, stock_lines
from wms.platform.auditing import run_checks
from wms.platform.database import session, transaction

__all__ = ["test_clock", "world"]


def follow() -> None:
    while layers.follow():
        session().commit()
    session().commit()


def age_of(product) -> tuple[list[int], int, int | None]:
    (line,) = age_lines(Scope({product.owner_id}), sku=product.sku)[0]
    assert sum(line.tiers) + line.waiting == line.on_hand
    return line.tiers, line.waiting, line.oldest


def test_age_runs_from_putaway_in_tiers_and_the_oldest_go_first(world: World, test_clock):
    house, product = world.overseas, world.product
    here = house.stocked(product, 10)
    follow()
    assert age_of(product) == ([10, 0, 0, 0, 0, 0, 0], 0, 1)
    test_clock.forward(days=30)
    house.stocked(product, 5)
    service.receive(SYSTEM, house.goods(product, "dock"), 3, TEST)
    session().commit()
    follow()
    assert age_of(product) == ([5, 10, 0, 0, 0, 0, 0], 3, 31)
    service.scrap(SYSTEM, here, 12, TEST)
    session().commit()
    follow()
    assert age_of(product) == ([3, 0, 0, 0, 0, 0, 0], 3, 1)
    lines = layers_of(Scope({product.owner_id}), product.id)
    assert [(line.quantity, line.remaining, line.age) for line in lines] == [(5, 3, 1)]
    assert refusal(layers_of, Scope({world.other_seller.id}), product.id).kind is RefusalKind.NOT_FOUND
    assert age_lines(Scope({world.other_seller.id}))[0] == []


def test_a_relabel_makes_nothing_younger_and_a_kit_is_new(world: World, test_clock):
    house, product = world.overseas, world.product
    other, kit = make_product(world.seller), make_product(world.seller)
    here = house.stocked(product, 6)
    test_clock.forward(days=40)
    service.convert(
        SYSTEM, [(here, 4)], [(house.goods(other), 4)], TEST, one_to_one(RecipeKind.RELABEL, product.id, other.id)
    )
    session().commit()
    recipe = Recipe(RecipeKind.KIT, ((product.id, 2),), ((kit.id, 1),))
    service.convert(SYSTEM, [(here, 2)], [(house.goods(kit), 1)], TEST, recipe)
    session().commit()
    follow()
    assert age_of(other) == ([0, 4, 0, 0, 0, 0, 0], 0, 41)
    assert age_of(kit) == ([1, 0, 0, 0, 0, 0, 0], 0, 1)


def test_a_reversal_gives_back_the_age_it_took(world: World, test_clock):
    house, product = world.overseas, world.product
    here = house.stocked(product, 6)
    test_clock.forward(days=100)
    house.stocked(product, 6)
    posted = service.count(SYSTEM, here, 11, TEST)
    session().commit()
    follow()
    assert age_of(product)[0] == [6, 0, 0, 5, 0, 0, 0]
    ledger.reverse(SYSTEM, house.id, posted.posting_id)
    session().commit()
    follow()
    assert age_of(product)[0] == [6, 0, 0, 6, 0, 0, 0]


def test_batches_of_any_size_give_the_same_layers(world: World, test_clock, monkeypatch):
    monkeypatch.setattr(layers, "BATCH", 3)
    house, product, other = world.bonded, world.bonded_product, world.product
    here = house.stocked(product, 9)
    there = world.overseas.stocked(other, 9)
    test_clock.forward(days=50)
    service.relocate_many(SYSTEM, [(there, 4)], world.overseas.at("inspection"), TEST)
    session().commit()
    service.recondition(SYSTEM, there, Condition.DAMAGED, 2, TEST)
    session().commit()
    house.stocked(product, 1, "bin2")
    service.count(SYSTEM, here, 7, TEST)
    session().commit()
    follow()
    assert age_of(product)[0] == [1, 9, 0, 0, 0, 0, 0]
    assert age_of(other)[0] == [0, 9, 0, 0, 0, 0, 0]


def test_what_is_not_settled_is_read_later_and_nothing_is_missed(fresh_app: Flask):
    """A posting that has drawn its numbers and not committed, while a later one has: the follower waits for it."""
    drawn, may_commit = threading.Event(), threading.Event()
    with fresh_app.app_context():
        house = make_house("overseas", "UTC")
        seller = make_seller()
        # of two products: postings of one meet at its summary row
        early, late = (house.goods(make_product(seller), place) for place in ("storage", "bin2"))
        session().commit()

    def slow() -> None:
        with fresh_app.app_context(), transaction():
            service.receive(SYSTEM, early, 5, TEST)
            drawn.set()
            assert may_commit.wait(20)

    def behind() -> tuple[int, int]:
        with fresh_app.app_context(), transaction():
            found = following.settled("test")
            following.go_on("test", found[1])
            return found

    worker = threading.Thread(target=slow)
    worker.start()
    try:
        assert drawn.wait(20)
        with fresh_app.app_context(), transaction():
            service.receive(SYSTEM, late, 7, TEST)
        assert behind() == (0, 0)
        assert behind() == (0, 0)
    finally:
        may_commit.set()
        worker.join()
    with fresh_app.app_context():
        numbers = list(session().scalars(text("SELECT id FROM stock_move ORDER BY id")))
    seen = behind()
    for _ in range(50):  # whatever else the server is at (a vacuum) may keep it waiting a little
        if seen[1]:
            break
        time.sleep(0.1)
        seen = behind()
    assert seen == (0, numbers[-1])
    assert behind() == (numbers[-1], numbers[-1])


# The past


def at(moment: datetime, product) -> dict[str, int]:
    rows = month_ends.stock_as_of(Scope({product.owner_id}), product.id, moment)
    found: dict[str, int] = {}
    for row in rows:
        found[row.location_code] = found.get(row.location_code, 0) + row.on_hand
    return found


@pytest.fixture
def january(test_clock):
    test_clock.now = datetime(2026, 1, 10, 12, tzinfo=UTC)
    return test_clock


def test_stock_as_of_any_moment_with_and_without_month_ends(january, db_session):
    house = make_house("overseas", "UTC")
    product = make_product(make_seller())
    session().commit()
    seen: list[tuple[datetime, dict[str, int]]] = []
    here = house.stocked(product, 40)
    for step in range(40):
        january.forward(days=3, minutes=7)
        closing = month_ends.close_months()
        session().commit()
        assert closing in {0, 1}
        if step % 3 == 0:
            move(here, replace(here, location_id=house.at("bin2")), 1)
        elif step % 3 == 1:
            house.stocked(product, 2, "storage3")
        else:
            service.count(SYSTEM, here, service.on_hand_of(here) - 1, TEST)
        session().commit()
        now = {place: quantity for place in ("storage", "bin2", "storage3")
               if (quantity := service.on_hand_of(house.goods(product, place)))}  # fmt: skip
        seen.append((january.now, now))
    january.forward(hours=1)
    assert session().query(month_ends.MonthEnd).count() == 4
    for moment, there in seen:
        assert at(moment, product) == there
        assert at(moment + timedelta(seconds=1), product) == there
    assert at(datetime(2025, 12, 1, tzinfo=UTC), product) == {}
    for kept in session().query(month_ends.MonthEnd).all():
        rows = session().query(month_ends.MonthEndRow).filter_by(month_end_id=kept.id, product_id=product.id)
        assert sum(row.on_hand for row in rows) == sum(at(kept.moment - timedelta(microseconds=1), product).values())
    assert refusal(at, january.now + timedelta(days=1), product).kind is RefusalKind.INVALID
    assert_books_balance()
    session().execute(
        text("UPDATE stock_month_end_row SET on_hand = on_hand + 1 WHERE product_id = :id"), {"id": product.id}
    )
    found = {each["name"] for each in run_checks(CHECKS)["checks"] if each["violations"]}
    assert "month-ends are what the moves say" in found


def test_a_month_ends_by_the_warehouses_calendar(january, db_session):
    west, east = make_house("overseas", "America/Los_Angeles"), make_house("overseas", "Asia/Shanghai")
    for house in (west, east):
        house.warehouse.created_at = january.now
    session().commit()
    product = make_product(make_seller())
    west.stocked(product, 1)
    january.now = datetime(2026, 1, 31, 20, tzinfo=UTC)  # in Shanghai it is February
    month_ends.close_months()
    session().commit()
    kept = {row.warehouse_id: row.day for row in session().query(month_ends.MonthEnd).all()}
    assert (kept.get(west.id), kept.get(east.id)) == (None, date(2026, 1, 31))
    assert month_ends.close_months() == 0


@settings(max_examples=6, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 4), st.integers(0, 20)), min_size=4, max_size=14))
def test_layers_and_month_ends_of_any_story_satisfy_the_audit(app, steps):
    """Arrivals, moves, losses, returns and reversals in any order; the audit compares layers and month-ends with them."""
    from wms.core import clock

    now = [datetime(2026, 1, 5, tzinfo=UTC)]
    former = clock.use(lambda: now[0])
    try:
        with isolated(app):
            house, product = make_house("overseas", "UTC"), make_product(make_seller())
            here = house.stocked(product, 8)
            posted = None
            for what, quantity, days in steps:
                now[0] += timedelta(days=days, seconds=1)
                month_ends.close_months()
                session().commit()
                if what == 0:
                    house.stocked(product, quantity)
                elif what == 1:
                    posted = service.count(SYSTEM, here, max(0, service.on_hand_of(here) - quantity), TEST)
                elif what == 2 and posted is not None:
                    ledger.reverse(SYSTEM, house.id, posted.posting_id)
                    posted = None
                elif what == 3 and service.on_hand_of(here) >= quantity:
                    service.relocate(SYSTEM, here, house.at("inspection"), quantity, TEST)
                session().commit()
                if days % 2:
                    follow()
            follow()
            assert following.followed("layers") == session().query(Move.id).order_by(Move.id.desc()).first()[0]
            assert_books_balance()
    finally:
        clock.use(former)


# What a seller sees


def test_lots_are_told_by_their_last_sale_day(world: World, test_clock):
    house = world.overseas
    product = make_product(world.seller, expiry_controlled=True, lot_controlled=True, outbound_days=10)
    today = test_clock.now.astimezone(tz=None).date()
    ends = {"gone": today + timedelta(days=5), "soon": today + timedelta(days=30), "late": today + timedelta(days=300)}
    for batch, day in ends.items():
        house.stocked(product, 4, lot=make_lot(product, day, batch))
    lines, more = lot_lines(Scope({world.seller.id}), sku=product.sku)
    assert [(line.batch, line.tone, line.on_hand, line.sellable) for line in lines] == [
        ("gone", "past", 4, 0), ("soon", "soon", 4, 4), ("late", "fine", 4, 4),
    ]  # fmt: skip
    assert [line.last_sale_on for line in lines] == [day - timedelta(days=10) for day in ends.values()]
    assert more is None
    assert [line.batch for line in lot_lines(Scope({world.seller.id}), within_days=30)[0]] == ["gone", "soon"]
    first, more = lot_lines(Scope({world.seller.id}), limit=2)
    assert [line.batch for line in lot_lines(Scope({world.seller.id}), limit=2, skip=more)[0]] == ["late"]
    assert lot_lines(Scope({world.other_seller.id}))[0] == []
    assert len(first) == 2


def test_the_network_is_the_sum_of_its_warehouses(world: World):
    product = make_product(world.seller, customs_item_number="77")
    world.overseas.stocked(product, 3)
    world.bonded.stocked(product, 4)
    world.bonded.stocked(product, 2, condition="damaged")
    scope = Scope({world.seller.id})
    (line,) = network_lines(scope, sku=product.sku)[0]
    parts = stock_lines(scope, sku=product.sku)[0]
    assert (line.on_hand, sum(line.buckets.values()), len(line.warehouse_codes)) == (9, 9, 2)
    assert line.buckets == {bucket: sum(part.buckets[bucket] for part in parts) for bucket in line.buckets}
    pages, after = [], None
    while True:
        lines, after = network_lines(scope, after=after, limit=1)
        pages += [each.product_id for each in lines]
        if after is None:
            break
    assert len(pages) == len(set(pages)) >= 1
    assert network_lines(Scope({world.other_seller.id}))[0] == []


def test_a_layer_stands_in_the_tier_of_its_age_on_every_day(world: World, test_clock) -> None:
    """What the page adds up in SQL is what the rule says, a day ahead and years behind."""
    today = clock.today("Asia/Shanghai")
    rows = session().execute(
        text(
            f"SELECT x.opened_on, {queries._TIER} AS tier FROM (SELECT 'Asia/Shanghai' AS time_zone) page,"
            " (SELECT CAST(:today AS date) - n AS opened_on FROM generate_series(-1, 800) n) x"
        ),
        {"now": clock.now(), "today": today},
    )
    found = [(row.opened_on, row.tier) for row in rows]
    assert len(found) == 802
    assert [tier for _, tier in found] == [rules.tier_of(rules.age_in_days(day, today)) for day, _ in found]
