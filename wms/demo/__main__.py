"""`python -m wms.demo [--orders BOOK.csv]`: a real order book through a system of its own, over the wire only.

Starts engines, web and worker in a temporary folder, replays the book as sellers' systems and tablets would, ends with
`flask audit`, and prints one JSON object as its last line.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from config import WITHOUT_LIMITS, Config
from wms.demo.orderbook import OrderBookError, read_order_book
from wms.demo.replay import replay
from wms.demo.stage import Stage, set_stage
from wms.platform.engines import running_engines

OWN_BOOK = Path(__file__).parent / "orders.csv"
START_SECONDS = 60


def main() -> int:
    parser = argparse.ArgumentParser(prog="wms.demo", description="Replay an order book through a system of its own.")
    parser.add_argument("--orders", type=Path, default=OWN_BOOK, help="an order book (CSV)")
    parser.add_argument("--tablets", type=int, default=3, help="tablets of each kind of work")
    chosen = parser.parse_args()
    try:
        book = read_order_book(chosen.orders)
    except OrderBookError as fault:
        print(f"{chosen.orders} is not an order book: {fault.code} {fault.params}", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # stop the system we started, whoever stops us
    began = time.monotonic()
    with running_system(chosen.tablets, len(book.products)) as stage:
        result = replay(stage, book, chosen.tablets)
    result["seconds"] = round(time.monotonic() - began, 1)
    print(json.dumps(result))
    return 0 if result["ledger_drift"] == 0 and result["lost_jobs"] == 0 else 1


@contextmanager
def running_system(tablets: int, products: int) -> Iterator[Stage]:
    """Engines and processes in a temporary folder, with cast, people and places for this book; gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="wms-demo-") as folder:
        base = Config.from_environ({**_outside(), "WMS_INSTANCE": folder, "PORT": str(_free_port())})
        with running_engines(base.instance_path, base.engine_account) as engines:
            config = base.with_engines(engines.postgres.url(), engines.valkey.url())
            stage = set_stage(config, tablets, products)
            with processes(config):
                yield stage


def _outside() -> dict[str, str]:
    """The caller's environment without addresses of another system."""
    hidden = {"DATABASE_URL", "REDIS_URL", "WMS_INSTANCE", "WMS_FILES", "PORT", "BIND", "WMS_SEED_DEMO"}
    quiet = {"WMS_LOG_LEVEL": os.environ.get("WMS_LOG_LEVEL", "WARNING"), "WMS_SEED_DEMO": "0"}
    return {**WITHOUT_LIMITS, **{key: value for key, value in os.environ.items() if key not in hidden}, **quiet}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def processes(config: Config, log: IO[bytes] | None = None) -> Iterator[None]:
    """The same supervisor that `make run` uses, on our engines; what they tell goes to `log`, else to the terminal."""
    environment = {**os.environ, **config.to_environ()}
    root = Path(__file__).parents[2]
    supervisor = subprocess.Popen(
        [sys.executable, "-m", "wms.supervisor", "run"],
        env=environment,
        cwd=root,
        stdout=log or subprocess.DEVNULL,
        stderr=log,
    )
    try:
        _wait_ready(config, supervisor)
        yield
    finally:
        supervisor.send_signal(signal.SIGTERM)
        supervisor.wait(timeout=60)


def _wait_ready(config: Config, supervisor: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if supervisor.poll() is not None:
            raise SystemExit("the demo's system did not start; see the lines above")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{config.port}/readyz", timeout=2) as answer:
                told: dict[str, Any] = json.load(answer)
            if told["ready"] and "workers" not in told["degraded"]:
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            pass
        time.sleep(0.2)
    raise SystemExit(f"the demo's system was not ready within {START_SECONDS} s")


if __name__ == "__main__":
    sys.exit(main())
