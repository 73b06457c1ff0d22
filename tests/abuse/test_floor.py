"""What a tablet sends (`/floor/v1`, outside the public document): its bodies described here from their own schemas, then
every field with everything, and Schemathesis over every operation.
"""

from __future__ import annotations

from typing import Any

import schemathesis
from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from schemathesis.config import SchemathesisConfig

from tests.abuse.test_fields import raw
from tests.abuse.values import ANYTHING, fields_of, illegal, pointer, sent_to
from tests.abuse.world import World
from tests.test_openapi import EXAMPLES, served, walk
from wms.core.ids import new_id
from wms.floor.putaway_api import BinsIn, GoodsIn, KeepIn
from wms.floor.schemas import ScanIn, ScansIn, TaskIn
from wms.platform.schemas import CodedSchema

BODIES: dict[str, type[CodedSchema]] = {
    "/floor/v1/tasks": TaskIn,
    "/floor/v1/scans": ScanIn,
    "/floor/v1/scans/batch": ScansIn,
    "/floor/v1/putaway/reservations": KeepIn,
}
QUERIES: dict[str, type[CodedSchema]] = {
    "/floor/v1/putaway/suggestion": GoodsIn,
    "/floor/v1/putaway/bins": BinsIn,
}
# What is named by its id, and the one operation on it.
BY_ID = {"/floor/v1/tasks/{task_id}": "get", "/floor/v1/putaway/reservations/{holder_id}": "delete"}
# Any text is a scan, and a scan that means nothing is an answer (200), not a fault of the request.
ANY_TEXT = {"raw", "serial"}


def description() -> dict[str, Any]:
    spec = APISpec("floor", "v1", "3.1.0", plugins=[MarshmallowPlugin()])
    key = {"name": "Idempotency-Key", "in": "header", "required": True, "schema": {"type": "string", "format": "uuid"}}
    anything = {"200": {"description": "An answer"}, "4XX": {"description": "A refusal"}}
    for path, schema in BODIES.items():
        body = {"required": True, "content": {"application/json": {"schema": schema}}}
        spec.path(path, operations={"post": {"requestBody": body, "parameters": [key], "responses": anything}})
    for path, schema in QUERIES.items():
        asked = {"parameters": [{"in": "query", "schema": schema}], "responses": anything}
        spec.path(path, operations={"get": asked})
    for path, method in BY_ID.items():
        name = path[path.index("{") + 1 : -1]
        named = {"name": name, "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}}
        sent = [named] if method == "get" else [named, key]
        spec.path(path, operations={method: {"parameters": sent, "responses": anything}})
    found: dict[str, Any] = spec.to_dict()
    return found


def example(world: World, path: str) -> dict[str, Any]:
    if path.endswith("tasks"):
        return {"kind": "receive", "warehouse": "DE1"}
    if path.endswith("reservations"):
        return {"warehouse": "DE1", "seller": "ACME", "sku": "MUG-450-BLUE", "holder_id": str(new_id())}
    scan = {"task_id": world.ids["task_id"], "step_token": None, "scan_id": str(new_id()), "raw": "NOBODY-8831"}
    return {"scans": [scan], "stop_at_refusal": True} if path.endswith("batch") else scan


def test_the_description_has_every_route_of_the_floor(world: World) -> None:
    known = {path.replace("{", "<uuid:").replace("}", ">") for path in description()["paths"]}
    assert {rule.rule for rule in world.app.url_map.iter_rules() if rule.rule.startswith("/floor/v1")} == known


def test_every_field_of_every_body_of_a_tablet(world: World) -> None:
    caller, document, wrong, walked = world.cast.sign_in(world.client, world.cast.receiver), description(), [], 0
    world.changes()
    for path in BODIES:
        schema = document["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"]
        for steps, kind in fields_of(document, schema):
            for name in sent_to(kind):
                walked += 1
                body = example(world, path)
                key = body.get("scan_id") or str(new_id())
                answer = caller.send("POST", path, data=raw(body, steps, ANYTHING[name]),
                                     content_type="application/json", key=key)  # fmt: skip
                changed, what = world.changes(), f"{path} {pointer(steps)} = {name}: {answer.status_code}"
                if answer.status_code >= 500 or (changed and answer.status_code >= 400):
                    wrong.append(f"{what} {changed}")
                text = steps[-1] in ANY_TEXT and ANYTHING[name].startswith('"')
                if name in illegal(kind) and not text and answer.status_code < 400:
                    wrong.append(f"{what}, taken as {kind}")
                told = answer.get_json().get("errors", [])
                if answer.status_code == 422 and not any(
                    each["pointer"].startswith(pointer(steps)) or pointer(steps).startswith(each["pointer"])
                    for each in told
                ):
                    wrong.append(f"{what}, names {told}")
    assert not wrong, "\n".join(wrong)
    assert walked > 300


def test_the_floor_under_schemathesis(world: World) -> None:
    """No fault, whatever is generated from the schemas; as a person at a bench, with a task under way."""
    caller = world.cast.sign_in(world.client, world.cast.receiver)
    headers = {"X-CSRF-Token": caller.headers["X-CSRF-Token"], "Cookie": f"wms_session={caller.cookie}"}
    config = SchemathesisConfig.from_dict({
        "seed": 1, "headers": headers,
        "phases": {"stateful": {"enabled": False}, "fuzzing": {"generation": {"max-examples": EXAMPLES}}},
        "checks": {"enabled": False, "not_a_server_error": {"enabled": True}},
    })  # fmt: skip
    with served(world.app) as address:
        schema = schemathesis.openapi.from_dict(description(), config=config)
        schema.config.update(base_url=address)
        wrong, walked = walk(schema)
    assert not wrong, "\n\n".join(wrong)
    assert len(walked) == len(BODIES) + len(QUERIES) + len(BY_ID)
