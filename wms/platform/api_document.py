"""The public API's description: OpenAPI 3.1 at `/api/openapi.json`, and a reference page of our own, no script."""

from __future__ import annotations

import re
from copy import deepcopy
from typing import Any

import orjson
from flask import Blueprint, Flask, Response, abort, current_app, render_template, request

from wms.platform.access import AUTHENTICATED, public
from wms.platform.api_completion import complete
from wms.platform.api_introduction import INTRODUCTION
from wms.platform.api_reference import groups
from wms.platform.i18n import refusal_texts

blueprint = Blueprint("api_document", __name__)


def description() -> dict[str, Any]:
    """The OpenAPI document as data."""
    spec: dict[str, Any] = current_app.extensions["wms_api"].spec.to_dict()
    document = deepcopy(spec)
    document["info"] |= {"description": INTRODUCTION, "license": {"name": "MIT", "identifier": "MIT"}}
    document["servers"] = [{"url": _address(), "description": "This house"}]
    return complete(document, _permissions())


def _address() -> str:
    """Where clients find the house, without a slash at its end."""
    return str(current_app.extensions["wms_config"].public_url or request.host_url).rstrip("/")


def _permissions() -> dict[tuple[str, str], str]:
    """What a key needs for each operation, by (method, path as the document writes it)."""
    return {
        (method.lower(), re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", rule.rule)): str(permission)
        for rule in current_app.url_map.iter_rules()
        if rule.rule.startswith("/api/v1/")
        for method in rule.methods or ()
        if (permission := getattr(current_app.view_functions[rule.endpoint], "permission", None))
        not in {None, AUTHENTICATED}
    }


@blueprint.get("/api/openapi.json")
@public
def openapi() -> Response:
    return Response(orjson.dumps(description()), mimetype="application/json")


@blueprint.get("/api/")
@public
def reference() -> str:
    document = description()
    return render_template(
        "api_reference.html", document=document, groups=groups(document, _address()), refusal=_example_refusal()
    )


@blueprint.get("/problems/<code>")
@public
def problem_type(code: str) -> str:
    """Where the `type` of a refusal leads (RFC 9457 section 3.1.1): its sentence, with the names of its parameters."""
    if code not in refusal_texts.texts:
        abort(404)
    names = sorted(set(re.findall(r"%\((\w+)\)s", refusal_texts.texts[code])))
    sentence = refusal_texts.translate(code, {name: f"{{{name}}}" for name in names})
    return render_template("problem_type.html", code=code, sentence=sentence, names=names)


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
