"""Goods that differ: who may say what becomes of them and when, what the deadline says, and what stock then does."""

from __future__ import annotations

import uuid
from datetime import timedelta
from itertools import product as pairs
from typing import Any

import pytest
from sqlalchemy import select, text

from tests.inbound.dock import CABLE, MUG, RED, Received, announce, deliver, product, service, stock
from wms.added_services import catalogue, working
from wms.added_services.catalogue import ServiceDraft
from wms.added_services.models import ServiceRequest
from wms.added_services.working import Report
from wms.core import clock
from wms.core.refusals import Refused
from wms.inbound import queries
from wms.inbound.lots import LotDraft
from wms.inbound.models import Carton, Difference
from wms.inbound.rules import DECISIONS, TERMS, Decision, DifferenceKind, Terms, decision_by_default
from wms.inbound.workflow import DIFFERENCE, DifferenceState
from wms.platform.database import session

DIFFERENCE_MOVES = {
    ("noted", "announce"): "open", ("open", "accept"): "settled", ("decided", "accept"): "settled",
    ("open", "decide"): "decided", ("decided", "decide"): "decided", ("decided", "carry_out"): "settled",
}  # fmt: skip


def refused(use_case: Any, *args: Any, **kwargs: Any) -> Refused:
    with pytest.raises(Refused) as refusal:
        use_case(*args, **kwargs)
    return refusal.value


def fields(refusal: Refused) -> dict[str, str]:
    return {error["pointer"]: error["code"] for error in refusal.errors}


def of(found: Received, kind: str) -> Difference:
    query = select(Difference).where(Difference.booking_id == found.booking_id, Difference.kind == kind)
    return session().scalars(query.execution_options(populate_existing=True)).one()


def events(found: Received) -> list[str]:
    query = text("SELECT name FROM event WHERE subject_id = :b AND name NOT LIKE '%arrived' ORDER BY sequence")
    return list(session().scalars(query, {"b": found.booking_id}))


@pytest.fixture
def seen(cast, db_session):
    """One carton with every kind of difference in it, closed: 2 over (1 unlabelled), 4 short, 3 wrong, 1 damaged, 2
    mixed, 5 of another batch, 1 with another number.
    """
    mug, red, cable = (cast.ACME.products[sku] for sku in (MUG, RED, CABLE))
    cream, phone = (
        product(cast.acme, "CREAM-50", lot_controlled=True),
        product(cast.acme, "PHONE-Y", serial_control="full"),
    )
    found = deliver(cast.acme, cast.receiver, {
        MUG: 10, RED: 8, "CREAM-50": [LotDraft(6, "B1")], "PHONE-Y": [LotDraft(2, serial_numbers=["S1", "S2"])]
    })  # fmt: skip
    carton = found.carton
    for units, batch in ((1, "B1"), (5, "B2")):
        service.count(cast.receiver, carton, cream, units, batch=batch)
    service.count(cast.receiver, carton, phone, 2, serial_numbers=["S1", "S3"])
    service.count(cast.receiver, carton, mug, 11)
    service.count(cast.receiver, carton, mug, 1, finding="unlabelled")
    service.count(cast.receiver, carton, red, 1, condition="damaged")
    service.count(cast.receiver, carton, red, 2, finding="mixed")
    service.count(cast.receiver, carton, red, 1)
    service.count(cast.receiver, carton, cable, 3)
    service.close_carton(cast.receiver, carton)
    return found


ALL = {"over": 2, "unlabelled": 1, "short": 4, "damaged": 1, "mixed": 2, "wrong": 3, "other_lot": 5,
       "other_serial": 1}  # fmt: skip
AT_THE_CLOSE = {"short", "other_lot", "other_serial"}  # until then the rest may come


def test_every_state_allows_exactly_its_actions():
    for state, action in pairs(DifferenceState, DIFFERENCE.moves):
        wanted = DIFFERENCE_MOVES.get((state.value, action))
        if wanted is not None:
            assert DIFFERENCE.apply(action, state) == wanted
        else:
            assert refused(DIFFERENCE.apply, action, state).code == "not_allowed_now"
    assert DIFFERENCE.final_states() == {"settled"}


def test_every_kind_is_found_announced_and_shown_to_its_seller(cast, seen):
    assert seen.differences() == ALL
    assert events(seen).count("booking.difference_found") == len(ALL)
    rows = queries.differences_page(cast.acme, booking_id=seen.booking_id)
    assert {row["kind"]: row["state"] for row in rows} == dict.fromkeys(ALL, "open")
    assert {row["kind"]: row["decisions"] for row in rows} == {
        kind.value: [each.value for each in allowed] for kind, allowed in DECISIONS.items()
    }
    assert queries.differences_page(cast.rival, booking_id=seen.booking_id) == []
    due = of(seen, "over").due_at
    assert due is not None
    assert due - of(seen, "over").found_at == timedelta(hours=TERMS.decide_hours)


def test_what_is_still_counted_is_nobody_s_to_decide(cast, db_session):
    found = deliver(cast.acme, cast.receiver, {MUG: 2})
    service.count(cast.receiver, found.carton, cast.ACME.products[MUG], 3, finding="unlabelled")
    assert (of(found, "over").state, of(found, "unlabelled").quantity) == ("noted", 3)
    assert refused(service.decide, cast.acme, of(found, "over").id, "accept").code == "not_allowed_now"
    service.uncount(cast.receiver, found.carton)
    assert found.differences() == {}


@pytest.mark.parametrize("kind", DifferenceKind)
def test_every_kind_against_every_decision(cast, seen, kind):
    """The seller goes through all of them, acceptance last: that one is final."""
    for decision in sorted(Decision, key=lambda each: each is Decision.ACCEPT):
        difference = of(seen, kind)
        before = (difference.state, difference.decision)
        if decision not in DECISIONS[kind]:
            refusal = refused(service.decide, cast.acme, difference.id, decision)
            assert fields(refusal) == {"/decision": "decision_impossible"}
            assert (of(seen, kind).state, of(seen, kind).decision) == before
            continue
        service.decide(cast.acme, difference.id, decision, remark="as agreed")
        now = of(seen, kind)
        assert (now.decision, now.remark) == (decision, "as agreed")
        assert now.state == ("settled" if decision is Decision.ACCEPT else "decided")
        assert events(seen)[-1] == "booking.difference_decided"


@pytest.mark.parametrize("who", ["rival", "receiver", "rival_person"])
def test_only_its_seller_decides(cast, seen, who):
    assert refused(service.decide, getattr(cast, who), of(seen, "over").id, "accept").code == "not_found"
    assert refused(service.decide, cast.acme, uuid.uuid4(), "accept").code == "not_found"


def test_a_decision_is_thought_over_until_it_is_carried_out(cast, seen):
    key = of(seen, "over").id
    service.decide(cast.acme, key, "return")
    service.decide(cast.acme, key, "destroy")
    assert refused(service.carry_out, cast.receiver, key).code == "not_found"
    service.carry_out(cast.supervisor, key)
    assert refused(service.decide, cast.acme, key, "accept").code == "not_allowed_now"
    assert refused(service.carry_out, cast.supervisor, key).code == "not_allowed_now"


def test_a_relabel_names_a_product_of_the_seller(cast, seen):
    key = of(seen, "wrong").id
    for sku in ("NO-SUCH", "RIVAL-1"):
        assert fields(refused(service.decide, cast.acme, key, "relabel", relabel_to=sku)) == {
            "/relabel_to": "product_unknown"
        }
    assert fields(refused(service.decide, cast.acme, key, "return", relabel_to=MUG)) == {"/relabel_to": "relabel_only"}


@pytest.mark.parametrize(("decision", "party"), [("return", "supplier"), ("destroy", "scrap")])
def test_goods_leave_from_their_carton(cast, seen, decision, party):
    key = of(seen, "wrong").id
    service.decide(cast.acme, key, decision)
    done = service.carry_out(cast.supervisor, key)
    assert stock(cast.ACME.products[CABLE]) == {}
    query = text("SELECT to_party, quantity FROM stock_move WHERE posting_id = :p")
    assert session().execute(query, {"p": done.posting_id}).all() == [(party, 3)]
    assert refused(service.reopen_carton, cast.receiver, seen.carton).code == "carton_partly_settled"


def test_wrong_goods_become_the_product_they_are_labelled_as(cast, seen):
    key = of(seen, "wrong").id
    service.decide(cast.acme, key, "relabel", relabel_to=MUG)
    service.carry_out(cast.supervisor, key)
    assert stock(cast.ACME.products[CABLE]) == {}
    assert stock(cast.ACME.products[MUG]) == {("DOCK", "good", False): 15}


def test_a_new_label_of_the_same_product_changes_no_stock(cast, seen):
    key = of(seen, "unlabelled").id
    before = stock(cast.ACME.products[MUG])
    service.decide(cast.acme, key, "relabel")
    assert service.carry_out(cast.supervisor, key).posting_id is None
    assert stock(cast.ACME.products[MUG]) == before


def asked_for(key: uuid.UUID) -> list[ServiceRequest]:
    query = select(ServiceRequest).where(ServiceRequest.subject_id == key).order_by(ServiceRequest.id)
    return list(session().scalars(query.execution_options(populate_existing=True)))


def test_the_decision_to_relabel_asks_for_the_service_of_the_catalogue(cast, seen):
    key = of(seen, "unlabelled").id
    service.decide(cast.acme, key, "relabel")
    assert asked_for(key) == []  # the catalogue has none for it
    label = ServiceDraft("LABEL", "Label", "贴标", "label", asks_first=False, for_differences=True)
    catalogue.define_service(cast.supervisor, label)
    service.decide(cast.acme, key, "relabel", remark="on the lid")
    service.decide(cast.acme, key, "relabel")
    (asked,) = asked_for(key)
    assert (asked.subject_kind, asked.quantity, asked.state, asked.note) == ("difference", 1, "accepted", "on the lid")
    assert asked.handling_unit_id == session().get_one(Carton, seen.carton).handling_unit_id
    service.decide(cast.acme, key, "return")
    assert asked_for(key)[0].state == "cancelled"
    service.decide(cast.acme, key, "relabel")
    second = asked_for(key)[1]
    working.take(cast.picker, second.id)
    for use_case in (
        lambda: service.decide(cast.acme, key, "return"), lambda: service.carry_out(cast.supervisor, key)
    ):  # fmt: skip
        session().commit()
        assert refused(use_case).code == "not_allowed_now"  # hands are at it
        session().rollback()
    working.report(cast.picker, second.id, Report(1))
    working.finish(cast.picker, second.id)
    service.carry_out(cast.supervisor, key)
    assert [each.state for each in asked_for(key)] == ["cancelled", "done"]
    assert of(seen, "unlabelled").state == "settled"


def test_damaged_goods_are_taken_from_their_bin_good_ones_are_not(cast, seen):
    red, mug = cast.ACME.products[RED], cast.ACME.products[MUG]
    place = cast.overseas.locations["A-01-01-1"]
    service.put_away(cast.picker, seen.carton, mug, 12, place)
    service.put_away(cast.picker, seen.carton, red, 1, cast.overseas.locations["A-01-01-2"], condition="damaged")
    for kind in ("over", "damaged"):
        service.decide(cast.acme, of(seen, kind).id, "destroy")
    service.carry_out(cast.supervisor, of(seen, "damaged").id)
    refusal = refused(service.carry_out, cast.supervisor, of(seen, "over").id)
    assert (refusal.code, refusal.params) == ("difference_goods_away", {"left": 0, "wanted": 2})
    service.carry_out(cast.supervisor, of(seen, "over").id, moves_stock=False)
    assert of(seen, "over").state == "settled"
    assert stock(mug) == {("A-01-01-1", "good", True): 12}


def test_a_recount_opens_the_carton_and_asks_again(cast, seen):
    service.decide(cast.acme, of(seen, "over").id, "accept")
    key = of(seen, "short").id
    service.decide(cast.acme, key, "recount")
    assert service.carry_out(cast.supervisor, key).state == "noted"
    assert seen.states() == ["counting"]
    assert {of(seen, kind).state for kind in ALL if kind not in AT_THE_CLOSE} == {"noted"}
    service.count(cast.receiver, seen.carton, cast.ACME.products[RED], 4)
    service.close_carton(cast.receiver, seen.carton)
    assert seen.differences() == {kind: units for kind, units in ALL.items() if kind != "short"}
    assert of(seen, "over").state == "open"


def test_a_booking_closes_when_all_is_put_away_and_settled_lost_cartons_included(cast, db_session):
    mug = cast.ACME.products[MUG]
    found = announce(cast.acme, {MUG: 10}, {MUG: 5})
    barcode = session().scalar(select(Carton.barcode).where(Carton.id == found.carton))
    service.arrive_carton(cast.receiver, barcode or "")
    service.count(cast.receiver, found.carton, mug, 9)
    service.close_carton(cast.receiver, found.carton)
    service.put_away(cast.picker, found.carton, mug, 9, cast.overseas.locations["A-01-01-1"])
    assert (found.booking.state, found.booking.closed_at) == ("receiving", None)
    service.mark_missing(cast.supervisor, found.cartons[1])
    assert (found.booking.state, found.booking.closed_at) == ("completed", None)
    keys = [row["id"] for row in queries.differences_page(cast.acme, booking_id=found.booking_id)]
    assert len(keys) == 2
    service.decide(cast.acme, keys[0], "accept")
    assert found.booking.closed_at is None
    service.decide(cast.acme, keys[1], "accept")
    assert found.booking.closed_at is not None
    assert events(found)[-1] == "booking.closed"
    lost = session().scalar(select(Carton.barcode).where(Carton.id == found.cartons[1]))
    service.arrive_carton(cast.receiver, lost or "")  # it turns up: the booking is open again
    assert (found.booking.state, found.booking.closed_at) == ("receiving", None)


def test_a_booking_without_differences_closes_with_its_last_putaway(cast, db_session):
    found = deliver(cast.acme, cast.receiver, {MUG: 4})
    service.count_as_declared(cast.receiver, found.carton)
    service.close_carton(cast.receiver, found.carton)
    service.put_away_all(cast.picker, found.carton, cast.overseas.locations["A-01-01-1"])
    assert found.booking.closed_at is not None
    service.undo_put_away(cast.picker, found.carton)
    assert found.booking.closed_at is None


@pytest.fixture
def later():
    """The clock, some hours on."""
    former: list[Any] = []

    def move(hours: int) -> None:
        now = clock.now() + timedelta(hours=hours)
        former.append(clock.use(lambda: now))

    yield move
    for each in reversed(former):
        clock.use(each)


def test_the_deadline_decides_by_the_terms_of_the_seller(cast, db_session, later):
    mug = cast.ACME.products[MUG]
    service.set_terms(cast.supervisor, cast.ACME.id, Terms(24, "destroy"))
    found = deliver(cast.acme, cast.receiver, {MUG: 10, RED: 1})
    service.count(cast.receiver, found.carton, mug, 12)
    service.close_carton(cast.receiver, found.carton)
    later(23)
    assert service.decide_due() == 0
    later(2)
    assert service.decide_due() == 2
    assert service.decide_due() == 0
    over, short = of(found, "over"), of(found, "short")
    assert (over.state, over.decision, over.by_default) == ("decided", "destroy", True)
    assert (short.state, short.decision, short.by_default) == ("settled", "accept", True)  # nothing to destroy
    service.decide(cast.acme, over.id, "accept")  # not carried out yet
    assert of(found, "over").by_default is False


@pytest.mark.parametrize(("kind", "wanted"), list(pairs(DifferenceKind, ["accept", "return", "destroy"])))
def test_a_default_is_one_that_the_difference_allows(kind, wanted):
    decision = decision_by_default(kind, Terms(1, wanted))
    assert decision in DECISIONS[kind]
    assert decision == wanted or wanted not in DECISIONS[kind]


@pytest.mark.parametrize(
    ("terms", "wrong"),
    [(Terms(0), "/decide_hours"), (Terms(721), "/decide_hours"), (Terms(24, "recount"), "/default_decision"),
     (Terms(24, "relabel"), "/default_decision")],
)  # fmt: skip
def test_terms_that_make_no_sense(cast, db_session, terms, wrong):
    assert wrong in fields(refused(service.set_terms, cast.supervisor, cast.ACME.id, terms))


def test_terms_are_the_operator_s(cast, db_session):
    for who in (cast.acme, cast.receiver, cast.customs_clerk):
        assert refused(service.set_terms, who, cast.ACME.id, Terms(24)).code == "not_found"
    assert refused(service.set_terms, cast.supervisor, uuid.uuid4(), Terms(24)).code == "not_found"


def test_bonded_goods_are_not_sent_anywhere_without_customs(cast, db_session):
    mug = cast.ACME.products[MUG]
    found = deliver(cast.acme, cast.receiver, {MUG: 10}, warehouse="NGB1")
    service.count(cast.receiver, found.carton, mug, 1, condition="damaged")
    service.close_carton(cast.receiver, found.carton)
    key = of(found, "damaged").id
    service.decide(cast.acme, key, "destroy")
    assert refused(service.carry_out, cast.supervisor, key).code == "customs_permit_needed"
    assert of(found, "damaged").state == "decided"
