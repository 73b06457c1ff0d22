"""The operator's page: what it shows, that it asks again cheaply, and jobs that are given another try."""

from __future__ import annotations

import json
import uuid
from dataclasses import replace
from functools import partial
from html import unescape

import pytest
from sqlalchemy import text

from tests.floor.serving import served
from tests.office.test_pages import form, text_of
from wms.core import clock
from wms.core.ids import new_id
from wms.platform import auditing, vitals
from wms.platform.database import session, transaction
from wms.platform.outbox import OutboxJob

TOPIC = "printing.render_bundle"


@pytest.fixture
def operator(cast, client, life):
    yield cast.sign_in(client, cast.admin)
    with life.app.app_context(), transaction():
        session().execute(text("DELETE FROM outbox_job WHERE dedupe_key LIKE 'stopped-%'"))
        session().execute(text("DELETE FROM audit_run"))


def stop(life, state: str = "dead", **more: object) -> uuid.UUID:
    """A job that has failed."""
    job_id = new_id()
    values = {
        "topic": TOPIC, "payload": {"bundle_id": str(new_id())}, "attempts": 8, "next_at": clock.now(),
        "created_at": clock.now(), "last_error": "OSError: the disk is full", **more,
    }  # fmt: skip
    with life.app.app_context(), transaction():
        session().add(OutboxJob(id=job_id, dedupe_key=f"stopped-{job_id}", state=state, **values))
    return job_id


def state_of(life, job_id: uuid.UUID) -> str:
    return str(life.ask("SELECT state FROM outbox_job WHERE id = :id", id=job_id))


@pytest.mark.parametrize("person", ["supervisor", "picker", "customs_clerk", "acme_person"])
def test_only_who_operates_the_system_sees_it(cast, client, person):
    caller = cast.sign_in(client, getattr(cast, person), face="portal")
    assert [caller.get(path).status_code for path in ("/office/system", "/office/system/now")] == [403, 403]


def test_it_shows_engines_disks_schema_and_the_last_audit(life, operator):
    assert "Never audited" in text_of(operator.get("/office/system"))
    with life.app.app_context():
        wanted = vitals.database()
        with transaction():
            result = {"checks": [{"name": "balances", "rows": 3, "violations": [{"id": 1}, {"id": 2}]},
                                 {"name": "serials", "rows": 4, "violations": []}]}  # fmt: skip
            auditing.note(result, "command", clock.now())
    shown = text_of(operator.get("/office/system"))
    assert wanted.version in shown
    assert "balances: wrong rows: 2" in shown
    assert "The last audit found wrong rows: 2." in shown
    assert "serials" not in shown
    assert "No worker is alive." in shown
    assert life.ask("SELECT version_num FROM alembic_version") in shown


def test_every_reason_to_be_degraded_has_words(life):
    """The codes that `vitals.degraded` can give stand in its source: none is shown as a bare code."""
    import ast
    import inspect

    from wms.office.pages.system import REASONS

    codes = set()
    for function in (vitals.degraded, vitals._audit_limps):
        for node in ast.walk(ast.parse(inspect.getsource(function))):
            if (
                isinstance(node, ast.Subscript)
                and isinstance(node.slice, ast.Constant)
                and isinstance(node.ctx, ast.Store)
            ):
                codes.add(node.slice.value)
            if isinstance(node, ast.Dict):
                codes |= {key.value for key in node.keys if isinstance(key, ast.Constant)}
    assert codes == set(REASONS)


def stand_still(life, monkeypatch):
    """Memory, disks, connections, which other work moves, stay as they are now."""
    now = clock.now()  # jobs wait in the told life: they grow no older
    monkeypatch.setattr(clock, "_source", lambda: now)
    with life.app.app_context():
        for name in ("disks", "processes", "courier", "database"):
            monkeypatch.setattr(vitals, name, partial(lambda found: found, getattr(vitals, name)()))


def test_an_unchanged_state_is_not_sent_again(life, operator, monkeypatch):
    stand_still(life, monkeypatch)
    first = operator.get("/office/system/now")
    tag = first.headers["ETag"]
    assert tag in unescape(operator.get("/office/system").get_data(as_text=True))
    again = operator.get("/office/system/now", headers={"If-None-Match": tag})
    assert (again.status_code, again.get_data()) == (304, b"")
    stop(life)
    changed = operator.get("/office/system/now", headers={"If-None-Match": tag})
    assert changed.status_code == 200
    assert changed.headers["ETag"] != tag
    assert TOPIC in text_of(changed)


def test_a_failed_job_is_resumed_by_a_command(cast, life, operator):
    job_id = stop(life, cause={"request_id": "the-request"})
    shown = text_of(operator.get("/office/system"))
    assert "OSError: the disk is full" in shown
    assert "the-request" in shown
    body = form()
    address = f"/office/system/jobs/{job_id}/resume"
    assert operator.post(address, data=body).status_code == 302
    assert state_of(life, job_id) == "new"
    told = life.ask("SELECT jsonb_build_array(name, scope, outcome) FROM command WHERE id = :id", id=body["command_id"])
    assert told == ["system.resume", cast.admin.scope, "done"]
    # Again: the same command is the same answer, another one is refused and changes nothing.
    operator.post(address, data=body)
    other = form()
    operator.post(address, data=other)
    assert life.ask("SELECT outcome FROM command WHERE id = :id", id=other["command_id"]) == "refused"


def test_a_job_that_waits_for_its_next_attempt_gets_it_now(life, operator):
    job_id = stop(life, "new", attempts=3, next_at=clock.now().replace(year=2099))
    operator.post(f"/office/system/jobs/{job_id}/resume", data=form())
    assert life.ask("SELECT next_at <= now() FROM outbox_job WHERE id = :id", id=job_id)


def test_a_job_that_runs_or_is_done_is_left_alone(life, operator):
    for state in ("leased", "done"):
        job_id = stop(life, state)
        operator.post(f"/office/system/jobs/{job_id}/resume", data=form())
        assert state_of(life, job_id) == state


def test_all_stopped_jobs_of_a_topic_are_resumed_together(life, operator):
    stopped, other, running = (
        [stop(life) for _ in range(3)],
        stop(life, topic="outbound.reallocate"),
        stop(life, "leased"),
    )
    assert f"Try all 3 of {TOPIC} now" in text_of(operator.get("/office/system"))
    body = form(topic=TOPIC)
    operator.post("/office/system/jobs/resume", data=body)
    assert [state_of(life, job_id) for job_id in (*stopped, other, running)] == ["new", "new", "new", "dead", "leased"]
    answer = life.ask("SELECT answer FROM command WHERE id = :id", id=body["command_id"])
    assert (answer if isinstance(answer, dict) else json.loads(answer)) == {"jobs": 3}


def test_in_chinese_it_is_all_chinese(life, operator):
    stop(life)
    operator.post("/language", data={"language": "zh-CN", "next": "/office/system"})
    shown = text_of(operator.get("/office/system"))
    assert "已停止的任务" in shown
    assert "Jobs" not in shown
    operator.post("/language", data={"language": "en", "next": "/office/system"})  # the person keeps it


def test_a_page_that_looks_again_by_itself_does_not_keep_the_login_open(life, operator):
    seen = "SELECT seen_at = '2020-01-01T00:00Z' FROM login_session ORDER BY created_at DESC, id DESC LIMIT 1"
    with life.app.app_context(), transaction():
        session().execute(text("UPDATE login_session SET seen_at = '2020-01-01T00:00Z'"))
    life.app.extensions["wms_config"], before = (
        replace(life.app.extensions["wms_config"], session_idle_minutes=10_000_000),
        life.app.extensions["wms_config"],
    )
    try:
        assert operator.get("/office/system/now", headers={"X-Poll": "1"}).status_code == 200
        assert life.ask(seen) is True
        assert operator.get("/office/system/now").status_code == 200
        assert life.ask(seen) is False
    finally:
        life.app.extensions["wms_config"] = before


@pytest.mark.page
def test_the_page_shows_what_changes_by_itself(life, operator, page):
    """No key is pressed: the page asks again when it comes to the front, and with every fifth second."""
    with served(life.app) as address:
        cookie = {"name": life.app.extensions["wms_cookie"], "value": operator.cookie, "url": address}
        page.context.add_cookies([cookie])
        page.goto(f"{address}/office/system")
        look = "document.dispatchEvent(new Event('visibilitychange'))"
        assert page.locator("text=No job has stopped").count() == 1
        with page.expect_response("**/office/system/now") as unchanged:
            page.evaluate(look)
        assert unchanged.value.status in {200, 304}
        job_id = stop(life)
        page.evaluate(look)
        page.wait_for_selector(f"text={job_id}")
        page.locator("button:has-text('Try now')").click()
        page.wait_for_selector("text=The job is tried again.")
        page.wait_for_load_state("load")  # what asks again must have come before the server goes
    assert state_of(life, job_id) == "new"
    # With the server gone it says so, and keeps what it knew.
    page.evaluate(look)
    page.wait_for_selector("[data-poll-lost]:not([hidden])")
    assert page.locator("text=No job has stopped").count() == 1
