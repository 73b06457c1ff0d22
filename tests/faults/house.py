"""A whole system of its own to break: engines, supervisor, two web workers, label workers, sweeper; and a bad network
in front of it with eight clients behind.

The engines are started here and named to the supervisor, so that a test can keep one stopped for as long as it wants.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import psycopg
import redis

from config import ROOT, Config
from tests.engines import dispose
from tests.faults.book import Book
from tests.faults.clients import Crew
from tests.faults.disk import Disk
from tests.faults.line import Gate
from tests.faults.patience import PATIENCE_SECONDS, eventually
from tests.faults.proxy import FAIR, Proxy, Weather
from wms.demo.stage import Stage, set_stage
from wms.platform.engines import ADMIN_ROLE, Engines, running_engines
from wms.platform.processes import spawn, stop

SEED = int(os.environ.get("FAULT_SEED", "7"))
TABLETS, PRODUCTS = 2, 16  # how much stage: ten badges, enough bins and totes


@dataclass
class Fault:
    """One fault as it happens: when the database was away, when the cause was gone, how long recovery took."""

    name: str
    began: float
    away: list[tuple[float, float]] = field(default_factory=list)
    over_at: float = 0.0
    first_seconds: float = 0.0  # until the first client was answered well again
    all_seconds: float = 0.0  # until each of the eight was
    drained_seconds: float = 0.0  # until the outbox was empty
    notes: list[str] = field(default_factory=list)


class House:
    """The running system and everybody in it."""

    def __init__(self, folder: Path, engines: Engines, config: Config, stage: Stage, disks: dict[str, Disk]) -> None:
        self.folder, self.engines, self.config, self.stage, self.disks = folder, engines, config, stage, disks
        self.log, self.log_read = folder / "output", 0
        self.book, self.gate = Book(), Gate()
        self.proxy = Proxy(config.port, SEED)
        self.crew = Crew(self.proxy.port, stage, self.book, self.gate)
        self.dice = random.Random(SEED)
        self.faults: list[Fault] = []
        self.supervisor: subprocess.Popen[bytes] | None = None

    # ---------- processes ----------

    def start(self) -> None:
        with self.log.open("wb") as log:
            environment = {**_outside(), **self.config.to_environ()}
            self.supervisor = spawn(
                [sys.executable, "-m", "wms.supervisor", "run"], signal_when_parent_dies=signal.SIGTERM,
                environment=environment, output=log, cwd=ROOT,
            )  # fmt: skip
        eventually(self.is_ready, "the system is ready")
        eventually(lambda: len(self.label_workers()) == self.config.label_workers, "label workers are there")

    def stop(self) -> None:
        if self.supervisor is not None:
            stop(self.supervisor, [(signal.SIGTERM, 60.0)])

    def is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.config.port}/readyz", timeout=2) as answer:
                return bool(answer.status == 200)
        except (OSError, urllib.error.HTTPError):
            return False

    def _children(self, words: str) -> list[psutil.Process]:
        assert self.supervisor is not None
        found = []
        for process in psutil.Process(self.supervisor.pid).children():
            with contextlib.suppress(psutil.NoSuchProcess):
                if words in " ".join(process.cmdline()) and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
        return found

    def log_since_last_look(self) -> str:
        with self.log.open(errors="replace") as log:
            log.seek(self.log_read)
            found = log.read()
            self.log_read = log.tell()
        return found

    def web_master(self) -> psutil.Process:
        (found,) = self._children("gunicorn")
        return found

    def web_workers(self) -> list[psutil.Process]:
        return [worker for master in self._children("gunicorn") for worker in master.children()]

    def label_workers(self) -> list[psutil.Process]:
        return [each for each in self._children("wms.worker") if each.cmdline()[-1] != "sweep"]

    def sweepers(self) -> list[psutil.Process]:
        return self._children("wms.worker sweep")

    def horses(self) -> list[psutil.Process]:
        """The forks that work one job each."""
        found: list[psutil.Process] = []
        for worker in self.label_workers():
            with contextlib.suppress(psutil.NoSuchProcess):
                found += [each for each in worker.children() if each.status() != psutil.STATUS_ZOMBIE]
        return found

    # ---------- engines ----------

    def outsider(self) -> psycopg.Connection[Any]:
        """A connection of nobody in the house, for a `with`: it looks, and it holds rows."""
        return psycopg.connect(self.config.database_url.replace("+psycopg", ""))

    def one(self, statement: str, *values: object) -> Any:
        with self.outsider() as connection:
            row = connection.execute(statement, values).fetchone()
            return row[0] if row is not None else None

    def rows(self, statement: str) -> list[Any]:
        with self.outsider() as connection:
            return connection.execute(statement).fetchall()

    def admin(self, database: str = "postgres") -> psycopg.Connection[Any]:
        """A connection that may end others, and go past triggers."""
        return psycopg.connect(host=str(self.engines.home.sockets), user=ADMIN_ROLE, dbname=database, autocommit=True)

    def until_printed(self, number: int) -> None:
        eventually(
            lambda: (
                self.one("SELECT count(*) FROM print_job") >= number
                and self.one("SELECT count(*) FROM parcel WHERE state = 'handed_over'")
            ),
            "labels are printed",
        )

    @contextlib.contextmanager
    def weather(self, bad: Weather) -> Iterator[None]:
        self.proxy.weather = bad
        try:
            yield
        finally:
            self.proxy.weather = FAIR

    def break_something(self, admin: psycopg.Connection[Any]) -> str:
        """One of the small faults, as the dice say; returns which."""
        kinds: dict[str, Callable[[], list[psutil.Process]]] = {
            "web worker": self.web_workers, "work-horse": self.horses, "worker": self.label_workers
        }  # fmt: skip
        what = self.dice.choice(["connection"] * 5 + ["queue", *kinds])
        if what == "connection":
            for victim in self.backends(admin)[:1]:
                admin.execute("SELECT pg_terminate_backend(%s)", [victim])
        elif what == "queue":
            with self.queue() as client:
                client.flushall()
        else:
            for process in kinds[what]()[:1]:
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.kill()
        return what

    @contextlib.contextmanager
    def database_away(self, fault: Fault) -> Iterator[None]:
        """Whatever happens in the block may answer 503 until the database takes a statement again."""
        left = time.monotonic()
        yield
        eventually(self._database_answers, "the database answers")
        fault.away.append((left, time.monotonic()))

    def _database_answers(self) -> bool:
        try:
            return bool(self.one("SELECT 1"))
        except psycopg.Error:
            return False

    def kill_postgres(self) -> None:
        """What `pg_ctl stop -m immediate` does: no checkpoint, no good-bye."""
        process = self.engines.postgres.process
        assert process is not None
        process.send_signal(signal.SIGQUIT)
        process.wait(30)

    def waiting(self, kind: str) -> int:
        """How many of the house's statements wait for this kind of thing."""
        return int(
            self.one(
                "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'wms' AND wait_event_type = %s", kind
            )
        )

    def backends(self, admin: psycopg.Connection[Any]) -> list[int]:
        """The house's connections, as the server numbers them."""
        rows = admin.execute("SELECT pid FROM pg_stat_activity WHERE application_name = 'wms'").fetchall()
        return [row[0] for row in rows]

    def done_but_untold(self) -> set[str]:
        """Commands that are committed and whose clients do not know it yet."""
        with self.outsider() as connection:
            rows = connection.execute(
                "SELECT id FROM command WHERE outcome = 'done' AND created_at < clock_timestamp() - interval '0.3 s'"
            ).fetchall()
        return {row[0] for row in rows} - self.book.done()

    def degraded(self) -> dict[str, Any]:
        """What `/readyz` complains of."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.config.port}/readyz", timeout=10) as answer:
            told: dict[str, Any] = json.load(answer)["degraded"]
        return told

    def kill_redis(self) -> None:
        process = self.engines.valkey.process
        assert process is not None
        process.kill()
        process.wait(30)

    @contextlib.contextmanager
    def queue_frozen(self) -> Iterator[None]:
        """Redis takes connections and answers nothing."""
        process = self.engines.valkey.process
        assert process is not None
        process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            process.send_signal(signal.SIGCONT)

    def revive_postgres(self) -> None:
        """What the supervisor does: a server that ended is started again."""
        process = self.engines.postgres.process
        assert process is not None
        until = time.monotonic() + 10
        while not self._database_answers() and time.monotonic() < until:
            if process.poll() is not None:
                self.engines.postgres.start()
            time.sleep(0.1)

    @contextlib.contextmanager
    def queue(self) -> Iterator[redis.Redis]:
        with redis.Redis.from_url(self.config.redis_url) as client:
            yield client

    # ---------- a fault ----------

    @contextlib.contextmanager
    def fault(self, name: str, working_seconds: float = 0.3) -> Iterator[Fault]:
        """Let the eight work, break something in the block, wait until all of them work again, and judge."""
        from tests.faults.verdict import judge

        assert not self.crew.head.faults, self.crew.head.faults
        self.gate.open()
        self._wait_for_answers(time.monotonic())
        time.sleep(working_seconds)
        found = Fault(name, time.monotonic())
        yield found
        found.over_at = found.over_at or time.monotonic()
        found.first_seconds, found.all_seconds = self._wait_for_answers(found.over_at)
        assert self.gate.close(PATIENCE_SECONDS), "somebody waits for an answer"
        eventually(lambda: not self.open_jobs(), "the outbox is empty", PATIENCE_SECONDS + self.lease_seconds)
        found.drained_seconds = time.monotonic() - found.over_at
        self.faults.append(found)
        judge(self, found)

    def _wait_for_answers(self, since: float) -> tuple[float, float]:
        """Seconds until the first and until the last of the eight was answered well."""

        def answered() -> bool:
            assert not self.crew.head.faults, self.crew.head.faults
            return all(self.book.last_good.get(name, 0.0) > since for name in self.crew.names)

        first = eventually(
            lambda: [at for at in list(self.book.last_good.values()) if at > since], "somebody is answered again"
        )
        eventually(answered, "all eight are answered again", PATIENCE_SECONDS + self.lease_seconds)
        return min(first) - since, time.monotonic() - since

    @property
    def lease_seconds(self) -> float:
        return self.config.outbox_lease_seconds + self.config.outbox_sweep_seconds

    def open_jobs(self) -> int:
        return int(self.one("SELECT count(*) FROM outbox_job WHERE state IN ('new', 'leased')"))


def recovery_table(faults: list[Fault]) -> str:
    """How long each fault was felt, for people to read."""
    rows = [
        f"{each.name:<55} {each.first_seconds:>6.2f} {each.all_seconds:>6.2f} {each.drained_seconds:>6.2f}"
        f"  {'; '.join(each.notes)}"
        for each in faults
    ]
    head = f"{'seconds until, from the end of the fault':<55} {'first':>6} {'all 8':>6} {'jobs':>6}"
    return "\n".join(["", head, *rows])


def _outside() -> dict[str, str]:
    hidden = ("WMS_", "DATABASE_URL", "REDIS_URL", "PORT", "BIND")
    return {name: value for name, value in os.environ.items() if not name.startswith(hidden)}


def free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def running_house(**settings: str) -> Iterator[House]:
    """Engines that survive a killed server (unlike those of other tests), the system on them, the eight at work."""
    with tempfile.TemporaryDirectory(prefix="wms-faults-") as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        folder.chmod(0o755)  # as root, the engines run as another account that has to reach it
        disks = {name: Disk(folder / name) for name in ("instance", "files")}
        stack.callback(lambda: [disk.remove() for disk in disks.values()])
        chosen = {
            "WMS_ENV": "test", "WMS_INSTANCE": str(folder / "instance"), "WMS_FILES": str(folder / "files"),
            "PORT": str(free_port()), "WMS_LABEL_WORKERS": "2", "WMS_LOG_LEVEL": "WARNING", **settings,
        }  # fmt: skip
        base = Config.from_environ(chosen)
        with running_engines(base.instance_path, os.environ.get("WMS_ENGINE_ACCOUNT", "wms-engines")) as engines:
            config = base.with_engines(engines.postgres.url(), engines.valkey.url())
            house = House(folder, engines, config, set_stage(config, TABLETS, PRODUCTS), disks)
            try:
                house.start()
                with house.proxy:
                    yield _peopled(house)
                    house.gate.close(0.0)
            finally:
                house.stop()
                house.crew.hang_up()
                dispose(house.stage.app)


def _peopled(house: House) -> House:
    house.gate.open()
    house.crew.set_up()
    house.gate.close(PATIENCE_SECONDS)
    house.crew.start()
    return house
