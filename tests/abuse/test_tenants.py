"""What belongs to somebody else, named in every position of every route: answered to the letter as what does not exist.

Twice each request is sent by RIVAL: once with ACME's id, once with one that nobody has. Status and words are the same,
the statements that were sent are the same, and nothing has changed.
"""

from __future__ import annotations

import json
import re
import uuid
from dataclasses import replace
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.abuse.test_fields import bodies, operations
from tests.abuse.world import Caller, World, routes
from tests.sent import statements
from wms.core.ids import new_id
from wms.core.permissions import Permission
from wms.core.refusals import Refused
from wms.identity import authentication
from wms.platform.access import AUTHENTICATED
from wms.platform.api_document import description
from wms.platform.database import session
from wms.printing import service as printing
from wms.printing.queries import document_of_job

# Of the house, not of a seller: everybody's lists show them.
HOUSE = {"warehouse_id", "kind", "filename", "step", "outcome", "decision", "number", "what", "word", "answer", "how"}
WORDS = re.compile(r'"request_id": ?"[^"]*"|"instance": ?"[^"]*"|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}|csrf[^>]*>')


@pytest.fixture(scope="module")
def document(world: World) -> dict[str, Any]:
    with world.app.test_request_context():
        return description()


@pytest.fixture(scope="module")
def theirs(world: World) -> dict[str, str]:
    """What ACME has, by words as well as by ids: what a field of a body or a query may name."""
    ask = world.life.ask
    return {
        **{name: value for name, value in world.ids.items() if name != "warehouse"},  # everybody's
        "order": world.life.shipped.number, "reference": world.life.promised.reference, "seller": "ACME",
        "cursor": "", "tracking_number": ask("SELECT tracking_number FROM parcel LIMIT 1"),
        "carton": ask("SELECT barcode FROM carton ORDER BY id LIMIT 1"), "booking": world.life.coming.number,
        "return": world.life.returned.number, "unit": ask("SELECT barcode FROM handling_unit WHERE subject_id IS NOT NULL"
                                                        " LIMIT 1"),
        "owner_id": str(world.cast.ACME.id), "shop_id": ask("SELECT id::text FROM shop WHERE seller_id = :s LIMIT 1",
                                                           s=world.cast.ACME.id) or str(new_id()),
    }  # fmt: skip


class Rival:
    """Sends a request twice, and notes where the two differ."""

    def __init__(self, world: World, caller: Caller) -> None:
        self.world, self.caller, self.wrong = world, caller, []  # type: ignore[var-annotated]
        authentication.tried.clear()
        caller.get("/api/v1/me" if caller.needs_key else "/portal/orders")
        self._warm()
        world.changes()

    def _warm(self) -> None:
        """A connection's first command of a day learns in which partition its row stands, and is written by another statement
        than all that follow: so nothing is compared with it.
        """
        prefix, more = (
            ("/api/v1", {}) if self.caller.needs_key else ("/portal", {"data": {"command_id": str(new_id())}})
        )
        refused = self.caller.send("POST", f"{prefix}/orders/{uuid.uuid4()}/cancel", match=1, **more)  # type: ignore[arg-type]
        assert refused.status_code == 404, refused.text

    def both(self, method: str, paths: tuple[str, str], bodies: tuple[Any, Any] = (None, None), **options: Any) -> int:
        """Theirs and nobody's, answered alike; the status."""
        answers, sent = [], []
        for path, body in zip(paths, bodies, strict=True):
            more = dict(options)
            if "data" in more:
                more["data"] = {**(body or {}), "command_id": str(new_id())}
                body = None
            with statements() as found:
                answers.append(self.caller.send(method, path, body, match=1, **more))
            sent.append(found)
        here = f"{method} {paths[0]} {bodies[0] or ''}"
        if answers[0].status_code != answers[1].status_code or words(answers[0], paths[0]) != words(
            answers[1], paths[1]
        ):
            self.wrong.append(f"{here}: {told(answers[0])} instead of {told(answers[1])}")
        elif sent[0] != sent[1]:
            self.wrong.append(f"{here}: other statements: {sorted(set(sent[0]) ^ set(sent[1]))[:3]}")
        if changed := self.world.changes():
            self.wrong.append(f"{here}: changed {changed}")
        return answers[0].status_code


def words(answer: TestResponse, path: str) -> str:
    """What is said, without what is of this one request."""
    location = answer.headers.get("Location", "")
    return WORDS.sub("", f"{location} {answer.text}".replace(path, ""))


def told(answer: TestResponse) -> str:
    return f"{answer.status_code} {answer.text[:160]!r}"


@pytest.fixture
def api(world: World) -> Rival:
    return Rival(world, world.cast.api(world.client, "RIVAL"))


@pytest.fixture
def pages(world: World) -> Rival:
    return Rival(world, world.cast.sign_in(world.client, world.cast.rival_person))


def named(rule: str) -> set[str]:
    return set(re.findall(r"<(?:[^<>:]*:)?(\w+)>", rule)) - HOUSE


def nobody(name: str) -> str:
    return "999999999" if name == "balance_id" else str(uuid.uuid4())


def test_every_id_of_every_path_of_the_api(api: Rival, world: World, document: dict[str, Any]) -> None:
    examples = {(path, method): example for path, method, _schema, example in bodies(document)}
    walked = 0
    for template, method, _operation in operations(document):
        rule = template.replace("{", "<").replace("}", ">")
        for name in sorted(named(rule)):
            walked += 1
            body = examples.get((template, method))
            status = api.both(method, (world.path(rule), world.path(rule, **{name: nobody(name)})), (body, body))
            if status != 404:
                api.wrong.append(f"{method} {template}: {status}")
    assert not api.wrong, "\n".join(api.wrong)
    assert walked >= 20


def test_every_id_of_every_path_of_the_pages(pages: Rival, world: World) -> None:
    walked = 0
    for rule, method, permission in routes(world.app):
        if permission is None or rule.rule.startswith(("/api/", "/agent/")) or not named(rule.rule):
            continue  # an agent is no tenant and shows no cookie: tests/printing/test_agents.py
        may = permission == AUTHENTICATED or world.cast.rival_person.may(Permission(permission))
        for name in sorted(named(rule.rule)):
            walked += 1
            form = {"data": {}} if method == "POST" else {}
            paths = (world.path(rule.rule), world.path(rule.rule, **{name: nobody(name)}))
            status = pages.both(method, paths, ({"version": "1"}, {"version": "1"}), **form)
            # A button's refusal may come before the look (a print without its permission) or be a page's flash.
            if status != (404 if may else 403):
                pages.wrong.append(f"{method} {rule.rule} {name}: {status}")
    assert not pages.wrong, "\n".join(pages.wrong)
    assert walked > 25


def test_every_search_of_every_page(pages: Rival, theirs: dict[str, str]) -> None:
    for path in ("/portal/orders", "/portal/bookings", "/portal/returns", "/portal/products", "/portal/search",
                 "/portal/stock"):  # fmt: skip
        for name in ("order", "reference", "tracking_number", "carton", "booking", "return"):
            for spelt in (theirs[name], theirs[name].lower()):
                answers = [pages.caller.get(path, query_string={"q": each}) for each in (spelt, "NOBODY-8831")]
                said = [words(each, "").replace(spelt, "").replace("NOBODY-8831", "") for each in answers]
                if said[0] != said[1]:
                    pages.wrong.append(f"{path}?q={spelt}: {told(answers[0])}")
    answers = [
        pages.caller.get("/portal/returns/new", query_string={"order": each}) for each in (theirs["order"], "NO-1")
    ]
    assert words(answers[0], "").replace(theirs["order"], "") == words(answers[1], "").replace("NO-1", "")
    assert not pages.wrong, "\n".join(pages.wrong)


def valid(body: Any) -> Any:
    """The example with goods that RIVAL has."""
    text = json.dumps(body)
    for unknown in ("MUG-BLUE",):
        text = text.replace(f'"{unknown}"', '"MUG-450-BLUE"')
    return json.loads(text)


def test_what_a_worker_of_another_warehouse_scans(world: World, theirs: dict[str, str]) -> None:
    """The payload of a scan: what lies in DE1 means nothing to a task in NGB1, nor does somebody else's task."""
    cast = world.cast
    caller = cast.sign_in(world.client, cast.picker)
    started = caller.post("/floor/v1/tasks", {"kind": "receive", "warehouse": "NGB1"}, key=str(new_id()))
    assert started.status_code == 200, started.text
    codes = [theirs[name] for name in ("tracking_number", "carton", "unit", "booking", "return")]
    codes += [world.life.promised.number, cast.overseas.labels["A-01-01-1"]]
    step = started.get_json()["next"]
    wrong = []
    world.changes()
    for code in codes:
        said = []
        for raw in (code, f"NOBODY{code[-4:]}"):
            body = {"task_id": step["task_id"], "step_token": step["step_token"], "scan_id": str(new_id()), "raw": raw}
            answer = caller.post("/floor/v1/scans", body, key=body["scan_id"])
            said.append(answer.get_json()["feedback"])
        if said[0] != said[1]:
            wrong.append(f"{code}: {said[0]}")
    for task in (theirs["task_id"], str(uuid.uuid4())):
        body = {"task_id": task, "step_token": None, "scan_id": str(new_id()), "raw": "X"}
        answer = caller.post("/floor/v1/scans", body, key=body["scan_id"])
        assert (answer.status_code, answer.get_json()["code"]) == (404, "not_found")
        assert caller.get(f"/floor/v1/tasks/{task}").status_code == 404
        assert caller.get(f"/floor/tasks/{task}/screen").status_code == 404
    assert not wrong, "\n".join(wrong)
    assert world.changes() == []


def test_what_a_header_names(api: Rival, world: World) -> None:
    """Another tenant's version, cursor or key of a command opens nothing and tells nothing."""
    acme = world.cast.api(world.client)
    key = str(new_id())
    body = {"name_en": "Mine"}
    product = world.ids["product_id"]
    assert acme.patch(f"/api/v1/products/{product}", body, key=key, match=99).status_code == 412
    again = api.caller.patch(f"/api/v1/products/{product}", body, key=key, match=1)
    assert (again.status_code, again.headers.get("Idempotent-Replay")) == (404, None)
    page = acme.get("/api/v1/products?limit=1").get_json()
    for path in ("/api/v1/products", "/api/v1/orders", "/api/v1/bookings", "/api/v1/returns", "/api/v1/shipments"):
        shown = api.caller.get(f"{path}?cursor={page['next_cursor']}")
        assert shown.status_code == 200
        assert world.ids["product_id"] not in shown.text
        assert world.life.promised.number not in shown.text


@pytest.mark.parametrize("use_case", [printing.arm, printing.report_lost, document_of_job])
def test_a_print_of_another_house_is_answered_as_none(world: World, use_case: Any) -> None:
    """A worker who sees NGB1 only, and a print in DE1: the refusal's words and parameters are those of no print."""
    stranger = replace(world.cast.picker, warehouse_ids=frozenset({world.cast.bonded.id}))
    refusals = []
    with world.app.app_context():
        for job_id in (uuid.UUID(world.ids["job_id"]), uuid.uuid4()):
            with pytest.raises(Refused) as refused:
                use_case(stranger, job_id)
            session().rollback()
            refusals.append(refused.value.as_data())
    assert refusals[0] == refusals[1]
    assert refusals[0]["code"] == "not_found"
