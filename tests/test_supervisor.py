"""The supervisor, used as its user uses it: started as a program, stopped by a signal.

These tests need the application (wms.app, wms.worker, wms.seed, migrations) and start it whole.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import psycopg
import pytest

from config import ROOT

pytestmark = pytest.mark.system

PATIENCE_SECONDS = 60
OURS = ("WMS_", "DATABASE_URL", "REDIS_URL")
ENDED = (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() not in ENDED
    except psutil.NoSuchProcess:
        return False


class Run:
    """One start of the supervisor on an instance folder."""

    def __init__(self, instance: Path, command: Sequence[str] = (sys.executable,), **settings: str) -> None:
        self.port = int(settings.pop("PORT", free_port()))
        self.output = instance.parent / f"output-{self.port}"
        outside = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
        self.environment = {
            **outside,
            "WMS_INSTANCE": str(instance),
            "PORT": str(self.port),
            "WMS_SEED_DAY": "no",
            **settings,
        }
        self.command = [*command, "-m", "wms.supervisor"]
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [*self.command, "run"],
                cwd=ROOT,
                env=self.environment,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self.seen: dict[int, psutil.Process] = {}

    def said(self) -> str:
        return self.output.read_text(errors="replace")

    def wait_ready(self) -> Run:
        until = time.monotonic() + PATIENCE_SECONDS
        while "Ready after" not in self.said():
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < until, self.said()
            time.sleep(0.05)
        self.note_processes()
        return self

    def note_processes(self) -> None:
        for process in psutil.Process(self.process.pid).children(recursive=True):
            self.seen[process.pid] = process

    def named(self, words: str) -> psutil.Process:
        """The first living descendant whose command line contains these words."""
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            self.note_processes()
            for process in self.seen.values():
                with contextlib.suppress(psutil.NoSuchProcess):
                    if is_alive(process) and words in " ".join(process.cmdline()):
                        return process
            time.sleep(0.05)
        raise AssertionError(f"no process with {words!r}:\n{self.said()}")

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.note_processes()
        self.process.send_signal(number)
        return self.process.wait(PATIENCE_SECONDS)

    def left_running(self, seconds: float = 10) -> list[psutil.Process]:
        """What of all that was ever seen still runs, given some seconds to end."""
        until = time.monotonic() + seconds
        while True:
            alive = [process for process in self.seen.values() if is_alive(process)]
            if not alive or time.monotonic() > until:
                return alive
            time.sleep(0.05)

    def status(self, path: str = "/readyz") -> int:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            error.close()
            return error.code
        except urllib.error.URLError:
            return 0

    def exported(self) -> dict[str, str]:
        """What the `env` command prints."""
        done = subprocess.run(
            [*self.command, "env"], cwd=ROOT, env=self.environment, capture_output=True, text=True, check=True
        )
        pairs = [line.removeprefix("export ").partition("=") for line in done.stdout.splitlines()]
        return {name: value.strip("'") for name, _, value in pairs}

    def database(self) -> psycopg.Connection:
        return psycopg.connect(self.exported()["DATABASE_URL"].replace("+psycopg", ""), autocommit=True)


@pytest.fixture
def instance() -> Iterator[Path]:
    """An instance folder in a folder that every account can enter, unlike root's home folder."""
    with tempfile.TemporaryDirectory(prefix="wms-supervisor-") as name:
        Path(name).chmod(0o755)
        yield Path(name) / "instance"


@pytest.fixture
def start(instance: Path) -> Iterator:
    """Start the supervisor; whatever a failing test leaves is killed."""
    runs: list[Run] = []

    def starting(**settings: str) -> Run:
        runs.append(Run(instance, **settings))
        return runs[-1]

    yield starting
    for run in runs:
        if run.process.poll() is None:
            run.note_processes()
            run.process.kill()
            run.process.wait()
        for process in run.left_running():
            process.kill()


def test_it_stops_without_a_trace_and_keeps_the_data(start, instance: Path):
    first = start().wait_ready()
    assert first.status() == 200
    with first.database() as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    assert first.stop() == 0
    assert first.left_running() == []
    assert not (instance / "running.json").exists()
    assert "ended with status" not in first.said()

    second = start().wait_ready()
    with second.database() as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)
    assert second.stop(signal.SIGINT) == 0
    assert second.left_running() == []


def test_nothing_outlives_a_killed_supervisor_and_the_next_start_works(start, instance: Path):
    first = start().wait_ready()
    sockets = Path(urlsplit(first.exported()["REDIS_URL"]).path).parent
    assert sockets.stat().st_mode & 0o777 == 0o700
    first.note_processes()
    first.process.kill()
    first.process.wait()
    assert first.left_running(30) == []

    second = start().wait_ready()
    assert second.status() == 200
    assert not sockets.exists()
    assert second.stop() == 0


@pytest.mark.parametrize("victim", ["gunicorn", "wms.worker sweep", "bin/postgres", "valkey-server"])
def test_a_killed_child_comes_back(start, victim: str):
    run = start().wait_ready()
    killed = run.named(victim)
    killed.kill()
    killed.wait(PATIENCE_SECONDS)
    assert run.named(victim).pid != killed.pid
    until = time.monotonic() + PATIENCE_SECONDS
    while run.status() != 200:
        assert time.monotonic() < until, run.said()
        time.sleep(0.1)
    assert run.stop() == 0
    assert run.left_running() == []


def test_a_second_start_is_refused_clearly(start):
    first = start().wait_ready()
    same_folder = start()
    assert same_folder.process.wait(PATIENCE_SECONDS) == 1
    assert f"already running, started by process {first.process.pid}" in same_folder.said()
    same_port = start(PORT=str(first.port))
    assert same_port.process.wait(PATIENCE_SECONDS) == 1
    assert f"port {first.port} cannot be used" in same_port.said()
    assert first.status() == 200
    assert first.stop() == 0


def test_a_faulty_setting_is_refused_before_anything_starts(start, instance: Path):
    run = start(WMS_WEB_WORKERS="many")
    assert run.process.wait(PATIENCE_SECONDS) == 1
    assert "WMS_WEB_WORKERS must be a whole number" in run.said()
    assert not instance.exists()


def as_nobody() -> tuple[list[str], dict[str, str]] | None:
    """A command and variables that run Python with our packages as `nobody`; None if that cannot be."""
    drop = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]
    packages = {
        "PYTHONPATH": sysconfig.get_path("purelib"),
        "PYTHONDONTWRITEBYTECODE": "1",
        "HOME": "/nonexistent",
    }
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    # Our interpreter may lie in a private home folder; the machine's, if alike, loads the same packages.
    for interpreter in (sys.executable, shutil.which(version, path="/usr/bin:/usr/local/bin")):
        if interpreter and shutil.which("setpriv"):
            command = [*drop, interpreter]
            tried = subprocess.run(
                [*command, "-c", "import config, psycopg, redis"],
                cwd=ROOT,
                env={**os.environ, **packages},
                capture_output=True,
                check=False,
            )
            if tried.returncode == 0:
                return command, packages
    return None


@pytest.mark.skipif(os.geteuid() != 0, reason="as an ordinary user, every other test here shows it")
def test_as_an_ordinary_user_everything_runs_as_that_user(instance: Path):
    found = as_nobody()
    if found is None:
        pytest.skip("the account nobody cannot run this interpreter (or one that loads its packages)")
    command, packages = found
    shutil.chown(instance.parent, "nobody", "nogroup")
    run = Run(instance, command, **packages)
    try:
        run.wait_ready()
        assert run.status() == 200
        assert {process.username() for process in run.seen.values() if is_alive(process)} == {"nobody"}
        assert instance.joinpath("engines", "postgres").owner() == "nobody"
        assert run.stop() == 0
    finally:
        run.process.kill()
        run.process.wait()
    assert run.left_running() == []


@pytest.mark.skipif(os.geteuid() != 0, reason="root only: others run their engines themselves")
def test_as_root_the_engines_run_as_an_account_without_rights(start, instance: Path):
    run = start().wait_ready()
    assert run.named("bin/postgres").username() == "wms-engines"
    assert run.named("valkey-server").username() == "wms-engines"
    assert instance.joinpath("engines", "postgres").stat().st_mode & 0o777 == 0o700
    assert run.stop() == 0
    assert run.left_running() == []
