"""Printers of our own: they speak raw 9100 (ZPL, TSPL) and IPP, count their sheets, and fail as real ones do.

A *sheet* is what came out, with the name of its job. What a printer has taken and not printed is its *memory*: power off,
and it is gone, unless the sheet was out already.
"""

from __future__ import annotations

import contextlib
import itertools
import random
import re
import socket
import socketserver
import threading
import time
import zlib
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from PIL import Image

from wms.printing.agent import ipp_wire as wire

RAW, TSPL, IPP = "raw", "tspl", "ipp"


@dataclass(frozen=True)
class Sheet:
    """`image`: the dots as printed (raw), or the PDF (IPP)."""

    name: str
    image: Image.Image | bytes


@dataclass
class Faults:
    """Chances, per label taken. `outage`: seconds that a trouble lasts; now and then `long_outage`."""

    dice: random.Random = field(default_factory=random.Random)
    paper_out: float = 0.0
    dies_with_it: float = 0.0  # power off after it was taken, before it was printed
    dies_after_it: float = 0.0  # power off after it was printed, before anybody was answered
    busy: float = 0.0  # says so, or does not take the connection
    late: float = 0.0  # answers too late
    long: float = 0.0  # a power-off lasts `long_outage`
    slow: float = 0.0
    outage: float = 0.3
    long_outage: float = 2.0
    late_seconds: float = 0.5

    def strikes(self, name: str) -> bool:
        return self.dice.random() < float(getattr(self, name))


class Mechanism:
    """Paper, power, memory and the counter: what all printers have, whatever they speak."""

    def __init__(self, faults: Faults | None = None, seconds_a_sheet: float = 0.0) -> None:
        self.faults, self.seconds = faults or Faults(), seconds_a_sheet
        self.sheets: list[Sheet] = []
        self.lock = threading.RLock()
        self.memory: deque[tuple[int, Sheet]] = deque()
        self.done: set[int] = set()
        self.dropped: set[int] = set()
        self.off_until = self.paper_out_until = 0.0
        self.power_cuts = 0
        self._numbers = itertools.count(1)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._print, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join(5)

    @property
    def is_on(self) -> bool:
        return time.monotonic() >= self.off_until

    @property
    def has_paper(self) -> bool:
        return time.monotonic() >= self.paper_out_until

    @property
    def is_idle(self) -> bool:
        with self.lock:
            return not self.memory

    def counted(self) -> Counter[str]:
        with self.lock:
            return Counter(sheet.name for sheet in self.sheets)

    def take(self, sheet: Sheet) -> int:
        """A whole label is in memory; its number. It may be the last thing the printer does. Raises ConnectionError."""
        faults = self.faults
        with self.lock:
            number = next(self._numbers)
            if faults.strikes("dies_with_it"):
                self.cut_power()
                raise ConnectionAbortedError
            if faults.strikes("dies_after_it"):
                self.sheets.append(sheet)
                self.done.add(number)
                self.cut_power()
                raise ConnectionAbortedError
            if faults.strikes("paper_out"):
                self.paper_out_until = time.monotonic() + faults.outage
            self.memory.append((number, sheet))
        return number

    def cut_power(self) -> None:
        """Everything in memory is gone."""
        with self.lock:
            self.dropped |= {number for number, _ in self.memory}
            self.memory.clear()
            self.power_cuts += 1
            lasts = self.faults.long_outage if self.faults.strikes("long") else self.faults.outage
            self.off_until = time.monotonic() + lasts

    def _print(self) -> None:
        while not self._stopped.is_set():
            with self.lock:
                ready = self.memory and self.is_on and self.has_paper
            if not ready:
                time.sleep(0.005)
                continue
            time.sleep(self.seconds * (10 if self.faults.strikes("slow") else 1))
            with self.lock:
                if self.memory and self.is_on and self.has_paper:
                    number, sheet = self.memory.popleft()
                    self.sheets.append(sheet)
                    self.done.add(number)


class RawPrinter(Mechanism):
    """Port 9100: formats in ZPL (or TSPL), status on request."""

    def __init__(self, language: str = "zpl", faults: Faults | None = None, seconds_a_sheet: float = 0.0) -> None:
        super().__init__(faults, seconds_a_sheet)
        self.language = language
        self._listener = _Listener(self._serve)
        self.uri = f"socket://127.0.0.1:{self._listener.port}"

    def start(self) -> None:
        super().start()
        self._listener.start()

    def stop(self) -> None:
        self._listener.stop()
        super().stop()

    def _serve(self, line: socket.socket) -> None:
        if not self.is_on or self.faults.strikes("busy"):
            return  # closed at once, which is all that a raw port can say
        cuts, data = self.power_cuts, b""
        while more := line.recv(65_536):
            if self.power_cuts != cuts or not self.is_on:
                return
            data = self._understand(line, data + more)

    def _understand(self, line: socket.socket, data: bytes) -> bytes:
        """Do what is whole in `data`; return the rest."""
        while True:
            query, end = (b"\x1b!?", b"PRINT 1,1\r\n") if self.language == TSPL else (b"~HS\r\n", b"^XZ\n")
            asked, ended, begun = data.find(query), data.find(end), data.find(b"REM ")
            if 0 <= begun < asked:
                asked = -1  # dots of a label, by chance
            if asked >= 0 and (ended < 0 or asked < ended):
                if self.faults.strikes("late"):
                    time.sleep(self.faults.late_seconds)
                line.sendall(self._status())
                data = data[:asked] + data[asked + len(query) :]
            elif ended >= 0:
                label, data = data[: ended + len(end)], data[ended + len(end) :]
                self.take(read_tspl(label) if self.language == TSPL else read_zpl(label))
            else:
                return data

    def _status(self) -> bytes:
        paper, waiting = not self.has_paper, len(self.memory)
        if self.language == TSPL:
            return bytes([0x04 * paper | 0x20 * (waiting > 0)])
        first = f"030,{paper:d},0,1245,{waiting:03d},0,0,0,000,0,0,0"
        second = "000,0,0,0,0,2,4,0,00000000,1,000"
        return b"".join(b"\x02" + part.encode() + b"\x03\r\n" for part in (first, second, "1234,0"))


class _Listener:
    def __init__(self, serve: Callable[[socket.socket], None]) -> None:
        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                self.request.settimeout(20)
                with contextlib.suppress(OSError):
                    serve(self.request)

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]

    def start(self) -> None:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class IppPrinter(Mechanism):
    """A queue that takes PDF: Create-Job and Send-Document, or Print-Job alone (`creates` False)."""

    def __init__(self, faults: Faults | None = None, seconds_a_sheet: float = 0.0, *, creates: bool = True) -> None:
        super().__init__(faults, seconds_a_sheet)
        self.creates = creates
        self.jobs: dict[int, dict[str, Any]] = {}
        self.more: list[wire.Attribute] = []  # what else it tells of itself; one of the names below takes its place
        self.seen: list[wire.Message] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                try:
                    said = outer._answer(wire.read(body))
                except ConnectionError:
                    self.close_connection = True
                    return
                self.send_response(200)
                self.send_header("Content-Type", wire.CONTENT_TYPE)
                self.send_header("Content-Length", str(len(said)))
                self.end_headers()
                with contextlib.suppress(OSError):
                    self.wfile.write(said)

            def log_message(self, *_: object) -> None:
                """Not on the test's screen."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.uri = f"ipp://127.0.0.1:{self._server.server_address[1]}/ipp/print"

    def start(self) -> None:
        super().start()
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        super().stop()

    def _answer(self, asked: wire.Message) -> bytes:
        if not self.is_on:
            raise ConnectionAbortedError
        if self.faults.strikes("late"):
            time.sleep(self.faults.late_seconds)
        with self.lock:
            self.seen.append(asked)
        if asked.code in (wire.CREATE_JOB, wire.PRINT_JOB) and self.faults.strikes("busy"):
            return wire.answer(0x0507, _HEAD)
        does = {
            wire.GET_PRINTER_ATTRIBUTES: self._printer, wire.CREATE_JOB: self._create, wire.PRINT_JOB: self._print_job,
            wire.SEND_DOCUMENT: self._document, wire.GET_JOB_ATTRIBUTES: self._job, wire.GET_JOBS: self._list,
            wire.CANCEL_JOB: self._cancel,
        }  # fmt: skip
        return does[asked.code](asked) if asked.code in does else wire.answer(0x0501, _HEAD)

    def _printer(self, _: wire.Message) -> bytes:
        busy = not self.is_idle
        known = [wire.PRINT_JOB, wire.GET_JOB_ATTRIBUTES, wire.GET_JOBS, wire.CANCEL_JOB, wire.GET_PRINTER_ATTRIBUTES]
        known += [wire.CREATE_JOB, wire.SEND_DOCUMENT] if self.creates else []
        state = 5 if not self.has_paper else 4 if busy else 3
        told = [
            wire.Attribute("printer-state", wire.ENUM, (state,)),
            wire.Attribute("printer-state-reasons", wire.KEYWORD, ("none" if self.has_paper else "media-empty-error",)),
            wire.Attribute("printer-is-accepting-jobs", wire.BOOLEAN, (True,)),
            wire.Attribute("operations-supported", wire.ENUM, tuple(known)),
        ]
        others = {each.name for each in self.more}
        told = [each for each in told if each.name not in others] + self.more
        return wire.answer(0, [*_HEAD, (wire.PRINTER, told)])

    def _create(self, asked: wire.Message) -> bytes:
        with self.lock:
            number = len(self.jobs) + 1
            self.jobs[number] = {"name": asked.value("job-name"), "number": None, "cancelled": False}
        return self._told(number)

    def _document(self, asked: wire.Message) -> bytes:
        number = asked.value("job-id")
        job = self.jobs.get(number)
        if job is None or job["cancelled"]:
            return wire.answer(0x0406, _HEAD)
        job["number"] = -1  # it has come; whether it is printed the memory says
        job["number"] = self.take(Sheet(job["name"], asked.data))
        return self._told(number)

    def _print_job(self, asked: wire.Message) -> bytes:
        with self.lock:
            number = len(self.jobs) + 1
            self.jobs[number] = {"name": asked.value("job-name"), "number": -1, "cancelled": False}
        self.jobs[number]["number"] = self.take(Sheet(asked.value("job-name"), asked.data))
        return self._told(number)

    def _job(self, asked: wire.Message) -> bytes:
        return self._told(asked.value("job-id"))

    def _cancel(self, asked: wire.Message) -> bytes:
        with self.lock:
            job = self.jobs.get(asked.value("job-id"))
            if job is None:
                return wire.answer(0x0406, _HEAD)
            waiting = [each for each in self.memory if each[0] == job["number"]]
            for each in waiting:
                self.memory.remove(each)
            job["cancelled"] = job["number"] is None or bool(waiting)
        return wire.answer(0, _HEAD)

    def _list(self, asked: wire.Message) -> bytes:
        over = asked.value("which-jobs") == "completed"
        groups = [(wire.JOB, self._attributes(number)) for number in list(self.jobs)
                  if (self._state(number) >= 7) == over]  # fmt: skip
        return wire.answer(0, [*_HEAD, *groups])

    def _told(self, number: int) -> bytes:
        if number not in self.jobs:
            return wire.answer(0x0406, _HEAD)
        return wire.answer(0, [*_HEAD, (wire.JOB, self._attributes(number))])

    def _attributes(self, number: int) -> list[wire.Attribute]:
        job = self.jobs[number]
        return [
            wire.Attribute("job-id", wire.INTEGER, (number,)),
            wire.Attribute("job-name", wire.NAME, (job["name"],)),
            wire.Attribute("job-state", wire.ENUM, (self._state(number),)),
            wire.Attribute("number-of-documents", wire.INTEGER, (0 if job["number"] is None else 1,)),
        ]

    def _state(self, number: int) -> int:
        job = self.jobs[number]
        if job["cancelled"]:
            return 7
        if job["number"] in self.done:
            return 9
        if job["number"] in self.dropped or job["number"] == -1:
            return 8
        return 4 if job["number"] is None or (self.memory and self.memory[0][0] != job["number"]) else 5


_HEAD: list[tuple[int, list[wire.Attribute]]] = [
    (wire.OPERATION, [wire.Attribute("attributes-charset", wire.CHARSET, ("utf-8",)),
                      wire.Attribute("attributes-natural-language", wire.LANGUAGE, ("en",))])
]  # fmt: skip

_ZPL = re.compile(
    rb"\^XA\^FX (?P<name>[^^]*)\^FS\^PW(?P<width>\d+)\^LL(?P<height>\d+)\^LH0,0\^FO0,0"
    rb"\^GFA,(?P<sent>\d+),(?P<total>\d+),(?P<row>\d+),(?P<dots>[^^]*)\^FS\^XZ"
)


def read_zpl(label: bytes) -> Sheet:
    """A format as a printer understands it (ZPL II Programming Guide, `^GF`), compression undone digit by digit."""
    found = _ZPL.search(label)
    assert found is not None, label[:120]
    row, total = int(found["row"]), int(found["total"])
    digits = 2 * row
    lines: list[str] = []
    line, times = "", 0
    for letter in found["dots"].decode():
        if letter in ",!":
            line += ("0" if letter == "," else "F") * (digits - len(line))
        elif letter == ":":
            line = lines[-1]
        elif letter in "GHIJKLMNOPQRSTUVWXY":
            times += ord(letter) - ord("F")
            continue
        elif letter in "ghijklmnopqrstuvwxyz":
            times += 20 * (ord(letter) - ord("f"))
            continue
        else:
            line += letter * (times or 1)
            times = 0
        if len(line) == digits:
            lines.append(line)
            line = ""
    bits = bytes.fromhex("".join(lines))
    assert (line, len(bits)) == ("", total)
    return Sheet(found["name"].decode(), _image(int(found["width"]), row, bits))


_TSPL = re.compile(
    rb"REM (?P<name>[^\r]*)\r\nSIZE [^\r]*\r\nCLS\r\nBITMAP 0,0,(?P<row>\d+),(?P<height>\d+),0,", re.DOTALL
)


def read_tspl(label: bytes) -> Sheet:
    found = _TSPL.search(label)
    assert found is not None, label[:120]
    row, height = int(found["row"]), int(found["height"])
    bits = bytes(255 - value for value in label[found.end() : found.end() + row * height])
    return Sheet(found["name"].decode(), _image(row * 8, row, bits))


def _image(width: int, row: int, bits: bytes) -> Image.Image:
    """Black on white."""
    height = len(bits) // row
    inverted = bytes(255 - value for value in bits)
    return Image.frombytes("1", (row * 8, height), inverted).crop((0, 0, width, height))


@contextlib.contextmanager
def running(*printers: Mechanism) -> Iterator[None]:
    for printer in printers:
        printer.start()
    try:
        yield
    finally:
        for printer in printers:
            printer.stop()


def same(one: Image.Image, other: Image.Image) -> bool:
    return zlib.crc32(one.tobytes()) == zlib.crc32(other.tobytes()) and one.size == other.size
