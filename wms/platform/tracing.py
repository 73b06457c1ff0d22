"""OpenTelemetry traces, when `WMS_TRACES_URL` names a collector: a request, its commands and their jobs are one trace.

Off, nothing is imported and a span costs a call. Spans are made here by hand, three kinds of them, so that what they
say is known: route, command name, topic, outcome, ids of ours. Never a path, a parameter or a statement.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from config import ConfigError

TRACEPARENT = "traceparent"  # W3C trace context: the header of a request, and what an outbox row carries
EXPORT_SECONDS = 2  # a collector that does not answer is given up after this
AWAY_SECONDS = 60.0  # and for so long no work-horse waits for it again


class NoSpan:
    """What there is while traces are off."""

    def __enter__(self) -> NoSpan:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def set_attribute(self, name: str, value: Any) -> None:
        pass


_NO_SPAN = NoSpan()
_tracer: Any = None
_provider: Any = None
_away = Path()  # touched when the collector was found away: a work-horse cannot tell the next one otherwise


def configure(url: str, percent: int, folder: Path) -> None:
    """Send spans of this process to `url` (OTLP over HTTP, for example http://collector:4318/v1/traces).

    `percent` of the traces are kept; the decision follows from the trace's id, so that all processes decide alike and
    no caller can force it. `folder`: where processes of this host tell each other that the collector is away. Raises
    ConfigError when the packages are missing.
    """
    global _tracer, _provider, _away
    if _provider is not None:
        _provider.shutdown()
        _tracer = _provider = None
    if not url:
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
        from opentelemetry.sdk.trace.sampling import TraceIdRatioBased
    except ImportError as fault:
        raise ConfigError(
            [f"WMS_TRACES_URL is set, but {fault.name} is missing: pip install -r requirements-otel.txt"]
        ) from fault
    resource = Resource.create({"service.name": "wms"})
    _provider = TracerProvider(sampler=TraceIdRatioBased(percent / 100), resource=resource)
    _provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=url, timeout=EXPORT_SECONDS)))
    _tracer = _provider.get_tracer("wms")
    _away = folder / "traces-away"


def span(
    kind: str, name: str, carried: Mapping[str, str] | None = None, /, **attributes: str
) -> AbstractContextManager[Any]:
    """A span `<kind> <name>` around a block: `request`, `command` or `job`. `carried`: where its trace came from."""
    if _tracer is None:
        return _NO_SPAN
    from opentelemetry.trace import SpanKind
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    kinds = {"request": SpanKind.SERVER, "job": SpanKind.CONSUMER}
    context = TraceContextTextMapPropagator().extract(dict(carried)) if carried else None
    made: AbstractContextManager[Any] = _tracer.start_as_current_span(
        f"{kind} {name}", context=context, kind=kinds.get(kind, SpanKind.INTERNAL), attributes=attributes,
        record_exception=False, set_status_on_exception=False,  # an exception may quote a row with people in it
    )  # fmt: skip
    return made


def is_on() -> bool:
    return _tracer is not None


def set_attribute(name: str, value: str | int) -> None:
    """Say something about the span we are in."""
    if _tracer is not None:
        from opentelemetry.trace import get_current_span

        get_current_span().set_attribute(name, value)


def carried() -> dict[str, str]:
    """What a job takes along so that its span joins this trace; {} while traces are off."""
    found: dict[str, str] = {}
    if _tracer is not None:
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        TraceContextTextMapPropagator().inject(found)
    return {key: value for key, value in found.items() if key == TRACEPARENT}


def flush() -> None:
    """Send what is kept: before a work-horse ends, which it does without looking back.

    While the collector is away its spans are lost, and not the time of every job behind it.
    """
    if _provider is None or (_away.exists() and time.time() - _away.stat().st_mtime < AWAY_SECONDS):
        return
    began = time.monotonic()
    _provider.force_flush(EXPORT_SECONDS * 1000)
    if time.monotonic() - began > EXPORT_SECONDS / 4:
        _away.parent.mkdir(parents=True, exist_ok=True)
        _away.touch()
