"""What a print agent sends (`/agent/v1`, outside the public document): every field of every body with everything, as the
agent that may say it, about a label that is its own.
"""

from __future__ import annotations

from typing import Any

import pytest
from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin

from tests.abuse.test_fields import raw
from tests.abuse.values import ANYTHING, fields_of, illegal, pointer, sent_to
from tests.abuse.world import World
from tests.cast import Caller
from wms.core.ids import new_id
from wms.identity import authentication
from wms.platform.database import transaction
from wms.platform.schemas import CodedSchema
from wms.printing import service as printing
from wms.printing.schemas import ClaimIn, EnrolIn, PollIn, TellIn

# A claim has no body.
BODIES: dict[str, type[CodedSchema] | None] = {
    "/agent/v1/enrolments": EnrolIn, "/agent/v1/poll": PollIn, "/agent/v1/jobs/<uuid:job_id>/claim": None,
    "/agent/v1/jobs/<uuid:job_id>/document": ClaimIn, "/agent/v1/jobs/<uuid:job_id>/arm": ClaimIn,
    "/agent/v1/jobs/<uuid:job_id>/events": TellIn,
}  # fmt: skip
EXAMPLES: dict[type[CodedSchema], dict[str, Any]] = {
    EnrolIn: {"code": "AAAA-BBBB", "host": "bench", "version": "1.0.0"},
    PollIn: {"host": "bench", "version": "1.0.0", "pending": 0, "printing": [str(new_id())],
             "printers": [{"id": str(new_id()), "state": "ready", "reasons": ""}]},
    ClaimIn: {"claim_token": 1},
    TellIn: {"claim_token": 1, "words": [{"seq": 1, "type": "note", "detail": "x"}]},
}  # fmt: skip


@pytest.fixture
def agent(world: World) -> Caller:
    """One that is enrolled, with its token."""
    authentication.tried.clear()
    with world.app.app_context(), transaction():
        code = printing.add_agent(world.cast.supervisor, world.cast.overseas.id, f"bench {new_id().hex[-6:]}").text
        token = printing.enrol(code, "bench", "1.0.0").text
    world.changes()
    return Caller(world.client, {"Authorization": f"Bearer {token}"})


def described() -> dict[str, Any]:
    spec = APISpec("agents", "v1", "3.1.0", plugins=[MarshmallowPlugin()])
    for schema in EXAMPLES:
        spec.components.schema(schema.__name__, schema=schema)
    found: dict[str, Any] = spec.to_dict()
    return found


def test_every_route_of_the_agents_is_here(world: World) -> None:
    assert {each.rule for each in world.app.url_map.iter_rules() if each.rule.startswith("/agent/v1")} == BODIES.keys()


def test_every_field_of_every_body_of_an_agent(world: World, agent: Caller) -> None:
    document, wrong, walked = described(), [], 0
    for rule, schema in BODIES.items():
        if schema is None:
            continue
        for steps, kind in fields_of(document, {"$ref": f"#/components/schemas/{schema.__name__}"}):
            for name in sent_to(kind):
                walked += 1
                answer = agent.send("POST", world.path(rule), data=raw(EXAMPLES[schema], steps, ANYTHING[name]),
                                    content_type="application/json")  # fmt: skip
                told = (answer.get_json(silent=True) or {}).get("errors", [])
                changed, what = world.changes(), f"{rule} {pointer(steps)} = {name}: {answer.status_code}"
                if answer.status_code >= 500 or (changed and answer.status_code >= 400):
                    wrong.append(f"{what} {changed}")
                if name in illegal(kind) and answer.status_code not in {400, 422}:
                    wrong.append(f"{what}, taken as {kind}")
                if (
                    answer.status_code == 422
                    and told
                    and not any(names(each["pointer"], pointer(steps)) for each in told)
                ):
                    wrong.append(f"{what}, names {told}")
    assert not wrong, "\n".join(wrong)
    assert walked > 200


def names(told: str, field: str) -> bool:
    return told.startswith(field) or field.startswith(told)


@pytest.mark.parametrize(
    "body", [b"", b"null", b"[]", b'"a"', b"{", b"\xff\xfe", b"[" * 10_000, b'{"a": ' + b"9" * 100_000 + b"}"]
)
def test_bodies_that_are_none(world: World, agent: Caller, body: bytes) -> None:
    for rule in BODIES:
        answer = agent.send("POST", world.path(rule), data=body, content_type="application/json")
        assert 400 <= answer.status_code < 500, (rule, answer.status_code)
        assert world.changes() == [], rule
