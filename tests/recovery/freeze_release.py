"""Freezes a database of *this* release for the upgrade test of later ones: `python -m tests.recovery.freeze_release DUMP`.

Run once, in the tree of a release, when its migration lands. The people in it are those of tests/cast.py and
tests/life.py, who do not exist.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.cast import load
from tests.engines import create_app, dispose, running_databases
from tests.life import living


def freeze(target: Path) -> None:
    with running_databases() as databases:
        app = create_app(databases.config(databases.copy("frozen_cast")))
        cast = load(app)
        dispose(app)
        with living(databases, cast) as life:
            home = databases.engines.home
            subprocess.run(
                [home.postgres_programs / "pg_dump", "--format=custom", "--compress=gzip:9", "--no-owner",
                 "--no-privileges", "--username=wms", f"--host={home.sockets}",
                 f"--dbname={life.app.extensions['wms_config'].database_url.partition('?')[0].rpartition('/')[2]}",
                 f"--file={target}"],
                check=True,
            )  # fmt: skip


if __name__ == "__main__":
    freeze(Path(sys.argv[1]))
