"""The embedded engines: PostgreSQL and Valkey, for an installation that names none of its own.

The programs come inside two wheels and are run directly. They listen on unix sockets only; PostgreSQL knows
its callers by asking the kernel who they are (peer authentication), so there is no password to keep. Only
the supervisor and the tests start engines. They inherit the lock of their data folder and are signalled by
the kernel when their starter dies, so neither a forgotten engine nor two engines on one folder can happen.
"""

from __future__ import annotations

import contextlib
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.parse import quote

import psutil
import psycopg
import redis
from psycopg import sql

from wms.platform.engine_home import EngineError, EngineHome, engine_home, make_folder
from wms.platform.processes import Account, spawn, stop
from wms.platform.wal import Recovery, archive_settings, lay_down, recovery_settings

__all__ = ["EngineError", "Engines", "Postgres", "Recovery", "Valkey", "running_engines"]

ADMIN_ROLE = "engine"  # makes databases; never used by the application
APPLICATION_ROLE = "wms"  # owns the application's databases and is no superuser
APPLICATION_DATABASE = "wms"

READY_SECONDS = 120.0  # a start after a crash replays the log first
STOP_SECONDS = 30.0
LOG_BYTES = 10_000_000  # an engine's log is set aside at the next start when it has grown beyond this

_POSTGRES_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] ",
    "log_error_verbosity": "terse",  # without DETAIL, which quotes the row that a constraint refused
}
# For tests: a power cut may lose everything, a killed process nothing.
_POSTGRES_FAST_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "io_method": "sync",
    "autovacuum": "off",
}


@dataclass(frozen=True)
class Engines:
    """A running pair."""

    postgres: Postgres
    valkey: Valkey
    home: EngineHome


@contextlib.contextmanager
def running_engines(
    instance: Path,
    account_name: str,
    *,
    fast: bool = False,
    postgres: bool = True,
    valkey: bool = True,
    wal_archive: Path | None = None,
    recovery: Recovery | None = None,
) -> Iterator[Engines]:
    """Start the engines of an instance folder, both or one, and stop them at the end of the block.

    `fast` gives up durability against power cuts, for tests. `wal_archive` receives PostgreSQL's log as it is written;
    `recovery` starts from a base backup. Raises EngineError when they cannot start.
    """
    with engine_home(instance, account_name) as home:
        server = Postgres(home, fast=fast, wal_archive=wal_archive, recovery=recovery)
        pair = Engines(server, Valkey(home, fast=fast), home)
        try:
            if postgres:
                pair.postgres.start()
            if valkey:
                pair.valkey.start()
            yield pair
        finally:
            pair.valkey.stop()
            pair.postgres.stop()


class Postgres:
    """One PostgreSQL server on a unix socket."""

    def __init__(
        self,
        home: EngineHome,
        *,
        fast: bool = False,
        wal_archive: Path | None = None,
        recovery: Recovery | None = None,
    ) -> None:
        self.home = home
        self.fast = fast
        self.wal_archive = wal_archive
        self.recovery = recovery
        self.data = home.data / "postgres"
        self.log = home.data / "postgres.log"
        self.hba_file = home.data / "pg_hba.conf"
        self.ident_file = home.data / "pg_ident.conf"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Make the cluster if there is none, start it, return when the application's database is usable."""
        if self.recovery is not None:
            self._place(self.recovery)
        elif not (self.data / "PG_VERSION").exists():
            self._make_cluster()
        self._check_version()
        self._write_access_rules()
        _remove_stale_pid_file(self.data / "postmaster.pid", self.data)
        settings = _POSTGRES_SETTINGS | {
            "unix_socket_directories": f'"{self.home.sockets}"',
            "hba_file": str(self.hba_file),
            "ident_file": str(self.ident_file),
        }
        if self.fast:
            settings |= _POSTGRES_FAST_SETTINGS
        if self.wal_archive is not None:
            settings |= archive_settings(self.wal_archive, self.home.account)
        if self.recovery is not None:
            settings |= recovery_settings(self.recovery, self.home.account)
        arguments = [item for name, value in settings.items() for item in ("-c", f"{name}={value}")]
        with _log_file(self.log) as log:
            self.process = spawn(
                [self.home.postgres_programs / "postgres", "-D", self.data, *arguments],
                # SIGINT: roll back, write out, end. SIGQUIT (tests): end at once.
                signal_when_parent_dies=signal.SIGQUIT if self.fast else signal.SIGINT,
                account=self.home.account,
                output=log,
                keep_open=[self.home.lock],
                cwd=self.data if self.home.account.is_current else Path("/"),
            )
        try:
            self._wait_ready()
        except BaseException:
            if self.recovery is not None:  # half a replay is nobody's data; the backup still has it all
                self.stop()
                shutil.rmtree(self.data)
            raise
        self.recovery = None  # done: a start after a crash is an ordinary one
        self.create_database(APPLICATION_DATABASE)

    def stop(self) -> None:
        if self.process is not None:
            stop(self.process, [(signal.SIGINT, STOP_SECONDS), (signal.SIGQUIT, 5.0)])
            self.process = None

    def url(self, database: str = APPLICATION_DATABASE) -> str:
        """The address of a database for SQLAlchemy, as the application's role."""
        folder = quote(str(self.home.sockets), safe="/")
        return f"postgresql+psycopg://{APPLICATION_ROLE}@/{database}?host={folder}"

    def create_database(self, name: str, *, template: str = "template1") -> bool:
        """Make a database owned by the application's role, unless it exists.

        Its template must not be in use. Files are copied, not logged page by page: three times as quick for a
        schema of many small tables, and there is nothing yet that a crash could lose.
        """
        with self._admin() as admin:
            if admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
                return False
            admin.execute(
                sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {} STRATEGY file_copy").format(
                    sql.Identifier(name), sql.Identifier(APPLICATION_ROLE), sql.Identifier(template)
                )
            )
            return True

    def drop_database(self, name: str) -> None:
        """Drop a database, ending whatever is still connected to it."""
        with self._admin() as admin:
            admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    @contextlib.contextmanager
    def _admin(self) -> Iterator[psycopg.Connection]:
        with psycopg.connect(
            host=str(self.home.sockets), user=ADMIN_ROLE, dbname="postgres", autocommit=True
        ) as connection:
            yield connection

    def _make_cluster(self) -> None:
        # Under another name until it is whole: an initdb that was killed must not be taken for a database.
        draft = self.home.data / "postgres.new"
        shutil.rmtree(draft, ignore_errors=True)
        make_folder(draft, self.home.account)
        arguments = [str(self.home.postgres_programs / "initdb"), "-D", str(draft), "--username", ADMIN_ROLE]
        # The built-in collation is the same on every machine, unlike those of the C library.
        arguments += [
            "--encoding=UTF8",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--locale=C",
        ]
        arguments += ["--auth-local=peer", "--auth-host=reject", "--no-instructions"]
        if self.fast:
            arguments.append("--no-sync")
        with _log_file(self.log) as log:
            process = spawn(
                arguments,
                signal_when_parent_dies=signal.SIGTERM,
                account=self.home.account,
                output=log,
                keep_open=[self.home.lock],
                cwd=Path("/"),
            )
            if process.wait() != 0:
                raise EngineError(f"PostgreSQL could not make its data folder:\n{_tail(self.log)}")
        draft.rename(self.data)

    def _place(self, recovery: Recovery) -> None:
        """Lay a base backup down as this server's data. Raises EngineError if there is any."""
        if self.data.exists():
            raise EngineError(f"{self.data} has data already; restore into another WMS_INSTANCE")
        draft = self.home.data / "postgres.new"
        shutil.rmtree(draft, ignore_errors=True)
        make_folder(draft, self.home.account)
        lay_down(recovery, draft, self.home.account)
        draft.rename(self.data)

    def _check_version(self) -> None:
        found = (self.data / "PG_VERSION").read_text().strip()
        program = str(self.home.postgres_programs / "postgres")
        ours = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
        major = ours.split()[-1].split(".")[0]
        if found != major:
            raise EngineError(
                f"the data in {self.data} was written by PostgreSQL {found}, the embedded one is {major}: "
                "dump it with the older version and restore it, or set DATABASE_URL"
            )

    def _write_access_rules(self) -> None:
        """Who may connect: over the socket, the account that runs the engine and the one that starts it."""
        callers = dict.fromkeys([self.home.account.name, Account.current().name])
        rules = [f'house "{name}" {role}\n' for name in callers for role in (ADMIN_ROLE, APPLICATION_ROLE)]
        doors = f"local all all peer map=house\nlocal replication {ADMIN_ROLE} peer map=house\n"
        for file, text in ((self.hba_file, doors), (self.ident_file, "".join(rules))):
            if not file.exists() or file.read_text() != text:  # on a full disk, writing would only empty them
                file.write_text(text)
                file.chmod(0o644)  # the engine's account reads them, whatever our umask is

    def _wait_ready(self) -> None:
        process = self.process
        assert process is not None  # noqa: S101  # only start() calls this, right after spawning
        until = time.monotonic() + READY_SECONDS
        while True:
            if process.poll() is not None:
                raise EngineError(f"PostgreSQL ended while starting:\n{_tail(self.log)}")
            try:
                with self._admin() as admin:
                    if not _is_recovering(admin):
                        self._make_application_role(admin)
                        return
                time.sleep(0.05)
            except psycopg.OperationalError as error:
                if time.monotonic() > until and self.recovery is None:  # a replay takes what it takes
                    raise EngineError(f"PostgreSQL is not ready after {READY_SECONDS:.0f} s: {error}") from error
                time.sleep(0.02)

    def _make_application_role(self, admin: psycopg.Connection) -> None:
        if admin.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [APPLICATION_ROLE]).fetchone() is None:
            admin.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(APPLICATION_ROLE)))


class Valkey:
    """One Valkey server on a unix socket, which writes every change to its append-only file."""

    def __init__(self, home: EngineHome, *, fast: bool = False) -> None:
        self.home = home
        self.fast = fast
        self.data = home.data / "valkey"
        self.log = home.data / "valkey.log"
        self.socket = home.sockets / "valkey.sock"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start and return when it answers."""
        make_folder(self.data, self.home.account)
        settings = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(self.data),
            "appendonly": "no" if self.fast else "yes",
            "appendfsync": "everysec",
            "save": "",
            "maxmemory-policy": "noeviction",  # a queue must refuse when full, never forget
            "daemonize": "no",
        }
        arguments = [item for name, value in settings.items() for item in (f"--{name}", value)]
        with _log_file(self.log) as log:
            self.process = spawn(
                [self.home.valkey_program, *arguments],
                signal_when_parent_dies=signal.SIGTERM,
                account=self.home.account,
                output=log,
                keep_open=[self.home.lock],
                cwd=Path("/"),
            )
        self._wait_ready()

    def stop(self) -> None:
        if self.process is not None:
            stop(self.process, [(signal.SIGTERM, STOP_SECONDS)])
            self.process = None

    def url(self, number: int = 0) -> str:
        """The address of one of its numbered databases, for redis-py and RQ."""
        return f"unix://{quote(str(self.socket), safe='/')}?db={number}"

    def _wait_ready(self) -> None:
        process = self.process
        assert process is not None  # noqa: S101  # only start() calls this, right after spawning
        until = time.monotonic() + READY_SECONDS
        with redis.Redis.from_url(self.url()) as client:
            while True:
                if process.poll() is not None:
                    raise EngineError(f"Valkey ended while starting:\n{_tail(self.log)}")
                try:
                    client.ping()
                    return
                except (redis.ConnectionError, redis.BusyLoadingError) as error:
                    if time.monotonic() > until:
                        raise EngineError(f"Valkey is not ready after {READY_SECONDS:.0f} s: {error}") from error
                    time.sleep(0.02)


def _is_recovering(admin: psycopg.Connection) -> bool:
    row = admin.execute("SELECT pg_is_in_recovery()").fetchone()
    return bool(row and row[0])


def _remove_stale_pid_file(pid_file: Path, data: Path) -> None:
    """Remove what a killed server left: PostgreSQL refuses if that number now names another process.

    Raises EngineError if a server does run on this data, started by hand and so without our lock.
    """
    if not pid_file.exists():
        return
    first_line = pid_file.read_text().partition("\n")[0].strip()
    if first_line.isdigit():
        try:
            if Path(psutil.Process(int(first_line)).cwd()) == data:
                raise EngineError(f"process {first_line} already serves the data in {data}; stop it first")
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            pass  # gone, or another account's: not ours
    pid_file.unlink()


@contextlib.contextmanager
def _log_file(path: Path) -> Iterator[IO[bytes]]:
    if path.exists() and path.stat().st_size > LOG_BYTES:
        path.replace(path.with_suffix(".log.1"))
    with path.open("ab") as log:
        yield log


def _tail(log: Path, lines: int = 15) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
