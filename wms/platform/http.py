"""What every HTTP surface shares: JSON by orjson, security headers, problems, commands, versions, cursors."""

from __future__ import annotations

import base64
import binascii
import re
import uuid
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any, TypeVar
from urllib.parse import urlencode

import orjson
import structlog
from flask import Flask, Request, Response, g, request
from flask.json.provider import JSONProvider
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin
from flask_smorest import Api, Blueprint
from marshmallow import Schema
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from webargs.core import missing
from webargs.flaskparser import FlaskParser, is_json_request
from werkzeug.exceptions import (
    BadRequest,
    HTTPException,
    InternalServerError,
    PreconditionRequired,
    RequestEntityTooLarge,
    ServiceUnavailable,
    UnprocessableEntity,
    UnsupportedMediaType,
)
from werkzeug.routing import IntegerConverter, Map

from wms.core.ids import KEY_FORM, parse_id
from wms.core.refusals import RefusalKind, Refused, invalid
from wms.platform import commands
from wms.platform.access import actor, is_api_surface
from wms.platform.commands import Done, Outcome
from wms.platform.database import rollback
from wms.platform.json_reading import read_json
from wms.platform.problems import answer_away, answer_refusal, http_problem, problem, refusal_problem
from wms.platform.schemas import field_errors, pointer_step
from wms.platform.stores import StoreAway

log = structlog.get_logger(__name__)
T = TypeVar("T")

# No inline script or style anywhere; our own files only (DESIGN.md section 6, pages).
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self';"
    " connect-src 'self'; media-src 'self'; manifest-src 'self'; worker-src 'self'; frame-src 'self'; object-src 'none';"
    " base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
LOCK_NOT_AVAILABLE = "55P03"
_FORMS = {"application/x-www-form-urlencoded", "multipart/form-data"}
_OUR_TAG = re.compile(r'"v([0-9]{1,12})"')


class OrjsonProvider(JSONProvider):
    def dumps(self, obj: Any, **kwargs: Any) -> str:  # noqa: ARG002 - the provider's own form
        return orjson.dumps(obj, default=str).decode()

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:  # noqa: ARG002
        return read_json(s)

    def response(self, *args: Any, **kwargs: Any) -> Response:
        body = orjson.dumps(self._prepare_response_obj(args, kwargs), default=str)
        return Response(body, mimetype="application/json")


class BigintConverter(IntegerConverter):
    """`<int:…>` in a path: what a bigint column can hold. A greater number names nothing, so it is 404."""

    regex = r"\d{1,19}"

    def __init__(self, map: Map, max: int = 2**63 - 1, **options: Any) -> None:  # noqa: A002 - werkzeug's names
        super().__init__(map, max=max, **options)


class StrictParser(FlaskParser):
    """A question with a parameter we do not know is refused like a field we do not know, never half answered."""

    DEFAULT_UNKNOWN_BY_LOCATION = {  # noqa: RUF012 - declared so by webargs
        **FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION,
        "query": None,  # the schema's own rule: RAISE
    }

    def __init__(self) -> None:
        super().__init__()
        self.made: dict[type, Schema] = {}

    def _raw_load_json(self, req: Any) -> Any:
        if not is_json_request(req):
            return missing
        try:
            return read_json(req.get_data(cache=True))
        except ValueError as fault:
            raise BadRequest from fault

    def _get_schema(self, argmap: Any, req: Any) -> Schema:
        """A route's schema is made once, with all that is nested in it, and not anew for each request."""
        if isinstance(argmap, type):
            if argmap not in self.made:
                self.made[argmap] = super()._get_schema(argmap, req)
            return self.made[argmap]
        return super()._get_schema(argmap, req)


Blueprint.ARGUMENTS_PARSER = StrictParser()


class ProblemApi(Api):
    """Flask-smorest with our problem details in the place of its own error form."""

    def handle_http_exception(self, error: HTTPException) -> Response:
        return answer_http_error(error)


def answer_http_error(error: HTTPException) -> Response:
    """Schema errors name every field; everything else is the plain problem of its status."""
    data = getattr(error, "data", None)
    if isinstance(error, UnprocessableEntity) and isinstance(data, dict) and "messages" in data:
        messages = data["messages"]
        found = [
            located
            for location, nested in messages.items()
            for located in field_errors(nested, "" if location in {"json", "json_or_form"} else f"/{location}")
        ]
        return problem(422, "invalid_input", {}, found)
    return http_problem(error)


def init_http(app: Flask) -> None:
    app.json = OrjsonProvider(app)
    app.session_interface = SaidInterface()
    app.url_map.converters["int"] = BigintConverter
    app.before_request(_require_body)
    app.before_request(_require_text)
    app.after_request(_secure)
    app.register_error_handler(Refused, answer_refusal)
    app.register_error_handler(HTTPException, answer_http_error)
    app.register_error_handler(OperationalError, _database_away)
    app.register_error_handler(InterfaceError, _database_away)
    app.register_error_handler(StoreAway, _files_away)
    app.register_error_handler(Exception, _fault)


def _require_body() -> None:
    """The public API takes JSON bodies only; another kind would look like an empty one. Nobody's is unpacked."""
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise UnsupportedMediaType
    is_chunked = "Transfer-Encoding" in request.headers
    if is_api_surface() and (request.content_length or is_chunked) and not request.is_json:
        raise UnsupportedMediaType
    most = request.max_content_length
    # Werkzeug cuts a body of unknown length at the limit and would hand on what it has.
    if is_chunked and most is not None and len(request.get_data(parse_form_data=False)) >= most:
        raise RequestEntityTooLarge


def _require_text() -> None:
    """No NUL in a query or a form: it is no text, and PostgreSQL stores and compares none that has it."""
    typed = {"query": request.args, "": request.form if request.mimetype in _FORMS else None}
    for location, values in typed.items():
        for name, each in values.items(multi=True) if values else ():
            if "\0" in name or "\0" in each:
                raise invalid(f"/{location}/{pointer_step(name)}".replace("//", "/", 1), "unprintable")


class SaidInterface(SecureCookieSessionInterface):
    """Flask's session, which only keeps what a page says once. A request without its cookie costs no signer."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        if self.get_cookie_name(app) not in request.cookies:
            return self.session_class()
        return super().open_session(app, request)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        if session or session.accessed or session.modified:
            super().save_session(app, session, response)


_ALWAYS = {
    "content-security-policy": ("Content-Security-Policy", CONTENT_SECURITY_POLICY),
    "x-content-type-options": ("X-Content-Type-Options", "nosniff"),
    "referrer-policy": ("Referrer-Policy", "same-origin"),
    "x-frame-options": ("X-Frame-Options", "DENY"),
    "cross-origin-opener-policy": ("Cross-Origin-Opener-Policy", "same-origin"),
    "permissions-policy": ("Permissions-Policy", "camera=(self), microphone=(), geolocation=()"),
}
_BY_HTTPS = {"strict-transport-security": ("Strict-Transport-Security", "max-age=31536000; includeSubDomains")}
_NOT_KEPT = {"cache-control": ("Cache-Control", "no-store")}


def _secure(response: Response) -> Response:
    """What no answer goes without, unless its view said otherwise. One look at the headers, not one for each name."""
    wanted = dict(_ALWAYS)
    if request.is_secure:
        wanted |= _BY_HTTPS
    if request.endpoint != "static":
        wanted |= _NOT_KEPT
    for name, _ in response.headers:
        wanted.pop(name.lower(), None)
    for name, value in wanted.values():
        response.headers.add(name, value)
    return response


def _database_away(fault: DBAPIError) -> Response:
    """503 while the database is away; 409 when a row stayed locked; a fault otherwise."""
    _leave_database()
    if getattr(fault.orig, "sqlstate", None) == LOCK_NOT_AVAILABLE:
        return answer_refusal(Refused("busy"))
    if isinstance(fault, OperationalError) and not fault.connection_invalidated and _has_sqlstate(fault):
        return _fault(fault)
    log.error("database.away", error=type(fault.orig).__name__)
    return http_problem(ServiceUnavailable())


def _files_away(fault: StoreAway) -> Response:
    rollback()
    log.error("files.away", error=str(fault))
    return answer_away("files_away")


def _has_sqlstate(fault: DBAPIError) -> bool:
    state = getattr(fault.orig, "sqlstate", None)
    return state is not None and not state.startswith(("08", "57", "53"))


def _fault(fault: Exception) -> Response:
    _leave_database()
    log.error("fault", exc_info=fault)
    return http_problem(InternalServerError())


def _leave_database() -> None:
    """Whoever tells of a fault asks the database nothing more: an actor it has not named by now stays unknown."""
    g.setdefault("actor", None)
    rollback()


def command_id() -> str:
    """The client's id of this command: `Idempotency-Key`, quoted or bare (IETF draft; DESIGN.md law 7)."""
    given = request.headers.get("Idempotency-Key")
    if given is None:
        raise Refused("idempotency_key_required", {}, kind=RefusalKind.INVALID)
    key = given[1:-1] if len(given) > 1 and given.startswith('"') and given.endswith('"') else given
    if len(key) > commands.MAX_KEY_LENGTH - 8 or re.fullmatch(KEY_FORM, key) is None:
        raise Refused("idempotency_key_invalid", {}, kind=RefusalKind.INVALID)
    return key


def run_command(
    name: str, body: Any, use_case: Callable[[], T], answer: Callable[[T], Any], status: int = 200
) -> Outcome:
    """Execute a command of this request's actor under its Idempotency-Key."""
    return commands.execute(commands.command_for(actor(), command_id(), name, body), use_case, answer, status)


def answer_outcome(outcome: Outcome, location: Callable[[Any], str] | None = None) -> Response:
    """The response of a command: its stored answer, or the problem of its refusal."""
    if isinstance(outcome, Refused):
        return refusal_problem(outcome)
    return answer_done(outcome, location)


def answer_done(done: Done, location: Callable[[Any], str] | None = None) -> Response:
    response = Response(orjson.dumps(done.answer, default=str), done.status, mimetype="application/json")
    if done.replayed:
        response.headers["Idempotent-Replay"] = "true"
    if location is not None:
        response.headers["Location"] = location(done.answer)
    if isinstance(done.answer, dict) and "version" in done.answer:
        response.headers["ETag"] = etag(done.answer["version"])
    return response


def run_bulk(
    name: str, items: list[Any], use_case: Callable[[Any], T], answer: Callable[[T], Any], status: int = 201
) -> Response:
    """A bulk request: every item a command and a transaction of its own, with the id `<key>#<index>`.

    Answers 200 with `{"results": [{"index", "status", "answer" | "problem"}]}` in the order of the items.
    """
    base = commands.command_for(actor(), command_id(), name, None)
    results: list[dict[str, Any]] = []
    for index, item in enumerate(items):
        outcome = commands.execute(base.item(index, name, item), partial(use_case, item), answer, status)
        if isinstance(outcome, Refused):
            told = orjson.loads(refusal_problem(outcome).data)
            results.append({"index": index, "status": told["status"], "problem": told})
        else:
            results.append({"index": index, "status": outcome.status, "answer": outcome.answer})
    return Response(orjson.dumps({"results": results}, default=str), 200, mimetype="application/json")


def etag(version: int) -> str:
    """Strong entity tag of a document's version."""
    return f'"v{version}"'


def require_match() -> int:
    """The version in If-Match: 428 when absent, 412 when it is not one of our tags."""
    command_id()  # what is malformed is told before what is stale
    given = request.headers.get("If-Match")
    if given is None:
        raise PreconditionRequired
    match = _OUR_TAG.fullmatch(given.strip())
    if match is None:
        raise Refused("stale", {}, kind=RefusalKind.STALE)
    return int(match.group(1))


def check_version(current: int, wanted: int | None) -> None:
    """412 when the document moved on since it was read. `None` means the caller holds no version."""
    if wanted is not None and current != wanted:
        raise Refused("stale", {"current": current}, kind=RefusalKind.STALE)


def answer_document(body: dict[str, Any], version: int) -> Response:
    """A single resource with its ETag; 304 when the client has it already."""
    tag = etag(version)
    if request.headers.get("If-None-Match") == tag:
        return Response(status=304, headers={"ETag": tag})
    response = Response(orjson.dumps(body, default=str), 200, mimetype="application/json")
    response.headers["ETag"] = tag
    return response


def encode_cursor(moment: datetime, key: uuid.UUID | int | str) -> str:
    raw = orjson.dumps([moment.isoformat(), str(key)])
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def decode_cursor(text: str | None) -> tuple[datetime, str] | None:
    """The (instant, key) behind an opaque cursor; 422 when it is not ours."""
    if not text:
        return None
    try:
        moment, key = orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        instant = datetime.fromisoformat(moment)
        if instant.tzinfo is None or not isinstance(key, str):
            raise ValueError("not a cursor")
    except (ValueError, TypeError, binascii.Error) as fault:
        raise invalid("/query/cursor", "invalid_cursor") from fault
    return instant, key


def decode_id_cursor(text: str | None) -> tuple[datetime, uuid.UUID] | None:
    """The same where the key is an id."""
    found = decode_cursor(text)
    if found is None:
        return None
    key = parse_id(found[1])
    if key is None:
        raise invalid("/query/cursor", "invalid_cursor")
    return found[0], key


def answer_page(rows: list[dict[str, Any]], next_cursor: str | None) -> Response:
    """`{"data", "next_cursor"}` with an RFC 8288 Link header to the next page."""
    body = orjson.dumps({"data": rows, "next_cursor": next_cursor}, default=str)
    response = Response(body, 200, mimetype="application/json")
    if next_cursor is not None:
        arguments = {**request.args.to_dict(), "cursor": next_cursor}
        query = urlencode(arguments)
        response.headers["Link"] = f'<{request.path}?{query}>; rel="next"'
    return response
