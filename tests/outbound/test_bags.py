"""Bags and pallets of parcels: what goes in, what comes out again, and that all of one leaves or nothing does."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from sqlalchemy import select, text

from labels import Manifest
from tests.outbound.stage import MUG, Stage
from wms.core.actor import SYSTEM
from wms.core.checkdigits import is_valid_sscc
from wms.core.refusals import Refused
from wms.inventory import ledger
from wms.inventory.ledger import PostingDraft
from wms.inventory.rules import MoveDraft, Reason
from wms.outbound.models import Order
from wms.outbound.service import bagging, boxes, interceptions, load_lists, order_holds
from wms.platform.database import session
from wms.printing.models import LabelDocument
from wms.shipping import loads, rules
from wms.shipping import service as shipping
from wms.shipping.models import Bag, BagKind, BagState, Carrier, Parcel, Service
from wms.shipping.workflow import BAG


@pytest.fixture
def dock(stage: Stage) -> Stage:
    stage.stock(MUG, 40)
    return stage


def put(stage: Stage, number: str, bag_id: uuid.UUID | None = None, kind: BagKind = BagKind.BAG) -> uuid.UUID:
    house = stage.cast.overseas.id
    return stage.do(bagging.put_in, stage.cast.picker, house, number, bag_id, kind).bag_id


def filled(stage: Stage, *numbers: str, kind: BagKind = BagKind.BAG) -> uuid.UUID:
    bag_id = put(stage, numbers[0], kind=kind)
    for number in numbers[1:]:
        put(stage, number, bag_id)
    return bag_id


def weight(bag_id: uuid.UUID) -> int:
    return sum(each.weight_g for each in loads.bag_parcels(bag_id)) + 150


def close(stage: Stage, bag_id: uuid.UUID) -> Bag:
    return stage.do(bagging.close, stage.cast.picker, bag_id, weight(bag_id))


def load(stage: Stage, bag_id: uuid.UUID) -> bagging.BagGone:
    return stage.do(bagging.load, stage.cast.picker, bag_id)


def bag(bag_id: uuid.UUID) -> Bag:
    return session().get_one(Bag, bag_id, populate_existing=True)


def parcel(number: str) -> Parcel:
    query = select(Parcel).where(Parcel.tracking_number == number).execution_options(populate_existing=True)
    return session().scalars(query).one()


def exits() -> int:
    return int(session().scalar(text("SELECT coalesce(sum(quantity), 0) FROM stock_move WHERE to_party = 'customer'")))


def test_all_of_a_bag_leaves_with_one_scan(dock: Stage) -> None:
    orders = [dock.packed({MUG: units}) for units in (1, 2, 3)]
    bag_id = filled(dock, *(number for _, number in orders))
    gross = weight(bag_id)
    assert close(dock, bag_id).weight_g == gross
    gone = load(dock, bag_id)
    assert (gone.parcels, gone.already) == (3, False)
    assert [dock.state(order) for order, _ in orders] == ["shipped"] * 3
    assert exits() == 6
    again = load(dock, bag_id)
    assert (again.already, exits()) == (True, 6)
    assert all(dock.hand_over(number).already for _, number in orders)
    on_load = loads.contents_of(dock.cast.picker, uuid.UUID(str(bag(bag_id).manifest_id)))
    assert [(each.number, each.weight_g, len(each.parcels)) for each in on_load.bags] == [
        (bag(bag_id).number, gross, 3)
    ]
    assert (on_load.loose, on_load.parcels, on_load.pieces, on_load.weight_g) == ((), 3, 1, gross)
    postings = "SELECT count(DISTINCT subject_id) FROM stock_posting WHERE reason = 'ship'"
    assert session().scalar(text(postings)) == 3  # a posting each: returns and recalls read them by order


def test_bags_and_single_parcels_stand_together_on_a_manifest(dock: Stage) -> None:
    (_, inside), (_, loose) = dock.packed({MUG: 1}), dock.packed({MUG: 2})
    bag_id = filled(dock, inside)
    close(dock, bag_id)
    dock.hand_over(loose)
    load(dock, bag_id)
    manifest_id = parcel(loose).manifest_id
    assert manifest_id is not None
    on_load = loads.contents_of(dock.cast.picker, manifest_id)
    assert [each.tracking_number for each in on_load.loose] == [loose]
    assert [each.tracking_number for each in on_load.bags[0].parcels] == [inside]
    assert on_load.weight_g == parcel(loose).weight_g + (bag(bag_id).weight_g or 0)
    dock.do(load_lists.request_load_list, dock.cast.supervisor, manifest_id)
    documents = session().scalars(select(LabelDocument).where(LabelDocument.kind == "manifest")).all()
    (paper,) = load_lists.load_lists(documents)
    assert isinstance(paper, Manifest) and paper.total_weight == f"{on_load.weight_g / 1000:.3f} kg"
    assert (on_load.parcels, on_load.pieces) == (2, 2)


def stopped(stage: Stage, order: Order, how: str) -> None:
    if how == "cancelled":
        stage.cancel(order)
    elif how == "intercepted":
        stage.do(interceptions.request_interception, stage.cast.acme, order.id, "other")
    elif how == "held":
        stage.do(order_holds.place_hold, stage.cast.acme, order.id, "address")


STOPS = {"cancelled": "order_cancelled", "intercepted": "intercepted", "held": "order_held"}


@pytest.mark.parametrize("how", STOPS)
def test_what_may_not_leave_goes_into_no_bag(dock: Stage, how: str) -> None:
    order, number = dock.packed({MUG: 1})
    stopped(dock, order, how)
    assert dock.refused(put, dock, number).code == STOPS[how]


@pytest.mark.parametrize("how", STOPS)
def test_a_stopped_parcel_keeps_its_bag_at_the_gate_until_it_is_out(dock: Stage, how: str) -> None:
    (order, number), (other, other_number) = dock.packed({MUG: 1}), dock.packed({MUG: 2})
    bag_id = filled(dock, number, other_number)
    close(dock, bag_id)
    stopped(dock, order, how)
    refusal = dock.refused(load, dock, bag_id)
    assert (refusal.code, refusal.params) == (f"bag_{how}", {"number": number})
    assert (exits(), dock.state(other)) == (0, "packed")  # all or nothing
    dock.do(shipping.take_out_of_bag, dock.cast.picker, parcel(number).id)
    assert (bag(bag_id).state, bag(bag_id).weight_g) == ("open", None)  # what was weighed is no longer what is in it
    close(dock, bag_id)
    assert load(dock, bag_id).parcels == 1
    assert (dock.state(other), exits()) == ("shipped", 2)


def test_an_unreleased_parcel_goes_into_no_bag(stage: Stage) -> None:
    stage.stock(MUG, 5, house=stage.cast.bonded)
    session().execute(text("UPDATE warehouse SET before_release = 'pack' WHERE code = 'NGB1'"))
    session().commit()
    order = stage.bonded_order({MUG: 2})
    stage.wave(order, house=stage.cast.bonded)
    stage.pick_all(order, stage.cast.bonded)
    number = stage.pack(order)
    refused = stage.refused(bagging.put_in, stage.cast.picker, stage.cast.bonded.id, number, None)
    assert refused.code == "customs_not_released"
    stage.release(order)
    bag_id = stage.do(bagging.put_in, stage.cast.picker, stage.cast.bonded.id, number, None).bag_id
    close(stage, bag_id)
    assert load(stage, bag_id).parcels == 1  # under the permit, the customs book settled
    assert (stage.state(order), exits()) == ("shipped", 2)


def test_several_bonded_parcels_leave_in_one_bag(stage: Stage) -> None:
    house = stage.cast.bonded
    stage.stock(MUG, 9, house=house)
    numbers = []
    for units in (1, 2):
        order = stage.bonded_order({MUG: units})
        stage.release(order, f"CEB-{units}")
        stage.wave(order, house=house)
        stage.pick_all(order, house)
        numbers.append(stage.pack(order))
    bag_id = stage.do(bagging.put_in, stage.cast.picker, house.id, numbers[0], None).bag_id
    stage.do(bagging.put_in, stage.cast.picker, house.id, numbers[1], bag_id)
    close(stage, bag_id)
    assert load(stage, bag_id).parcels == 2
    assert session().scalar(text("SELECT sum(used) FROM permit")) == 3
    assert session().scalar(text("SELECT promised FROM book_item")) == 0


def other_service(stage: Stage, number: str, carrier: bool) -> None:
    """Its shipment goes another way from now on."""
    row = parcel(number)
    with_carrier = row.carrier_id
    if carrier:
        made = Carrier(code="OTHER", name="Other", kind="house", capabilities={}, created_at=row.created_at)
        session().add(made)
        session().flush()
        with_carrier = made.id
    service = Service(carrier_id=with_carrier, code="X", name="X", number_at="wave", created_at=row.created_at)
    session().add(service)
    session().flush()
    values = {"carrier": with_carrier, "service": service.id, "shipment": row.shipment_id, "parcel": row.id}
    session().execute(
        text("UPDATE shipment SET carrier_id = :carrier, service_id = :service WHERE id = :shipment"), values
    )
    session().execute(text("UPDATE parcel SET carrier_id = :carrier WHERE id = :parcel"), values)
    session().commit()


@pytest.mark.parametrize(("carrier", "code"), [(True, "other_carrier"), (False, "other_service")])
def test_a_bag_is_of_one_service(dock: Stage, carrier: bool, code: str) -> None:
    (_, first), (_, second) = dock.packed({MUG: 1}), dock.packed({MUG: 1})
    other_service(dock, second, carrier)
    bag_id = filled(dock, first)
    assert dock.refused(put, dock, second, bag_id).code == code


def test_a_parcel_is_in_one_bag_and_leaves_with_it(dock: Stage) -> None:
    (_, first), (_, second) = dock.packed({MUG: 1}), dock.packed({MUG: 1})
    bag_id, other = filled(dock, first), filled(dock, second)
    assert dock.refused(put, dock, second, bag_id).code == "parcel_in_bag"
    assert dock.refused(dock.hand_over, second).code == "parcel_in_bag"
    assert dock.refused(boxes.reopen, dock.cast.picker, dock.cast.overseas.id, second, dock.totes()[0]).code == (
        "parcel_in_bag"
    )
    again = dock.do(bagging.put_in, dock.cast.picker, dock.cast.overseas.id, first, bag_id)
    assert (again.already, again.parcels) == (True, 1)
    dock.do(shipping.take_out_of_bag, dock.cast.picker, parcel(second).id)
    assert bag(other).state == "dropped"  # its last is out: nothing keeps its number
    assert dock.refused(put, dock, second, other).code == "bag_closed"
    put(dock, second, bag_id)
    close(dock, bag_id)
    assert dock.refused(put, dock, dock.packed({MUG: 1})[1], bag_id).code == "bag_closed"
    assert load(dock, bag_id).parcels == 2
    assert dock.refused(put, dock, first).code == "not_packed"  # its order is shipped
    assert dock.refused(shipping.take_out_of_bag, dock.cast.picker, parcel(first).id).code == "parcel_gone"


def test_the_scale_has_to_agree_with_the_parcels(dock: Stage) -> None:
    _, number = dock.packed({MUG: 2})
    bag_id = filled(dock, number)
    net = sum(each.weight_g for each in loads.bag_parcels(bag_id))
    low, high = rules.bag_weight_band("bag", net)
    assert low < net < high
    for wrong in (low - 1, high + 1):
        refusal = dock.refused(bagging.close, dock.cast.picker, bag_id, wrong)
        assert (refusal.code, refusal.params) == ("bag_weight_off", {"measured": wrong, "low": low, "high": high})
    assert dock.refused(bagging.close, dock.cast.picker, bag_id, 0).code == "invalid_input"
    assert dock.refused(load, dock, bag_id).code == "bag_open"
    closed = dock.do(bagging.close, dock.cast.picker, bag_id, high + 1, accept_anyway=True)
    assert (closed.state, closed.weight_g) == ("closed", high + 1)


def test_an_order_of_several_parcels_is_shipped_with_its_last_bag(dock: Stage) -> None:
    order, (first, second) = dock.packed_in_two({MUG: 2})
    one, two = filled(dock, first), filled(dock, second)
    close(dock, one)
    close(dock, two)
    load(dock, one)
    assert dock.state(order) == "packed"
    load(dock, two)
    assert (dock.state(order), exits()) == ("shipped", 2)


def test_numbers_are_the_operators_sscc_where_there_is_a_prefix(dock: Stage, monkeypatch: Any) -> None:
    (_, first), (_, second) = dock.packed({MUG: 1}), dock.packed({MUG: 1})
    own = bag(filled(dock, first))
    assert (own.number[:7], own.barcode[:9]) == ("BGHOUSE", "B-BGHOUSE")
    from flask import current_app

    config = current_app.extensions["wms_config"]
    monkeypatch.setitem(current_app.extensions, "wms_config", _with_prefix(config))
    sscc = bag(filled(dock, second, kind=BagKind.PALLET))
    assert is_valid_sscc(sscc.number)
    assert (sscc.number[:8], sscc.barcode, sscc.kind) == ("04012345", sscc.number, "pallet")


def _with_prefix(config: Any) -> Any:
    from dataclasses import replace

    return replace(config, gs1_prefix="4012345")


def test_only_staff_of_the_warehouse_work_with_its_bags(dock: Stage) -> None:
    _, number = dock.packed({MUG: 1})
    assert dock.refused(bagging.put_in, dock.cast.acme, dock.cast.overseas.id, number, None).code == "not_found"
    bag_id = filled(dock, number)
    for stranger in (dock.cast.acme, dock.cast.customs_clerk):
        for use_case in (shipping.reopen_bag, bagging.load, loads.bag_at):
            assert dock.refused(use_case, stranger, bag_id).code == "not_found"
        assert dock.refused(bagging.close, stranger, bag_id, 500).code == "not_found"


def test_postings_that_are_written_together_share_no_stock(dock: Stage) -> None:
    stock = dock.stock(MUG, 1)
    draft = PostingDraft(Reason.SHIP, "test", None, [MoveDraft(stock, "customer", 1)])
    with pytest.raises(ValueError, match="share no stock"):
        dock.do(ledger.post_all, SYSTEM, [draft, draft])


@pytest.mark.parametrize("state", ["open", "closed", "loaded"])
def test_an_intercepted_parcel_comes_out_of_its_bag_by_one_scan_under_put_back(dock: Stage, state: str) -> None:
    (order, number), (other, other_number) = dock.packed({MUG: 1}), dock.packed({MUG: 2})
    bag_id = filled(dock, number, other_number)
    if state != "open":
        close(dock, bag_id)
    if state == "loaded":
        load(dock, bag_id)
    gross = bag(bag_id).weight_g
    weight_g, unit = parcel(number).weight_g, parcel(number).handling_unit_id
    stopped(dock, order, "intercepted")
    if state != "open":
        assert dock.refused(load, dock, bag_id).code == "bag_intercepted"
    assert dock.do(interceptions.catch, dock.cast.picker, unit) == interceptions.Caught(0)
    assert dock.state(order) == "cancelled"
    assert [each.tracking_number for each in loads.bag_parcels(bag_id)] == [other_number]
    assert dock.put_back_all(order) == 1
    found = bag(bag_id)
    if state == "loaded":
        assert gross is not None
        assert (found.state, found.weight_g) == ("loaded", gross - (weight_g or 0))
        assert load(dock, bag_id).already
    else:
        assert (found.state, found.weight_g) == ("open", None)
        close(dock, bag_id)
        load(dock, bag_id)
    assert dock.state(other) == "shipped"


def test_a_loaded_bag_whose_only_parcel_is_taken_back_is_given_up(dock: Stage) -> None:
    order, number = dock.packed({MUG: 1})
    bag_id = filled(dock, number)
    close(dock, bag_id)
    load(dock, bag_id)
    stopped(dock, order, "intercepted")
    assert dock.do(interceptions.catch, dock.cast.picker, parcel(number).handling_unit_id) is not None
    assert (bag(bag_id).state, bag(bag_id).manifest_id) == ("dropped", None)
    assert dock.refused(load, dock, bag_id).code == "bag_open"


def test_a_cancelled_parcel_comes_out_of_its_bag_under_put_back_too(dock: Stage) -> None:
    (order, number), (_, other) = dock.packed({MUG: 1}), dock.packed({MUG: 1})
    bag_id = filled(dock, number, other)
    close(dock, bag_id)
    unit = parcel(number).handling_unit_id
    stopped(dock, order, "cancelled")
    assert dock.do(interceptions.catch, dock.cast.picker, unit) is None  # nobody asked: it only waits to be put back
    assert (bag(bag_id).state, len(loads.bag_parcels(bag_id))) == ("open", 1)
    assert dock.put_back_all(order) == 1


# Every action of a bag in every state: what it does, or that it is refused.
def _bag_in(stage: Stage, state: str) -> tuple[uuid.UUID, str]:
    _, number = stage.packed({MUG: 1})
    bag_id = filled(stage, number)
    if state in ("closed", "loaded"):
        close(stage, bag_id)
    if state == "loaded":
        load(stage, bag_id)
    if state == "dropped":
        stage.do(shipping.take_out_of_bag, stage.cast.picker, parcel(number).id)
    return bag_id, number


TOLD = {
    ("close", "open"): "closed", ("close", "closed"): "not_allowed_now", ("close", "loaded"): "not_allowed_now",
    ("close", "dropped"): "not_allowed_now",
    ("reopen", "open"): "open", ("reopen", "closed"): "open", ("reopen", "loaded"): "not_allowed_now",
    ("reopen", "dropped"): "not_allowed_now",
    ("load", "open"): "bag_open", ("load", "closed"): "loaded", ("load", "loaded"): "loaded",
    ("load", "dropped"): "bag_open",
    ("drop", "open"): "dropped", ("drop", "closed"): "dropped", ("drop", "loaded"): "parcel_gone",
    ("drop", "dropped"): "dropped",
}  # fmt: skip


@pytest.mark.parametrize(("action", "state"), [(action, state) for action in BAG.moves for state in BagState])
def test_every_action_in_every_state(dock: Stage, action: str, state: BagState) -> None:
    bag_id, number = _bag_in(dock, state.value)
    asked = {
        "close": lambda: bagging.close(dock.cast.picker, bag_id, 800, accept_anyway=True),
        "reopen": lambda: shipping.reopen_bag(dock.cast.picker, bag_id),
        "load": lambda: bagging.load(dock.cast.picker, bag_id),
        "drop": lambda: shipping.take_out_of_bag(dock.cast.picker, parcel(number).id),
    }[action]
    try:
        dock.do(asked)
        told = bag(bag_id).state
    except Refused as refusal:
        session().rollback()
        told = refusal.code
    assert told == TOLD[action, state.value]


def test_the_api_shows_a_bag_with_the_parcels_of_who_asks(dock: Stage, client: Any) -> None:
    (_, number), (_, other) = dock.packed({MUG: 1}), dock.packed({MUG: 1})
    bag_id = filled(dock, number, other, kind=BagKind.PALLET)
    close(dock, bag_id)
    api, rival = dock.cast.api(client), dock.cast.api(client, "RIVAL")
    shown = api.get(f"/api/v1/bags/{bag_id}").json
    assert (shown["kind"], shown["state"], shown["warehouse"], shown["carrier"]) == ("pallet", "closed", "DE1", "HOUSE")
    assert [each["tracking_number"] for each in shown["parcels"]] == sorted([number, other])
    assert shown["weight_g"] == sum(each["weight_g"] for each in shown["parcels"]) + 150
    (row,) = api.get("/api/v1/bags", query_string={"state": "closed", "number": shown["number"]}).json["data"]
    assert row["id"] == str(bag_id)
    assert api.get("/api/v1/bags", query_string={"state": "loaded"}).json["data"] == []
    assert (rival.get("/api/v1/bags").json["data"], rival.get(f"/api/v1/bags/{bag_id}").status_code) == ([], 404)
