"""Every state of what a carrier is asked, with everything that can be done to it then."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from sqlalchemy import text

from tests.outbound.stage import MUG, Stage
from wms.core import clock
from wms.core.refusals import Refused
from wms.platform.database import session, transaction
from wms.shipping import service as shipping
from wms.shipping.carriers.http import CAPABILITIES
from wms.shipping.models import CarrierTask, Parcel, Shipment, TaskState
from wms.shipping.service import tasks
from wms.shipping.service.tasks import StillAsked

OLD = timedelta(seconds=tasks.ASKING_SECONDS + 1)


class Task:
    """One task in the state a test wants, and what becomes of it."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        with transaction():
            carrier = shipping.create_carrier(stage.cast.admin, "SIM", "Sim", kind="http", capabilities=CAPABILITIES)
            shipping.add_service(stage.cast.admin, carrier.id, "EXPRESS", "Express")
        stage.stock(MUG, 1)
        order = stage.order({MUG: 1}, service="EXPRESS")
        stage.wave(order)
        row = session().execute(text("SELECT id, parcel_id FROM carrier_task")).one()
        self.id, self.parcel_id = row
        session().rollback()

    def be(self, state: str, age: timedelta = timedelta(0)) -> None:
        values = {"state": state, "at": clock.now() - age, "attempts": 0 if state == "waiting" else 1}
        with transaction():
            session().execute(
                text(
                    "UPDATE carrier_task SET state = :state, updated_at = :at, attempts = :attempts WHERE action = 'create'"
                ),
                values,
            )
            number = "1Z5R89390357567127" if state == "done" else None
            session().execute(text("UPDATE parcel SET tracking_number = :number"), {"number": number})
        session().expire_all()

    @property
    def now(self) -> CarrierTask:
        session().expire_all()
        return session().get_one(CarrierTask, self.id)

    def try_it(self, action: Callable[[], object]) -> str:
        """The state afterwards, or why not."""
        try:
            with transaction():
                action()
        except Refused as refusal:
            return refusal.code
        except StillAsked:
            return "still asked"
        return self.now.state


@pytest.fixture
def task(stage: Stage) -> Iterator[Task]:
    made = Task(stage)
    yield made
    session().rollback()
    voided = session().get_one(Shipment, shipment_of(made)).state == "voided"
    made.be("dropped" if voided else "waiting")  # what the audit wants to see


BEGUN = {"waiting": "asking", "asking": "still asked", "done": "done", "refused": "refused", "failed": "failed",
         "dropped": "dropped"}  # fmt: skip
AGAIN = {state.value: "not_allowed_now" for state in TaskState} | {"refused": "waiting", "failed": "waiting"}
VOIDED = {state.value: "dropped" for state in TaskState} | {"done": "done"}
BROUGHT = {state.value: "not_allowed_now" for state in TaskState} | {
    "waiting": "done",
    "done": "done",
    "dropped": "dropped",
}


@pytest.mark.parametrize("state", [state.value for state in TaskState])
def test_every_state_and_what_may_be_done_then(task: Task, state: str):
    task.be(state)
    assert task.try_it(lambda: tasks.begin(task.id)) == BEGUN[state]
    if state == "asking":
        task.be(state, OLD)
        assert task.try_it(lambda: tasks.begin(task.id)) == "asking", "whoever asked has died over it"
        assert task.now.attempts == 2
    task.be(state)
    assert task.try_it(lambda: shipping.ask_again(task.stage.cast.supervisor, task.id)) == AGAIN[state]
    task.be(state)
    with transaction():
        assert (tasks.hold_task(task.id) is not None) is (state == "asking")
    assert task.try_it(lambda: bring(task)) == BROUGHT[state]
    task.be(state)
    assert task.try_it(lambda: shipping.void_shipment(task.stage.cast.supervisor, shipment_of(task))) == VOIDED[state]
    wanted = session().scalar(text("SELECT count(*) FROM carrier_task WHERE action = 'void'"))
    may_exist = state not in ("waiting", "dropped")
    assert wanted == int(may_exist), "given back where the carrier may have sold it"


def shipment_of(task: Task):
    return session().get_one(Parcel, task.parcel_id).shipment_id


def bring(task: Task) -> None:
    """A number by hand; taken out again, for the next question."""
    shipment = shipping.load_shipment_to_change(task.stage.cast.supervisor, shipment_of(task))
    parcel = session().get_one(Parcel, task.parcel_id)
    shipping.take_number(shipment, parcel, "1Z5R89390357567127")
    shipment.state = "open"


FAULTS = [("carrier_busy", True, 1, "waiting"), ("carrier_busy", True, tasks.MOST_ATTEMPTS, "failed"),
          ("carrier_says_no", False, 1, "refused"), ("carrier_says_no", False, tasks.MOST_ATTEMPTS, "refused")]  # fmt: skip


@pytest.mark.parametrize(("code", "retryable", "attempts", "state"), FAULTS)
def test_a_fault_is_waited_out_given_up_or_told(task: Task, code: str, retryable: bool, attempts: int, state: str):
    from wms.shipping.carriers.interface import CarrierFault

    task.be("asking")
    with transaction():
        held = tasks.hold_task(task.id)
        assert held is not None
        held.attempts = attempts
        assert tasks.note_fault(held, CarrierFault(code, retryable, {"status": 503})) is (state == "waiting")
    assert (task.now.state, task.now.fault, task.now.facts) == (state, code, {"status": "503"})
