"""Counts in the office: planned, followed, decided, with rules and figures; in both languages."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from tests.life import said
from tests.office.test_pages import form, text_of
from wms.inventory.counting import service
from wms.inventory.counting.goods import by_goods, rows_of
from wms.inventory.counting.models import CountRule, CountTask
from wms.inventory.models import Balance
from wms.platform.database import session, transaction

PLAN, RULE = "/office/counts/{}/plan", "/office/counts/{}/rule"


@pytest.fixture
def stocked(cast, life) -> Balance:
    """A row with goods in a countable bin of the overseas warehouse."""
    from wms.facility.models import Location

    with life.app.app_context():
        return session().scalars(
            select(Balance).join(Location, Location.id == Balance.location_id).where(
                Balance.warehouse_id == cast.overseas.id, Balance.on_hand > 1, Location.kind == "storage"
            ).order_by(Balance.id)
        ).first()  # fmt: skip


def code_of(life, location_id) -> str:
    from wms.facility.models import Location

    with life.app.app_context():
        return str(session().get_one(Location, location_id).code)


def test_a_count_is_planned_counted_and_decided(cast, client, life, stocked):
    boss = cast.sign_in(client, cast.supervisor)
    house = cast.overseas.id
    rule = {"tolerance_units": 99_999, "tolerance_percent": 0, "approve_above_minor": "0.00", "currency": "USD",
            "days_a": 30, "days_b": 90, "days_c": 180, "daily_bins": 5, "on_doubt": 1}  # fmt: skip
    assert said(life.app, boss.post(RULE.format(house), data=form(**rule))) == ["Saved."]
    code = code_of(life, stocked.location_id)
    assert said(life.app, boss.post(PLAN.format(house), data=form(how="bin", what=code, most=20)))
    page = text_of(boss.get("/office/counts?warehouse=DE1"))
    assert code in page and "To count" in page
    with life.app.app_context():
        with transaction():
            task_id = service.take(cast.receiver, house, stocked.location_id).id
        with transaction():
            for goods, rows in by_goods(rows_of(stocked.location_id)).items():
                there = sum(row.on_hand for row in rows)
                if there:
                    lacking = 1 if goods.product_id == stocked.product_id else 0
                    service.tally(cast.receiver, task_id, goods, there - lacking)
        with transaction():
            assert service.finish(cast.receiver, task_id).verdict == "submit"
    page = text_of(boss.get(f"/office/counts/bins/{task_id}"))
    assert "−1" in page and "Put the book right" in page
    assert said(life.app, boss.post(f"/office/counts/bins/{task_id}/approve", data=form())) == ["Decided."]
    with life.app.app_context():
        assert session().get_one(Balance, stocked.id).on_hand == stocked.on_hand - 1
        count_id = session().get_one(CountTask, task_id).count_id
        assert session().get_one(CountRule, house).daily_bins == 5
    assert code in text_of(boss.get(f"/office/counts/{count_id}"))
    assert "%" in text_of(boss.get("/office/counts?warehouse=DE1"))
    assert said(life.app, boss.post(f"/office/counts/bins/{task_id}/recount", data=form())) != ["Decided."]


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        ({"how": "bin", "what": "NOWHERE-9"}, "There is no bin NOWHERE-9."),
        ({"how": "product", "what": "NO-SKU"}, "There is no product NO-SKU."),
        ({"how": "zone", "what": "ZZZ"}, "There is no bin to count"),
        ({"how": "bin"}, "Required."),
        ({"how": "zone", "what": " "}, "Required."),
        ({"how": "product"}, "Required."),
        ({"how": "tomorrow"}, "corrected"),
        ({"how": "class", "most": 0}, "corrected"),
    ],
)
def test_a_plan_that_cannot_be_says_why(cast, client, life, fields, shown):
    answer = cast.sign_in(client, cast.supervisor).post(PLAN.format(cast.overseas.id), data=form(**fields))
    assert answer.status_code == 422
    text = answer.get_data(as_text=True)
    assert shown in text or (shown == "corrected" and "Please correct" in text)


def test_rules_out_of_range_are_refused(cast, client, life):
    boss = cast.sign_in(client, cast.supervisor)
    bad = {"tolerance_units": -1, "tolerance_percent": 101, "approve_above_minor": "x", "currency": "EUR", "days_a": 0,
           "days_b": 90, "days_c": 180, "daily_bins": 0}  # fmt: skip
    answer = boss.post(RULE.format(cast.overseas.id), data=form(**bad))
    assert (answer.status_code, "Type an amount, as 12.50." in answer.get_data(as_text=True)) == (422, True)


def test_floor_and_sellers_do_not_plan(cast, client, life):
    for who in (cast.receiver, cast.acme_person):
        caller = cast.sign_in(client, who)
        assert caller.get("/office/counts").status_code == 403
        assert caller.post(PLAN.format(cast.overseas.id), data=form(how="class")).status_code == 403
