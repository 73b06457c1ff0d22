"""A wave as it is shown, and released as it was shown: what is chosen, what changed in between, what two do at once."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import text

from tests.outbound.stage import BIN1, BIN2, BIN3, CABLE, LAMP, MUG, SERUM, Stage, in_days
from tests.outbound.test_concurrency import at_once, command
from wms.core import clock
from wms.core.actor import SYSTEM
from wms.core.ids import new_id
from wms.inventory import allocations
from wms.inventory import service as inventory
from wms.outbound import carts
from wms.outbound.carts import Plan, Selection, Settings
from wms.outbound.models import Order, PickBatch, Wave, WaveRule
from wms.outbound.service import picking, plans, reading, wave_rules, waves
from wms.outbound.service.stops import next_stop
from wms.platform.database import session, transaction


def planned(stage: Stage, **selection: Any) -> Plan:
    with transaction():
        return reading.plan(reading.read(stage.cast.supervisor, stage.cast.overseas.id, Selection(**selection)))


def kept(stage: Stage, plan: Plan) -> Any:
    return stage.do(plans.keep_plan, stage.cast.supervisor, plan, Selection()).id


def released(stage: Stage, plan_id: Any) -> Wave:
    return stage.do(plans.release_kept, stage.cast.supervisor, plan_id)


def stops_of(wave: Wave) -> list[Any]:
    return list(session().execute(
        text("SELECT b.id AS batch, t.order_id, t.location_id, t.quantity, t.walk_order, t.why, t.choices FROM pick_task t"
             " JOIN pick_batch b ON b.id = t.batch_id WHERE b.wave_id = :wave ORDER BY b.created_at, b.id, t.walk_order"),
        {"wave": wave.id},
    ))  # fmt: skip


def test_what_is_released_is_what_was_shown(stage: Stage) -> None:
    for sku, place in ((MUG, BIN1), (CABLE, BIN2), (LAMP, BIN3)):
        stage.stock(sku, 30, place)
    for skus in itertools.product((MUG, CABLE, LAMP), repeat=2):
        stage.order(dict.fromkeys(skus, 2))
    plan = planned(stage)
    before = stage.free(MUG)
    assert stage.free(MUG) == before  # a plan claims nothing
    assert session().scalar(text("SELECT count(*) FROM allocation")) == 0
    plan_id = kept(stage, plan)
    assert carts.from_data(plans.load_plan(stage.cast.supervisor, plan_id).plan) == plan
    assert plans.changes_of(plan) == []
    wave = released(stage, plan_id)
    shown = [(stop.order_id, stop.location_id, stop.units, stop.why, stop.choices) for stop in plan.stops]
    assert [(row.order_id, row.location_id, row.quantity, row.why, row.choices) for row in stops_of(wave)] == shown
    lengths = [carts.metres_of(sum(getattr(walk, name) for walk in plan.walks)) for name in ("planned", "bin_order")]
    assert [wave.planned_m, wave.bin_order_m, wave.unplanned_m] == [*lengths, carts.metres_of(plan.unplanned)]
    batches = session().query(PickBatch).filter_by(wave_id=wave.id).all()
    assert sum(batch.planned_m for batch in batches) == pytest.approx(wave.planned_m, abs=0.1 * len(batches))
    assert stage.refused(plans.release_kept, stage.cast.supervisor, plan_id).code == "plan_released"


def test_the_same_orders_and_seed_give_the_same_plan(stage: Stage) -> None:
    stage.stock(MUG, 30, BIN1)
    stage.stock(CABLE, 30, BIN3)
    for number in range(14):
        stage.order({MUG: 1} if number % 2 else {CABLE: 1, MUG: 1})
    assert planned(stage) == planned(stage)


def test_a_cancelled_order_and_goods_that_others_took_are_said_and_nothing_is_released(stage: Stage) -> None:
    mugs = stage.stock(MUG, 4, BIN1)
    gone, lost, stays = stage.order({MUG: 1}), stage.order({MUG: 2}), stage.order({MUG: 1})
    plan_id = kept(stage, planned(stage))
    stage.cancel(gone)
    row = inventory.find_balance(mugs)
    assert row is not None
    stage.do(allocations.reserve, stage.cast.overseas.id, row.id, 2, "move", "task", new_id())
    plan = carts.from_data(plans.load_plan(stage.cast.supervisor, plan_id).plan)
    assert {each.number: each.state for each in plans.changes_of(plan)}[gone.number] == "cancelled"
    refusal = stage.refused(plans.release_kept, stage.cast.supervisor, plan_id)
    assert (refusal.code, refusal.params["gone"], refusal.params["lost"] > 0) == ("plan_changed", 1, True)
    assert (stage.state(lost), stage.state(stays)) == ("promised", "promised")
    assert session().scalar(text("SELECT count(*) FROM wave")) == 0


def test_a_plan_that_is_not_meant_exactly_goes_on_without_what_changed(stage: Stage) -> None:
    near, far = stage.stock(MUG, 3, BIN1), stage.stock(MUG, 9, BIN3)
    orders = [stage.order({MUG: 1}) for _ in range(3)]
    plan = planned(stage)
    assert {stop.location_id for stop in plan.stops} == {near.location_id}
    stage.cancel(orders[0])
    row = inventory.find_balance(near)
    assert row is not None
    stage.do(allocations.reserve, stage.cast.overseas.id, row.id, 2, "move", "task", new_id())
    wave = stage.do(waves.release_plan, SYSTEM, plan)
    assert [stage.state(order) for order in orders] == ["cancelled", "waved", "waved"]
    assert {row.location_id for row in stops_of(wave)} <= {near.location_id, far.location_id}
    assert stage.amounts(far)[1] + stage.amounts(near)[1] == 2 + 2
    assert wave.unplanned_m is None  # that was of three orders


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        ({}, "abcd"), ({"kinds": ("single_unit",)}, "a"), ({"kinds": ("single_line",)}, "b"), ({"kinds": ("multi_line",)}, "c"),
        ({"kinds": ("b2b",)}, "d"), ({"kinds": ("b2b", "single_unit")}, "ad"), ({"zones": ("A",)}, "abcd"),
        ({"zones": ("NONE",)}, ""), ({"carriers": ("NOBODY",)}, ""), ({"carriers": ("HOUSE",)}, "abcd"), ({"limit": 2}, "ab"),
        ({"before": datetime(2026, 11, 3, tzinfo=ZoneInfo("UTC"))}, "ab"),
    ],
)  # fmt: skip
def test_a_selection_takes_its_orders(stage: Stage, selection: dict[str, Any], expected: str) -> None:
    for sku in (MUG, CABLE):
        stage.stock(sku, 30)
    made = {}
    for day, (name, lines, kind) in enumerate(
        [
            ("a", {MUG: 1}, "dropship"),
            ("b", {MUG: 2}, "dropship"),
            ("c", {MUG: 1, CABLE: 1}, "dropship"),
            ("d", {MUG: 1}, "b2b"),
        ],
        1,
    ):
        moment = datetime(2026, 11, day, 12, tzinfo=ZoneInfo("UTC")).isoformat()
        made[stage.order(lines, kind=kind, ordered_at=moment).id] = name
    assert "".join(sorted(made[order] for order in planned(stage, **selection).orders)) == expected


def test_bins_are_chosen_by_rotation_then_touches_then_walk_and_say_so(stage: Stage) -> None:
    stage.stock(SERUM, 5, BIN1, batch="L", expires_on=in_days(400))
    stage.stock(SERUM, 5, BIN2, batch="E", expires_on=in_days(200))
    stage.stock(MUG, 5, BIN1)
    stage.stock(MUG, 5, BIN2, days_old=30)
    stage.stock(CABLE, 2, BIN1)
    stage.stock(CABLE, 9, BIN3)
    stage.stock(LAMP, 9, BIN3)
    order = stage.order({SERUM: 1, MUG: 1, CABLE: 3, LAMP: 1})
    stage.wave()
    named = {place: name for name, place in stage.cast.overseas.locations.items()}
    products = {key: sku for sku, key in stage.cast.ACME.products.items()}
    chosen = {
        products[task.product_id]: (named[task.location_id], task.why, task.choices) for task in stage.tasks(order)
    }
    assert chosen == {
        SERUM: (BIN2, "expires_first", 2), MUG: (BIN2, "oldest_first", 2), CABLE: (BIN3, "fewest_touches", 2),
        LAMP: (BIN3, "only_bin", 1),
    }  # fmt: skip


def test_of_equal_bins_the_one_near_the_other_goods_is_taken(stage: Stage) -> None:
    stage.stock(MUG, 9, BIN1)
    stage.stock(MUG, 9, BIN3)
    stage.stock(LAMP, 9, BIN3)
    with_lamp, alone = stage.order({MUG: 1, LAMP: 1}), stage.order({MUG: 1})
    stage.wave()
    places = [{task.location_id for task in stage.tasks(order)} for order in (with_lamp, alone)]
    assert places == [{stage.cast.overseas.locations[BIN3]}, {stage.cast.overseas.locations[BIN1]}]
    assert {task.why for task in stage.tasks(alone)} == {"shortest_walk"}


def test_an_order_that_fills_a_cart_walks_alone_and_totes_are_counted_by_what_they_hold(stage: Stage) -> None:
    stage.stock(MUG, 500)
    orders = [stage.order({MUG: units}) for units in (300, 30, 10, 10, 10)]
    settings = Settings(cart_totes=3, tote_units=20)
    stage.do(wave_rules.edit_settings, stage.cast.supervisor, stage.cast.overseas.id, settings)
    plan = planned(stage)
    assert sorted(walk.totes for walk in plan.walks) == [2, 3, 15]
    assert next(walk.orders for walk in plan.walks if walk.totes == 15) == (orders[0].id,)
    cost = carts.cost_of(plan, settings)
    assert (cost.orders, cost.carts, cost.units) == (5, 3, 360)
    assert cost.minutes * 60 >= 3 * settings.seconds_per_walk + 360 * settings.seconds_per_unit
    assert cost.people == min(3, -(-cost.minutes // settings.minutes_per_wave))


def test_who_lacks_goods_is_left_out_and_named(stage: Stage) -> None:
    stock = stage.stock(MUG, 4)
    served, short = stage.order({MUG: 2}), stage.order({MUG: 2})
    stage.do(inventory.count, SYSTEM, stock, 3, inventory.Subject("count", None))
    plan = planned(stage)
    assert plan.orders == [served.id]
    assert [(each.number, each.sku, each.missing) for each in plan.short] == [(short.number, MUG, 1)]


def test_a_skipped_stop_and_found_goods_have_the_rest_laid_anew(stage: Stage) -> None:
    for sku, place in ((MUG, BIN1), (CABLE, BIN2), (LAMP, BIN3)):
        stage.stock(sku, 5, place)
    order = stage.order({MUG: 1, CABLE: 1, LAMP: 1})
    stage.wave()
    batch = stage.take()
    first = next_stop(batch.id)
    assert first is not None
    stage.do(picking.skip, stage.cast.picker, first.id)
    seen = []
    stage.tote(order)
    while (stop := next_stop(batch.id)) is not None:
        seen.append(stop.id)
        stage.do(picking.pick, stage.cast.picker, stop.id, stop.quantity)
    assert (seen[-1], len(seen)) == (first.id, 3)
    turns = [task.walk_order for task in stage.tasks(order)]
    assert len(set(turns)) == 3


# Rules by the clock


BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("since", "now", "expected"),
    [
        ("08:00", "08:59", None), ("08:00", "09:00", "09:00"), ("09:00", "09:01", None), ("08:00", "14:00", "13:30"),
        ("23:50", "00:06+1", "00:05+1"), ("12:00", "12:00", None),
    ],
)  # fmt: skip
def test_the_last_time_that_came_counts_once(since: str, now: str, expected: str | None) -> None:
    def moment(said: str) -> datetime:
        clock_time, _, days = said.partition("+")
        return datetime.fromisoformat(f"2026-11-10T{clock_time}").replace(tzinfo=BERLIN) + timedelta(
            days=int(days or 0)
        )

    found = wave_rules.due_at(["09:00", "13:30", "00:05"], BERLIN, moment(since), moment(now))
    assert found == (moment(expected) if expected else None)


def rule(stage: Stage, **values: Any) -> WaveRule:
    kept_ = {
        "name": "Morning",
        "times": ["09:00"],
        "cut_off": None,
        "selection": {"limit": 50},
        "fewest": 1,
        "is_active": True,
    }
    return stage.do(wave_rules.save_rule, stage.cast.supervisor, stage.cast.overseas.id, None, kept_ | values)


def at(said: str) -> datetime:
    return datetime.fromisoformat(f"2026-11-10T{said}").replace(tzinfo=BERLIN)


def run_at(stage: Stage, said: str) -> int:
    former = clock.use(lambda: at(said))
    try:
        started = stage.do(wave_rules.start_due, clock.now())
        stage.jobs()
    finally:
        clock.use(former)
    return started


def test_a_rule_releases_its_orders_at_its_time_once(stage: Stage) -> None:
    stage.stock(MUG, 9)
    early = stage.order({MUG: 1}, ordered_at=at("07:00").isoformat())
    late = stage.order({MUG: 1}, ordered_at=at("08:30").isoformat())
    made = rule(stage, cut_off="08:00")
    made.looked_at = at("08:50")
    session().flush()
    assert run_at(stage, "08:59") == 0
    assert run_at(stage, "09:00") == 1
    assert run_at(stage, "09:01") == 0
    assert [stage.state(order) for order in (early, late)] == ["waved", "promised"]
    assert session().get_one(WaveRule, made.id, populate_existing=True).last_wave_id is not None


@pytest.mark.parametrize(
    ("values", "started", "refusal"),
    [
        ({"fewest": 2}, 1, "too_few_orders"),
        ({"is_active": False}, 0, None),
        ({"selection": {"kinds": ["b2b"]}}, 1, "too_few_orders"),
    ],
)
def test_a_rule_waits_for_enough_orders_and_may_rest(
    stage: Stage, values: dict[str, Any], started: int, refusal: str | None
) -> None:
    stage.stock(MUG, 9)
    order = stage.order({MUG: 1})
    made = rule(stage, **values)
    made.looked_at = at("08:50")
    session().flush()
    assert run_at(stage, "09:00") == started
    assert stage.state(order) == "promised"
    assert session().get_one(WaveRule, made.id, populate_existing=True).last_refusal == refusal


def test_rules_and_settings_are_the_warehouse_s_own(stage: Stage) -> None:
    made = rule(stage)
    other = stage.cast.customs_clerk  # sees the bonded warehouse only, and may not
    assert stage.refused(wave_rules.drop_rule, other, made.id).code == "not_found"
    assert (
        stage.refused(wave_rules.edit_settings, stage.cast.picker, stage.cast.overseas.id, Settings()).code
        == "not_found"
    )
    values = {name: getattr(made, name) for name in wave_rules.CHANGES}
    refusal = stage.refused(wave_rules.save_rule, stage.cast.supervisor, stage.cast.overseas.id, None, values)
    assert refusal.code == "rule_name_taken"
    assert stage.refused(plans.load_plan, other, kept_plan(stage)).code == "not_found"


def kept_plan(stage: Stage) -> Any:
    stage.stock(MUG, 1)
    stage.order({MUG: 1})
    return kept(stage, planned(stage))


# Two at once


@pytest.mark.parametrize("round_number", range(3))
def test_two_releases_of_one_plan_at_once_make_one_wave(floor: Stage, fresh_app: Flask, round_number: int) -> None:
    stage, cast = floor, floor.cast
    stage.stock(MUG, 5)
    order = stage.order({MUG: 1})
    plan = planned(stage)
    ids = [kept(stage, plan), kept(stage, replace(plan))]
    outcomes = at_once(
        fresh_app,
        *(command(stage, cast.supervisor, lambda key=key: plans.release_kept(cast.supervisor, key)) for key in ids),
    )
    assert sorted(outcomes) == ["done", "plan_changed"]
    assert session().scalar(text("SELECT count(*) FROM wave")) == 1
    assert stage.state(order) == "waved"


@pytest.mark.parametrize("round_number", range(3))
def test_two_pickers_who_find_no_walk_at_once_plan_different_orders(
    floor: Stage,
    fresh_app: Flask,
    round_number: int,
) -> None:
    stage, cast = floor, floor.cast
    stage.stock(MUG, 5)
    orders = [stage.order({MUG: 1}) for _ in range(4)]
    outcomes = at_once(
        fresh_app,
        *[command(stage, cast.supervisor, lambda: waves.release_wave(cast.supervisor, cast.overseas.id, limit=2))] * 2,
    )
    assert outcomes == ["done", "done"]
    assert {stage.state(order) for order in orders} == {"waved"}
    assert session().scalar(text("SELECT count(DISTINCT wave_id) FROM outbound_order")) == 2


def test_every_order_state_is_said_when_it_is_not_ready_any_more(stage: Stage) -> None:
    stage.stock(MUG, 5)
    order = stage.order({MUG: 1})
    plan = planned(stage)
    assert plans.changes_of(plan) == []
    for state in ("short", "awaiting_customs", "waved", "picking", "picked", "packed", "shipped", "cancelled"):
        session().execute(text("UPDATE outbound_order SET state = :state"), {"state": state})
        assert [(each.id, each.state) for each in plans.changes_of(plan)] == [(order.id, state)]
        refusal = stage.refused(waves.release_plan, stage.cast.supervisor, plan, exactly=True)
        assert (refusal.code, refusal.params) == ("plan_changed", {"gone": 1, "lost": 0})
    session().execute(text("UPDATE outbound_order SET state = 'promised'"))
    assert session().get_one(Order, order.id, populate_existing=True).state == "promised"
