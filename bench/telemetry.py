"""`python -m bench.telemetry`: what metrics, request ids and logs' ties cost a request, in processor time.

The same application answers `/healthz` with and without the hooks of `platform.telemetry`, in turns, so that a busy
machine slows both alike; the least of many rounds is told. Then each kind of count on its own.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Flask
from werkzeug.test import EnvironBuilder

from config import Config
from wms.app import create_app
from wms.platform import cause, metrics, telemetry

ROUNDS, CALLS = 40, 500


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="wms-bench-") as folder:
        config = Config.from_environ({"WMS_ENV": "test", "WMS_INSTANCE": folder, "WMS_LOG_LEVEL": "ERROR"})
        app = create_app(config.with_engines("postgresql+psycopg://nobody@127.0.0.1:1/none", "redis://127.0.0.1:1/0"))
        told = {"job": "telemetry", "unit": "µs of processor", **of_a_request(app), **of_a_count()}
        metrics.recorder.close()
    print(json.dumps(told, ensure_ascii=False))


def of_a_request(app: Flask) -> dict[str, float]:
    environ = EnvironBuilder(path="/healthz").get_environ()
    ours = {telemetry._start, telemetry._finish, telemetry._leave}

    def answer() -> None:
        for _ in app({**environ}, lambda *_: lambda _: None):
            pass

    hooks = app.before_request_funcs, app.after_request_funcs, app.teardown_request_funcs
    bare: Any = tuple(
        {name: [each for each in found if each not in ours] for name, found in kind.items()} for kind in hooks
    )
    found: dict[str, list[float]] = {"with": [], "without": []}
    for _ in range(ROUNDS):
        for name, chosen in (("with", hooks), ("without", bare)):
            app.before_request_funcs, app.after_request_funcs, app.teardown_request_funcs = chosen
            found[name].append(microseconds(answer, CALLS))
    least = {name: min(times) for name, times in found.items()}
    return {"request": round(least["with"], 1), "request_bare": round(least["without"], 1),
            "telemetry": round(least["with"] - least["without"], 1)}  # fmt: skip


def of_a_count() -> dict[str, float]:
    metrics.configure(Path(metrics.recorder.folder or "."))
    kinds: dict[str, Callable[[], object]] = {
        "counter": lambda: metrics.REQUESTS.add("GET", "/x", "200"),
        "histogram": lambda: metrics.REQUEST_TIME.observe(0.013, "GET", "/x"),
        "statement": lambda: metrics.tally.sent(0.001),
        "command_told": lambda: cause.add(command=cause.told("01936f5e-7b1c-7abc-8def-0123456789ab")),
    }
    return {name: round(min(microseconds(kind, 20_000) for _ in range(5)), 2) for name, kind in kinds.items()}


def microseconds(work: Callable[[], object], times: int) -> float:
    """Processor time of one call."""
    work()
    began = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - began) / times * 1e6


if __name__ == "__main__":
    main()
