"""The one command that runs the whole system: `python -m wms.supervisor run`.

It starts the embedded engines (unless DATABASE_URL and REDIS_URL name others), brings the schema up to
date, puts the demonstration cast into an empty database if asked to, then keeps the web server and the
workers running until SIGINT or SIGTERM. Nothing it started outlives it, and all data stays.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import importlib
import json
import logging
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

import psutil

from config import ROOT, Config, ConfigError
from wms.platform import metric_files
from wms.platform.engines import EngineError, Engines, Postgres, Valkey, running_engines
from wms.platform.processes import AccountError, adopt_orphans, spawn

log = logging.getLogger("wms.supervisor")

LOOK_SECONDS = 0.1  # between two looks at the children
READY_PATH = "/readyz"
READY_SECONDS = 60.0  # for the web server's first answer
FIRST_PAUSE_SECONDS = 0.5  # before a crashed child starts again; doubled at each crash
LONGEST_PAUSE_SECONDS = 30.0
STEADY_SECONDS = 60.0  # a child that ran this long starts with the first pause again
REAP_SECONDS = 5.0


@dataclass(frozen=True)
class Kind:
    """One line of the table of processes: what is run, and how many of it."""

    name: str
    arguments: Callable[[Config], Sequence[str]]
    count: Callable[[Config], int]


def _web_arguments(config: Config) -> list[str]:
    host = f"[{config.bind}]" if ":" in config.bind else config.bind
    options = {
        "bind": f"{host}:{config.port}",
        "workers": config.web_workers,
        "worker-class": "wms.web.PatientWorker",
        "threads": config.web_threads,
        "graceful-timeout": config.stop_grace_seconds,
        "log-level": config.log_level.lower(),
    }
    # The application is built once, before the workers are forked: one that was killed is replaced at once. Without the
    # control socket: it would be made in the home folder of whoever runs us.
    words = [f"--{name}={value}" for name, value in options.items()] + ["--preload", "--no-control-socket"]
    return [sys.executable, "-m", "gunicorn", *words, "wsgi:app"]


def _worker_arguments(config: Config) -> list[str]:
    """A slow carrier must not keep labels waiting: where it has no process of its own, it comes last."""
    queues = ["labels", "default"] if config.carrier_workers else ["labels", "default", "carriers"]
    return [sys.executable, "-m", "wms.worker", *queues]


# What runs beside the engines. A hint that is being fetched when its worker dies may be lost: the sweeper finds work in
# the outbox whose courier died.
KINDS = (
    Kind("web", _web_arguments, lambda _: 1),
    Kind("worker", _worker_arguments, lambda config: config.label_workers),
    Kind("carriers", lambda _: [sys.executable, "-m", "wms.worker", "carriers"], lambda config: config.carrier_workers),
    Kind("sweeper", lambda _: [sys.executable, "-m", "wms.worker", "sweep"], lambda _: 1),
)


@dataclass
class Child:
    """One process to keep running."""

    name: str
    start: Callable[[], subprocess.Popen[bytes]]
    process: subprocess.Popen[bytes] | None = None
    crashes: int = 0
    started_at: float = 0.0
    start_again_at: float = field(default=0.0)

    def look(self, now: float) -> None:
        """Start the process if it is due, note its end if it has ended."""
        if self.process is None:
            if now >= self.start_again_at:
                self.started_at = now
                try:
                    self.process = self.start()
                except (EngineError, OSError) as error:  # the killed server's sessions have not all ended; a full disk
                    self.note_crash(now, str(error))
            return
        status = self.process.poll()
        if status is not None:
            self.process = None
            self.note_crash(now, f"ended with status {status}")

    def note_crash(self, now: float, what: str) -> None:
        """Plan the next start."""
        self.crashes = 0 if now - self.started_at >= STEADY_SECONDS else self.crashes + 1
        pause = min(FIRST_PAUSE_SECONDS * 2 ** max(self.crashes - 1, 0), LONGEST_PAUSE_SECONDS)
        self.start_again_at = now + pause
        log.warning("%s %s; starting again in %.1f s", self.name, what, pause)


class StartError(Exception):
    """The system cannot start; the text says why and what to do."""


class StopRequested(Exception):  # a request, not an error
    """A signal asked the system to stop."""


class House:
    """The running system."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.children: list[Child] = []
        self.stop_signals = 0
        self.reap_at = 0.0

    def on_signal(self, number: int, _frame: FrameType | None) -> None:
        self.stop_signals += 1
        log.info("%s received", signal.Signals(number).name)

    def run(self) -> None:
        """Run until a signal. Raises StartError, EngineError or CalledProcessError if it cannot start."""
        began = time.monotonic()
        refuse_port_in_use(self.config)
        adopt_orphans()
        with contextlib.ExitStack() as stack:
            engines, config = start_engines(self.config, stack)
            environment = {**os.environ, **config.to_environ(), "PYTHONUNBUFFERED": "1"}
            stack.enter_context(noted_as_running(config))
            metric_files.clear(config.metrics_root)
            prepared = prepare_in_child(environment)
            self.children = engine_children(engines) + house_children(config, environment)
            # The engines are stopped by the stack, after everything that uses them.
            stack.callback(self.stop_children)
            try:
                self.wait_ready()
                announce(config, engines, prepared, time.monotonic() - began)
                while True:
                    self.look()
            except StopRequested:
                print("Stopping…", flush=True)

    def look(self) -> None:
        """One look at every child. Raises StopRequested after a signal."""
        if self.stop_signals:
            raise StopRequested
        now = time.monotonic()
        for child in self.children:
            child.look(now)
        if now >= self.reap_at:
            self.reap_at = now + REAP_SECONDS
            self.reap_orphans()
        time.sleep(LOOK_SECONDS)

    def wait_ready(self) -> None:
        """Look after the children until the web server answers."""
        until = time.monotonic() + READY_SECONDS
        while not web_answers(self.config):
            self.look()
            if time.monotonic() > until:
                raise StartError(f"the web server does not answer after {READY_SECONDS:.0f} s; see above")

    def reap_orphans(self) -> None:
        """Collect ended descendants that fell to us when a worker between us was killed."""
        known = {child.process.pid for child in self.children if child.process is not None}
        for process in psutil.Process().children():
            with contextlib.suppress(psutil.NoSuchProcess, ChildProcessError):
                if process.pid not in known and process.status() == psutil.STATUS_ZOMBIE:
                    os.waitpid(process.pid, os.WNOHANG)

    def stop_children(self) -> None:
        """Ask all to end, wait for the grace period or a second signal, then kill them and what they left."""
        started = [child for child in self.children if child.process is not None]
        running = [child.process for child in started if child.process and child.name not in ENGINES]
        for process in running:
            process.send_signal(signal.SIGTERM)
        until = time.monotonic() + self.config.stop_grace_seconds
        signals_before = self.stop_signals
        while any(process.poll() is None for process in running):
            if time.monotonic() > until or self.stop_signals > signals_before:
                log.warning("killing what has not ended")
                break
            time.sleep(0.05)
        kill_descendants({child.process.pid for child in started if child.process and child.name in ENGINES})
        for process in running:
            process.wait()


ENGINES = ("postgres", "valkey")


def kill_descendants(spared: set[int]) -> None:
    """Kill every descendant except the given children and theirs. Orphans have become our children by now."""
    for child in psutil.Process().children():
        if child.pid in spared:
            continue
        with contextlib.suppress(psutil.NoSuchProcess):
            for process in [*child.children(recursive=True), child]:
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.kill()


def refuse_port_in_use(config: Config) -> None:
    """Raise StartError if the web server could not listen: before anything has been started."""
    family = socket.AF_INET6 if ":" in config.bind else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((config.bind, config.port))
        except OSError as error:
            raise StartError(
                f"{config.bind} port {config.port} cannot be used: {error.strerror}; set PORT or BIND"
            ) from error


def start_engines(config: Config, stack: contextlib.ExitStack) -> tuple[Engines | None, Config]:
    """Start the embedded engines unless both are named, and return the configuration with their addresses."""
    if config.database_url and config.redis_url:
        return None, config
    engines = stack.enter_context(
        running_engines(
            config.instance_path,
            config.engine_account,
            postgres=not config.database_url,
            valkey=not config.redis_url,
            wal_archive=config.wal_archive,
        )
    )
    log.info("embedded engines run as %s on %s", engines.home.account.name, engines.home.data)
    return engines, config.with_engines(
        config.database_url or engines.postgres.url(), config.redis_url or engines.valkey.url()
    )


def engine_children(engines: Engines | None) -> list[Child]:
    """The engines as children to keep running: they come back at the same address."""
    if engines is None:
        return []

    def restarting(engine: Postgres | Valkey) -> Callable[[], subprocess.Popen[bytes]]:
        def start() -> subprocess.Popen[bytes]:
            engine.start()
            assert engine.process is not None  # noqa: S101  # start() has set it or raised
            return engine.process

        return start

    pairs: list[tuple[str, Postgres | Valkey]] = [("postgres", engines.postgres), ("valkey", engines.valkey)]
    return [
        Child(name, restarting(engine), process=engine.process, started_at=time.monotonic())
        for name, engine in pairs
        if engine.process is not None
    ]


def house_children(config: Config, environment: dict[str, str]) -> list[Child]:
    """The table of processes as children."""

    def starting(arguments: Sequence[str]) -> Callable[[], subprocess.Popen[bytes]]:
        return lambda: spawn(arguments, signal_when_parent_dies=signal.SIGTERM, environment=environment, cwd=ROOT)

    children = []
    for kind in KINDS:
        count = kind.count(config)
        for number in range(1, count + 1):
            name = kind.name if count == 1 else f"{kind.name}-{number}"
            children.append(Child(name, starting(kind.arguments(config))))
    return children


@contextlib.contextmanager
def noted_as_running(config: Config) -> Iterator[None]:
    """Keep a note of the engines' addresses for `env`, for as long as the system runs."""
    note = running_note(config)
    note.parent.mkdir(parents=True, exist_ok=True)
    note.touch(mode=0o600)
    note.write_text(
        json.dumps({"pid": os.getpid(), "DATABASE_URL": config.database_url, "REDIS_URL": config.redis_url})
    )
    try:
        yield
    finally:
        note.unlink(missing_ok=True)


def running_note(config: Config) -> Path:
    return config.instance_path / "running.json"


def prepare_in_child(environment: dict[str, str]) -> dict[str, Any]:
    """Migrate and seed in a process of its own, so that the supervisor never loads the application."""
    done = subprocess.run(
        [sys.executable, "-m", "wms.supervisor", "prepare"],
        env=environment,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        check=True,
    )
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def prepare(config: Config) -> dict[str, Any]:
    """Bring the schema up to date and, if asked to, put the demonstration cast and its day into an empty database.

    `wms.seed` owes `seed_demo_cast(app) -> bool` (safe to repeat; whether it added any) and `DEMO_LOGINS`,
    rows of texts to show: who, login, password, path of the first page.
    """
    import flask_migrate
    from sqlalchemy.exc import OperationalError

    app = importlib.import_module("wms.app").create_app(config)
    with app.app_context():
        try:
            flask_migrate.upgrade(directory=str(ROOT / "migrations"))
        except OperationalError as fault:
            raise StartError(f"the database that DATABASE_URL names does not answer: {fault.orig}") from fault
    if not config.seed_demo:
        return {"seeded": False, "logins": []}
    seed = importlib.import_module("wms.seed")
    is_new = bool(seed.seed_demo_cast(app))
    if is_new and config.seed_day:
        importlib.import_module("wms.demo.opening").begin(app)
    return {"seeded": is_new, "logins": [list(row) for row in seed.DEMO_LOGINS]}


def web_answers(config: Config) -> bool:
    """Whether the web server answers anything but 503."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(config.bind, config.bind)  # noqa: S104  # read only
    connection = http.client.HTTPConnection(host, config.port, timeout=5)
    try:
        connection.request("GET", READY_PATH)
        return connection.getresponse().status != http.client.SERVICE_UNAVAILABLE
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def become_web(config: Config) -> NoReturn:
    """Replace this process by the web server, as `run` starts it: for service managers and containers."""
    arguments = _web_arguments(config)
    os.chdir(ROOT)
    os.execv(arguments[0], arguments)  # noqa: S606  # our own interpreter, with arguments made here


def announce(config: Config, engines: Engines | None, prepared: dict[str, Any], seconds: float) -> None:
    """Tell the person at the terminal where to go and who to be."""
    print(f"\nReady after {seconds:.1f} s: {config.public_url}")
    logins: list[list[str]] = prepared["logins"]
    widths = [max(len(row[column]) for row in logins) for column in range(len(logins[0]))] if logins else []
    for row in logins:
        print("  " + "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip())
    folders = [config.instance_path]
    if engines and not engines.home.data.is_relative_to(config.instance_path):
        # root's engines cannot enter a private folder, for example below root's home
        folders.append(engines.home.data)
    print(f"Data is kept in {' and '.join(map(str, folders))}. Ctrl-C stops everything.\n", flush=True)


def print_environment(config: Config) -> None:
    """Print shell commands that let other commands use the running system's engines."""
    note = running_note(config)
    if not note.exists():
        raise StartError(f"nothing is running in {config.instance_path}; start it with: make run")
    known = json.loads(note.read_text())
    if not psutil.pid_exists(known["pid"]):
        raise StartError(f"the system in {config.instance_path} was killed; start it with: make run")
    for name in ("DATABASE_URL", "REDIS_URL"):
        print(f"export {name}={shlex.quote(known[name])}")


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line. Returns the exit status: 0 stopped as asked, 1 could not start."""
    parser = argparse.ArgumentParser(prog="python -m wms.supervisor", description=__doc__)
    parser.add_argument(
        "command",
        choices=("run", "env", "prepare", "web"),
        help="run: everything; env: the running engines, for a shell; prepare: migrate and seed; "
        "web: become the web server alone, on engines that DATABASE_URL and REDIS_URL name",
    )
    chosen = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    for name in ("alembic.runtime.plugins", "alembic.runtime.migration"):  # what it loads, not what it does
        logging.getLogger(name).addFilter(lambda line: line.getMessage().startswith("Running"))
    try:
        config = Config.from_environ(os.environ)
        if chosen.command == "env":
            print_environment(config)
        elif chosen.command == "web":
            become_web(config.require_engines())
        elif chosen.command == "prepare":
            print(json.dumps(prepare(config.require_engines())))
        else:
            house = House(config)
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, house.on_signal)
            house.run()
    except (AccountError, ConfigError, EngineError, StartError) as error:
        print(error, file=sys.stderr)
        return 1
    except subprocess.CalledProcessError:
        print("nothing was started; the reason stands above", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
