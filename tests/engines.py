"""Engines and databases for the tests: one pair for each test process, one template, cheap copies."""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import flask_migrate
import redis

from config import ROOT, WITHOUT_LIMITS, Config
from wms.platform.engines import Engines, running_engines

if TYPE_CHECKING:
    from flask import Flask

T = TypeVar("T")

TEMPLATE = "template_wms"
SHARED = "shared"
MEMORY = Path("/dev/shm")  # noqa: S108  Linux's folder in memory; only folders that mkdtemp made are used in it
ROOM = 2 << 30  # bytes; two test processes were seen to fill half a GiB together
SHARED_QUEUE = 0  # of the 16 databases of a Valkey; the others are for single tests


@dataclass
class Databases:
    """The engines of one test process and the databases made on them."""

    engines: Engines
    folder: Path
    _migrated: bool = False
    _told: dict[str, Any] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _queues: Iterator[int] = field(default_factory=lambda: itertools.cycle(range(1, 16)))

    def config(self, database: str) -> Config:
        """A test configuration on that database, with an empty Valkey database and folders of its own."""
        config = Config.from_environ({"WMS_ENV": "test", "WMS_INSTANCE": str(self.folder / database), **WITHOUT_LIMITS})
        number = SHARED_QUEUE if database == SHARED else next(self._queues)
        with self.empty_queue(number):
            return config.with_engines(self.engines.postgres.url(database), self.engines.valkey.url(number))

    @contextlib.contextmanager
    def empty_queue(self, number: int | None = None) -> Iterator[redis.Redis]:
        """A client of an empty Valkey database. Without a number they go round: good for one test."""
        number = next(self._queues) if number is None else number
        with redis.Redis.from_url(self.engines.valkey.url(number)) as client:
            client.flushdb()
            yield client

    def migrated_template(self) -> str:
        """The database that others are copied from: migrated, with the cast, when first asked for, not used after."""
        if not self._migrated:
            app = self.migrated(TEMPLATE)
            try:
                build_cast(app)
            finally:
                dispose(app)
            self._migrated = True
        return TEMPLATE

    def migrated(self, name: str) -> Flask:
        """The application on a new database with the schema and nothing in it. The caller disposes of both."""
        self.engines.postgres.drop_database(name)  # of an attempt that failed
        self.engines.postgres.create_database(name)
        app = create_app(self.config(name))
        with app.app_context():
            flask_migrate.upgrade(directory=str(ROOT / "migrations"))
        return app

    def told_template(self, name: str, tell: Callable[[Flask], T]) -> tuple[str, T]:
        """A template in which a story has been told, when first asked for, and what its teller gave back."""
        if name not in self._told:
            self.engines.postgres.drop_database(name)  # of an attempt that failed
            app = create_app(self.config(self.copy(name)))
            try:
                self._told[name] = tell(app)
            finally:
                dispose(app)
        return name, self._told[name]

    def copy(self, name: str | None = None, template: str | None = None) -> str:
        """A new database with the migrated schema, or as that template: 20 ms in memory, some hundreds on a disk."""
        name = name or f"test_{next(self._numbers)}"
        self.engines.postgres.create_database(name, template=template or self.migrated_template())
        return name


@contextlib.contextmanager
def running_databases() -> Iterator[Databases]:
    """A running pair with nothing in it, gone at the end of the block. Fast: not safe against power cuts."""
    with tempfile.TemporaryDirectory(prefix="wms-test-", dir=quick_folder()) as name:
        folder = Path(name)
        folder.chmod(0o755)  # ours: as root, the engines run as another account that has to reach it
        with running_engines(folder, os.environ.get("WMS_ENGINE_ACCOUNT", "wms-engines"), fast=True) as engines:
            yield Databases(engines, folder)


def quick_folder() -> Path | None:
    """A folder in memory if there is one with room: a copy of the template is some hundreds of small files.

    None stands for the usual place for passing files. TMPDIR, where somebody has set it, is obeyed.
    """
    if "TMPDIR" in os.environ or not os.access(MEMORY, os.W_OK) or shutil.disk_usage(MEMORY).free < ROOM:
        return None
    return MEMORY


def build_cast(app: Flask) -> None:
    """The people and goods of tests/cast.py, once, so that every copy has them."""
    from tests.cast import build

    build(app)


def create_app(config: Config) -> Flask:
    """The application, imported only here so that tests of pure code do not need it."""
    from wms.app import create_app as create

    app: Flask = create(config)
    app.testing = True
    return app


def dispose(app: Flask) -> None:
    """Close the application's connections: a database in use can neither be copied nor dropped."""
    from wms.platform.database import db

    with app.app_context():
        db.session.remove()
        for engine in db.engines.values():
            engine.dispose()
