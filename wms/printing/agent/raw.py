"""Label printers on a raw TCP port (9100): the page as dots, in ZPL or TSPL, and the printer's own status.

That a connection was closed does not mean that something was printed: what all went out is *sent*, and a scan proves it.
"""

from __future__ import annotations

import socket
import time
from urllib.parse import urlsplit

from . import raster
from .backend import Came, Look, Noting, Result, Stage, Target

CONNECT_SECONDS = 4.0
STATUS_SECONDS = 2.0
SETTLE_SECONDS = 5.0  # how long after the last byte the printer is asked whether it has printed
SEND_SECONDS = 60.0  # for one chunk: a printer that is out of paper takes no more
CHUNK = 16_384
DEFAULT_PORT = 9100
# TSPL answers ESC ! ? with one byte of these.
_TSPL_BITS = {0x01: "head_open", 0x02: "jam", 0x04: "paper_out", 0x08: "ribbon_out", 0x10: "paused", 0x40: "cover_open",
              0x80: "error"}  # fmt: skip
_TSPL_PRINTING = 0x20


class Raw:
    def __init__(self, target: Target) -> None:
        parts = urlsplit(target.uri)
        self._target = target
        self._address = (parts.hostname or "", parts.port or DEFAULT_PORT)

    def look(self) -> Look:
        try:
            with self._connect() as line:
                return self._status(line) or Look("ready", "no_status")
        except OSError as fault:
            return Look("unreached", _short(fault))

    def prepare(self, pdf: bytes) -> list[raster.Dots]:
        raster.check_pages(pdf, self._target.width_mm, self._target.height_mm)
        return raster.pages_as_dots(pdf, self._target.dpi)

    def send(self, name: str, prepared: list[raster.Dots], note_spool: Noting) -> Result:  # noqa: ARG002 - it has none
        data = self._written(prepared, name)
        try:
            line = self._connect()
        except OSError as fault:
            return Result(Came.UNSENT, _short(fault))
        with line:
            try:
                status = self._status(line)
            except OSError as fault:
                return Result(Came.UNSENT, _short(fault))
            if status is not None and status.state == "stopped":
                return Result(Came.UNSENT, status.reasons)
            return self._hand_over(line, data)

    def look_up(self, name: str, spool_id: str | None) -> Result:  # noqa: ARG002 - there is nobody to ask
        return Result(Came.LOST, "broken off while it was sent")

    def stage(self, name: str, spool_id: str) -> Stage | None:  # noqa: ARG002
        return None

    def give_up(self, name: str, spool_id: str) -> None:
        """What a printer has taken cannot be taken back over this line."""

    def _written(self, pages: list[raster.Dots], name: str) -> bytes:
        if self._target.language == "tspl":
            return raster.as_tspl(pages, name, self._target.width_mm, self._target.height_mm)
        return raster.as_zpl(pages, name)

    def _connect(self) -> socket.socket:
        return socket.create_connection(self._address, CONNECT_SECONDS)

    def _hand_over(self, line: socket.socket, data: bytes) -> Result:
        line.settimeout(SEND_SECONDS)
        taken = 0
        try:
            while taken < len(data):
                taken += line.send(data[taken : taken + CHUNK])
        except OSError as fault:
            # Not a byte of it left this machine: that is proof. Anything more is not.
            return Result(Came.LOST if taken else Came.UNSENT, _short(fault))
        try:
            return Result(Came.SENT, self._settled(line))
        except OSError as fault:
            return Result(Came.LOST, f"cut off: {_short(fault)}")

    def _settled(self, line: socket.socket) -> str:
        """Ask until the printer has nothing left to print, or says what keeps it; why, if it does."""
        until = time.monotonic() + SETTLE_SECONDS
        while time.monotonic() < until:
            status = self._status(line)
            if status is None or status.state == "ready":
                return ""
            if status.state == "stopped":
                return status.reasons
            time.sleep(0.1)
        return ""

    def _status(self, line: socket.socket) -> Look | None:
        """The printer's own word; None from printers that do not answer."""
        line.settimeout(STATUS_SECONDS)
        tspl = self._target.language == "tspl"
        line.sendall(b"\x1b!?" if tspl else b"~HS\r\n")
        answer = b""
        try:
            while not (answer if tspl else answer.count(b"\x03") >= 3):
                more = line.recv(512)
                if not more:
                    raise ConnectionResetError("closed by the printer")
                answer += more
        except TimeoutError:
            return None
        return read_tspl(answer[0]) if tspl else read_zpl(answer)


def read_zpl(answer: bytes) -> Look:
    """`~HS` (ZPL II Programming Guide): three lines in STX … ETX; of the first the fields 2, 3 and 5, of the second 3, 4
    and 9."""
    lines = [part.split(b"\x03")[0].decode("ascii", "replace").split(",") for part in answer.split(b"\x02")[1:]]
    try:
        first, second = lines[0], lines[1]
        flags = {"paper_out": first[1] == "1", "paused": first[2] == "1", "head_open": second[2] == "1",
                 "ribbon_out": second[3] == "1"}  # fmt: skip
        waiting = int(first[4]) + int(second[8])
    except (IndexError, ValueError):
        return Look("ready", "no_status")
    reasons = ",".join(name for name, raised in flags.items() if raised)
    if reasons:
        return Look("stopped", reasons)
    return Look("busy" if waiting else "ready")


def read_tspl(answer: int) -> Look:
    reasons = ",".join(name for bit, name in _TSPL_BITS.items() if answer & bit)
    if reasons:
        return Look("stopped", reasons)
    return Look("busy" if answer & _TSPL_PRINTING else "ready")


def _short(fault: OSError) -> str:
    return "timeout" if isinstance(fault, TimeoutError) else type(fault).__name__
