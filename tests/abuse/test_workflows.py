"""Every state of every workflow against every action: the table's own pairs, and what the services and the API do.

A workflow is found by being a `Workflow` in a `workflow.py`. For the documents that a person or a program acts on, each
document is put into each state and each of its actions is asked for over HTTP: where the table does not allow it, it is
refused as `not_allowed_now` (or `stale`, or not found) and nothing has changed.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from config import ROOT
from tests.abuse.world import Caller, World
from wms.core.ids import new_id
from wms.core.refusals import Refused
from wms.core.workflow import Workflow
from wms.platform.database import session


def workflows() -> list[Workflow[Any]]:
    found: dict[str, Workflow[Any]] = {}
    for path in sorted(Path(ROOT, "wms").glob("*/workflow.py")):
        if path.parent.name == "core":
            continue
        module = importlib.import_module(f"wms.{path.parent.name}.workflow")
        found |= {each.name: each for each in vars(module).values() if isinstance(each, Workflow)}
    return list(found.values())


PAIRS = [(flow, state.value, action) for flow in workflows() for state in flow.states for action in flow.moves]


def test_no_workflow_is_forgotten() -> None:
    assert {flow.name for flow in workflows()} >= {
        "order", "wave", "batch", "pick_task", "booking", "carton", "return", "shipment", "parcel", "manifest",
        "label_document", "label_bundle", "print_job",
    }  # fmt: skip


@pytest.mark.parametrize("flow", workflows(), ids=lambda flow: flow.name)
def test_a_pair_leads_on_or_is_refused_with_what_is_possible(flow: Workflow[Any]) -> None:
    for each, state, action in PAIRS:
        if each is not flow:
            continue
        if flow.permitted(action, state):
            assert flow.apply(action, state) == flow.moves[action].target
            continue
        with pytest.raises(Refused) as refused:
            flow.apply(action, state)
        possible = [name for name, move in flow.moves.items() if state in move.sources]
        assert refused.value.code == "not_allowed_now"
        assert refused.value.params["possible"] == sorted(possible)


@pytest.mark.parametrize("flow", workflows(), ids=lambda flow: flow.name)
def test_every_state_can_be_reached(flow: Workflow[Any]) -> None:
    reached = {flow.initial.value}
    for _ in flow.states:
        reached |= {move.target for move in flow.moves.values() if move.sources & reached}
    assert reached == {state.value for state in flow.states}


# Over HTTP: the table and column that holds the state, and the request that asks for each action.
ACTS: dict[str, tuple[str, str, str, dict[str, tuple[str, str, str, dict[str, Any]]]]] = {
    "order": ("outbound_order", "state", "order_id", {
        "cancel": ("api", "POST", "/api/v1/orders/{order_id}/cancel", {}),
    }),
    "booking": ("booking", "own_state", "booking_id", {
        "submit": ("api", "POST", "/api/v1/bookings/{booking_id}/submit", {}),
        "depart": ("api", "POST", "/api/v1/bookings/{booking_id}/in-transit", {}),
        "cancel": ("api", "POST", "/api/v1/bookings/{booking_id}/cancel", {}),
    }),
    "return": ("return_order", "state", "return_id", {
        "cancel": ("api", "POST", "/api/v1/returns/{return_id}/cancel", {}),
    }),
}  # fmt: skip
OWN_STEPS = {"draft", "submitted", "in_transit", "cancelled"}
# Where the answer says more than "not now": gone for good, or done already, which is no reason to complain.
OTHERWISE: dict[tuple[str, str, str], tuple[int, str | None]] = {
    ("order", "shipped", "cancel"): (409, "cancel_too_late"),
    ("order", "cancelled", "cancel"): (200, None),
}
FLOWS = {flow.name: flow for flow in workflows()}
ASKED = [
    (name, state.value, action)
    for name, (_table, _column, _id, acts) in ACTS.items()
    for state in FLOWS[name].states
    for action in acts
    if not FLOWS[name].permitted(action, state.value)
]


@pytest.fixture
def api(world: World) -> Caller:
    return world.cast.api(world.client)


@pytest.fixture
def put(world: World) -> Iterator[Any]:
    """Puts a document into a state by hand, and back as it was after the test."""
    done: list[tuple[str, str, str, str]] = []

    def putting(table: str, columns: list[str], key: str, state: str) -> int:
        with world.app.app_context():
            for column in columns:
                now = session().execute(text(f"SELECT {column} FROM {table} WHERE id = :id"), {"id": key}).scalar_one()
                done.append((table, column, key, now))
                session().execute(
                    text(f"UPDATE {table} SET {column} = :state WHERE id = :id"), {"state": state, "id": key}
                )
            version = session().execute(text(f"SELECT version FROM {table} WHERE id = :id"), {"id": key}).scalar_one()
            session().commit()
        return int(version)

    yield putting
    with world.app.app_context():
        for table, column, key, former in reversed(done):
            session().execute(
                text(f"UPDATE {table} SET {column} = :former WHERE id = :id"), {"former": former, "id": key}
            )
        session().commit()


@pytest.mark.parametrize(("name", "state", "action"), ASKED, ids=lambda value: str(value))
def test_what_is_not_allowed_is_refused_over_http(
    world: World, api: Caller, put: Any, name: str, state: str, action: str
):
    table, column, parameter, acts = ACTS[name]
    # A booking's own step knows only what the seller does; the rest follows from its cartons.
    own = column != "state" and state in OWN_STEPS
    columns = [column, "state"] if own else ["state"]
    version = put(table, columns, world.ids[parameter], state)
    _surface, method, template, body = acts[action]
    path = template.format(**world.ids)
    api.get("/api/v1/me")
    world.changes()
    key = str(new_id())
    answer = api.send(method, path, body, key=key, match=version)
    assert world.changes() == []
    wanted = OTHERWISE.get((name, state, action), (409, "not_allowed_now"))
    assert answer.json is not None
    assert (answer.status_code, answer.json.get("code")) == wanted, answer.text
    if wanted[1] == "not_allowed_now":
        assert action not in answer.json["params"]["possible"]
    again = api.send(method, path, body, key=key, match=version)
    assert (again.status_code, again.headers["Idempotent-Replay"]) == (wanted[0], "true")
    assert world.changes() == []
