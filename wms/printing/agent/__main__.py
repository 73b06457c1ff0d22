"""`wms-print-agent enrol | run | status | unit`; also `python -m wms.printing.agent`."""

from __future__ import annotations

import argparse
import json
import logging
import os
import platform
import sys
import threading
import time
from pathlib import Path
from typing import Any, NoReturn

from . import VERSION
from .backend import Backend, Target
from .folder import Folder
from .ipp import Ipp
from .journal import Journal
from .raw import Raw
from .server import Away, Denied, Server
from .work import Agent, Hand

log = logging.getLogger("wms-print-agent")
TURN_SECONDS = 0.2
UNIT = """[Unit]
Description=WMS print agent
Wants=network-online.target
After=network-online.target

[Service]
ExecStart={program} run --state {state}
Restart=always
RestartSec=2
NoNewPrivileges=true

[Install]
WantedBy=multi-user.target
"""


def default_state() -> Path:
    """Where the token and the journal are kept."""
    if sys.platform == "win32":
        return Path(os.environ.get("PROGRAMDATA", r"C:\ProgramData")) / "wms-print-agent"
    if os.geteuid() == 0:
        return Path("/var/lib/wms-print-agent")
    return Path.home() / ".local" / "state" / "wms-print-agent"


def main(arguments: list[str] | None = None) -> int:
    given = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    commands = {"enrol": enrol, "run": run, "status": status, "unit": unit}
    try:
        return commands[given.command](given)
    except (Away, Denied, ValueError, OSError) as reason:
        print(f"wms-print-agent: {reason}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("wms-print-agent", description="Prints the labels of a WMS on printers near here.")
    parser.add_argument("--version", action="version", version=VERSION)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, words in (("enrol", "make this machine known, with the code that the office shows"),
                        ("run", "print, until it is stopped"), ("status", "what is known here, as JSON"),
                        ("unit", "a systemd unit for this machine, to standard output")):  # fmt: skip
        command = commands.add_parser(name, help=words)
        command.add_argument("--state", type=Path, default=default_state(), help="folder of token and journal")
        if name == "enrol":
            command.add_argument("--server", required=True, help="https://…")
            command.add_argument("--code", required=True)
            command.add_argument("--ca-file", help="certificate that signed the server's, if it is your own")
    return parser


def enrol(given: argparse.Namespace) -> int:
    """Show the code, keep the token in a file that only this user reads."""
    token = Server(given.server, ca_file=given.ca_file).enrol(given.code, platform.node()[:80] or "bench", VERSION)
    given.state.mkdir(parents=True, exist_ok=True)
    settings = {"server": given.server, "token": token, "ca_file": given.ca_file}
    partial = given.state / "agent.json.part"
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(settings, file)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(given.state / "agent.json")
    print("This machine is known now. Start it with: wms-print-agent run")
    return 0


def unit(given: argparse.Namespace) -> int:
    program = Path(sys.argv[0]).resolve()
    command = f"{sys.executable} -m wms.printing.agent" if program.name == "__main__.py" else str(program)
    print(UNIT.format(program=command, state=given.state), end="")
    return 0


def status(given: argparse.Namespace) -> int:
    settings = _settings(given.state)
    journal = Journal(given.state / "journal.sqlite")
    print(json.dumps({"version": VERSION, "server": settings["server"], "untold": journal.pending()}))
    journal.close()
    return 0


def run(given: argparse.Namespace) -> int:
    settings = _settings(given.state)
    only = _only_one(given.state)
    server = Server(settings["server"], settings["token"], settings.get("ca_file"))
    journal = Journal(given.state / "journal.sqlite")
    agent = Agent(server, journal, platform.node()[:80] or "bench", lambda target: opened(target, given.state))
    try:
        _run(agent)
    finally:
        journal.close()
        only.close()


def opened(target: Target, state: Path) -> Backend:
    """The way to a printer. Raises ValueError for one that this machine cannot have."""
    if target.backend == "ipp":
        return Ipp(target)
    if target.backend == "raw":
        return Raw(target)
    if target.backend == "file":
        return Folder(target, state / "printed")
    if target.backend == "winspool":
        from .winspool import Winspool  # its types are there on Windows only

        return Winspool(target)
    raise ValueError(f"this version cannot print on “{target.backend}”")


def _run(agent: Agent) -> NoReturn:
    """Until the process is ended. A hand that fails ends it: whoever watches over us starts us again, and the journal
    knows what to do.
    """
    hands: dict[int, threading.Thread] = {}
    while True:
        try:
            agent.ask()
        except Away as reason:
            log.warning("the server does not answer: %s", reason)
            agent.offers = {}
        live = {id(hand): hand for hand in agent.hands.values()}
        for key, hand in live.items():
            if key not in hands:
                hands[key] = threading.Thread(target=_turns, args=(agent, hand), name=hand.target.name, daemon=True)
                hands[key].start()
        for key in [key for key, thread in hands.items() if not thread.is_alive()]:
            if key in live:
                raise RuntimeError(f"the hand of {live[key].target.name} failed")
            del hands[key]
        agent.wake.wait(agent.poll_seconds)
        agent.wake.clear()


def _turns(agent: Agent, hand: Hand) -> None:
    """One printer's thread, as long as that printer is set up so."""
    while agent.hands.get(hand.target.id) is hand:
        if hand.turn(agent.offers.get(hand.target.id, [])):
            agent.wake.set()  # tell at once, and see what is next
        else:
            time.sleep(TURN_SECONDS)


def _settings(state: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads((state / "agent.json").read_text())
    except FileNotFoundError as fault:
        raise ValueError(f"nothing in {state}: enrol this machine first") from fault
    return found


def _only_one(state: Path) -> Any:
    """Two with one journal would print twice. The lock goes with the process, however it ends."""
    file = (state / "lock").open("w")
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as fault:
        file.close()
        raise ValueError("another wms-print-agent is running with this folder") from fault
    return file


if __name__ == "__main__":
    sys.exit(main())
