"""PostgreSQL's own programs (pg_dump, pg_restore, pg_basebackup): which ones fit a server, and how they are run."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict

from wms.platform.engine_home import EngineError, postgres_programs

_DEBIAN = Path("/usr/lib/postgresql")
_LINES = 15


class RecoveryError(Exception):
    """A backup or restore cannot be made; the text says why and what to do."""


@dataclass(frozen=True)
class Programs:
    """A folder with PostgreSQL's client programs of one major version."""

    folder: Path
    version: str

    @property
    def major(self) -> int:
        return major_of(self.version)

    def run(self, name: str, arguments: Sequence[str | Path], url: str, **variables: str) -> None:
        """Run one on the database of `url` (a password goes by environment, never by the command line).

        Raises RecoveryError with the end of what it said.
        """
        done = subprocess.run(
            [str(self.folder / name), *map(str, arguments)],
            env={**_clean_environment(), **_libpq_variables(url), **variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            said = "\n".join(done.stderr.strip().splitlines()[-_LINES:])
            raise RecoveryError(f"{name} ended with status {done.returncode}:\n{said}")


def programs_for(server_major: int) -> Programs:
    """Programs that fit a server: of its own major version, else the nearest newer (they read older servers).

    Those inside the embedded engine's package, those on PATH and Debian's folders are looked at.
    """
    found = [Programs(folder, version) for folder in _folders() if (version := _version(folder))]
    fitting = sorted((each for each in found if each.major >= server_major), key=lambda each: each.major)
    if not fitting:
        seen = ", ".join(sorted({each.version for each in found})) or "none"
        raise RecoveryError(
            f"pg_dump and pg_restore of PostgreSQL {server_major} or newer are needed (found: {seen}); "
            f"on Debian: apt install postgresql-client-{server_major}"
        )
    return fitting[0]


def connect(url: str) -> psycopg.Connection:
    """A plain connection, without the time limits of the application's own."""
    return psycopg.connect(plain(url), autocommit=True, application_name="wms-recovery")


def plain(url: str) -> str:
    """SQLAlchemy's address as libpq writes it."""
    return url.replace("postgresql+psycopg://", "postgresql://", 1)


def major_of(version: str) -> int:
    return int(version.split(".")[0])


def _folders() -> Iterator[Path]:
    on_path = shutil.which("pg_dump")
    if on_path:
        yield Path(on_path).parent
    yield from sorted(_DEBIAN.glob("*/bin"))
    try:
        yield postgres_programs()
    except EngineError:  # an installation on servers of its own need not have the package
        return


def _version(folder: Path) -> str | None:
    """The version of all three programs in a folder; None where one is missing."""
    if not all((folder / name).exists() for name in ("pg_dump", "pg_restore")):
        return None
    said = subprocess.run([str(folder / "pg_dump"), "--version"], capture_output=True, text=True, check=False).stdout
    found = re.search(r"\(PostgreSQL\) ([\d.]+)", said)
    return found.group(1) if found else None


def _clean_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")}


def _libpq_variables(url: str) -> dict[str, str]:
    names = {each.keyword.decode(): each.envvar for each in psycopg.pq.Conninfo.get_defaults()}
    found = {}
    for keyword, value in conninfo_to_dict(plain(url)).items():
        variable = names.get(keyword)
        if variable is None:
            raise RecoveryError(f"DATABASE_URL has {keyword!r}, which cannot be handed to PostgreSQL's programs")
        found[variable.decode()] = str(value)
    return found
