"""Structured logs without personal data: what (a route or job), its cause (ids), how long. Never bodies or headers."""

from __future__ import annotations

import logging
import re
import sys
import time
from typing import Any

import structlog
from flask import Flask, Response, g, request

from wms.core.ids import new_id
from wms.platform import cause, metrics, tracing

# What looks like an ID card, a telephone number or an e-mail address does not belong in a log, wherever it came from.
PERSONAL = re.compile(r"\b\d{17}[\dXx]\b|\b1[3-9]\d{9}\b|[\w.+-]+@[\w-]+\.[\w.]+")
_REQUEST_ID = re.compile(r"^[A-Za-z0-9_.-]{8,64}$")


def scrub(_: Any, __: str, entry: Any) -> Any:
    """A structlog processor: masks personal data in every text value."""
    for key, value in entry.items():
        if isinstance(value, str):
            entry[key] = PERSONAL.sub("[masked]", value)
    return entry


def tied(_: Any, __: str, entry: Any) -> Any:
    """A structlog processor: what caused the work stands in every line of it."""
    return {**cause.current(), **entry}


def configure_logging(level: str, as_json: bool) -> None:
    renderer = structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer(colors=False)
    structlog.configure(
        processors=[
            tied,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            scrub,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )


log = structlog.get_logger("wms.request")
QUIET = {"static", "health.healthz", "health.readyz", "exposition.read", "office_system.now"}  # asked all day long
METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"}  # any other is one label value


def init_requests(app: Flask) -> None:
    """A request id on every request and answer; one log line, one span and one count per request."""
    app.before_request(_start)
    app.after_request(_finish)
    app.teardown_request(_leave)


def _start() -> None:
    given = request.headers.get("X-Request-Id", "")
    ours = not _REQUEST_ID.match(given) or PERSONAL.search(given)
    g.request_id = request_id = str(new_id()) if ours else given
    cause.begin(request_id=request_id)
    metrics.tally.take()
    metrics.REQUESTS_NOW.move(+1)
    g.request_span = _open_span(request_id) if tracing.is_on() else None
    g.started = time.perf_counter()


def _open_span(request_id: str) -> Any:
    carried = {tracing.TRACEPARENT: request.headers.get("Traceparent", "")}
    span = tracing.span("request", f"{_method()} {_route()}", carried, **{"wms.request_id": request_id})
    span.__enter__()
    return span


def _finish(response: Response) -> Response:
    started = g.get("started")
    if started is None:  # refused before it began
        return response
    seconds = time.perf_counter() - started
    response.headers["X-Request-Id"] = g.request_id
    method, route = _method(), _route()
    statements, waited = metrics.tally.take()
    metrics.REQUESTS.add(method, route, str(response.status_code))
    metrics.REQUEST_TIME.observe(seconds, method, route)
    if statements:
        metrics.STATEMENTS.add(method, route, amount=statements)
        metrics.DATABASE_TIME.add(method, route, amount=waited)
    tracing.set_attribute("http.response.status_code", response.status_code)
    if request.endpoint not in QUIET:
        ids = cause.current()
        command = {"command": ids["command"].partition("#")[0]} if "command" in ids else {}  # of a bulk: the whole
        log.info(
            "request", method=method, route=route, status=response.status_code, ms=round(seconds * 1000, 1),
            statements=statements, database_ms=round(waited * 1000, 1), **command,
        )  # fmt: skip
    return response


def _leave(_: BaseException | None) -> None:
    if "started" in g:
        metrics.REQUESTS_NOW.move(-1)
        if g.request_span is not None:
            g.request_span.__exit__(None, None, None)


def _method() -> str:
    return request.method if request.method in METHODS else "other"


def _route() -> str:
    """The rule, not the path: no ids in logs and labels."""
    return request.url_rule.rule if request.url_rule is not None else "-"
