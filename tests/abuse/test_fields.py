"""Every field of every body and every parameter of the public API against everything that it should refuse.

The fields are read from the API's own description, so a new one is covered by being there.
"""

from __future__ import annotations

import json
import uuid
from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from itertools import pairwise
from typing import Any
from urllib.parse import quote

import pytest

from tests.abuse.values import ANYTHING, fields_of, illegal, pointer, resolved, sent_to, typed
from tests.abuse.world import World
from wms.core.ids import new_id
from wms.identity import authentication
from wms.platform.api_document import description
from wms.platform.api_reference import example_of

MARK = "☃the value☃"  # stands in the body where raw JSON goes


@pytest.fixture(scope="module")
def document(world: World) -> dict[str, Any]:
    with world.app.test_request_context():
        return description()


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if isinstance(operation, dict) and "responses" in operation:
                shared = [resolved(document, each) for each in item.get("parameters", [])]
                own = [resolved(document, each) for each in operation.get("parameters", [])]
                yield path, method.upper(), {**operation, "parameters": shared + own}


def bodies(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any], Any]]:
    """Every body: path, method, its schema, an example. What a bulk takes is described where one alone is sent."""
    for path, method, operation in operations(document):
        if "requestBody" not in operation:
            continue
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        yield path, method, schema, example_of(document, schema)
        if path.endswith("/bulk"):
            (name,) = resolved(document, schema)["properties"]
            single = document["paths"][path.removesuffix("/bulk")]["post"]["requestBody"]["content"]
            item = single["application/json"]["schema"]
            whole = {"type": "object", "properties": {name: {"type": "array", "items": item}}}
            yield path, method, whole, {name: [example_of(document, item)]}


def put(body: Any, steps: tuple[Any, ...], value: Any) -> Any:
    """A copy of the body with this value at these steps; what is missing on the way is made."""
    made = deepcopy(body)
    place = made
    for step, following in pairwise(steps):
        if isinstance(step, int):
            if not place:
                place.append({})
        elif not isinstance(place.get(step), dict | list):
            place[step] = [] if isinstance(following, int) else {}
        place = place[step]
    if isinstance(steps[-1], int) and not place:
        place.append(value)
    else:
        place[steps[-1]] = value
    return made


def raw(body: Any, steps: tuple[Any, ...], literal: str) -> bytes:
    return json.dumps(put(body, steps, MARK)).replace(json.dumps(MARK), literal).encode()


class Api:
    """ACME's system, sending what it should not."""

    def __init__(self, world: World) -> None:
        self.world, self.client = world, world.client
        self.bearer = {"Authorization": f"Bearer {world.cast.ACME.key}"}
        self.wrong: list[str] = []
        self.statuses: Counter[int] = Counter()
        authentication.tried.clear()
        world.changes()

    def path(self, template: str) -> str:
        return self.world.path(template.replace("{", "<").replace("}", ">"))

    def send(self, method: str, path: str, what: str, **options: Any) -> tuple[int, dict[str, Any]]:
        """The status and the problem (of the only item of a bulk); notes faults and refusals that change something."""
        headers = {**self.bearer, "Idempotency-Key": str(new_id()), "If-Match": '"v1"', **options.pop("headers", {})}
        answer = self.client.open(path, method=method, headers=headers, **options)
        status, told = answer.status_code, answer.get_json(silent=True) or {}
        if status == 200 and path.endswith("/bulk"):
            (result,) = told["results"]
            status, told = result["status"], result.get("problem", {})
        self.statuses[status] += 1
        if status >= 500:
            self.wrong.append(f"{method} {path} {what}: {status}")
        changed = self.world.changes()
        if changed and (status >= 400 or method == "GET"):
            self.wrong.append(f"{method} {path} {what}: {status}, yet changed {changed}")
        return status, told


@pytest.fixture
def api(world: World) -> Api:
    return Api(world)


def test_every_field_of_every_body(api: Api, document: dict[str, Any]) -> None:
    walked = 0
    for template, method, schema, example in bodies(document):
        path = api.path(template)
        for steps, kind in fields_of(document, schema):
            for name in sent_to(kind, in_bulk=path.endswith("/bulk") and len(steps) > 2):
                walked += 1
                literal = ANYTHING[name]
                what = f"{pointer(steps)} = {name}"
                status, told = api.send(method, path, what, data=raw(example, steps, literal),
                                        content_type="application/json")  # fmt: skip
                if status < 300 and name in illegal(kind):
                    api.wrong.append(f"{method} {path} {what} ({kind}): accepted with {status}")
                if name in illegal(kind) and told.get("code") == "invalid_input" and not names(told, steps, path):
                    api.wrong.append(f"{method} {path} {what}: {[each['pointer'] for each in told['errors']]}")
    assert not api.wrong, "\n".join(api.wrong)
    assert walked > 1500
    assert api.statuses[422] > walked / 2  # refusals of a stale version or an unknown id would hide the fields


def names(told: dict[str, Any], steps: tuple[Any, ...], path: str) -> bool:
    """The refusal names the field, what is in it, or what it is in (a rule over several fields)."""
    whole, item = pointer(steps), pointer(steps[2:]) if path.endswith("/bulk") else None
    pointers = [each["pointer"] for each in told["errors"]]
    named = any(each.startswith(here) or here.startswith(each) for each in pointers for here in (whole, item) if here)
    return (named or item == "") and all(each["message"] for each in told["errors"])


# Whatever of the house an example names may not be there; its own shape is never what is refused.
OF_ITS_SHAPE = {"required", "null", "type", "unknown_field", "unprintable", "pattern", "not_a_choice", "too_small", "too_large",
                "too_short", "too_long", "too_few", "too_many", "invalid", "fba_only"}  # fmt: skip


def test_an_example_is_refused_for_what_it_names_at_most(api: Api, document: dict[str, Any]) -> None:
    """What the reference shows can be copied: else its reader is refused, and no hostile value here gets past the schema."""
    taken = set()
    for template, method, _schema, example in bodies(document):
        status, told = api.send(method, api.path(template), "its example", json=example)
        if wrong := [
            (each["pointer"], each["code"]) for each in told.get("errors", []) if each["code"] in OF_ITS_SHAPE
        ]:
            api.wrong.append(f"{method} {template}: {status} {wrong}")
        if status < 300 or status == 409:  # it is there already
            taken.add(template)
    assert not api.wrong, "\n".join(api.wrong)
    assert taken >= {"/api/v1/products", "/api/v1/bookings", "/api/v1/orders"}


def test_a_field_that_nobody_knows_or_that_comes_twice_is_named(api: Api, document: dict[str, Any]) -> None:
    for template, method, schema, example in bodies(document):
        path = api.path(template)
        objects = [()] + [steps for steps, kind in fields_of(document, schema) if kind == "object"]
        for steps in objects:
            status, told = api.send(method, path, "unknown", data=raw(example, (*steps, "no/such~field"), "1"),
                                    content_type="application/json")  # fmt: skip
            pointers = [each["pointer"].rsplit("/", 1)[1] for each in told.get("errors", [])]
            if status != 422 or "no~1such~0field" not in pointers:
                api.wrong.append(f"{method} {path} {pointer(steps)}: unknown field, {status} {pointers}")
            place = put(example, (*steps, "a"), MARK)
            twice = json.dumps(place).replace(json.dumps(MARK), '1, "a": 2').encode()
            status, told = api.send(method, path, "twice", data=twice, content_type="application/json")
            errors = [(each["pointer"], each["code"]) for each in told.get("errors", [])]
            if status != 422 or errors != [(pointer((*steps, "a")), "duplicate")]:
                api.wrong.append(f"{method} {path} {pointer(steps)}: twice, {status} {errors}")
    assert not api.wrong, "\n".join(api.wrong)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400), (b"null", 422), (b"[]", 422), (b"[{}]", 422), (b'"a"', 422), (b"1", 422), (b"{", 400),
        (b"{}{}", 400), (b"\xff\xfe", 400), (b'{"a": "\xed\xa0\x80"}', 400), (b'{"a": "\xc0\xaf"}', 400),
        (b"\xef\xbb\xbf{}", 400), ('{"a": 1}'.encode("utf-16"), 400), (b"[" * 10_000 + b"]" * 10_000, 400),
        (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, 400), (b"[" * 100 + b"]" * 100, 400),
        (b'{"a":' * 60 + b"1" + b"}" * 60, 400), (b"[" * 5_000_000, 400), (b'{"a": ' + b"9" * 100_000 + b"}", 400),
        (b'{"' + b"a" * 1_000_000 + b'": 1}', 422),
    ],
)  # fmt: skip
def test_bodies_that_are_none(api: Api, document: dict[str, Any], body: bytes, status: int) -> None:
    """Every operation with a body, and the floor's: refused alike."""
    for template, method, _schema, _example in bodies(document):
        got, told = api.send(method, api.path(template), "no body", data=body, content_type="application/json")
        if got not in {status, 400 if status == 400 else 422}:
            api.wrong.append(f"{method} {template}: {got} {told}")
    assert not api.wrong, "\n".join(api.wrong)


def test_every_parameter_of_every_operation(api: Api, document: dict[str, Any]) -> None:
    """Query and header parameters with their own values; ids of a path with what is none of ours."""
    walked = 0
    for template, method, operation in operations(document):
        example = None
        if "requestBody" in operation:
            example = example_of(document, operation["requestBody"]["content"]["application/json"]["schema"])
        needed = {
            each["name"]: each["schema"].get("example", each.get("example"))
            for each in operation["parameters"]
            if each["in"] == "query" and each.get("required")
        }
        for parameter in operation["parameters"]:
            beside = needed if parameter["in"] == "query" else example
            for name, value in typed().items():
                walked += 1
                what = f"{parameter['in']} {parameter['name']} = {name}"
                PARAMETERS[parameter["in"]](api, method, template, parameter["name"], value, what, beside)
    assert not api.wrong, "\n".join(api.wrong)
    assert walked > 500


# Of these Python would make a number or a day, and the document does not call them one.
MISREAD = {"integer": ("１２", "١٢", "1_0", "+5", " 5"), "date": ("20261201", "2026-W49-2", "２０２６-12-01")}


def test_numbers_and_days_of_a_query_are_written_as_the_document_says(api: Api, document: dict[str, Any]) -> None:
    walked = 0
    for template, method, operation in operations(document):
        for parameter in operation["parameters"]:
            schema = resolved(document, parameter["schema"])
            kinds = {
                schema.get("format"),
                *([schema["type"]] if isinstance(schema.get("type"), str) else schema.get("type", [])),
            }
            for value in (each for kind in MISREAD if kind in kinds for each in MISREAD[kind]):
                walked += parameter["in"] == "query"
                if parameter["in"] == "query":
                    needed = {each["name"]: each["schema"].get("example") for each in operation["parameters"]
                              if each["in"] == "query" and each.get("required")}  # fmt: skip
                    status, told = api.send(
                        method, api.path(template), value, query_string={**needed, parameter["name"]: value}
                    )
                    pointers = [each["pointer"] for each in told.get("errors", [])]
                    if (status, pointers) != (422, [f"/query/{parameter['name']}"]):
                        api.wrong.append(f"{method} {template} ?{parameter['name']}={value}: {status} {pointers}")
    assert not api.wrong, "\n".join(api.wrong)
    assert walked > 100


def in_query(api: Api, method: str, template: str, name: str, value: str, what: str, needed: Any) -> None:
    path = api.path(template)
    _status, told = api.send(method, path, what, query_string={**needed, name: safe(value)})
    pointers = [each["pointer"] for each in told.get("errors", [])]
    if told.get("code") == "invalid_input" and f"/query/{name}" not in pointers:
        api.wrong.append(f"{method} {path} {what}: {pointers}")


def in_header(api: Api, method: str, template: str, name: str, value: str, what: str, example: Any) -> None:
    if any(ord(character) < 0x20 for character in value):
        return  # no server passes it on
    headers = {name: value.encode("utf-8", "ignore").decode("latin-1")}
    api.send(method, api.path(template), what, headers=headers, json=example)


def in_path(api: Api, method: str, template: str, name: str, value: str, what: str, example: Any) -> None:
    rule = template.replace("{", "<").replace("}", ">")
    path = api.world.path(rule, **{name: quote(value.encode("utf-8", "ignore"), safe="")})
    status, _ = api.send(method, path, what, json=example)
    if status not in {404, 405, 308}:
        api.wrong.append(f"{method} {path} {what}: {status}")


PARAMETERS = {"query": in_query, "header": in_header, "path": in_path}


def safe(value: str) -> bytes:
    """As bytes that a browser could send: a lone surrogate as its three bytes, which no decoder takes."""
    return value.encode("utf-8", "surrogatepass")


def test_an_unknown_id_is_404_everywhere(api: Api, document: dict[str, Any]) -> None:
    for template, method, operation in operations(document):
        names = [each["name"] for each in operation["parameters"] if each["in"] == "path"]
        for name in names:
            path = api.world.path(template.replace("{", "<").replace("}", ">"), **{name: str(uuid.uuid4())})
            body = None
            if "requestBody" in operation:
                body = example_of(document, operation["requestBody"]["content"]["application/json"]["schema"])
            status, told = api.send(method, path, "unknown id", json=body)
            assert (status, told["code"]) == (404, "not_found"), path
    assert not api.wrong, "\n".join(api.wrong)
