"""The public API's description: OpenAPI 3.1 at `/api/openapi.json`, and a reference page of our own, no script."""

from __future__ import annotations

from typing import Any

import orjson
from flask import Blueprint, Flask, Response, current_app, render_template, request

from wms.platform.access import public
from wms.platform.api_reference import groups

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
    return render_template("api_reference.html", document=document, groups=groups(document, address), address=address)


def init_api_document(app: Flask) -> None:
    app.register_blueprint(blueprint)
