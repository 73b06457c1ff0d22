"""Structured logs without personal data: who (an id), what (a route or job), how long. Never bodies or headers."""

from __future__ import annotations

import logging
import re
import sys
import time
from typing import Any

import structlog
from flask import Flask, Response, g, request

from wms.core.ids import new_id

# What looks like an ID card, a telephone number or an e-mail address does not belong in a log, wherever it came from.
PERSONAL = re.compile(r"\b\d{17}[\dXx]\b|\b1[3-9]\d{9}\b|[\w.+-]+@[\w-]+\.[\w.]+")
_REQUEST_ID = re.compile(r"^[A-Za-z0-9_.-]{8,64}$")


def scrub(_: Any, __: str, entry: Any) -> Any:
    """A structlog processor: masks personal data in every text value."""
    for key, value in entry.items():
        if isinstance(value, str):
            entry[key] = PERSONAL.sub("[masked]", value)
    return entry


def configure_logging(level: str, as_json: bool) -> None:
    renderer = structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer(colors=False)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
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


def init_requests(app: Flask) -> None:
    """A request id on every request and answer, and one log line per request (quiet for health and static)."""

    @app.before_request
    def _start() -> None:
        given = request.headers.get("X-Request-Id", "")
        g.request_id = given if _REQUEST_ID.match(given) else str(new_id())
        g.started = time.perf_counter()
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=g.request_id)

    @app.after_request
    def _finish(response: Response) -> Response:
        if "request_id" not in g:
            return response
        response.headers["X-Request-Id"] = g.request_id
        if request.endpoint not in {"static", "health.healthz", "health.readyz"}:
            rule = (
                request.url_rule.rule if request.url_rule is not None else "-"
            )  # the rule, not the path: no ids in logs
            milliseconds = round((time.perf_counter() - g.started) * 1000, 1)
            log.info("request", method=request.method, route=rule, status=response.status_code, ms=milliseconds)
        return response
