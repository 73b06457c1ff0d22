"""Which warehouse an order goes from: the decision by enumeration, then orders that are routed."""

from __future__ import annotations

from itertools import combinations, permutations, product
from typing import Any

import pytest
from sqlalchemy import select

from tests.outbound.stage import BIN2, ID_NUMBER, MUG, RED, Stage, body
from tests.outbound.test_extras import able, flat_rates
from wms.core.refusals import Refused
from wms.outbound.extras.models import OrderExtra
from wms.outbound.models import Order
from wms.outbound.routing import queries, rules, service
from wms.outbound.routing.rules import Candidate, Prefer, Why, WhyNot, Zone
from wms.outbound.schemas import OrderIn
from wms.platform.database import session
from wms.shipping.service.choices import save_rates

PATH = "/api/v1/orders"
WANTED = {"A": 2, "B": 1}


def covers(those: Any, wanted: dict[str, int]) -> bool:
    return all(sum(each.free.get(sku, 0) for each in those) >= units for sku, units in wanted.items())


def every_world() -> Any:
    """Three warehouses with nothing to enough of each product, at every distance, each able or not."""
    stocks = [{"A": a, "B": b} for a, b in product(range(3), range(2))]
    for free in product(stocks, repeat=3):
        for distances in permutations((0, 1, 2)):
            yield [
                Candidate(f"W{place}", free[place], distances[place], cost_minor=(None, 500, 300)[place])
                for place in range(3)
            ]


@pytest.mark.parametrize("prefer", list(Prefer))
def test_the_decision_is_the_best_there_is(prefer: Prefer) -> None:
    key = {
        Prefer.NEAREST: lambda each: each.distance,
        Prefer.CHEAPEST: lambda each: each.cost_minor or 10**9,
        Prefer.FIRST: lambda each: each.code,
    }[prefer]
    seen = set()
    for candidates in every_world():
        for may_split in (True, False):
            found = rules.decide(WANTED, candidates, prefer, may_split=may_split)
            seen.add(found.why)
            given = {sku: sum(part.units.get(sku, 0) for part in found.parts) for sku in WANTED}
            assert given == WANTED
            taken = [next(each for each in candidates if each.code == part.warehouse) for part in found.parts]
            whole = [each for each in candidates if covers([each], WANTED)]
            if whole:
                assert taken == [min(whole, key=key)]  # nothing is split that one place has
            elif len(taken) > 1:
                assert may_split and found.why is Why.SPLIT and covers(taken, WANTED)
                assert all(part.units[sku] <= each.free[sku] for part, each in zip(found.parts, taken, strict=True)
                           for sku in part.units)  # fmt: skip
                fewer = [those for count in range(2, len(taken)) for those in combinations(candidates, count)]
                assert not any(covers(those, WANTED) for those in fewer)
            else:
                assert not (may_split and covers(candidates, WANTED))
                most = max(rules.held(each, WANTED) for each in candidates)
                best = [each for each in candidates if rules.held(each, WANTED) == most]
                assert taken == [min(best, key=key)]
    assert seen == {Why.COMPLETE, Why.SPLIT, Why.MOST}


def test_who_may_not_is_never_taken() -> None:
    for blocked in product([None, *WhyNot], repeat=2):
        candidates = [Candidate(f"W{place}", {"A": 9}, place, why_not=why) for place, why in enumerate(blocked)]
        found = rules.decide({"A": 1}, candidates, Prefer.NEAREST, may_split=True)
        able = [each.code for each in candidates if each.why_not is None]
        assert [part.warehouse for part in found.parts] == able[:1]
        assert len(found.candidates) == 2  # they are named all the same


def test_goods_in_bond_are_no_part() -> None:
    candidates = [Candidate("W0", {"A": 1}, 0, bonded=True), Candidate("W1", {"B": 1}, 1)]
    assert rules.decide({"A": 1, "B": 1}, candidates, Prefer.NEAREST, may_split=True).why is Why.MOST


def test_what_is_owed_elsewhere_is_not_there() -> None:
    candidates = [Candidate("W0", {"A": -3}, 0), Candidate("W1", {"A": 1}, 5)]
    found = rules.decide({"A": 1}, candidates, Prefer.NEAREST, may_split=True)
    assert [part.warehouse for part in found.parts] == ["W1"]


@pytest.mark.parametrize(
    ("country", "postcode", "distance"),
    [("DE", "10115", 1), ("FR", "75001", 2), ("US", "10001", 3), ("FR", "67-000", 0), ("FR", "6 1", 7), ("CH", "1", 9)],
)
def test_the_longest_beginning_of_a_postcode_counts(country: str, postcode: str, distance: int) -> None:
    zones = [Zone("DE1", "FR", "67", 0), Zone("DE1", "FR", "6", 7), Zone("DE1", "CH", "", 9), Zone("XX", "DE", "", 8)]
    assert rules.distance_of("DE1", "DE", country, postcode, zones) == distance


@pytest.mark.parametrize("bonded", [True, False])
@pytest.mark.parametrize("country", ["CN", "DE"])
@pytest.mark.parametrize("number", [True, False])
def test_bond_is_for_persons_of_its_country(bonded: bool, country: str, number: bool) -> None:
    allowed = rules.may_take(bonded, "CN", country, number) is None
    assert allowed == (not bonded or (country == "CN" and number))


@pytest.fixture
def both(stage: Stage) -> Stage:
    """ACME lets the house choose between DE1 and NGB1; no mugs in bond."""
    stage.stock(MUG, 4)
    routed(stage)
    return stage


def routed(stage: Stage, *, may_split: bool = False, prefer: Prefer = Prefer.NEAREST, **more: Any) -> None:
    houses = [stage.cast.overseas.id, stage.cast.bonded.id]
    stage.do(
        service.set_routing, stage.cast.acme, stage.cast.ACME.id, prefer, more.pop("warehouses", houses),
        may_split=may_split, **more,
    )  # fmt: skip


def unrouted(lines: dict[str, int] | list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    given = body(lines, **more)
    del given["warehouse"]
    return given


def create(stage: Stage, lines: dict[str, int] | list[dict[str, Any]], **more: Any) -> Order:
    made = stage.do(service.create_order, stage.cast.acme, OrderIn().load(unrouted(lines, **more)))
    return session().get_one(Order, made.id)


def test_an_order_that_names_none_is_given_one_and_told_why(both: Stage, client: Any) -> None:
    api: Any = both.cast.api(client)
    answer = api.post(PATH, unrouted({MUG: 2}))
    assert (answer.status_code, answer.json["state"]) == (201, "promised")
    shown = api.get(answer.headers["Location"]).json
    assert (shown["warehouse"], shown["route"]["why"]) == ("DE1", "only")
    assert [(each["warehouse"], each["held"], each["why_not"]) for each in shown["route"]["candidates"]] == [
        ("DE1", 2, None), ("NGB1", 0, "bonded"),
    ]  # fmt: skip
    named = api.post(PATH, body({MUG: 1}))
    assert api.get(named.headers["Location"]).json["route"] is None


def test_bonded_goods_go_to_whom_they_may(both: Stage) -> None:
    both.stock(RED, 1, house=both.cast.bonded)
    buyer = {"country": "CN", "city": "杭州", "id_number": ID_NUMBER}
    order = create(both, {RED: 1}, consignee=buyer)
    assert (order.warehouse_id, order.customs_state) == (both.cast.bonded.id, "waiting")


@pytest.mark.parametrize(("kind", "count"), [("b2b", 1), ("dropship", 100)])
def test_what_is_no_order_of_bonded_retail_goes_where_it_may(both: Stage, kind: str, count: int) -> None:
    """Not to the nearest, which would refuse it. What its seller can mend is told: an order without a phone number."""
    both.stock(MUG, 200, house=both.cast.bonded)
    both.stock(MUG, 200)
    buyer = {"country": "CN", "city": "杭州", "id_number": ID_NUMBER}
    assert create(both, {MUG: 1}, consignee=buyer).warehouse_id == both.cast.bonded.id
    lines = [{"sku": MUG, "quantity": 1}] * count
    assert create(both, lines, kind=kind, consignee=buyer).warehouse_id == both.cast.overseas.id
    with pytest.raises(Refused) as raised:
        create(both, {MUG: 1}, consignee={**buyer, "phone": None})
    assert [each["code"] for each in raised.value.errors] == ["phone_required"]


def test_without_the_sellers_leave_a_warehouse_is_required(stage: Stage, client: Any) -> None:
    api: Any = stage.cast.api(client)
    for given in (unrouted({MUG: 1}), {**unrouted({MUG: 1}), "kind": "return_to_seller"}):
        answer = api.post(PATH, given)
        assert (answer.status_code, answer.json["errors"][0]["pointer"], answer.json["errors"][0]["code"]) == (
            422, "/warehouse", "required",
        )  # fmt: skip
    routed(stage)
    for line in ({"batch": "L1"}, {"condition": "damaged"}, {"min_expires_on": "2027-01-01"}, {"container": "CTN-1"}):
        given = unrouted({MUG: 1})
        given["lines"][0] |= line
        told = api.post(PATH, given).json["errors"][0]
        assert (told["pointer"], told["code"]) == ("/warehouse", "route_named_line")
    routed(stage, warehouses=[stage.cast.bonded.id])
    told = api.post(PATH, unrouted({MUG: 1})).json["errors"][0]
    assert (told["pointer"], told["code"]) == ("/warehouse", "route_none")
    routed(stage, warehouses=[])
    assert api.post(PATH, unrouted({MUG: 1})).json["errors"][0]["code"] == "required"


def test_it_waits_where_most_of_it_is(both: Stage) -> None:
    order = create(both, {MUG: 9})
    assert (order.warehouse_id, order.state) == (both.cast.overseas.id, "short")
    assert queries.route_of(order.id)["why"] == "only"  # type: ignore[index]


def test_an_order_in_parts_is_several_linked_ones(both: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two warehouses that are not in bond: the second one's stock is counted beside the first's."""
    both.stock(RED, 5, BIN2)
    part = [rules.Part("DE1", {MUG: 1}), rules.Part("DE1", {MUG: 1, RED: 2})]
    decision = rules.Decision(Why.SPLIT, tuple(part), ())
    monkeypatch.setattr(rules, "decide", lambda *_, **__: decision)
    session().rollback()
    able(both)
    paid = {"cod": {"amount_minor": 4990, "currency": "EUR"}, "insurance": {"value_minor": 4990, "currency": "EUR"}}
    order = create(both, {MUG: 2, RED: 2}, reference="SHOP-PARTS", **paid)
    other = session().scalars(select(Order).where(Order.back_order_of == order.id)).one()
    assert (order.reference, other.reference, order.state, other.state) == (
        "SHOP-PARTS", "SHOP-PARTS-W2", "promised", "promised",
    )  # fmt: skip
    assert both.free(MUG) == (4, 2) and both.free(RED) == (5, 2)
    said = [session().get_one(OrderExtra, each.id) for each in (order, other)]
    assert [each.cod_minor for each in said] == [1247, 3743], "together what was asked for"
    assert [each.insured_minor for each in said] == [1248, 3743], "no part less than its share"


def test_a_setting_that_means_nothing_is_refused(stage: Stage) -> None:
    house, acme = stage.cast.overseas.id, stage.cast.ACME.id
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"warehouses": [house, house]}, "route_warehouses"),
        ({"warehouses": [acme]}, "route_warehouses"),
        ({"warehouses": [house], "zones": [Zone("XX", "DE", "", 1)]}, "route_zones"),
        ({"warehouses": [house], "zones": [Zone("DE1", "DE", "", 1)] * 501}, "route_zones"),
    ]
    for given, code in wrong:
        with pytest.raises(Refused) as refused:
            routed(stage, **given)
        assert refused.value.errors[0]["code"] == code
        session().rollback()
    refusal = stage.refused(service.set_routing, stage.cast.rival, acme, Prefer.FIRST, [house], may_split=False)
    assert refusal.code == "not_found"
    assert queries.routing_of(acme) is None


def test_carriage_is_what_the_services_own_rates_say(both: Stage) -> None:
    """The cost is looked up, kept with the order, and unknown where no rate says."""
    order = create(both, {MUG: 1})
    route: Any = queries.route_of(order.id)
    assert [each["cost_minor"] for each in route["candidates"]] == [None, None]
    both.do(save_rates, both.cast.admin, order.service_id, flat_rates("4.90"))
    route = queries.route_of(create(both, {MUG: 1}).id)
    assert [each["cost_minor"] for each in route["candidates"]] == [490, 490]
