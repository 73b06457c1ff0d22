"""The public API against its own description: valid, with examples, and held to it by Schemathesis' checks."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import schemathesis
from flask import Flask
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import Status, from_schema
from schemathesis.engine.events import FatalError, NonFatalError, ScenarioFinished
from werkzeug.serving import make_server

from tests.cast import Cast
from tests.outbound.stage import BIN1, CABLE, MUG, Stage
from wms.platform.api_document import description

# The default run takes twenty seconds; `make fuzz` asks for more by `WMS_FUZZ=<examples for each operation>`.
EXAMPLES = int(os.environ.get("WMS_FUZZ", "5"))
REFUSED = ["400", "401", "404", "409", "412", "415", "422", "428"]
CONFIG = {
    "seed": 1,
    "headers": {},
    # The document has no links, and those that are guessed send `/products/bulk` as a product.
    "phases": {"stateful": {"enabled": False}, "fuzzing": {"generation": {"max-examples": EXAMPLES}}},
    "checks": {
        # 422 for a body of the right shape that names an unknown SKU, order or warehouse: the field is named, which
        # no schema can do; 412 and 428 are what a wrong and a missing If-Match are answered with (RFC 6585, 9110).
        "positive_data_acceptance": {"expected-statuses": ["2xx", "304", "404", "409", "412", "422"]},
        "negative_data_rejection": {"expected-statuses": REFUSED},
        "missing_required_header": {"expected-statuses": ["400", "401", "422", "428"]},
    },
    # Each item of a bulk request is refused by itself, in an answer of 200 (`results`); the features' own tests look there.
    "operations": [{"include-path-regex": "/bulk$",
                    "checks": {"negative_data_rejection": {"expected-statuses": [*REFUSED, "200"]}}}],
}  # fmt: skip


@pytest.fixture
def document(app: Flask) -> dict[str, Any]:
    with app.test_request_context():
        return description()


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if isinstance(operation, dict) and "responses" in operation:
                yield path, method, operation


def test_the_document_is_openapi_3_1(document: dict[str, Any]) -> None:
    from schemathesis.openapi import from_dict

    assert document["openapi"].startswith("3.1")
    from_dict(document).validate()


def test_every_operation_tells_its_refusals_and_its_headers(document: dict[str, Any]) -> None:
    for path, method, operation in operations(document):
        statuses = set(operation["responses"])
        assert {"401", "403"} <= statuses, (method, path)
        assert "default" not in statuses, (method, path)
        names = [each["$ref"].rsplit("/", 1)[1] for each in operation.get("parameters", []) if "$ref" in each]
        assert ("IdempotencyKey" in names) is (method != "get"), (method, path)
        assert ("IfMatch" in names) is ("428" in statuses), (method, path)
        assert operation.get("summary"), (method, path)


def test_every_operation_has_a_name_of_its_own(document: dict[str, Any]) -> None:
    names = {each["operationId"]: f"{method} {path}" for path, method, each in operations(document)}
    assert len(names) == len(list(operations(document)))
    assert all(name.isalnum() and name[0].islower() for name in names)
    promised = {
        "createOrder": "post /api/v1/orders",
        "bulkCreateOrders": "post /api/v1/orders/bulk",
        "listOrders": "get /api/v1/orders",
        "getOrder": "get /api/v1/orders/{order_id}",
        "updateOrder": "patch /api/v1/orders/{order_id}",
        "cancelOrder": "post /api/v1/orders/{order_id}/cancel",
        "endOrderHold": "post /api/v1/orders/{order_id}/holds/{order_hold_id}/end",
        "deleteProductBarcode": "delete /api/v1/products/{product_id}/barcodes/{barcode_id}",
        "listCustomsSettlements": "get /api/v1/customs/settlements",
        "createOrdersOfImport": "post /api/v1/order-imports/{import_id}/create",
    }
    assert promised.items() <= names.items()


def test_every_operation_names_the_permission_it_needs(app: Flask, document: dict[str, Any]) -> None:
    needed = {f"{method} {path}": each.get("x-permission") for path, method, each in operations(document)}
    assert needed["post /api/v1/orders"] == "orders.write"
    assert [key for key, permission in needed.items() if permission is None] == ["get /api/v1/me"]
    assert all(
        f"`{each['x-permission']}`" in each["description"]
        for _, _, each in operations(document)
        if "x-permission" in each
    )


def test_the_type_of_a_refusal_leads_to_its_sentence(cast: Cast, fresh_client: Any) -> None:
    api: Any = cast.api(fresh_client, "ACME")
    refused = api.post("/api/v1/products", {"sku": MUG, "name_en": "x", "name_zh": "x"}).json
    page = fresh_client.get(refused["type"])
    assert (page.status_code, page.mimetype) == (200, "text/html")
    page = fresh_client.get("/problems/sku_taken", headers={"Accept-Language": "zh-CN"})
    assert "{sku}" in page.text
    assert fresh_client.get("/problems/no_such_code").status_code == 404


def test_shapes_are_told_to_the_end(document: dict[str, Any]) -> None:
    """What a generated client needs: no list of anything, no file without its media type, no null in a query."""
    schemas = document["components"]["schemas"]
    for name, schema in schemas.items():
        for field, told in schema.get("properties", {}).items():
            assert told.get("type") != "array" or told.get("items"), (name, field)
    assert schemas["OrdersIn"]["properties"]["orders"]["items"] == {"$ref": "#/components/schemas/OrderIn"}
    assert schemas["BulkProduct"]["required"] == ["index", "status"]
    assert schemas["ProductAnswer"]["properties"]["rotation"]["anyOf"][1] == {"type": "null"}
    assert set(schemas["StockLineAnswer"]["required"]) == set(schemas["StockLineAnswer"]["properties"])
    assert "x-may-lack" not in str(document)
    assert "x-schema" not in str(document)
    for path, method, operation in operations(document):
        for status, answer in operation["responses"].items():
            assert not status.startswith("2") or answer.get("content"), (method, path, status)
        for parameter in operation.get("parameters", ()):
            assert "null" not in parameter.get("schema", {}).get("type", ""), (method, path, parameter["name"])


def test_what_is_changed_by_version_says_so(document: dict[str, Any]) -> None:
    versioned = sorted(f"{method} {path}" for path, method, each in operations(document) if "428" in each["responses"])
    assert versioned == [
        "patch /api/v1/bookings/{booking_id}",
        "patch /api/v1/orders/{order_id}",
        "patch /api/v1/products/{product_id}",
        "post /api/v1/added-services/requests/{request_id}/cancel",
        "post /api/v1/orders/{order_id}/cancel",
        "post /api/v1/returns/{return_id}/cancel",
    ]


def test_every_body_has_examples(document: dict[str, Any]) -> None:
    from wms.platform.api_reference import example_of

    for path, method, operation in operations(document):
        if "requestBody" in operation:
            schema = operation["requestBody"]["content"]["application/json"]["schema"]
            assert example_of(document, schema), (method, path)


def test_the_api_keeps_to_its_description(fresh_app: Flask, cast: Cast, document: dict[str, Any]) -> None:
    with fresh_app.app_context():
        stage = Stage(cast)
        stage.stock(MUG, 20, BIN1)
        stage.stock(CABLE, 20, BIN1)
        stage.shipped({MUG: 2})
        stage.order({MUG: 1})
    config = SchemathesisConfig.from_dict({**CONFIG, "headers": {"Authorization": f"Bearer {cast.ACME.key}"}})
    with served(fresh_app) as address:
        schema = schemathesis.openapi.from_url(f"{address}/api/openapi.json", config=config)
        wrong, walked = walk(schema)
    assert not wrong, "\n\n".join(wrong)
    assert walked >= {f"{method.upper()} {path}" for path, method, _ in operations(document)}


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """The application on a port of its own."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def walk(schema: Any) -> tuple[list[str], set[str]]:
    """Run all phases; what went wrong, and the operations that were walked."""
    wrong: list[str] = []
    walked: set[str] = set()
    for event in from_schema(schema).execute():
        if isinstance(event, FatalError):
            raise event.exception
        if isinstance(event, NonFatalError):
            wrong.append(f"{event.label}: {event.value!r}")
        if isinstance(event, ScenarioFinished):
            walked.add(str(event.label))
            if event.status is Status.FAILURE:
                wrong += told(event)
    return wrong, walked


def told(event: ScenarioFinished) -> list[str]:
    """What failed, with how to send it again."""
    return [
        f"{event.phase.value} {event.label}: {check.name}: {check.failure_info.failure.title}"
        f" — {check.failure_info.failure.message[:300]} — {check.failure_info.code_sample[:900]}"
        for checks in event.recorder.checks.values()
        for check in checks
        if check.failure_info is not None
    ]
