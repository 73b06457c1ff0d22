"""`flask backup` and `python -m wms.recovery restore` with a dump: what was there comes back, into an empty place only."""

from __future__ import annotations

import dataclasses
import gzip
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import orjson
import pytest
from click.testing import Result
from sqlalchemy import text

from config import Config
from tests.cast import Cast
from tests.engines import Databases, create_app, dispose
from tests.life import Life, living
from wms.core.actor import SYSTEM
from wms.core.ids import new_id
from wms.platform import files, outbox
from wms.platform.database import session, transaction
from wms.platform.stores import LocalStore
from wms.printing.models import LabelBundle, LabelKind
from wms.printing.service import DocumentDraft, request_documents
from wms.recovery import programs
from wms.recovery.__main__ import main
from wms.recovery.backup import Made, make_backup
from wms.recovery.programs import RecoveryError
from wms.recovery.restore import NUMBERS_SKIPPED, Restored, RestoreOrder, restore


class Kept(NamedTuple):
    """A system with a life, its labels made, and a backup of it."""

    life: Life
    to: Path
    made: Made

    @property
    def config(self) -> Config:
        found: Config = self.life.app.extensions["wms_config"]
        return found

    def flask(self, *words: str) -> Result:
        """What a command of the operator does and says."""
        with self.life.app.app_context():  # the `flask` program makes one
            return self.life.app.test_cli_runner().invoke(args=words)


@pytest.fixture(scope="module")
def kept(engines: Databases, cast: Cast, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    to = tmp_path_factory.mktemp("backups")
    with living(engines, cast) as life:
        with life.app.app_context():
            for place in list(cast.overseas.locations.values())[:3]:
                with transaction():
                    request_documents(SYSTEM, cast.overseas.id, [DocumentDraft(LabelKind.LOCATION, "location", place)])
            work()
            made = make_backup(to)
        yield Kept(life, to, made)


def work() -> None:
    """Run every job that waits, and those that follow."""
    while due := outbox.due_jobs(age_seconds=-60):
        for job_id, _ in due:
            assert outbox.perform(job_id)


class Place(NamedTuple):
    """Somewhere empty to restore into."""

    config: Config

    def restore(self, source: Path, **more: object) -> Restored:
        return restore(self.config, RestoreOrder(source, **more))  # type: ignore[arg-type]

    def ask(self, statement: str) -> object:
        app = create_app(self.config)
        try:
            with app.app_context():
                return session().execute(text(statement)).scalar()
        finally:
            dispose(app)


@pytest.fixture
def place(engines: Databases, tmp_path: Path) -> Iterator[Place]:
    name = f"restored_{new_id().hex[-12:]}"
    engines.engines.postgres.create_database(name)
    yield Place(dataclasses.replace(engines.config(name), files_root=tmp_path / "files"))
    engines.engines.postgres.drop_database(name)


@pytest.fixture
def copy(kept: Kept, tmp_path: Path) -> Path:
    """A copy of the backup to spoil."""
    subprocess.run(["cp", "-r", str(kept.to), str(tmp_path / "backups")], check=True)
    return tmp_path / "backups" / kept.made.folder.name


def everything(config: Config) -> dict[str, str]:
    """A fingerprint of every table's rows."""
    app = create_app(config)
    try:
        with app.app_context():
            tables = session().execute(
                text("SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition"
                     " AND relnamespace = 'public'::regnamespace")
            ).scalars().all()  # fmt: skip
            return {
                table: session().execute(text(f"SELECT md5(string_agg(t::text, '' ORDER BY t::text)) FROM {table} t"))
                .scalar() for table in tables
            }  # fmt: skip
    finally:
        dispose(app)


def test_every_row_and_every_file_comes_back_and_the_books_balance(kept: Kept, place: Place):
    assert kept.made.manifest.rows["stock_move"] > 10
    assert kept.made.manifest.file_count > 3
    assert (kept.made.missing, kept.made.damaged) == ([], [])
    done = place.restore(kept.made.folder, skip_numbers=0)
    assert done.ok
    assert (done.checks > 20, done.violations, done.wrong_counts) == (True, {}, {})
    assert everything(place.config) == everything(kept.config)
    before = {each.name for batch in LocalStore(kept.config.files_root).listing() for each in batch}
    after = {each.name for batch in LocalStore(place.config.files_root).listing() for each in batch}
    assert after == before
    assert len(after) == done.files_copied


def test_numbers_given_out_after_the_backup_are_not_given_out_again(kept: Kept, place: Place):
    at_backup = kept.life.ask("SELECT max(next_value) FROM counter")
    place.restore(kept.made.folder)
    assert place.ask("SELECT max(next_value) FROM counter") == at_backup + NUMBERS_SKIPPED


def test_a_place_that_is_not_empty_is_refused_and_left_alone(kept: Kept, place: Place):
    before = everything(kept.config)
    with pytest.raises(RecoveryError, match="database is not empty"):
        restore(dataclasses.replace(kept.config, files_root=place.config.files_root), RestoreOrder(kept.made.folder))
    assert everything(kept.config) == before
    LocalStore(place.config.files_root).put(b"somebody's")
    with pytest.raises(RecoveryError, match="file store is not empty"):
        place.restore(kept.made.folder)
    assert place.ask("SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace") == 0


def change(manifest: Path, **values: object) -> None:
    manifest.write_bytes(orjson.dumps({**orjson.loads(manifest.read_bytes()), **values}))


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda copy: (copy / "database.dump").unlink(), "database.dump is missing"),
        (lambda copy: (copy / "database.dump").write_bytes(b"PGDMP"), "database.dump has other bytes"),
        (lambda copy: (copy / "files.txt.gz").write_bytes(gzip.compress(b"")), "files.txt.gz has other bytes"),
        (lambda copy: (copy / "manifest.json").unlink(), "is not a backup"),
        (lambda copy: (copy / "manifest.json").write_text("{"), "cannot be read"),
        (lambda copy: change(copy / "manifest.json", format=2), "has format 2"),
        (lambda copy: change(copy / "manifest.json", schema_revision="9999"), "schema 9999"),
        (lambda copy: change(copy / "manifest.json", key_check="0" * 16), "WMS_PII_KEY"),
        (lambda copy: change(copy / "manifest.json", files_included=False), "made without files"),
    ],
)  # fmt: skip
def test_a_backup_that_is_not_fit_is_refused_before_anything_is_written(copy: Path, place: Place, spoil, told: str):
    spoil(copy)
    with pytest.raises(RecoveryError, match=told):
        place.restore(copy)
    assert place.ask("SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace") == 0
    assert not place.config.files_root.exists()


def test_rows_that_did_not_come_back_are_told(copy: Path, place: Place):
    rows = orjson.loads((copy / "manifest.json").read_bytes())["rows"]
    change(copy / "manifest.json", rows={**rows, "stock_move": rows["stock_move"] + 1})
    done = place.restore(copy)
    assert not done.ok
    assert done.wrong_counts == {"stock_move": (rows["stock_move"] + 1, rows["stock_move"])}


def test_files_that_the_backup_has_lost_are_drawn_again(copy: Path, place: Place):
    (lost, *_) = sorted((copy.parent / "files").rglob("*/*/" + "?" * 64))
    lost.unlink()
    done = place.restore(copy)
    assert (done.files_missing, done.files_redrawn, done.ok) == ([lost.name], 1, True)
    app = create_app(place.config)
    try:
        with app.app_context():
            work()
            with transaction():
                bundles = session().query(LabelBundle).filter(LabelBundle.state != "ready").all()
                assert bundles == []
                drawn = session().query(LabelBundle).filter(LabelBundle.revision == 2).one()
                content, _ = files.read_file(drawn.file_id)
                assert content.startswith(b"%PDF")
    finally:
        dispose(app)


def test_files_that_stand_are_only_looked_for(kept: Kept, place: Place, copy: Path):
    here = dataclasses.replace(place.config, files_root=copy.parent / "files")
    done = restore(here, RestoreOrder(kept.made.folder, files_stand=True))
    assert (done.files_copied, done.files_missing, done.ok) == (0, [], True)


def test_the_next_backup_copies_only_what_is_new_and_old_ones_are_forgotten(
    kept: Kept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    names = iter(["20260101T000000Z", "20260102T000000Z", "20260103T000000Z"])
    monkeypatch.setattr("wms.recovery.manifest.backup_name", lambda _: next(names))
    with kept.life.app.app_context():
        first = make_backup(tmp_path)
        with transaction():
            lonely = files.save_file(b"in the second backup only", "text/plain")
            sha256 = session().get_one(files.StoredFile, lonely).sha256
        second = make_backup(tmp_path)
        with transaction():
            files.erase_file(lonely)
        assert (first.copied, second.copied) == (first.manifest.file_count, 1)
        assert LocalStore(tmp_path / "files").get(sha256) == b"in the second backup only"
        third = make_backup(tmp_path, keep=1)
    assert third.pruned == ["20260101T000000Z", "20260102T000000Z"]
    left = {each.name for batch in LocalStore(tmp_path / "files").listing() for each in batch}
    assert sha256 not in left  # what was erased is in time gone from the backups too
    assert len(left) == third.manifest.file_count


def test_a_changed_object_is_told_and_not_copied(kept: Kept, tmp_path: Path):
    with kept.life.app.app_context():
        with transaction():
            spoilt = files.save_file(b"will rot", "text/plain")
            sha256 = session().get_one(files.StoredFile, spoilt).sha256
        files.store().path_of(sha256).write_bytes(b"has rotted")
        made = make_backup(tmp_path)
        assert (made.damaged, made.missing) == ([sha256], [])
        files.store().delete(sha256)
        with transaction():
            files.erase_file(spoilt)
    assert not LocalStore(tmp_path / "files").path_of(sha256).exists()


def test_a_backup_that_fails_leaves_nothing_behind(kept: Kept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def broken(*_: object) -> None:
        raise RecoveryError("pg_dump ended with status 1")

    monkeypatch.setattr(programs.Programs, "run", broken)
    with kept.life.app.app_context(), pytest.raises(RecoveryError):
        make_backup(tmp_path / "to")
    assert list((tmp_path / "to").iterdir()) == []


def test_programs_older_than_the_server_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    assert programs.programs_for(15).major >= 15
    for name in ("pg_dump", "pg_restore"):
        (tmp_path / name).write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 14.9 (Debian 14.9-1)'\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setattr(programs, "_folders", lambda: iter([tmp_path]))
    with pytest.raises(RecoveryError, match=r"PostgreSQL 15 or newer are needed \(found: 14.9\)"):
        programs.programs_for(15)


def test_a_password_goes_by_environment_and_unknown_words_are_refused():
    found = programs._libpq_variables("postgresql+psycopg://me:se%40cret@db.example:6432/wms?sslmode=verify-full")
    assert found == {
        "PGUSER": "me", "PGPASSWORD": "se@cret", "PGHOST": "db.example", "PGPORT": "6432", "PGDATABASE": "wms",
        "PGSSLMODE": "verify-full",
    }  # fmt: skip


def test_a_folder_of_backups_is_no_backup_but_names_them(
    kept: Kept, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setenv("WMS_ENV", "test")
    assert main(["restore", "--from", str(kept.to)]) == 2
    assert kept.made.folder.name in capsys.readouterr().err


def test_both_commands_as_the_operator_types_them(
    kept: Kept, place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    told = kept.flask("backup", "--to", str(tmp_path / "to"))
    assert (told.exit_code, told.exception) == (0, None)
    (folder,) = [each for each in (tmp_path / "to").iterdir() if each.name != "files"]
    assert str(folder) in told.output
    assert folder.stat().st_mode & 0o777 == 0o700
    for name in [each for each in os.environ if each.startswith("WMS_")]:
        monkeypatch.delenv(name)
    for name, value in place.config.to_environ().items():
        monkeypatch.setenv(name, value)
    assert main(["restore", "--from", str(folder)]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    assert "restored a dump of" in said.out
    assert "0 violations" in said.out


def test_a_backup_that_is_not_whole_says_so_by_its_exit_status(kept: Kept, tmp_path: Path):
    with kept.life.app.app_context():
        with transaction():
            lost = files.save_file(b"will be lost", "text/plain")
            sha256 = session().get_one(files.StoredFile, lost).sha256
        files.store().delete(sha256)
    told = kept.flask("backup", "--to", str(tmp_path))
    with kept.life.app.app_context(), transaction():
        files.erase_file(lost)
    assert told.exit_code == 1
    assert f"MISSING in the store: {sha256}" in told.output
