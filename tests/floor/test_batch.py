"""Scans of one body: each a transaction of its own, and one wait for the disk for all of them."""

from __future__ import annotations

from typing import Any

from flask import Flask

from tests.cast import Cast
from tests.conftest import SeparateRequests
from tests.floor.worker import CODES, MUG, Tablet, announce
from tests.sent import statements
from wms.core.ids import new_id


def test_scans_of_one_body_wait_for_the_disk_once_and_always(cast: Cast, fresh_app: Flask) -> None:
    """All but the last commit without waiting; when the last one has nothing to commit, they are waited for at the end."""
    with fresh_app.app_context():
        (label,) = announce(cast, {MUG: 12})
    tablet = Tablet(cast.sign_in(SeparateRequests(fresh_app, fresh_app.response_class), cast.receiver))
    tablet.start("receive")

    def send(ids: list[tuple[str, str]]) -> tuple[list[Any], list[str]]:
        scans = [{"task_id": tablet.next["task_id"], "scan_id": scan_id, "raw": raw} for scan_id, raw in ids]
        with statements() as sent:
            answer = tablet.caller.post("/floor/v1/scans/batch", {"scans": scans}, key=str(new_id()))
        told = ("synchronous_commit', 'off'", "settle")
        return answer.json["results"], [word for each in sent for word in told if word in each]

    first = [(str(new_id()), raw) for raw in (label, CODES[MUG], CODES[MUG])]
    results, waits = send(first)
    assert [result["ok"] for result in results] == [True] * 3
    assert waits == ["synchronous_commit', 'off'"] * 2

    with statements() as sent:  # one of them again by itself: its first answer may be lost with its process
        scan_id, raw = first[0]
        body = {"task_id": tablet.next["task_id"], "scan_id": scan_id, "raw": raw}
        assert tablet.caller.post("/floor/v1/scans", body, key=scan_id).json["ok"]
    assert [each for each in sent if "settle" in each] == ["SELECT pg_logical_emit_message(true, 'wms', 'settle')"]

    replayed = first[-1]  # its answer is stored already: nothing of its own is committed
    results, waits = send([(str(new_id()), CODES[MUG]), replayed])
    assert [result["ok"] for result in results] == [True] * 2
    assert waits == ["synchronous_commit', 'off'", "settle"]
