"""Batches, days and serial numbers that a paper announces: kept, shown, counted as announced, and told where others came."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from tests.inbound.dock import MUG, announce, deliver, draft, line, lines, product, service
from tests.inbound.test_differences import fields, of, refused
from wms.cli import all_checks
from wms.core.ids import new_id
from wms.inbound import queries
from wms.inbound.lots import Lot, LotDraft, fits, merged, numbers_of_others, others, remaining, units_of_others
from wms.inbound.rules import CartonDraft
from wms.inbound.service import counting, differing
from wms.platform.auditing import run_checks
from wms.platform.database import commit, session

E1, E2 = date(2028, 1, 31), date(2028, 6, 30)
L1, L2 = LotDraft(60, "L1", None, E1), LotDraft(40, "L2", None, E2)


@pytest.fixture
def cream(cast, db_session) -> uuid.UUID:
    return product(cast.acme, "CREAM-50", lot_controlled=True, expiry_controlled=True)


@pytest.fixture
def phone(cast, db_session) -> uuid.UUID:
    return product(cast.acme, "PHONE-Y", serial_control="full")


@pytest.fixture
def carton(cast, cream) -> uuid.UUID:
    return deliver(cast.acme, cast.receiver, {"CREAM-50": [L1, L2]}).carton


def lots_of(booking_id: uuid.UUID, actor: Any) -> list[list[tuple[Any, ...]]]:
    found = queries.booking_detail(actor, booking_id)
    return [[(lot["batch"], lot["expires_on"], lot["quantity"], lot["serial_numbers"]) for lot in each["lots"]]
            for own in found["cartons"] for each in own["lines"]]  # fmt: skip


def stock(product_id: uuid.UUID) -> dict[tuple[str, str], int]:
    rows = session().execute(
        text("SELECT t.batch, t.expires_on::text, sum(b.on_hand)::int FROM balance b JOIN lot t ON t.id = b.lot_id"
             " WHERE b.product_id = :p AND b.is_there GROUP BY 1, 2"), {"p": product_id},
    )  # fmt: skip
    return {(row[0], row[1]): row[2] for row in rows}


def test_what_is_announced_is_kept_and_a_set_is_replaced_with_its_lots(cast, cream):
    found = announce(cast.acme, {"CREAM-50": [L1, L2]}, {MUG: 3})
    assert lots_of(found.booking_id, cast.acme) == [[("L1", E1, 60, []), ("L2", E2, 40, [])], []]
    service.edit_booking(cast.acme, found.booking_id, {"cartons": [CartonDraft(1, lines({"CREAM-50": [L2]}))]}, None)
    assert lots_of(found.booking_id, cast.acme) == [[("L2", E2, 40, [])]]
    assert session().scalar(text("SELECT count(*) FROM announced_lot")) == 1


@pytest.mark.parametrize(
    ("lots", "wrong"),
    [
        ([LotDraft(5, "L1"), LotDraft(4, "L2")], {"/cartons/0/lines/0/lots": "lots_add_up"}),
        ([LotDraft(5, "L1"), LotDraft(5, "L1")], {"/cartons/0/lines/0/lots/1/batch": "duplicate"}),
        ([LotDraft(10, "L1", date(2999, 1, 1))], {"/cartons/0/lines/0/lots/0/made_on": "made_in_future"}),
        ([LotDraft(10, "L1", date(2026, 1, 1), date(2026, 1, 1))],
         {"/cartons/0/lines/0/lots/0/expires_on": "expiry_before_made"}),
        ([LotDraft(10, "L1", serial_numbers=["S1"])], {"/cartons/0/lines/0/lots/0/serial_numbers": "serials_add_up"}),
        ([LotDraft(10, "L1", serial_numbers=["S1"] * 10)], {"/cartons/0/lines/0/lots/0/serial_numbers": "duplicate"}),
        ([LotDraft(11, "L1"), LotDraft(-1, "L2")], {"/cartons/0/lines/0/lots/1/quantity": "too_small"}),
    ],
)  # fmt: skip
def test_lots_that_cannot_be_are_refused_at_their_place(cast, cream, lots, wrong):
    given = draft({"CREAM-50": 10})
    given.cartons[0].lines[0] = type(given.cartons[0].lines[0])("CREAM-50", 10, lots)
    assert fields(refused(service.create_booking, cast.acme, given)) == wrong
    assert session().scalar(text("SELECT count(*) FROM announced_lot")) == 0


def test_a_number_is_announced_once(cast, phone):
    twice = [LotDraft(1, serial_numbers=["S1"])]
    given = draft({"PHONE-Y": twice}, {"PHONE-Y": twice})
    assert fields(refused(service.create_booking, cast.acme, given)) == {
        "/cartons/1/lines/0/lots/0/serial_numbers": "duplicate"
    }


def test_all_of_it_as_announced_is_of_the_batches_announced(cast, cream, carton):
    service.count(cast.receiver, carton, cream, 15, batch="L1", expires_on=E1)
    service.count_as_declared(cast.receiver, carton)
    assert stock(cream) == {("L1", "2028-01-31"): 60, ("L2", "2028-06-30"): 40}
    assert service.close_carton(cast.receiver, carton).differences == ()


def test_what_came_otherwise_leaves_so_much_less_of_the_first_ones(cast, cream, carton):
    service.count(cast.receiver, carton, cream, 30, batch="L9", expires_on=E2)
    service.count_as_declared(cast.receiver, carton)
    assert line(carton, cream)[1] == 100
    assert stock(cream) == {("L9", "2028-06-30"): 30, ("L1", "2028-01-31"): 60, ("L2", "2028-06-30"): 10}
    assert [each[1:] for each in service.close_carton(cast.receiver, carton).differences] == [("other_lot", 30)]


def test_a_batch_that_nobody_announced_is_told_with_what_was_and_what_came(cast, client, cream, db_session):
    found = deliver(cast.acme, cast.receiver, {"CREAM-50": [L1]})
    service.count(cast.receiver, found.carton, cream, 10, batch="L1", expires_on=E1)
    service.count(cast.receiver, found.carton, cream, 50, batch="L7", expires_on=E2)
    assert found.differences() == {}  # the rest of it may still come
    service.close_carton(cast.receiver, found.carton)
    assert found.differences() == {"other_lot": 50}
    api = cast.api(client, "ACME")
    (told,) = api.get("/api/v1/differences").json["data"]
    assert (told["kind"], told["quantity"], told["decisions"]) == (
        "other_lot", 50, ["accept", "return", "destroy", "recount"]
    )  # fmt: skip
    assert [(lot["batch"], lot["expires_on"], lot["quantity"]) for lot in told["lots"]] == [("L1", "2028-01-31", 60)]
    assert [(lot["batch"], lot["quantity"]) for lot in told["came"]] == [("L1", 10), ("L7", 50)]
    (own,) = api.get(f"/api/v1/bookings/{found.booking_id}").json["cartons"][0]["lines"]
    assert (own["lots"], own["came"], own["differences"]) == (told["lots"], told["came"], {"other_lot": 50})


def test_the_batch_that_nobody_announced_goes_back_and_no_other(cast, cream, db_session):
    found = deliver(cast.acme, cast.receiver, {"CREAM-50": [L1]})
    service.count(cast.receiver, found.carton, cream, 10, batch="L1", expires_on=E1)
    service.count(cast.receiver, found.carton, cream, 50, batch="L7", expires_on=E2)
    service.close_carton(cast.receiver, found.carton)
    service.decide(cast.acme, of(found, "other_lot").id, "return")
    service.carry_out(cast.supervisor, of(found, "other_lot").id)
    assert stock(cream) == {("L1", "2028-01-31"): 10}


def test_a_count_that_is_opened_again_tells_it_no_more(cast, cream, carton):
    service.count(cast.receiver, carton, cream, 100, batch="L7", expires_on=E2)
    service.close_carton(cast.receiver, carton)
    service.reopen_carton(cast.supervisor, carton)
    assert session().scalar(text("SELECT count(*) FROM difference")) == 0
    service.uncount(cast.receiver, carton)
    service.count_as_declared(cast.receiver, carton)
    assert service.close_carton(cast.receiver, carton).differences == ()


def test_only_a_close_reads_what_was_announced(cast, cream, phone, db_session):
    """Neither an undo nor a carton opened again tells of other lots and numbers: they ask for neither side."""
    paper = {"CREAM-50": [L1], "PHONE-Y": [LotDraft(2, serial_numbers=["S1", "S2"])]}
    found = deliver(cast.acme, cast.receiver, paper)
    service.count(cast.receiver, found.carton, cream, 60, batch="L7", expires_on=E2)
    service.count(cast.receiver, found.carton, phone, 2, serial_numbers=["S1", "S9"])
    told = [(each.other_lot, each.other_serial) for each in differing.lines_of(found.carton, closed=True)]
    assert told == [(60, 0), (0, 1)]
    assert {(each.other_lot, each.other_serial) for each in differing.lines_of(found.carton, closed=False)} == {(0, 0)}
    for row in differing._LINES.all({"carton": found.carton, "closed": False}):
        assert (row.lots, row.numbers, row.came, row.read) == (None, None, None, None)


def test_counted_blind_the_close_alone_compares(cast, cream, carton):
    service.set_counting(cast.supervisor, cast.overseas.id, "blind")
    told = refused(service.count, cast.receiver, carton, cream, 100)
    assert (told.code, told.params) == ("expiry_required", {"sku": "CREAM-50"})  # nothing of what was announced
    for batch, units in (("L1", 60), ("L9", 40)):
        counted = service.count(cast.receiver, carton, cream, units, batch=batch, expires_on=E1)
        assert counted.lines[0].other is None
    closed = service.close_carton(cast.receiver, carton)  # as many as announced: no second count for a batch
    assert [each[1:] for each in closed.differences] == [("other_lot", 40)]


def test_numbers_that_were_announced_are_counted_and_another_is_told(cast, phone, db_session):
    found = deliver(cast.acme, cast.receiver, {"PHONE-Y": [LotDraft(3, serial_numbers=["S1", "S2", "S3"])]})
    service.count(cast.receiver, found.carton, phone, 1, serial_numbers=["S9"])
    service.count(cast.receiver, found.carton, phone, 1, serial_numbers=["S2"])
    service.count_as_declared(cast.receiver, found.carton)
    numbers = session().scalars(text("SELECT number FROM serial WHERE state = 'in_stock' ORDER BY 1")).all()
    assert numbers == ["S1", "S2", "S9"]
    assert [each[1:] for each in service.close_carton(cast.receiver, found.carton).differences] == [("other_serial", 1)]


def test_only_the_numbers_read_are_looked_for(cast, phone, db_session):
    """A line may have hundreds of numbers on paper: none of them is sent with a scan of another."""
    on_paper = [f"S{number}" for number in range(300)]
    found = deliver(cast.acme, cast.receiver, {"PHONE-Y": [LotDraft(1, "L1"), LotDraft(300, serial_numbers=on_paper)]})
    asked = {"carton": found.carton, "products": [phone], "given": ["S9", "X1", "S10"]}
    row = counting._READ.first(asked)
    assert row.strangers == ["X1"]
    assert not [each for each in on_paper if each in str(row._asdict())]
    assert counting._READ.first({**asked, "given": ["S9"]}).strangers is None
    told = service.count(cast.receiver, found.carton, phone, 2, serial_numbers=["S9", "X1"]).lines[0].other
    assert told == ("other_serial", "X1")
    assert service.count(cast.receiver, found.carton, phone, 1, serial_numbers=["S8"]).lines[0].other is None


def test_where_no_number_is_announced_none_is_another(cast, phone, db_session):
    found = deliver(cast.acme, cast.receiver, {"PHONE-Y": [LotDraft(2, "L1")]})
    assert service.count(cast.receiver, found.carton, phone, 1, serial_numbers=["S9"]).lines[0].other is None


def test_what_the_product_does_not_keep_is_shown_and_never_compared(cast, db_session):
    mug = cast.ACME.products[MUG]
    found = deliver(cast.acme, cast.receiver, {MUG: [LotDraft(6, "L1", serial_numbers=list("abcdef"))]})
    service.count_as_declared(cast.receiver, found.carton)
    assert service.close_carton(cast.receiver, found.carton).differences == ()
    assert line(found.carton, mug)[1] == 6
    assert lots_of(found.booking_id, cast.acme) == [[("L1", None, 6, list("abcdef"))]]


def test_the_api_takes_lots_and_reads_them_back(cast, client, cream, db_session):
    api = cast.api(client, "ACME")
    lots = [{"quantity": 60, "batch": "L1", "expires_on": "2028-01-31", "made_on": "2026-01-31"},
            {"quantity": 40, "serial_numbers": [f"S{number}" for number in range(40)]}]  # fmt: skip
    body = {
        "warehouse": "DE1",
        "cartons": [{"number": 1, "lines": [{"sku": "CREAM-50", "quantity": 100, "lots": lots}]}],
    }
    made = api.post("/api/v1/bookings", json=body, headers={"Idempotency-Key": str(new_id())})
    assert made.status_code == 201, made.json
    (own,) = api.get(f"/api/v1/bookings/{made.json['id']}").json["cartons"][0]["lines"]
    assert own["lots"] == [
        {"quantity": 60, "batch": "L1", "made_on": "2026-01-31", "expires_on": "2028-01-31", "serial_numbers": []},
        {"quantity": 40, "batch": None, "made_on": None, "expires_on": None,
         "serial_numbers": [f"S{number}" for number in range(40)]},
    ]  # fmt: skip
    lots[0]["quantity"] = 61
    wrong = api.post("/api/v1/bookings", json=body, headers={"Idempotency-Key": str(new_id())})
    assert [(each["pointer"], each["code"]) for each in wrong.json["errors"]] == [
        ("/cartons/0/lines/0/lots", "lots_add_up")
    ]
    assert "101" in wrong.json["errors"][0]["message"]


def test_the_audit_knows_what_was_announced(cast, cream, carton):
    service.count(cast.receiver, carton, cream, 100, batch="L1", expires_on=E1)
    service.close_carton(cast.receiver, carton)
    names = ("announced lots add up to their line", "differences are what lines and states say")
    for lie, wrong in (("quantity = quantity + 1", (1, 0)), ("quantity = quantity - 1", (0, 0)),
                       ("batch = 'L1', expires_on = '2028-01-31'", (0, 1)),
                       ("batch = 'L2', expires_on = '2028-06-30'", (0, 0))):  # fmt: skip
        session().execute(text(f"UPDATE announced_lot SET {lie} WHERE position = 2"))
        commit()
        found = {each["name"]: len(each["violations"]) for each in run_checks(all_checks())["checks"]}
        assert tuple(found[name] for name in names) == wrong


def lot(batch: str | None, expires_on: date | None, units: int) -> Lot:
    return Lot(batch, None, expires_on, units)


@pytest.mark.parametrize(
    ("announced", "came", "over", "told"),
    [
        ([("L1", E1, 10)], [("L1", E1, 10)], 0, 0),
        ([("L1", E1, 10)], [("L1", E1, 12)], 2, 0),  # too many, and told as that
        ([("L1", E1, 10)], [("L1", E1, 10), ("L2", E1, 3)], 3, 0),
        ([("L1", E1, 10)], [("L1", E2, 10)], 0, 10),  # another day is another lot
        ([("L1", None, 10)], [("L1", E2, 10)], 0, 0),  # no day was said
        ([("L1", E1, 10)], [(None, E1, 10)], 0, 0),  # the product keeps no batches
        ([("L1", E1, 10), ("L2", E2, 10)], [("L1", E1, 15), ("L2", E2, 5)], 0, 5),
        ([("L1", E1, 10), (None, None, 5)], [("L9", E2, 5), ("L1", E1, 10)], 0, 0),  # of five nothing was said
        ([(None, None, 10)], [("L9", E2, 10)], 0, 0),
        ([], [("L9", E2, 10)], 0, 0),
    ],
)
def test_units_of_other_lots(announced, came, over, told):
    assert units_of_others([lot(*each) for each in announced], [lot(*each) for each in came], over) == told


def test_numbers_of_other_units():
    assert numbers_of_others(["S1", "S2"], ["S1", "S3"], 0) == 1
    assert numbers_of_others(["S1", "S2"], ["S1", "S2", "S3"], 1) == 0
    assert numbers_of_others([], ["S1"], 0) == 0


def test_lots_of_one_name_are_one():
    said = merged(
        [LotDraft(2, "L1", serial_numbers=["a", "b"]), LotDraft(1, "L2"), LotDraft(1, "L1", serial_numbers=["c"])]
    )
    assert [(each.batch, each.quantity, list(each.serial_numbers)) for each in said] == [
        ("L1", 3, ["a", "b", "c"]), ("L2", 1, [])
    ]  # fmt: skip
    assert merged([LotDraft(5), LotDraft(3)]) == []


LOTS = st.lists(
    st.builds(lot, st.sampled_from([None, "L1", "L2"]), st.sampled_from([None, E1, E2]), st.integers(1, 9)), max_size=5
)


@settings(deadline=None)
@given(LOTS, LOTS, st.integers(0, 60))
def test_what_is_left_is_what_was_announced_and_never_more_than_wanted(announced, came, wanted):
    left = remaining(announced, came, wanted)
    assert all(0 <= units <= each.units for units, each in zip(left, announced, strict=True))
    assert sum(left) <= wanted
    for surplus, each in zip(others(announced, came), came, strict=True):
        expected = sum(own.units for own in announced if fits(own, *each[:3]))
        assert 0 <= surplus <= each.units
        assert surplus >= each.units - expected
