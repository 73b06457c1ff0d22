"""An application on engines of its own, for what is asked of services and queries without HTTP."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import flask_migrate
from flask import Flask

from config import ROOT, WITHOUT_LIMITS, Config
from wms.app import create_app
from wms.platform.database import db
from wms.platform.engines import running_engines
from wms.seed import FULL, seed_demo_cast


def alone(folder: Path, run: Callable[[Flask], int]) -> int:
    """`run` inside the application's context, with the cast; everything lies in this folder. Returns what it returns."""
    folder.chmod(0o755)  # ours: as root, the engines run as another account that has to reach it
    with running_engines(folder, os.environ.get("WMS_ENGINE_ACCOUNT", "wms-engines"), fast=True) as engines:
        engines.postgres.create_database("bench")
        base = Config.from_environ({"WMS_ENV": "test", "WMS_INSTANCE": str(folder / "i"), **WITHOUT_LIMITS})
        app = create_app(base.with_engines(engines.postgres.url("bench"), engines.valkey.url(0)))
        with app.app_context():
            flask_migrate.upgrade(directory=str(ROOT / "migrations"))
        seed_demo_cast(app, FULL)
        with app.app_context():
            try:
                return run(app)
            finally:
                db.session.remove()
                db.engine.dispose()
