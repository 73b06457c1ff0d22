"""The public API's description: OpenAPI 3.1 at `/api/openapi.json`, and a reference page of our own, no script."""

from __future__ import annotations

from typing import Any

import orjson
from flask import Blueprint, Flask, Response, current_app, render_template, request

from wms.platform.access import public
from wms.platform.api_reference import groups
from wms.platform.i18n import refusal_texts

blueprint = Blueprint("api_document", __name__)


def description() -> dict[str, Any]:
    """The OpenAPI document as data."""
    spec: dict[str, Any] = current_app.extensions["wms_api"].spec.to_dict()
    return spec


@blueprint.get("/api/openapi.json")
@public
def openapi() -> Response:
    return Response(orjson.dumps(description()), mimetype="application/json")


@blueprint.get("/api/")
@public
def reference() -> str:
    config = current_app.extensions["wms_config"]
    document = description()
    address = (config.public_url or request.host_url).rstrip("/")
    return render_template(
        "api_reference.html", document=document, groups=groups(document, address), refusal=_example_refusal()
    )


def _example_refusal() -> str:
    """What a wrong field looks like, in the reader's language."""
    code, field = "invalid_input", {"pointer": "/lines/0/quantity", "code": "too_small", "params": {"min": 1}}
    message = refusal_texts.translate("too_small", {"min": 1})
    body = {
        "type": f"/problems/{code}", "title": refusal_texts.translate(code, {}), "status": 422, "code": code,
        "errors": [{**field, "message": message}],
    }  # fmt: skip
    return orjson.dumps(body, option=orjson.OPT_INDENT_2).decode()


def init_api_document(app: Flask) -> None:
    app.register_blueprint(blueprint)
