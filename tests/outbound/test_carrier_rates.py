"""Orders whose service depends on what carriers say it would cost: they wait for the word, not for ever, and the reason stays."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from tests.carrier_server import TOKEN, CarrierSimulator, running_carrier
from tests.outbound.stage import MUG, Stage
from tests.outbound.test_carrier_waybills import stopped_clock, turn  # noqa: F401 - a fixture
from tests.outbound.test_service_choice import rule, services, table  # noqa: F401 - a fixture
from wms.outbound.erasure import erase_order
from wms.outbound.models import Order
from wms.outbound.service import carrier_rates, changes
from wms.outbound.service.carrier_rates import box_around
from wms.outbound.service.waybills import PREPARE_TOPIC, RATES_TOPIC
from wms.platform import outbox
from wms.platform.database import session, transaction
from wms.shipping import service as shipping
from wms.shipping.carriers.http import CAPABILITIES
from wms.shipping.models import CarrierQuote, Service, Shipment
from wms.shipping.rates import Goods, Rule, WhenSilent
from wms.shipping.service import choices, quotes


@pytest.fixture
def carrier(stage: Stage, services: dict[str, uuid.UUID]) -> Iterator[CarrierSimulator]:  # noqa: F811
    """A carrier SIM that says its prices: EXPRESS 3.00 in a day, ECO 2.00 in six. SLOW has a table: 4.50, five days."""
    with running_carrier() as running:
        running.prices["EXPRESS"] = {"currency": "EUR", "total_minor": 300, "days": 1}
        running.prices["ECO"] = {"currency": "EUR", "total_minor": 200, "days": 6}
        with transaction():
            made = shipping.create_carrier(stage.cast.admin, "SIM", "Sim", kind="http", capabilities=CAPABILITIES)
            shipping.connect_carrier(stage.cast.admin, made.id, running.url, TOKEN)
            for code in ("EXPRESS", "ECO"):
                services[code] = shipping.add_service(stage.cast.admin, made.id, code, code).id
        yield running


def waved(stage: Stage, **more) -> Order:
    order = stage.order({MUG: 1}, **more)
    stage.wave(order)
    session().expire_all()
    return order


def shipment_of(order: Order) -> Shipment | None:
    session().expire_all()
    found = select(Shipment).where(Shipment.subject_id == order.id, Shipment.state != "voided")
    return session().scalars(found).first()


def went_with(order: Order) -> tuple[str, dict]:
    shipment = shipment_of(order)
    assert shipment is not None
    assert shipment.choice is not None
    return session().get_one(Service, shipment.service_id).code, shipment.choice


def states(order: Order) -> dict[str, str]:
    session().expire_all()
    rows = session().execute(
        select(Service.code, CarrierQuote.state).join(Service, Service.id == CarrierQuote.service_id).where(
            CarrierQuote.subject_id == order.id)
    )  # fmt: skip
    return {row.code: row.state for row in rows}


@pytest.mark.parametrize(
    ("which", "codes", "taken"),
    [(Rule.CHEAPEST, ("SLOW", "EXPRESS", "ECO"), "ECO"), (Rule.FASTEST, ("SLOW", "EXPRESS"), "EXPRESS"),
     (Rule.FIRST, ("EXPRESS", "ECO"), "EXPRESS")],
)  # fmt: skip
def test_the_carriers_word_takes_part(stage: Stage, carrier, services, which: Rule, codes, taken: str):  # noqa: F811
    rule(stage, services, which, *codes)
    order = waved(stage)
    assert (shipment_of(order), carrier.calls) == (None, []), "nothing is asked inside a transaction"
    assert turn(RATES_TOPIC) == ["done"]
    code, choice = went_with(order)
    assert (code, choice["taken"]) == (taken, taken)
    offers = {each["service"]: each for each in choice["offers"]}
    assert (offers["EXPRESS"]["minor"], offers["EXPRESS"]["days"], offers["EXPRESS"]["by"]) == (300, 1, "carrier")
    assert [path for _, path in carrier.calls] == ["/v1/rates"], "one question for all services of a carrier"
    assert sorted(carrier.bodies[0]["services"]) == sorted(each for each in codes if each != "SLOW")
    recipient = carrier.bodies[0]["recipient"]
    assert recipient["country"] == "DE"
    assert set(recipient) <= {"country", "state", "city", "postcode"}, "where to, not to whom"


def test_only_where_a_rule_lets_choose_is_anybody_asked(stage: Stage, carrier, services):  # noqa: F811
    order = waved(stage, service="SLOW")
    assert shipment_of(order) is not None
    rule(stage, services, Rule.CHEAPEST, "SLOW", "FAST")
    assert went_with(waved(stage))[0] == "SLOW"
    assert (turn(RATES_TOPIC), carrier.calls) == ([], [])


def test_others_of_its_wave_do_not_wait_with_it(stage: Stage, carrier, services):  # noqa: F811
    rule(stage, services, Rule.CHEAPEST, "EXPRESS", "SLOW")
    asked, other = stage.order({MUG: 1}), stage.order({MUG: 1}, service="SLOW")
    stage.wave(asked, other)
    assert (shipment_of(asked), shipment_of(other) is not None) == (None, True)
    assert turn(RATES_TOPIC) == ["done"]
    assert went_with(asked)[0] == "EXPRESS"


def test_the_last_of_several_carriers_is_waited_for(stage: Stage, carrier, services, stopped_clock):  # noqa: F811
    with transaction():
        made = shipping.create_carrier(stage.cast.admin, "SIM2", "Sim 2", kind="http", capabilities=CAPABILITIES)
        services["THIRD"] = shipping.add_service(stage.cast.admin, made.id, "THIRD", "Third").id
        shipping.connect_carrier(stage.cast.admin, made.id, carrier.url, TOKEN)
    carrier.prices["THIRD"] = {"currency": "EUR", "total_minor": 100, "days": 9}
    rule(stage, services, Rule.CHEAPEST, "EXPRESS", "THIRD", "SLOW")
    order, late = waved(stage), waved(stage)
    first = "SELECT id FROM outbox_job WHERE state = 'new' AND topic = :topic AND payload ->> 'carrier_id' <> :carrier"
    with transaction():
        jobs = session().execute(text(first), {"topic": RATES_TOPIC, "carrier": str(made.id)}).scalars().all()
    assert [outbox.perform(job) for job in jobs] == [True, True]
    assert (shipment_of(order), shipment_of(late)) == (None, None)
    stopped_clock[0] += quotes.WAIT
    stage.do(carrier_rates.go_on_without)
    turn(PREPARE_TOPIC)
    code, choice = went_with(order)
    assert (code, [each.get("by") or each.get("why") or "table" for each in choice["offers"]]) == (
        "EXPRESS", ["carrier", "silent", "table"],
    )  # fmt: skip
    assert went_with(late)[0] == "EXPRESS"


@pytest.mark.parametrize("mood", ["busy", "hang_up", "html", "list", "forbidden", "not_found", "redirect"])
@pytest.mark.parametrize("when", WhenSilent)
def test_a_carrier_that_answers_wrongly_holds_nothing_up(stage, carrier, services, mood: str, when: WhenSilent):  # noqa: F811
    rule(stage, services, Rule.CHEAPEST, "EXPRESS", "SLOW", when_silent=when)
    carrier.mood(mood)
    order = waved(stage)
    assert turn(RATES_TOPIC) == ["done"]
    assert states(order) == {"EXPRESS": "silent"}
    code, choice = went_with(order)
    assert choice["offers"][0] == {"service": "EXPRESS", "why": "silent"}
    if when is WhenSilent.TABLE:
        assert (code, "gave_way" in choice) == ("SLOW", False)
    else:
        assert (code, choice["taken"], choice["gave_way"]) == ("HOUSE-STD", None, True)
    told = quotes.answering(session().scalars(select(CarrierQuote.carrier_id)).one())
    assert (dict(told.counts), bool(told.fault)) == ({"silent": 1}, True)


def test_its_table_stands_in_for_a_carrier_that_is_silent(stage: Stage, carrier, services):  # noqa: F811
    stage.do(choices.save_rates, stage.cast.admin, services["EXPRESS"], table("1.00", "2"))
    rule(stage, services, Rule.CHEAPEST, "EXPRESS", "SLOW")
    carrier.mood("busy")
    order = waved(stage)
    turn(RATES_TOPIC)
    code, choice = went_with(order)
    assert (code, choice["offers"][0]["minor"], choice["offers"][0]["silent"]) == ("EXPRESS", 113, "carrier_busy")
    assert "by" not in choice["offers"][0]


def test_a_carrier_that_says_no_is_passed_over(stage: Stage, carrier, services):  # noqa: F811
    rule(stage, services, Rule.CHEAPEST, "EXPRESS", "ECO", "SLOW", when_silent=WhenSilent.NAMED)
    carrier.prices["EXPRESS"] = {"code": "too_far"}
    del carrier.prices["ECO"]
    order = waved(stage)
    turn(RATES_TOPIC)
    code, choice = went_with(order)
    assert (code, [each.get("why") for each in choice["offers"]]) == ("SLOW", ["says_no", "says_no", None])
    assert states(order) == {"EXPRESS": "refused", "ECO": "refused"}
    carrier.mood("refusal")
    order = waved(stage)
    turn(RATES_TOPIC)
    assert (went_with(order)[0], set(states(order).values())) == ("SLOW", {"refused"}), "a no to all of it is a no"


def test_who_is_late_is_not_waited_for(stage: Stage, carrier, services, stopped_clock):  # noqa: F811
    rule(stage, services, Rule.CHEAPEST, "EXPRESS", "SLOW")
    order = waved(stage)
    stopped_clock[0] += quotes.WAIT - timedelta(seconds=1)
    assert stage.do(carrier_rates.go_on_without) == 0
    assert shipment_of(order) is None
    stopped_clock[0] += timedelta(seconds=1)
    assert stage.do(carrier_rates.go_on_without) == 1
    assert stage.do(carrier_rates.go_on_without) == 0, "told once"
    assert turn(PREPARE_TOPIC) == ["done"]
    code, choice = went_with(order)
    assert (code, choice["offers"][0]["why"], states(order)) == ("SLOW", "silent", {"EXPRESS": "silent"})
    assert turn(RATES_TOPIC) == ["done"]
    assert (carrier.calls, went_with(order)[0]) == ([], "SLOW"), "too late to ask"


def test_who_is_asked_later_is_waited_for_longer(stage: Stage, carrier, services, stopped_clock):  # noqa: F811
    rule(stage, services, Rule.CHEAPEST, "EXPRESS", "ECO", "SLOW")
    orders = [stage.order({MUG: 1}) for _ in range(3)]
    stage.wave(*orders)
    waits = session().scalars(select(CarrierQuote.until).order_by(CarrierQuote.until)).all()
    assert [(until - stopped_clock[0]).total_seconds() for until in waits] == [45, 45, 46, 46, 47, 47], (
        "one question each"
    )


def test_a_carrier_that_is_away_is_left_alone_for_a_while(stage: Stage, carrier, services, stopped_clock):  # noqa: F811
    rule(stage, services, Rule.CHEAPEST, "EXPRESS", "SLOW")
    carrier.mood("busy", times=2)
    orders = [waved(stage) for _ in range(3)]
    assert turn(RATES_TOPIC) == ["done"] * 3
    assert [went_with(order)[0] for order in orders] == ["SLOW", "SLOW", "EXPRESS"], "two are not three"
    carrier.mood("hang_up", times=quotes.AWAY_AFTER)
    for asked in (4, 5, 6, 6, 6):
        stopped_clock[0] += timedelta(seconds=1)
        order = waved(stage)
        turn(RATES_TOPIC)
        assert (went_with(order)[0], sum(path == "/v1/rates" for _, path in carrier.calls)) == ("SLOW", asked)
    assert (
        session().scalars(select(CarrierQuote.fault).where(CarrierQuote.subject_id == order.id)).one()
        == "carrier_rests"
    )
    stopped_clock[0] += quotes.SILENCE_HOLDS
    order = waved(stage)
    turn(RATES_TOPIC)
    assert went_with(order)[0] == "EXPRESS"


def test_an_answer_that_comes_too_late_changes_nothing(stage: Stage, carrier, services, stopped_clock):  # noqa: F811
    rule(stage, services, Rule.CHEAPEST, "EXPRESS", "SLOW")
    order = waved(stage)
    key, carrier_id = order.id, session().get_one(Service, services["EXPRESS"]).carrier_id
    with transaction():
        asked = quotes.ask("order", key, carrier_id, lambda codes: carrier_rates.request_of(key, codes))
    assert asked is not None
    stopped_clock[0] += quotes.WAIT
    stage.do(carrier_rates.go_on_without)
    turn(PREPARE_TOPIC)
    stage.do(quotes.settle, asked)
    assert (states(order), went_with(order)[0]) == ({"EXPRESS": "silent"}, "SLOW")


def test_a_worker_that_dies_over_it_is_followed_by_another(stage: Stage, carrier, services, monkeypatch):  # noqa: F811
    rule(stage, services, Rule.CHEAPEST, "EXPRESS", "SLOW")
    order = waved(stage)
    dies = RuntimeError("killed")
    monkeypatch.setattr(quotes, "settle", lambda _: (_ for _ in ()).throw(dies))
    assert turn(RATES_TOPIC) == ["later"]
    monkeypatch.undo()
    with transaction():
        session().execute(text("UPDATE outbox_job SET next_at = now() WHERE topic = :topic"), {"topic": RATES_TOPIC})
    assert turn(RATES_TOPIC) == ["done"]
    assert (went_with(order)[0], len(carrier.calls)) == ("EXPRESS", 2)


def test_another_address_is_another_question(stage: Stage, carrier, services):  # noqa: F811
    rule(stage, services, Rule.CHEAPEST, "EXPRESS", "SLOW")
    order = waved(stage)
    turn(RATES_TOPIC)
    consignee = {"name": "Anna Schmidt", "country": "DE", "city": "Köln", "postcode": "50667", "address1": "Dom 1"}
    stage.do(changes.edit_order, stage.cast.acme, order.id, None, {"consignee": consignee})
    assert turn(PREPARE_TOPIC) == ["done"]
    assert (shipment_of(order), states(order)) == (None, {"EXPRESS": "wanted"})
    carrier.prices["EXPRESS"]["total_minor"] = 999
    assert turn(RATES_TOPIC) == ["done"]
    assert went_with(order)[0] == "SLOW"
    assert [body["recipient"]["postcode"] for body in carrier.bodies[-1:]] == ["50667"]


def test_a_word_holds_for_its_time(stage: Stage, carrier, services, stopped_clock):  # noqa: F811
    rule(stage, services, Rule.CHEAPEST, "EXPRESS", "SLOW")
    carrier.prices["EXPRESS"]["valid_until"] = (stopped_clock[0] + timedelta(minutes=5)).isoformat()
    order = waved(stage)
    turn(RATES_TOPIC)
    for minutes, asked, taken in ((4, 1, "EXPRESS"), (2, 2, "SLOW")):
        stopped_clock[0] += timedelta(minutes=minutes)
        street = {
            "name": "Anna",
            "country": "DE",
            "city": "Berlin",
            "postcode": "10115",
            "address1": f"Street {minutes}",
        }
        stage.do(changes.edit_order, stage.cast.acme, order.id, None, {"consignee": street})  # no part of the price
        assert turn(PREPARE_TOPIC) == ["done"]
        turn(RATES_TOPIC)
        assert (sum(path == "/v1/rates" for _, path in carrier.calls), went_with(order)[0]) == (asked, taken)
    assert session().scalars(select(CarrierQuote.fault)).one() == "carrier_quote_expired", "it came when it was over"


def test_who_was_erased_is_told_to_nobody(stage: Stage, carrier, services):  # noqa: F811
    rule(stage, services, Rule.CHEAPEST, "EXPRESS", "SLOW")
    order = waved(stage)
    stage.do(erase_order, order.id)
    assert turn(RATES_TOPIC) + turn(RATES_TOPIC) == ["done", "done"], "without its postcode it is another question"
    assert (carrier.calls, states(order), turn(RATES_TOPIC)) == ([], {"EXPRESS": "silent"}, [])


def test_quotes_are_forgotten(stage: Stage, carrier, services, stopped_clock):  # noqa: F811
    rule(stage, services, Rule.CHEAPEST, "EXPRESS", "SLOW")
    order = waved(stage)
    turn(RATES_TOPIC)
    stopped_clock[0] += quotes.KEEP
    assert stage.do(quotes.forget_old) == 0
    stopped_clock[0] += timedelta(seconds=1)
    assert stage.do(quotes.forget_old) == 1
    assert went_with(order)[1]["taken"] == "EXPRESS", "why stands with the shipment"


@pytest.mark.parametrize(
    ("volume", "longest", "box"),
    [(None, 100, None), (1000, None, None), (1_000_000, 100, (100, 100, 100)), (6_000_000, 300, (300, 142, 142)),
     (1, 100, (100, 1, 1))],
)  # fmt: skip
def test_the_box_that_is_asked_for_holds_the_goods(volume, longest, box):
    assert box_around(Goods("DE", "10115", 500, volume, longest)) == box
    if box is not None:
        assert box[0] * box[1] * box[2] >= volume
