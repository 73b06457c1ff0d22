"""Starting child processes that never outlive their parent, and under another account when we are root."""

from __future__ import annotations

import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

# Loaded once here: between fork and exec nothing may be imported or allocated.
_LIBC = ctypes.CDLL(None, use_errno=True)
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_IS_LINUX = sys.platform == "linux"

ROOT_UID = 0


class AccountError(Exception):
    """No unprivileged account is there and none can be made."""


@dataclass(frozen=True)
class Account:
    """A system account: its name and numeric ids."""

    name: str
    uid: int
    gid: int

    @classmethod
    def current(cls) -> Account:
        return cls.of_uid(os.geteuid())

    @classmethod
    def of_uid(cls, uid: int) -> Account:
        """The account with this id.

        Raises AccountError if it has no entry: PostgreSQL refuses to run without.
        """
        try:
            entry = pwd.getpwuid(uid)
        except KeyError:
            raise AccountError(
                f"user id {uid} has no entry in the system's account list, which PostgreSQL needs; "
                "add one or set DATABASE_URL and REDIS_URL"
            ) from None
        return cls(entry.pw_name, entry.pw_uid, entry.pw_gid)

    @property
    def is_current(self) -> bool:
        return self.uid == os.geteuid()

    def can_enter(self, folder: Path, *, and_write: bool = False) -> bool:
        """Whether this account can reach and read (and write) `folder`: asked of the kernel, as that account."""
        if self.is_current:
            return os.access(folder, os.R_OK | os.X_OK | (os.W_OK if and_write else 0))
        test = shutil.which("test") or "/usr/bin/test"
        return all(
            subprocess.run(
                [test, flag, str(folder)],
                user=self.uid,
                group=self.gid,
                extra_groups=[],
                cwd="/",
                check=False,
            ).returncode
            == 0
            for flag in ("-r", "-x", *(("-w",) if and_write else ()))
        )


def unprivileged_account(name: str) -> Account:
    """The account `name`, made as a system account without login if it is missing.

    Only root may call this.
    """
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        _make_system_account(name)
        entry = pwd.getpwnam(name)
    if entry.pw_uid == ROOT_UID:
        raise AccountError(f"WMS_ENGINE_ACCOUNT ({name}) is root; PostgreSQL does not run as root")
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def _make_system_account(name: str) -> None:
    useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    advice = f"make the account {name}, or set WMS_ENGINE_ACCOUNT to one that exists"
    if useradd is None:
        raise AccountError(f"the useradd program is missing: {advice}")
    made = subprocess.run(
        [useradd, "--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin", name],
        capture_output=True,
        text=True,
        check=False,
    )
    # 9: somebody else made it in the meantime, for example another test process
    if made.returncode not in (0, 9):
        raise AccountError(f"{made.stderr.strip()}: {advice}")


def spawn(
    arguments: Sequence[str | Path],
    *,
    signal_when_parent_dies: signal.Signals,
    account: Account | None = None,
    environment: Mapping[str, str] | None = None,
    output: IO[bytes] | None = None,
    keep_open: Sequence[int] = (),
    cwd: Path | None = None,
) -> subprocess.Popen[bytes]:
    """Start a child in a session of its own, signalled by the kernel when this process dies, even by -9.

    A session of its own keeps Ctrl-C in the terminal from reaching the children before the parent decides
    their order. Must be called from a thread that lives as long as the children: the kernel watches that
    thread.
    """
    other = account is not None and not account.is_current
    return subprocess.Popen(
        [str(argument) for argument in arguments],
        user=account.uid if account and other else None,
        group=account.gid if account and other else None,
        extra_groups=[] if other else None,
        env=None if environment is None else dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT if output is not None else None,
        start_new_session=True,
        pass_fds=keep_open,
        cwd=cwd,
        preexec_fn=_signal_me_when_parent_dies(signal_when_parent_dies, os.getpid()) if _IS_LINUX else None,
    )


def _signal_me_when_parent_dies(chosen: signal.Signals, parent: int) -> Callable[[], None]:
    number = int(chosen)

    def prepare() -> None:
        # Runs after the change of user, which would clear the setting.
        _LIBC.prctl(_PR_SET_PDEATHSIG, number, 0, 0, 0)
        if os.getppid() != parent:  # it died before we could ask
            os._exit(1)

    return prepare


def adopt_orphans() -> None:
    """Make orphaned descendants our children, so that a killed worker's own child cannot escape.

    Linux only.
    """
    if _IS_LINUX:
        _LIBC.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def stop(process: subprocess.Popen[bytes], signals: Sequence[tuple[signal.Signals, float]]) -> int:
    """End a child: send each signal in turn and wait that many seconds for it, then kill.

    Returns its exit status.
    """
    for number, seconds in signals:
        if process.poll() is not None:
            break
        process.send_signal(number)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            continue
    if process.poll() is None:
        process.kill()
    return process.wait()
