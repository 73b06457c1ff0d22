"""Orders that go with a carrier on a network, which is as bad as a carrier can be: no label is bought twice, none is left
unpaid for, and what cannot be mended by trying again stands before the office with its name."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from labels import Size, check_incoming
from tests.carrier_server import TOKEN, CarrierSimulator, running_carrier
from tests.outbound.stage import MUG, Stage
from wms.core import clock
from wms.core.refusals import Refused
from wms.outbound.models import Consignee, Order
from wms.outbound.service import packing
from wms.platform import outbox
from wms.platform.database import session, transaction
from wms.printing import service as printing
from wms.printing.models import LabelDocument
from wms.shipping import service as shipping
from wms.shipping.carriers.http import CAPABILITIES
from wms.shipping.models import CarrierAccount, CarrierTask, Manifest, Parcel, Shipment
from wms.shipping.service import tasks
from wms.shipping.service.tasks import GIVE_BACK_TOPIC, MANIFEST_TOPIC

ASK = "outbound.ask_for_waybill"


@pytest.fixture
def carrier(stage: Stage) -> Iterator[CarrierSimulator]:
    """A carrier SIM with a service EXPRESS, that is reached on this machine; ten mugs on the shelf."""
    with running_carrier() as running:
        with transaction():
            made = shipping.create_carrier(stage.cast.admin, "SIM", "Sim", kind="http", capabilities=CAPABILITIES)
            shipping.connect_carrier(stage.cast.admin, made.id, running.url, TOKEN)
            shipping.add_service(stage.cast.admin, made.id, "EXPRESS", "Express")
        stage.stock(MUG, 10)
        yield running


def waved(stage: Stage) -> tuple[Order, uuid.UUID]:
    """An order in a wave, and its parcel, whose waybill nobody has asked for yet."""
    order = stage.order({MUG: 1}, service="EXPRESS")
    stage.wave(order)
    return order, parcel_of(order).id


def parcel_of(order: Order) -> Parcel:
    session().expire_all()
    statement = select(Parcel).join(Shipment).where(Shipment.subject_id == order.id).order_by(Parcel.created_at.desc())
    return session().scalars(statement).first()


def task_of(parcel_id: uuid.UUID, action: str = "create") -> CarrierTask:
    session().expire_all()
    statement = select(CarrierTask).where(CarrierTask.parcel_id == parcel_id, CarrierTask.action == action)
    return session().scalars(statement.order_by(CarrierTask.created_at.desc())).first()


def turn(topic: str = ASK) -> list[str]:
    """One attempt of every job of this topic that is not done; what came of each."""
    rows = session().execute(text("SELECT id FROM outbox_job WHERE state = 'new' AND topic = :t"), {"t": topic}).all()
    session().rollback()
    outcomes = ["done" if outbox.perform(row.id) else "later" for row in rows]
    session().expire_all()
    return outcomes


def later(seconds: int = tasks.ASKING_SECONDS + 1):
    """The clock some time from now, for a `with clock_at(...)`."""
    return clock.now() + timedelta(seconds=seconds)


@pytest.fixture
def stopped_clock() -> Iterator[list]:
    """`[instant]` that the test may move."""
    hand = [clock.now()]
    former = clock.use(lambda: hand[0])
    yield hand
    clock.use(former)


def test_a_waybill_is_bought_after_the_wave_and_printed_like_any_other(stage: Stage, carrier: CarrierSimulator):
    order, parcel_id = waved(stage)
    assert carrier.calls == [], "nothing is asked inside a transaction"
    assert turn() == ["done"]
    parcel = parcel_of(order)
    assert parcel.tracking_number == carrier.sold[0]
    assert session().get_one(Shipment, parcel.shipment_id).state == "labelled"
    assert task_of(parcel_id).state == "done"
    document = session().scalars(select(LabelDocument).where(LabelDocument.subject_id == parcel_id)).one()
    assert (document.state, document.barcode, document.size_mm) == ("ready", parcel.tracking_number, (100, 150))
    pdf = printing.document_pdf(stage.cast.picker, document.id)
    assert check_incoming(pdf, Size(100, 150), tracking_number=parcel.tracking_number).confirmed
    (body,) = carrier.bodies
    assert body["recipient"]["address1"] == "Invalidenstraße 117"
    assert body["contents"][0]["quantity"] == 1
    assert body["weight_g"] > 0
    stage.pick_all(order)
    stage.hand_over(stage.pack(order))
    assert stage.state(order) == "shipped"


def test_the_carrier_hears_of_the_lorry_once(stage: Stage, carrier: CarrierSimulator):
    order, _ = waved(stage)
    turn()
    stage.pick_all(order)
    stage.hand_over(stage.pack(order))
    load = parcel_of(order).manifest_id
    stage.do(shipping.close_manifest, stage.cast.picker, load)
    stage.do(shipping.close_manifest, stage.cast.picker, load)
    carrier.mood("lost")
    assert turn(MANIFEST_TOPIC) == ["later"]
    assert turn(MANIFEST_TOPIC) == ["done"]
    assert [each["shipments"] for each in carrier.manifests.values()] == [["sim-1"]]
    task = session().scalars(select(CarrierTask).where(CarrierTask.manifest_id == load)).one()
    assert (task.state, task.carrier_reference, task.attempts) == ("done", "list-1", 2)


@pytest.mark.parametrize("mood", ["lost", "cut_off", "twice", "busy", "hang_up", "html"])
def test_the_second_try_looks_before_it_buys(stage: Stage, carrier: CarrierSimulator, mood: str):
    """An answer that is lost is no reason to buy again; two waybills for one reference are not chosen between."""
    order, parcel_id = waved(stage)
    carrier.mood(mood)
    assert turn() == ["later"]
    task = task_of(parcel_id)
    assert (task.state, task.attempts, task.fault is not None) == ("waiting", 1, True)
    turn()
    assert carrier.calls[1][0] == "GET", "looked up by our reference"
    if mood == "twice":
        task = task_of(parcel_id)
        assert (task.state, task.fault, task.facts) == ("refused", "carrier_several", {"waybills": "2"})
        assert parcel_of(order).tracking_number is None
    else:
        assert carrier.sold == [parcel_of(order).tracking_number]


def test_a_carrier_that_stays_away_is_given_up_with_its_name_and_can_be_asked_again(stage, carrier):
    order, parcel_id = waved(stage)
    carrier.mood("busy", times=tasks.MOST_ATTEMPTS)
    outcomes = [turn() for _ in range(tasks.MOST_ATTEMPTS)]
    assert outcomes == [["later"]] * (tasks.MOST_ATTEMPTS - 1) + [["done"]], "the job ends; the task waits for a person"
    task = task_of(parcel_id)
    assert (task.state, task.fault, task.facts) == ("failed", "carrier_busy", {"status": "503"})
    assert turn() == []
    stage.do(shipping.ask_again, stage.cast.supervisor, task.id)
    assert turn() == ["done"]
    assert carrier.sold == [parcel_of(order).tracking_number]
    assert stage.refused(shipping.ask_again, stage.cast.supervisor, task.id).code == "not_allowed_now"


@pytest.mark.parametrize(
    ("mood", "fault"),
    [("refusal", "carrier_says_no"), ("forbidden", "carrier_credentials"), ("redirect", "carrier_redirects"),
     ("no_number", "carrier_wrong_shape"), ("other_parcel", "carrier_other_parcel"),
     ("wrong_label", "carrier_label"), ("broken_label", "carrier_label")],
)  # fmt: skip
def test_what_trying_again_does_not_mend_waits_for_a_person(stage, carrier, mood: str, fault: str):
    order, parcel_id = waved(stage)
    carrier.mood(mood)
    assert turn() == ["done"]
    task = task_of(parcel_id)
    assert (task.state, task.fault) == ("refused", fault)
    assert "Schmidt" not in str(task.facts)
    assert (parcel_of(order).tracking_number, turn()) == (None, [])
    stage.do(shipping.ask_again, stage.cast.supervisor, task.id)
    assert turn() == ["done"]
    assert carrier.sold == [parcel_of(order).tracking_number], "what had been bought was found by our reference"


def test_a_number_that_another_parcel_has_is_nobodys(stage: Stage, carrier: CarrierSimulator):
    first, _ = waved(stage)
    turn()
    second, parcel_id = waved(stage)
    carrier.mood("same_number")
    turn()
    assert (task_of(parcel_id).fault, parcel_of(second).tracking_number) == ("carrier_number_taken", None)
    assert parcel_of(first).tracking_number is not None


@pytest.mark.parametrize("bought", [False, True])
def test_a_worker_that_dies_over_it_is_followed_by_one_that_looks_first(stage, carrier, stopped_clock, bought: bool):
    order, parcel_id = waved(stage)
    with transaction():
        assert tasks.begin(task_of(parcel_id).id) is not None
    if bought:
        carrier.make(parcel_of(order).client_reference)
    assert turn() == ["later"], "the other may still be at it"
    assert (carrier.calls, task_of(parcel_id).attempts) == ([], 1)
    stopped_clock[0] = later()
    assert turn() == ["done"]
    assert [method for method, _ in carrier.calls] == (["GET"] if bought else ["GET", "POST"])
    assert carrier.sold == [parcel_of(order).tracking_number]


def test_a_cancelled_order_gives_its_waybill_back(stage: Stage, carrier: CarrierSimulator):
    order, parcel_id = waved(stage)
    turn()
    stage.cancel(order)
    assert len(carrier.sold) == 1, "not inside the transaction"
    carrier.mood("busy")
    assert turn(GIVE_BACK_TOPIC) == ["later"]
    assert turn(GIVE_BACK_TOPIC) == ["done"]
    assert (carrier.sold, task_of(parcel_id, "void").state) == ([], "done")
    document = session().scalars(select(LabelDocument).where(LabelDocument.subject_id == parcel_id)).one()
    assert document.state == "voided"


def test_cancelled_before_anybody_asked_nothing_goes_back(stage: Stage, carrier: CarrierSimulator):
    order, parcel_id = waved(stage)
    stage.cancel(order)
    assert (turn(), turn(GIVE_BACK_TOPIC), carrier.calls) == (["done"], [], [])
    assert task_of(parcel_id).state == "dropped"


def test_cancelled_while_the_carrier_is_asked_gives_back_what_it_sold(stage, carrier, stopped_clock):
    """The order is cancelled between the question and the answer; whoever asked may even be dead."""
    order, parcel_id = waved(stage)
    with transaction():
        assert tasks.begin(task_of(parcel_id).id) is not None
    stage.cancel(order)
    assert turn(GIVE_BACK_TOPIC) == ["later"], "the waybill may be made this very moment"
    carrier.make(parcel_of(order).client_reference)
    stopped_clock[0] = later()
    assert turn(GIVE_BACK_TOPIC) == ["done"]
    assert carrier.sold == []


def test_an_answer_that_comes_after_the_cancellation_goes_back(stage, carrier, monkeypatch, stopped_clock):
    order, parcel_id = waved(stage)
    real = shipping.settle_waybill

    def cancelled_meanwhile(*arguments):
        from wms.outbound.service import orders

        orders.cancel_order(stage.cast.acme, order.id, None, "buyer_cancelled")
        session().info.pop("locks", None)
        return real(*arguments)

    monkeypatch.setattr(shipping, "settle_waybill", cancelled_meanwhile)
    assert turn() == ["done"]
    assert (len(carrier.sold), task_of(parcel_id).state) == (1, "dropped")
    stopped_clock[0] = later()
    assert turn(GIVE_BACK_TOPIC) == ["done"]
    assert carrier.sold == []


def test_a_refused_return_is_a_matter_for_the_office(stage: Stage, carrier: CarrierSimulator):
    order, parcel_id = waved(stage)
    turn()
    stage.cancel(order)
    carrier.mood("refusal")
    assert turn(GIVE_BACK_TOPIC) == ["done"]
    task = task_of(parcel_id, "void")
    assert (task.state, task.fault, task.facts) == ("refused", "carrier_says_no", {"reason": "postcode_unknown"})
    stage.do(shipping.ask_again, stage.cast.supervisor, task.id)
    assert (turn(GIVE_BACK_TOPIC), carrier.sold) == (["done"], [])


def test_a_second_parcel_is_waited_for(stage: Stage, carrier: CarrierSimulator):
    order, _ = waved(stage)
    turn()
    first = parcel_of(order)
    shipment = session().get_one(Shipment, first.shipment_id)
    with transaction():
        shipping.add_parcel(stage.cast.picker, shipment.id)
        parcels = shipping.draw_number(stage.cast.picker, shipment.id)
        assert (shipment.state, [each.tracking_number is None for each in parcels]) == ("open", [False, True])
    assert turn() == ["done"]
    assert session().get_one(Shipment, shipment.id).state == "labelled"
    assert len(carrier.sold) == 2


def test_a_buyer_who_was_erased_is_not_told_to_anybody(stage: Stage, carrier: CarrierSimulator):
    _, parcel_id = waved(stage)
    with transaction():
        session().get_one(Consignee, session().get_one(Shipment, session().get_one(Parcel, parcel_id).shipment_id)
                          .subject_id).name = None  # fmt: skip
    assert turn() == ["done"]
    assert (carrier.calls, task_of(parcel_id).fault) == ([], "carrier_no_recipient")


def test_a_carrier_without_an_account_says_so(stage: Stage, carrier: CarrierSimulator):
    _, parcel_id = waved(stage)
    with transaction():
        session().execute(text("DELETE FROM carrier_account"))
    assert turn() == ["done"]
    assert task_of(parcel_id).fault == "carrier_no_account"


def test_the_label_that_the_store_lost_is_never_drawn_by_us(stage: Stage, carrier: CarrierSimulator):
    _, parcel_id = waved(stage)
    turn()
    with transaction():
        lost = session().scalars(text("SELECT sha256 FROM stored_file")).all()
        assert printing.redraw(lost) == 1
    assert stage.jobs("printing.render_bundle") == ["printing.render_bundle"]
    document = session().scalars(select(LabelDocument).where(LabelDocument.subject_id == parcel_id)).one()
    assert (document.state, document.refusal) == ("refused", "carriers_own")


def test_the_token_is_sealed_and_bound(stage: Stage, carrier: CarrierSimulator, caplog, capsys):
    account = session().scalars(select(CarrierAccount)).one()
    assert TOKEN.encode() not in account.token_sealed
    waved(stage)
    carrier.mood("lost")
    turn()
    turn()
    told = caplog.text + "".join(capsys.readouterr())
    kept = str(session().execute(text("SELECT payload, last_error FROM outbox_job")).all())
    for secret in (TOKEN, "Schmidt", "Invalidenstraße"):
        assert secret not in told + kept


def test_an_address_is_judged_when_it_is_typed(stage: Stage, carrier: CarrierSimulator):
    account = session().scalars(select(CarrierAccount)).one()
    connect, admin = shipping.connect_carrier, stage.cast.admin
    for url in ("https://10.0.0.1", "http://carrier.example", "https://169.254.169.254/latest", "nowhere"):
        refused = stage.refused(connect, admin, account.carrier_id, url, TOKEN)
        assert refused.errors[0]["code"] == "carrier_address_wrong"
    for token in ("short", "has a blank in it", "line\nbreak-line", ""):
        refused = stage.refused(connect, admin, account.carrier_id, "https://carrier.example", token)
        assert refused.errors[0]["code"] == "carrier_token_wrong", "an empty token is not carried to another address"
    stage.do(connect, admin, account.carrier_id, carrier.url, "")
    for person in (stage.cast.supervisor, stage.cast.picker, stage.cast.acme):
        assert stage.refused(connect, person, account.carrier_id, carrier.url, TOKEN).code == "not_found"
    house = session().scalar(text("SELECT id FROM carrier WHERE code = 'HOUSE'"))
    assert stage.refused(connect, admin, house, carrier.url, TOKEN).code == "carrier_kind_local"


def test_tasks_belong_to_the_people_of_their_warehouse(stage: Stage, carrier: CarrierSimulator):
    _, parcel_id = waved(stage)
    carrier.mood("refusal")
    turn()
    for person in (stage.cast.customs_clerk, stage.cast.acme):
        assert stage.refused(shipping.ask_again, person, task_of(parcel_id).id).code == "not_found"


def test_packing_waits_for_the_label(stage: Stage, carrier: CarrierSimulator):
    order, _ = waved(stage)
    stage.pick_all(order)
    stage.verify_all(order)
    stage.do(packing.weigh, stage.cast.picker, order.id, packing.expected_weight(order.id).expected_g)
    with pytest.raises(Refused), transaction():
        packing.close_parcel(stage.cast.picker, order.id, "1Z")
    turn()
    number = str(parcel_of(order).tracking_number)
    stage.do(packing.close_parcel, stage.cast.picker, order.id, number)
    assert stage.state(order) == "packed"
    assert session().scalar(select(Manifest.id)) is None
