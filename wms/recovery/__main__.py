"""`python -m wms.recovery restore --from DIR [--until MOMENT] [--wal DIR] [--files-stand] [--skip-numbers N]`."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from config import Config, ConfigError
from wms.platform.engines import EngineError
from wms.platform.processes import AccountError
from wms.platform.stores import StoreAway
from wms.recovery.programs import RecoveryError
from wms.recovery.restore import NUMBERS_SKIPPED, Restored, RestoreOrder, restore


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns 0 when everything is back and the books balance, 1 when something came back wrong, 2 when nothing did."""
    chosen = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.WARNING)
    try:
        config = Config.from_environ(os.environ)
        order = RestoreOrder(
            source=chosen.source.resolve(),
            until=chosen.until,
            wal_archive=chosen.wal or config.wal_archive,
            files_stand=chosen.files_stand,
            skip_numbers=chosen.skip_numbers,
        )
        done = restore(config, order, say=lambda line: print(line, flush=True))
    except (AccountError, ConfigError, EngineError, RecoveryError, StoreAway) as fault:
        print(f"not restored: {fault}", file=sys.stderr)
        return 2
    tell(done)
    return 0 if done.ok else 1


def tell(done: Restored) -> None:
    """What came back, in words."""
    total = sum(done.seconds.values())
    print(
        f"restored a {done.manifest.kind} of {done.manifest.made_at} in {total:.1f} s; {done.files_copied} files copied"
    )
    for table, (wanted, found) in done.wrong_counts.items():
        print(f"WRONG  {table} has {found} rows, the backup says {wanted}")
    if done.files_missing:
        print(f"{len(done.files_missing)} files are not in the backup; {done.files_redrawn} will be drawn again")
    for name, rows in done.violations.items():
        print(f"WRONG  {name}: {rows} rows")
    print(f"audit: {done.checks} checks, {sum(done.violations.values())} violations")
    print("What was erased on request after the backup was made is back: repeat those `flask erase --order …`.")
    if done.manifest.kind == "base":
        print("Make a new base backup when the system runs: its log goes on from here.")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m wms.recovery", description="Restore a backup into an empty place.")
    parser.add_argument("command", choices=("restore",))
    parser.add_argument("--from", dest="source", type=Path, required=True, help="the folder of one backup")
    parser.add_argument("--until", type=_moment, help="restore to this moment, as 2026-11-28T21:30:00+00:00")
    parser.add_argument("--wal", type=Path, help="the log archive; WMS_WAL_ARCHIVE if not given")
    parser.add_argument("--files-stand", action="store_true", help="the file store has the files already")
    parser.add_argument(
        "--skip-numbers",
        type=int,
        default=NUMBERS_SKIPPED,
        help="how far every counter moves on, past numbers given out after the backup (default: %(default)s)",
    )
    return parser


def _moment(raw: str) -> datetime:
    moment = datetime.fromisoformat(raw)
    if moment.tzinfo is None:
        raise argparse.ArgumentTypeError("must name its time zone, as in 2026-11-28T21:30:00+00:00")
    return moment


if __name__ == "__main__":
    sys.exit(main())
