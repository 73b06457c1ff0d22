"""Two devices on one task, really at once: of two answers to one step one counts, and nothing is lost or doubled."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from tests.cast import Cast
from tests.conftest import SeparateRequests
from tests.floor.worker import CODES, MUG, Tablet, announce
from wms.core.ids import new_id
from wms.floor import floor_api
from wms.platform.database import session

ROUNDS = 15


def devices(cast: Cast, fresh_app: Flask) -> list[Tablet]:
    """Two tablets of the receiver, both in the middle of the same carton."""
    with fresh_app.app_context():
        (label,) = announce(cast, {MUG: 500})
    both = [
        Tablet(cast.sign_in(SeparateRequests(fresh_app, fresh_app.response_class), cast.receiver)) for _ in range(2)
    ]
    both[0].start("receive")
    both[0].scan(label)
    both[1].start("receive")
    assert both[0].next["step_token"] == both[1].next["step_token"]
    return both


def at_once(calls: list[Any]) -> list[Any]:
    gate = Barrier(len(calls))

    def run(call: Any) -> Any:
        gate.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def counted(fresh_app: Flask) -> tuple[int, int]:
    """(units on hand, scans on record)."""
    with fresh_app.app_context():
        units = session().execute(text("SELECT coalesce(sum(on_hand), 0) FROM balance")).scalar_one()
        scans = session().execute(text("SELECT count(*) FROM scan_event WHERE step = 'scan_product'")).scalar_one()
    return int(units), int(scans)


def test_of_two_answers_to_one_step_one_counts(cast: Cast, fresh_app: Flask) -> None:
    first, second = devices(cast, fresh_app)
    for number in range(1, ROUNDS + 1):
        bodies = [first.body(CODES[MUG]), second.body(CODES[MUG])]
        answers = at_once([
            lambda body=body, device=device: device.send(body)
            for body, device in zip(bodies, (first, second), strict=True)
        ])  # fmt: skip
        assert sorted(answer.status_code for answer in answers) == [200, 409]
        late = next(answer for answer in answers if answer.status_code == 409)
        assert late.json["code"] == "stale_step"
        assert counted(fresh_app) == (number, number)
        first.next = second.next = late.json["current"]


def test_two_batches_that_take_whatever_step_comes_both_count(cast: Cast, fresh_app: Flask) -> None:
    both = devices(cast, fresh_app)

    def batch(device: Tablet) -> Any:
        scans = [
            {"task_id": device.next["task_id"], "scan_id": str(new_id()), "raw": CODES[MUG]} for _ in range(ROUNDS)
        ]
        return device.caller.post("/floor/v1/scans/batch", {"scans": scans}, key=str(new_id()))

    answers = at_once([lambda device=device: batch(device) for device in both])
    results = [result for answer in answers for result in answer.json["results"]]
    done = sum(result["ok"] for result in results)
    assert {result["feedback"]["code"] for result in results if not result["ok"]} <= {"stale_step"}
    assert done >= ROUNDS
    assert counted(fresh_app) == (done, done)


def test_a_batch_that_arrives_twice_ends_at_the_step_the_task_is_at(
    cast: Cast, fresh_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The network delivers a batch again while it is worked on; the second delivery is quicker with the last scan."""
    device, other = devices(cast, fresh_app)
    scans = [{"task_id": device.next["task_id"], "scan_id": str(new_id()), "raw": CODES[MUG]} for _ in range(2)]
    execute = floor_api._execute
    overtaken: list[Any] = []

    def overtake(body: dict[str, Any], known: dict[Any, Any], **more: Any) -> Any:
        if str(body["scan_id"]) == scans[1]["scan_id"] and not overtaken:
            overtaken.append(True)
            again = {"scans": scans[1:]}
            overtaken[:] = [other.caller.post("/floor/v1/scans/batch", again, key=str(new_id()))]
        return execute(body, known, **more)

    monkeypatch.setattr(floor_api, "_execute", overtake)
    answer = device.caller.post("/floor/v1/scans/batch", {"scans": scans}, key=str(new_id()))
    assert [result["ok"] for result in answer.json["results"]] == [True, True]
    assert answer.json["next"] == overtaken[0].json["next"]
    device.next = answer.json["next"]
    assert device.scan(CODES[MUG])["code"] == "item_counted"
    assert counted(fresh_app) == (3, 3)
