"""Every action of every workflow, asked for over HTTP in every state of its document (issue 3, *Abuse*).

`ways.py` builds a document up to the moment before an action, as it comes about, and holds the request that asks for
it. Here the request is sent at that moment: the action is done and the books balance. Then the document is put into each
other state by hand, while tablet and page still show the former one, and the same request is sent again: the document
does not move but along its table, a refusal has a code and changes nothing, and nothing is answered 5xx.

Workflows are found by being there; an action without a way, or without a word on who does it, fails.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from flask import Flask, has_request_context
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from tests.abuse import ways_bonded, ways_collections, ways_decided, ways_files, ways_in, ways_kinds, ways_worked
from tests.abuse.test_workflows import FLOWS, workflows
from tests.abuse.ways import ELSEWHERE, TRIED, WAYS, Action, Ask, Scene, Way
from tests.abuse.world import WATCH
from tests.cast import Cast
from tests.conftest import SeparateRequests
from tests.engines import Databases, create_app, dispose
from tests.outbound.conftest import PlainCounters, assert_books_balance
from wms.core.ids import new_id
from wms.core.workflow import Workflow
from wms.platform.database import db
from wms.platform.i18n import refusal_texts

TABLES = {
    "order": "outbound_order", "wave": "wave", "batch": "pick_batch", "pick_task": "pick_task", "booking": "booking",
    "carton": "carton", "return": "return_order", "shipment": "shipment", "parcel": "parcel", "manifest": "manifest",
    "label_document": "label_document", "label_bundle": "label_bundle", "print_job": "print_job",
    "difference": "difference", "appointment": "dock_appointment", "inspection": "inspection",
    "unknown_arrival": "unidentified_arrival", "count": "count_task", "adjustment": "stock_adjustment",
    "conversion": "conversion", "service_request": "service_request",
    "order_hold": "order_hold", "interception": "interception", "replenishment": "replenish_task",
    "move_task": "move_task",
    "carrier_task": "carrier_task", "bag": "bag", "collection": "collection", "carrier_quote": "carrier_quote",
    "settlement": "customs_settlement", "order_import": "order_import",
}  # fmt: skip
# Where one request goes on along the table.
FURTHER = {
    ("carton", "close"): "stowed",
    ("booking", "close"): "completed",
    ("print_job", "queue_again"): "dispatching",
    ("conversion", "agree"): "done",
    ("shipment", "number"): "labelled",
    ("replenishment", "put_back"): "walking",  # alone in the house, one comes to the same walk again
}
# Where the request means something else, which is done: customs may answer while work goes on; a pick is the first, the
# last, or one between; a carton arrives, an order ends, whatever its appointment, inspection or stop is.
ELSE: dict[Action, set[str]] = {
    ("order", "release_customs"): {"promised", "waved", "picking", "picked", "packed"},
    ("order", "start_picking"): {"picking"},
    ("order", "finish_picking"): {"waved"},
    ("pick_task", "set_aside"): {"set_aside", "held", "done", "short", "cancelled"},
    ("pick_task", "cancel"): {"done", "short", "cancelled"},
    ("inspection", "drop"): {"passed", "failed", "dropped"},
    ("appointment", "keep"): {"kept", "cancelled"},
    ("settlement", "refuse"): {"refused", "withdrawn"},  # customs' word is noted, and changes nothing any more
    ("pick_task", "hold"): {
        "held",
        "set_aside",
        "done",
        "short",
        "cancelled",
    },  # the order is held without a stop to wait
    ("carrier_task", "bring"): {"done", "dropped"},  # the number is the parcel's, which has none here
    ("carrier_task", "drop"): {"done", "dropped"},  # the order ends, whatever its carrier was asked
    ("order", "take_off"): {"packed"},  # another of its parcels is off already
    ("order", "unpack"): {"picked"},  # of several parcels one is opened while another is still being packed
    ("print_job", "arm"): {"claimed"},  # who prints from the bench takes it back from an agent that has not fetched it
}
# What follows without the document: an exception about an order that ended is settled; who is led on to the next stop
# holds the walk.
ALSO: dict[Action, set[str]] = {
    ("order", "cancel"): {"order_exception"},
    ("order", "start_picking"): {"pick_batch"},
    ("order", "finish_picking"): {"pick_batch"},
}
# What the floor notes of every scan, whatever came of it.
NOTED = {"floor_task", "scan_event"}
# A nearer reason than "not now", by action.
NEARER: dict[Action, set[str]] = {
    ("order", "cancel"): {"cancel_too_late"},
    ("pick_task", "finish"): {"whole_not_wanted"},
    ("order", "release_customs"): {"no_customs_here", "not_released_twice"},
    ("order", "wave"): {"nothing_to_wave", "no_work"},
    ("order", "pack"): {"order_cancelled"},
    ("order", "ship"): {"order_cancelled", "customs_not_released", "not_packed"},
    ("order", "take_off"): {"parcel_gone", "nothing_to_put_back"},
    ("batch", "take"): {"nothing_to_wave", "no_work"},
    ("parcel", "hand_over"): {"waybill_voided", "parcel_open"},
    ("order", "unpack"): {"order_cancelled"},
    ("parcel", "reopen"): {"waybill_voided", "parcel_open", "parcel_gone"},
    ("carton", "arrive"): {"carton_done"},
    ("carton", "unreceive"): {"pallet_gone_on"},
    ("count", "take"): {"count_not_planned"},
    ("count", "finish"): {"count_not_yours"},
    ("count", "submit"): {"count_not_yours"},
    ("count", "recount"): {"count_not_yours"},
    ("count", "put_back"): {"count_not_yours"},
    ("appointment", "cancel"): {"no_appointment"},
    ("print_job", "redirect"): {"sent_before", "printed_before"},
    ("print_job", "arm"): {"sent_before", "printed_before"},
    ("print_job", "cancel"): {"printed_before", "not_printed_yet"},
    ("replenishment", "take"): {"nothing_to_replenish"},
    ("move_task", "take"): {"nothing_to_move"},
    ("replenishment", "undo"): {"nothing_to_take_back"},
    ("move_task", "undo"): {"nothing_to_take_back"},
    ("move_task", "withdraw"): {"nothing_to_take_back"},
    ("service_request", "take"): {"no_service_work"},
    ("service_request", "report"): {"service_not_yours"},
    ("service_request", "finish"): {"service_not_yours"},
    ("service_request", "put_back"): {"service_not_yours"},
}


@pytest.fixture(scope="module")
def stage_app(engines: Databases) -> Iterator[Flask]:
    """An application on a database that notes every change."""
    name = engines.copy()
    app = create_app(engines.config(name))
    try:
        with psycopg.connect(app.config["SQLALCHEMY_DATABASE_URI"].replace("+psycopg", "")) as watch:
            watch.execute(WATCH)
        yield app
    finally:
        dispose(app)
        engines.engines.postgres.drop_database(name)


class Trials:
    """One connection, whose transaction goes back to any earlier moment."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection

    @contextmanager
    def undone(self) -> Iterator[None]:
        self.settle()
        savepoint = self.connection.begin_nested()
        try:
            yield
        finally:
            db.session.remove()
            savepoint.rollback()

    @staticmethod
    def settle() -> None:
        """End the test's own session: what it did stays, and its savepoint lies below no other's."""
        db.session.commit()
        db.session.remove()

    def changes(self) -> set[str]:
        return {row[0] for row in self.connection.execute(text("DELETE FROM change_log RETURNING changed"))}

    def state_of(self, flow: str, key: Any) -> str | None:
        found = self.connection.execute(text(f"SELECT state FROM {TABLES[flow]} WHERE id = :id"), {"id": key}).scalar()
        return None if found is None else str(found)

    def put(self, flow: str, key: Any, state: str) -> bool:
        """By hand; False where the table itself says that such a row cannot be."""
        columns = ["state"]
        if flow == "booking" and state in {"draft", "submitted", "in_transit", "cancelled"}:
            columns.append("own_state")
        changed = ", ".join(f"{column} = :state" for column in columns)
        try:
            with self.connection.begin_nested():
                self.connection.execute(
                    text(f"UPDATE {TABLES[flow]} SET {changed} WHERE id = :id"), {"state": state, "id": key}
                )
        except IntegrityError:
            return False
        return True


@pytest.fixture
def trials(stage_app: Flask) -> Iterator[Trials]:
    """As `db_session`, on this module's database."""
    with stage_app.app_context():
        engine = db.engine
        connection = engine.connect()
        outer = connection.begin()
        db.engines[None] = connection  # type: ignore[index]
        db.session.session_factory.configure(join_transaction_mode="create_savepoint")
        former = stage_app.extensions.get("wms_counters")
        stage_app.extensions["wms_counters"] = PlainCounters()
        try:
            yield Trials(connection)
        finally:
            db.session.remove()
            db.session.session_factory.configure(join_transaction_mode="conditional_savepoint")
            db.engines[None] = engine  # type: ignore[index]
            outer.rollback()
            connection.close()
            stage_app.extensions["wms_counters"] = former


@pytest.fixture(autouse=True)
def applied(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What a request applies has a way: nothing that others are said to do."""
    found: set[Action] = set()
    real = Workflow.apply

    def apply(self: Workflow[Any], action: str, state: str) -> Any:
        after = real(self, action, state)
        if has_request_context():
            found.add((self.name, action))
        return after

    monkeypatch.setattr(Workflow, "apply", apply)
    yield
    assert not found & ELSEWHERE.keys()


@pytest.fixture
def scene(stage_app: Flask, cast: Cast) -> Scene:
    return Scene(cast, SeparateRequests(stage_app, stage_app.response_class))


def test_every_action_has_a_way_or_a_word_on_who_does_it() -> None:
    all_of_them = {(flow.name, action) for flow in workflows() for action in flow.moves}
    asked = {action for way in WAYS for action in way.actions}
    assert asked | ELSEWHERE.keys() | TRIED == all_of_them
    assert not (asked & ELSEWHERE.keys() or asked & TRIED or ELSEWHERE.keys() & TRIED)
    assert TABLES.keys() == FLOWS.keys()


def test_every_state_that_allows_an_action_is_built_by_a_way() -> None:
    """As it comes about, not by hand. A print's state is its own row's alone: any is as good as built."""
    assert ways_in.__doc__  # imported for their ways
    assert ways_decided.__doc__
    assert ways_files.__doc__
    assert ways_bonded.__doc__
    assert ways_collections.__doc__
    assert ways_kinds.__doc__
    assert ways_worked.__doc__
    built: dict[Action, set[str]] = {}
    for way in WAYS:
        built.setdefault(way.actions[0], set()).update(way.states)
    missing = {
        (name, action): FLOWS[name].moves[action].sources - states
        for (name, action), states in built.items()
        if name != "print_job" and not FLOWS[name].moves[action].sources <= states
    }
    # An order is promised first, in the same breath; one that is held is cancelled with the stops it still has.
    assert missing == {("order", "declare"): {"short"}, ("pick_task", "cancel"): {"held"}}


def answer_of(ask: Ask, trials: Trials) -> tuple[int, str | None]:
    """(status, code of the refusal), as the command's row has it: pages say it in words only."""
    command_id = str(new_id())
    trials.settle()
    answer = ask.send(command_id)
    assert answer.status_code < 500, answer.get_data(as_text=True)[:500]
    row = trials.connection.execute(
        text("SELECT outcome, answer FROM command WHERE id = :id"), {"id": command_id}
    ).one_or_none()
    if row is None:  # refused before there was a command, or no answer to keep
        told = answer.get_json(silent=True) or {}
        assert answer.status_code >= 400, (answer.status_code, told)
        return answer.status_code, told["code"]
    return answer.status_code, row.answer["code"] if row.outcome == "refused" else None


def reachable(flow: Workflow[Any], state: str) -> set[str]:
    found = {state}
    for _ in flow.states:
        found |= {move.target for move in flow.moves.values() if move.sources & found}
    return found


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
def test_where_it_is_allowed_it_is_done(trials: Trials, scene: Scene, way: Way) -> None:
    """The moment as it comes about: the first action's document moves to its target, and the books balance after."""
    lead, action = way.actions[0]
    flow = FLOWS[lead]
    for state in way.states:
        with trials.undone():
            ask = way.build(scene, state)
            key = ask.documents[way.actions[0]]
            if key is not None:
                assert trials.state_of(lead, key) == state
            trials.settle()
            trials.changes()
            status, code = answer_of(ask, trials)
            if flow.permitted(action, state):
                assert (status < 400, code) == (True, None), (state, status, code)
                for (name, each), row in ask.documents.items():
                    targets = {FLOWS[name].moves[each].target, FURTHER.get((name, each))}
                    assert row is None or trials.state_of(name, row) in targets, (name, each)
            else:
                refused(way.actions[0], state, status, code, trials)
                assert key is None or trials.state_of(lead, key) == state
            assert_books_balance()


def refused(action: Action, state: str, status: int, code: str | None, trials: Trials) -> None:
    """Nothing has changed, and the answer says why; what is so already may be answered as if it had just been done."""
    changed = trials.changes() - NOTED - ALSO.get(action, set())
    assert changed == set(), (action, state, code, changed)
    if code is not None:
        assert code in {"not_allowed_now", *NEARER.get(action, ())}, (action, state, code)
        assert code in refusal_texts.texts


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
def test_in_every_other_state_it_is_refused_or_does_nothing(trials: Trials, scene: Scene, way: Way) -> None:
    ask = way.build(scene, way.states[0])
    for place, action in enumerate(way.actions):
        name = action[0]
        flow, key = FLOWS[name], ask.documents[action]
        if key is None:
            continue  # made by the request: there is no other state
        for state in sorted(flow.states):
            with trials.undone():
                if not trials.put(name, key, state):
                    continue
                trials.changes()
                status, code = answer_of(ask, trials)
                now = trials.state_of(name, key)
                assert now in reachable(flow, state), (action, state, now)
                permitted = any(flow.permitted(what, state) for where, what in way.actions if where == name)
                if place == 0 and not permitted and state not in ELSE.get(action, ()):
                    assert now == state
                    refused(action, state, status, code, trials)
                elif code is not None:
                    assert code in refusal_texts.texts
                    assert trials.changes() - NOTED == set(), (action, state, code)
