"""The drill: a system at work is backed up, works on, is destroyed, and restored elsewhere to a moment of choice."""

from __future__ import annotations

import gzip
import os
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import flask_migrate
import psycopg
import pytest
from flask import Flask
from sqlalchemy import text

from config import ROOT, Config
from tests.cast import Cast, load
from tests.engines import create_app, dispose
from tests.life import order
from tests.recovery.test_upgrade import RELEASE
from wms.platform import outbox
from wms.platform.database import session, transaction
from wms.platform.engines import EngineError, Engines, Recovery, running_engines
from wms.platform.processes import Account, unprivileged_account
from wms.platform.wal import archive_command, archive_settings
from wms.recovery.__main__ import main
from wms.recovery.backup import Made, _prune_log, make_backup
from wms.recovery.programs import RecoveryError, programs_for
from wms.recovery.restore import RestoreOrder, restore

ACCOUNT = os.environ.get("WMS_ENGINE_ACCOUNT", "wms-engines")


# Something is written first: a file that was just begun is not finished by asking.
FINISH_LOG_FILE = "SELECT pg_walfile_name(pg_switch_wal()) FROM pg_logical_emit_message(false, 'test', 'x')"


class Lost(NamedTuple):
    """What a destroyed system left: its archive, its backups, and what its people remember."""

    folder: Path
    wal: Path
    made: Made
    early: set[str]  # orders that were there when the base backup began
    by_then: set[str]  # those at the moment
    moment: datetime
    later: set[str]
    told: tuple[bool, bool]


class Sellers:
    """Sends orders until told to stop; `sent` are those that were answered."""

    def __init__(self, app: Flask, cast: Cast) -> None:
        self.app, self.cast = app, cast
        self.sent: list[str] = []
        self.stopping = False
        self.thread = threading.Thread(target=self.work)

    def work(self) -> None:
        while not self.stopping:
            reference = f"LIVE-{len(self.sent)}"
            with self.app.app_context(), transaction():
                order(self.cast, reference, [("MUG-450-BLUE", 1)])
            self.sent.append(reference)

    def until(self, count: int) -> None:
        deadline = time.monotonic() + 30
        while len(self.sent) < count:
            assert self.thread.is_alive() and time.monotonic() < deadline
            time.sleep(0.01)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="wms-drill-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture(scope="module")
def lost(folder: Path) -> Lost:
    """Runs the story up to the loss."""
    first, wal = folder / "first", folder / "wal"
    base = Config.from_environ({"WMS_ENV": "test", "WMS_INSTANCE": str(first), "WMS_WAL_ARCHIVE": str(wal)})
    with running_engines(first, ACCOUNT, fast=True, wal_archive=wal) as engines:
        app = create_app(base.with_engines(engines.postgres.url(), engines.valkey.url()))
        try:
            story = live(app, engines, folder)
        finally:
            dispose(app)
            destroy(engines)
    shutil.rmtree(first)
    return Lost(folder, wal, *story)


def live(
    app: Flask, engines: Engines, folder: Path
) -> tuple[Made, set[str], set[str], datetime, set[str], tuple[bool, bool]]:
    # A life from the shelf: quicker than living it again.
    arguments = ["--no-owner", "--no-privileges", "--exit-on-error", "--dbname=wms", RELEASE]
    programs_for(18).run("pg_restore", arguments, engines.postgres.url())
    with app.app_context():
        flask_migrate.upgrade(directory=str(ROOT / "migrations"))
    cast = load(app)
    with app.app_context():
        for job_id, _ in outbox.due_jobs(age_seconds=-60):
            outbox.perform(job_id)
    sellers = Sellers(app, cast)
    sellers.thread.start()
    try:
        sellers.until(3)
        early = set(sellers.sent)
        with app.app_context():
            made = make_backup(folder / "backups", base=True)
        sellers.until(len(sellers.sent) + 5)
    finally:
        sellers.stopping = True
        sellers.thread.join(30)
    by_then = set(sellers.sent)
    moment = server_time(engines)
    time.sleep(0.01)
    with app.app_context(), transaction():
        order(cast, "MISTAKE", [("MUG-450-BLUE", 1)])
    degraded = broken_archive(app, engines, folder / "wal")
    archive_all(engines)
    return made, early, by_then, moment, {"MISTAKE"}, degraded


def broken_archive(app: Flask, engines: Engines, wal: Path) -> tuple[bool, bool]:
    """Whether `/readyz` names the archive while it is away, and after it is back."""
    told = []
    away = wal.with_name("wal-away")
    for here, there, failing in ((wal, away, True), (away, wal, False)):
        here.rename(there)
        with admin(engines) as connection:
            connection.execute(FINISH_LOG_FILE)
            deadline = time.monotonic() + 30
            state = "SELECT last_failed_time > coalesce(last_archived_time, '-infinity') FROM pg_stat_archiver"
            while connection.execute(state).fetchone() != (failing,):
                assert time.monotonic() < deadline
                time.sleep(0.02)
        told.append("wal_archive" in app.test_client().get("/readyz").json["degraded"])
    return told[0], told[1]


def admin(engines: Engines) -> psycopg.Connection:
    return psycopg.connect(host=str(engines.home.sockets), user="engine", dbname="postgres", autocommit=True)


def server_time(engines: Engines) -> datetime:
    with admin(engines) as connection:
        found = connection.execute("SELECT clock_timestamp()").fetchone()
    assert found is not None
    return found[0]


def archive_all(engines: Engines) -> None:
    """What `archive_timeout` does within a minute."""
    with admin(engines) as connection:
        row = connection.execute(FINISH_LOG_FILE).fetchone()
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            done = connection.execute("SELECT last_archived_wal >= %s FROM pg_stat_archiver", row).fetchone()
            if done and done[0]:
                return
            time.sleep(0.02)
    raise AssertionError("the log was not archived")


def destroy(engines: Engines) -> None:
    """As a burning disk does: at once, and with all its data."""
    assert engines.postgres.process is not None
    engines.postgres.process.send_signal(signal.SIGQUIT)
    engines.postgres.process.wait(30)
    shutil.rmtree(engines.postgres.data)


def restored_orders(config: Config, folder: Path) -> set[str]:
    """What the restored system says, started as it always is."""
    with running_engines(folder, ACCOUNT, valkey=False) as engines:
        app = create_app(config.with_engines(engines.postgres.url(), "unix:///nowhere"))
        try:
            with app.app_context():
                found = session().execute(text("SELECT reference FROM outbound_order"))
                return {row.reference for row in found if row.reference.startswith(("LIVE", "MISTAKE"))}
        finally:
            dispose(app)


def at(lost: Lost, name: str) -> Config:
    return Config.from_environ({"WMS_ENV": "test", "WMS_INSTANCE": str(lost.folder / name)})


def test_a_lost_system_comes_back_elsewhere_as_it_was_at_a_moment(
    lost: Lost, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    for name in ("DATABASE_URL", "REDIS_URL", *[each for each in os.environ if each.startswith("WMS_")]):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("WMS_ENV", "test")
    monkeypatch.setenv("WMS_INSTANCE", str(lost.folder / "second"))
    words = ["restore", "--from", str(lost.made.folder), "--wal", str(lost.wal), "--until", lost.moment.isoformat()]
    status = main(words)
    said = capsys.readouterr()
    with capsys.disabled():
        print(f"\ndrill: base backup in {lost.made.seconds:.1f} s;", said.out.replace("\n", "; "))
    assert (status, said.err) == (0, "")
    assert "0 violations" in said.out
    found = restored_orders(at(lost, "second"), lost.folder / "second")
    assert lost.early < found  # also what was written while the backup was made, and after it
    assert found == lost.by_then
    assert not found & lost.later


def test_an_archive_that_fails_is_told_until_it_works(lost: Lost):
    assert lost.told == (True, False)


def test_without_a_moment_everything_archived_comes_back(lost: Lost):
    config = at(lost, "third")
    assert restore(config, RestoreOrder(lost.made.folder, wal_archive=lost.wal)).ok
    assert restored_orders(config, lost.folder / "third") == lost.by_then | lost.later
    with pytest.raises(RecoveryError, match="store is not empty"):  # once is enough
        restore(config, RestoreOrder(lost.made.folder, wal_archive=lost.wal))


def test_a_moment_that_cannot_be_reached_is_refused_and_leaves_no_half(lost: Lost):
    before = datetime.fromisoformat(lost.made.manifest.made_at) - timedelta(hours=1)
    with pytest.raises(RecoveryError, match="before the backup"):
        restore(at(lost, "fourth"), RestoreOrder(lost.made.folder, until=before, wal_archive=lost.wal))
    with pytest.raises(RecoveryError, match="needs the log archive"):
        restore(at(lost, "fourth"), RestoreOrder(lost.made.folder))
    assert not (lost.folder / "fourth").exists()
    beyond = datetime.now(UTC) + timedelta(days=1)
    with pytest.raises(EngineError, match="before configured recovery target was reached"):
        restore(at(lost, "fourth"), RestoreOrder(lost.made.folder, until=beyond, wal_archive=lost.wal))
    assert not list((lost.folder / "fourth").rglob("PG_VERSION"))


def test_the_archive_keeps_the_first_file_of_a_name(tmp_path: Path):
    archive, segment = tmp_path / "with 'a quote' and %", tmp_path / "segment"
    archive.mkdir()
    command = archive_command(archive).replace("%f", "000000010000000000000001").replace("%p", str(segment))
    command = command.replace("%%", "%")
    for content, status in ((b"first", 0), (b"first", 0), (b"other", 1)):
        segment.write_bytes(content)
        assert os.waitstatus_to_exitcode(os.system(command)) == status  # noqa: S605  # as PostgreSQL calls it
    assert gzip.decompress((archive / "000000010000000000000001.gz").read_bytes()) == b"first"
    assert len(list(archive.iterdir())) == 1


def test_an_archive_that_cannot_be_written_is_told_at_the_start(tmp_path: Path):
    if os.geteuid() != 0:
        pytest.skip("root only: others own what they make")
    (tmp_path / "private").mkdir(mode=0o700)
    with pytest.raises(EngineError, match="cannot write to WMS_WAL_ARCHIVE"):
        archive_settings(tmp_path / "private", unprivileged_account(ACCOUNT))
    assert Account.current().can_enter(tmp_path / "private", and_write=True)


def test_an_engine_with_data_is_never_written_over(lost: Lost, folder: Path):

    made = lost.made.folder
    recovery = Recovery(made / "base.tar.gz", made / "pg_wal.tar.gz", lost.wal)
    (folder / "full" / "engines" / "postgres").mkdir(parents=True)
    if os.geteuid() == 0:
        shutil.chown(folder / "full" / "engines" / "postgres", ACCOUNT, ACCOUNT)
    with (
        pytest.raises(EngineError, match="has data already"),
        running_engines(folder / "full", ACCOUNT, valkey=False, recovery=recovery),
    ):
        pass


def test_the_log_that_no_base_backup_needs_is_forgotten(tmp_path: Path):
    """By position, not by name: a restore begins a new timeline, whose number is higher at any age."""
    old = ["000000010000000000000001.gz", "000000020000000000000002.gz", "000000010000000000000002.00000028.backup.gz"]
    kept = ["000000010000000000000003.gz", "000000020000000100000000.gz", "00000002.history.gz", "note.txt"]
    for name in old + kept:
        (tmp_path / name).touch()
    _prune_log(tmp_path, "000000020000000000000003")
    assert sorted(each.name for each in tmp_path.iterdir()) == sorted(kept)
