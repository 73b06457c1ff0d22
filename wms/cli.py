"""Commands of the operator: `flask …`."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import click
import orjson
import structlog
from flask import Flask
from sqlalchemy.exc import DBAPIError

from wms import documentation
from wms.app import FEATURES, ROOT
from wms.core import clock
from wms.core.actor import SYSTEM
from wms.core.refusals import Refused
from wms.identity.queries import user_by_login
from wms.identity.service import let_first_admin_in, reset_second_step
from wms.inventory import following
from wms.outbound.queries import order_named
from wms.platform.auditing import AUDIT_TIMEOUT, Check, note, run_checks
from wms.platform.database import read_through, rollback, session, transaction
from wms.platform.stores import StoreAway
from wms.recovery.backup import make_backup
from wms.recovery.programs import RecoveryError

log = structlog.get_logger(__name__)
AUDITED = "audit"  # what an audit has proved, as a follower of the ledger


def all_checks() -> list[Check]:
    """The checks of every feature, in tier order."""
    modules = [name for name in FEATURES if (ROOT / "wms" / name / "audit.py").exists()]
    return [check for name in modules for check in importlib.import_module(f"wms.{name}.audit").CHECKS]


def audit(since: int | None = None) -> dict[str, Any]:
    """Run every check in one consistent snapshot of the database; of the moves only those after `since`, if given."""
    session().connection(execution_options={"isolation_level": "REPEATABLE READ"})
    try:
        session().execute(AUDIT_TIMEOUT)
        read_through()
        return run_checks(all_checks(), since)
    finally:
        rollback()


def audit_and_note(origin: str, *, incremental: bool = False) -> dict[str, Any]:
    """Audit, and remember the result for the operator's page and `/metrics`.

    `incremental`: of the moves, only those since the last audit that found nothing wrong; without one, all.
    """
    began = clock.now()
    proved, settled = _reach()
    result = audit(proved if incremental and proved else None)
    try:
        with transaction():
            note(result, origin, began)
            if result["ok"]:
                following.go_on(AUDITED, settled)
    except DBAPIError as fault:  # a copy that only reads: the books are no less proved
        log.warning("audit.not_noted", error=type(fault.orig).__name__)
    return result


def _reach() -> tuple[int, int]:
    """Up to which move all was proved before, and up to which this audit will see all there is."""
    try:
        with transaction():
            return following.settled(AUDITED)
    except DBAPIError as fault:  # a copy that only reads: everything is looked at
        log.warning("audit.not_noted", error=type(fault.orig).__name__)
        return 0, 0


@click.command("audit")
@click.option("--incremental", is_flag=True, help="Only what moved since the last audit that found nothing wrong.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of lines for people.")
def audit_command(as_json: bool, incremental: bool) -> None:
    """Recompute every invariant from the moves; exit status 0 only when all hold."""
    result = audit_and_note("command", incremental=incremental)
    if as_json:
        click.echo(orjson.dumps(result, default=str).decode())
    else:
        for check in result["checks"]:
            mark = "ok" if not check["violations"] else f"{len(check['violations'])} WRONG"
            click.echo(f"{mark:>10}  {check['name']} ({check['rows']} rows)")
            for violation in check["violations"]:
                click.echo(f"            {violation}")
    sys.exit(0 if result["ok"] else 1)


def erasers() -> list[ModuleType]:
    """The features that keep personal data: each `erasure.py` has `erase_due()` and `erase_order(order_id)`."""
    modules = [name for name in FEATURES if (ROOT / "wms" / name / "erasure.py").exists()]
    return [importlib.import_module(f"wms.{name}.erasure") for name in modules]


@click.command("erase")
@click.option("--order", "named", metavar="NUMBER|ID", help="Forget the person of this order now.")
def erase_command(named: str | None) -> None:
    """Forget personal data: all that is due, or that of one order. An order that is not there is an error: whoever asked
    to be forgotten must not be told that it was done.
    """
    order_id = None
    if named is not None:
        with transaction():
            order_id = order_named(named.strip())
        if order_id is None:
            raise click.ClickException(f"there is no order {named}; nobody was forgotten")
    for module in erasers():
        with transaction():
            erased = module.erase_due() if order_id is None else module.erase_order(order_id)
        click.echo(f"{erased:>10}  {module.__name__.split('.')[1]}")


@click.command("first-admin")
@click.option("--login", required=True, help="What the administrator types to sign in, best an e-mail address.")
@click.option("--name", required=True, help="Their name.")
def first_admin_command(login: str, name: str) -> None:
    """Let the first administrator in: prints a temporary password, once. Refused where people can sign in already."""
    try:
        with transaction():
            password = let_first_admin_in(login, name)
    except Refused as refusal:
        click.echo(f"refused: {refusal.code}", err=True)
        sys.exit(1)
    click.echo(f"{login.strip().lower()} signs in at /login with {password} and chooses a password of their own.")


@click.command("reset-second-step")
@click.argument("login")
def reset_second_step_command(login: str) -> None:
    """Take two-step sign-in away from the person with this LOGIN: for who has nobody left to do it on a page."""
    with transaction():
        person = user_by_login(login)
        if person is None:
            raise click.ClickException("nobody has this login")
        try:
            reset_second_step(SYSTEM, person.id)
        except Refused as refusal:
            raise click.ClickException("two-step sign-in is off for this person") from refusal
    click.echo("taken away; the password alone lets them in")


@click.command("simulate", add_help_option=False, context_settings={"ignore_unknown_options": True})
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
def simulate_command(options: tuple[str, ...]) -> None:
    """Play a whole warehouse in virtual time on engines of its own; --help tells the options."""
    # Loaded only when asked for: no web process carries the simulation along.
    command = importlib.import_module("wms.simulation.command").simulate_command
    command.main(args=list(options), prog_name="flask simulate")


@click.command("backup")
@click.option("--to", type=click.Path(path_type=Path), required=True, help="Folder of backups; made when missing.")
@click.option("--base", is_flag=True, help="A base backup of the embedded PostgreSQL, for restoring to a moment.")
@click.option("--no-files", is_flag=True, help="Leave the files out: a bucket that keeps its own copies has them.")
@click.option("--keep", type=click.IntRange(min=1), help="Afterwards keep only so many backups of this kind.")
def backup_command(to: Path, base: bool, no_files: bool, keep: int | None) -> None:
    """Back up database and files; `python -m wms.recovery restore` brings them back. Exit status 0 only when whole."""
    try:
        made = make_backup(to, base=base, with_files=not no_files, keep=keep)
    except (RecoveryError, StoreAway) as fault:
        raise click.ClickException(str(fault)) from fault
    told = made.manifest
    size = sum(part.stat().st_size for part in made.folder.iterdir())
    click.echo(f"{made.folder}: a {told.kind} of {size / 1e6:.1f} MB, {told.file_count} files ({made.copied} new) "
               f"{f'and {sum(told.rows.values())} rows ' if told.rows else ''}in {made.seconds:.1f} s")  # fmt: skip
    for what, names in (("MISSING in the store", made.missing), ("DAMAGED in the store", made.damaged)):
        for name in names:
            click.echo(f"{what}: {name}", err=True)
    for name in made.pruned:
        click.echo(f"forgotten: {name}")
    sys.exit(1 if made.missing or made.damaged else 0)


@click.command("write-docs")
def write_docs_command() -> None:
    """Renew what README and ARCHITECTURE repeat from the code."""
    for path in documentation.write():
        click.echo(f"renewed {path.name}")


def register(app: Flask) -> None:
    """Add our commands to Flask's own."""
    app.cli.add_command(audit_command)
    app.cli.add_command(reset_second_step_command)
    app.cli.add_command(simulate_command)
    app.cli.add_command(erase_command)
    app.cli.add_command(backup_command)
    app.cli.add_command(first_admin_command)
    app.cli.add_command(write_docs_command)
