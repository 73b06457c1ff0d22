"""Problem details (RFC 9457) with stable codes, in the reader's language."""

from __future__ import annotations

from typing import Any

import orjson
from flask import Response, g, render_template, request
from sqlalchemy.exc import DBAPIError
from werkzeug.exceptions import BadHost, HTTPException

from wms.core.refusals import RefusalKind, Refused
from wms.platform.access import NeedsPermission, current_actor, is_api_surface, is_machine_surface
from wms.platform.i18n import N_, refusal_texts

STATUS_OF_KIND = {
    RefusalKind.BUSINESS: 409,
    RefusalKind.INVALID: 422,
    RefusalKind.NOT_FOUND: 404,
    RefusalKind.STALE: 412,
}

RETRY_SECONDS = 5  # a restart of the database takes less

# Codes of plain HTTP errors; features add their own refusals in errors.py.
HTTP_CODES = {
    400: "malformed_request",
    401: "not_authenticated",
    403: "not_permitted",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    408: "request_timeout",
    411: "length_required",
    412: "stale",
    413: "body_too_large",
    414: "address_too_long",
    415: "wrong_media_type",
    428: "precondition_required",
    429: "too_many_requests",
    431: "headers_too_large",
    500: "fault",
    503: "unavailable",
}

MAX_ERRORS = 100  # of single fields, in one answer

TEXTS = {
    "malformed_request": N_("The request cannot be read."),
    "not_authenticated": N_("Please identify yourself."),
    "not_permitted": N_("You may not do this."),
    "not_found": N_("This does not exist or is not yours."),
    "method_not_allowed": N_("This address does not answer to that method."),
    "not_acceptable": N_("The answer cannot be given in that form."),
    "request_timeout": N_("The request took too long to arrive."),
    "length_required": N_("The length of the body is missing."),
    "body_too_large": N_("The body is too large."),
    "address_too_long": N_("The address is too long."),
    "wrong_media_type": N_("The body must be JSON."),
    "precondition_required": N_("Send If-Match with the version you have read."),
    "stale": N_("It was changed since you read it. Read it again."),
    "too_many_requests": N_("Too many requests. Wait a moment."),
    "too_many_tries": N_("Too many tries to sign in. Wait %(seconds)s seconds."),
    "headers_too_large": N_("The headers are too large."),
    "fault": N_("Something is broken on our side. It has been recorded."),
    "unavailable": N_("The database is away for a moment. Try again."),
    "files_away": N_("The file store is away for a moment. Nothing is lost. Try again."),
    "invalid_input": N_("Some fields are wrong."),
    "not_allowed_now": N_("Not possible while it is “%(state)s”."),
    "csrf_token_wrong": N_("The page is too old. Load it again."),
    "command_too_old": N_("This id is older than %(days)s days. Make a new one."),
    "command_from_future": N_("This id was made in the future. Check the clock."),
    "command_id_reused": N_("This id was already used for another request."),
    "idempotency_key_required": N_("Send an Idempotency-Key header."),
    "idempotency_key_invalid": N_("The Idempotency-Key is empty, too long, or has unprintable characters."),
    "invalid_cursor": N_("The cursor is not one of ours."),
    "busy": N_("Somebody else is working on this right now. Try again."),
    # single fields
    "required": N_("Required."),
    "null": N_("Must not be empty."),
    "type": N_("Of the wrong type."),
    "type_integer": N_("Type a whole number."),
    "type_number": N_("Type a number."),
    "type_amount": N_("Type an amount, as 12.50."),
    "type_boolean": N_("Yes or no: true or false."),
    "type_date": N_("Type a date, as 2026-12-31."),
    "type_time": N_("Type a time, as 08:30."),
    "type_moment": N_("Type date, time and offset, as 2026-12-31T08:00:00Z."),
    "type_id": N_("This is no id."),
    "type_text": N_("Type a text."),
    "type_list": N_("A list is wanted here."),
    "type_object": N_("Named fields are wanted here."),
    "unknown_field": N_("There is no such field."),
    "too_short": N_("At least %(min)s characters."),
    "too_long": N_("At most %(max)s characters."),
    "too_small": N_("At least %(min)s."),
    "too_large": N_("At most %(max)s."),
    "too_few": N_("Too few: at least %(min)s."),
    "too_many": N_("Too many: at most %(max)s."),
    "not_a_choice": N_("One of: %(choices)s."),
    "pattern": N_("Not in the expected form."),
    "pattern_as": N_("Not in the expected form, which is as %(example)s."),
    "unprintable": N_("Has characters that cannot be printed."),
    "file_empty": N_("The file is empty."),
    "file_too_large": N_("The file is larger than %(limit)s MB."),
    "file_kind": N_("Not a file of the kinds taken here, or named as another kind."),
    "picture_too_large": N_("The picture has more than %(limit)s million pixels."),
    "file_broken": N_("The file is damaged or not complete."),
    "table_too_large": N_("The table is larger than %(megabytes)s MB."),
    "table_too_long": N_("At most %(most)s rows at once."),
    "table_not_text": N_("This is no table in text form (CSV)."),
    "table_lacks": N_("The table needs one column “%(column)s”."),
    "sheet_shortened": N_("A spreadsheet has shortened this number. Format the column as text and type it in again."),
    "sheet_column_twice": N_("“%(one)s” and “%(other)s” are the same column."),
    "sheet_old_excel": N_("A workbook of an old kind (.xls). Save it as .xlsx or CSV."),
    "table_empty": N_("There is no row in the table."),
    "file_not_base64": N_("Not base64."),
    "duplicate": N_("Appears more than once."),
    "invalid": N_("Not valid."),
}
refusal_texts.add(TEXTS)
refusal_texts.vary("type", "wanted", "type_")
refusal_texts.say_more("pattern", "example", "pattern_as")


def problem(
    status: int,
    code: str,
    params: dict[str, Any] | None = None,
    errors: list[dict[str, Any]] | None = None,
    next_step: str | None = None,
) -> Response:
    """An `application/problem+json` answer."""
    body: dict[str, Any] = {
        "type": f"/problems/{code}",
        "title": refusal_texts.translate(code, params or {}),
        "status": status,
        "instance": request.path,
        "code": code,
        "request_id": g.get("request_id"),
    }
    if params:
        body["params"] = params
    if next_step:
        body["next"] = next_step
    if errors:
        body["errors"] = [_field(error) for error in errors[:MAX_ERRORS]]
        body["detail"] = "; ".join(f"{error['pointer']}: {error['message']}" for error in body["errors"][:5])
    response = Response(orjson.dumps(body, default=str), status, mimetype="application/problem+json")
    if status == 401 and is_api_surface():
        response.headers["WWW-Authenticate"] = 'Bearer realm="wms"'  # RFC 9110 section 11.6.1
    return _come_back(response)


def _come_back(response: Response) -> Response:
    """A 503 says when to ask again."""
    if response.status_code == 503:
        response.headers["Retry-After"] = str(RETRY_SECONDS)
    return response


def _field(error: dict[str, Any]) -> dict[str, Any]:
    params = dict(error.get("params") or {})
    found = {"pointer": error["pointer"], "code": error["code"],
             "message": refusal_texts.translate(error["code"], params)}  # fmt: skip
    if params:
        found["params"] = params
    return found


def refusal_problem(refusal: Refused) -> Response:
    """The HTTP form of a refusal."""
    status = STATUS_OF_KIND[refusal.kind]
    if refusal.code in {"idempotency_key_required", "idempotency_key_invalid"}:
        status = 400  # the idempotency draft asks for it
    response = problem(status, refusal.code, refusal.params, refusal.errors, refusal.next_step)
    if refusal.replayed:
        response.headers["Idempotent-Replay"] = "true"
    return response


def know_reader() -> None:
    """Find out whose language to speak, where that must not fail: without a database it is the request's own."""
    try:
        current_actor()
    except DBAPIError:
        g.actor = None


def answer_limit(policy: str, seconds: int) -> Response:
    """429 for a client that is over its budget: a problem for machines, a page for people. RFC 6585 section 4."""
    if is_machine_surface():
        response = problem(429, "too_many_requests", {"policy": policy, "seconds": seconds})
    else:
        response = _page(429, "too_many_requests", refusal_texts.translate("too_many_requests", {}))
    response.headers["Retry-After"] = str(seconds)
    return response


def answer_refusal(refusal: Refused) -> Response:
    """A refusal that nobody caught: a problem for machines, a page for people."""
    know_reader()
    if is_machine_surface():
        return refusal_problem(refusal)
    status = STATUS_OF_KIND[refusal.kind]
    return _page(status, refusal.code, refusal_texts.translate(refusal.code, refusal.params))


def answer_away(code: str) -> Response:
    """503 with Retry-After, while something we need does not answer: a problem for machines, a page for people."""
    if is_machine_surface():
        return problem(503, code)
    response = _page(503, code, refusal_texts.translate(code, {}))
    response.headers["Retry-After"] = "5"
    return response


def _page(status: int, code: str, message: str) -> Response:
    page = render_template("error.html", status=status, code=code, message=message)
    return _come_back(Response(page, status, mimetype="text/html"))


def http_problem(error: HTTPException) -> Response:
    """The problem form of an HTTP error; a page for people, JSON for machines."""
    know_reader()
    status = error.code or 500
    code = HTTP_CODES.get(status, "fault" if status >= 500 else "malformed_request")
    if is_machine_surface() or isinstance(error, BadHost):  # without a host there is no page: it is full of addresses
        response = problem(
            status, code, {"permission": error.permission} if isinstance(error, NeedsPermission) else None
        )
        if status == 405 and getattr(error, "valid_methods", None):
            response.headers["Allow"] = ", ".join(sorted(error.valid_methods))  # type: ignore[attr-defined]
        return response
    if error.response is not None:
        return error.response  # type: ignore[return-value]
    return _page(status, code, refusal_texts.translate(code, {}))
