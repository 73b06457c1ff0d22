"""Printers and queues that take PDF over IPP (CUPS, and label printers with IPP Everywhere).

A job is made first (Create-Job) and its name noted; then the document follows (Send-Document). Broken off before the
document, nothing can be printed; after it, the printer is asked what became of the job with that name.
"""

from __future__ import annotations

import http.client
import re
import ssl
from typing import Any
from urllib.parse import urlsplit

from . import ipp_wire as wire
from . import raster
from .backend import Came, Look, Noting, Result, Stage, Target, Unreached

TIMEOUT_SECONDS = 10.0
SEND_SECONDS = 60.0
DEFAULT_PORT = 631
BUSY, NOT_FOUND = 0x0507, 0x0406
_STATES = {3: "ready", 4: "busy", 5: "stopped"}
_WAITING, _COMPLETED, _FAILED = (3, 4, 5, 6), (9,), (7, 8)  # of job-state
_JOB_ATTRIBUTES = ("job-id", "job-name", "job-state", "job-state-reasons", "number-of-documents")


class NoAnswer(Exception):
    """The printer did not answer; whether it was reached at all, `sent` says."""

    def __init__(self, words: str, *, sent: bool) -> None:
        super().__init__(words)
        self.sent = sent


class Ipp:
    def __init__(self, target: Target) -> None:
        self._target = target
        self._parts = urlsplit(target.uri)
        self._uri = target.uri
        self._creates: bool | None = None  # whether Create-Job is known there
        self._how: tuple[wire.Attribute, ...] = ()

    def look(self) -> Look:
        wanted = wire.Attribute(
            "requested-attributes", wire.KEYWORD,
            ("printer-state", "printer-state-reasons", "printer-is-accepting-jobs", "operations-supported",
             "media-supported", "media-ready", "sides-supported", "print-scaling-supported", "document-format-supported",
             "cups-version"),
        )  # fmt: skip
        try:
            found = self._ask(wire.ask(wire.GET_PRINTER_ATTRIBUTES, self._uri, wanted))
        except NoAnswer as fault:
            return Look("unreached", str(fault))
        if found.code > 0xFF:
            return Look("stopped", f"ipp_{found.code:04x}")
        self._creates = wire.CREATE_JOB in found.values("operations-supported")
        self._how = _how(found, (self._target.width_mm, self._target.height_mm))
        return _look(found, (self._target.width_mm, self._target.height_mm))

    def prepare(self, pdf: bytes) -> bytes:
        raster.check_pages(pdf, self._target.width_mm, self._target.height_mm)
        return pdf

    def send(self, name: str, prepared: bytes, note_spool: Noting) -> Result:
        if self._creates is None and self.look().state == "unreached":
            return Result(Came.UNSENT, "unreached")
        return self._in_two(name, prepared, note_spool) if self._creates else self._in_one(name, prepared)

    def _in_two(self, name: str, pdf: bytes, note_spool: Noting) -> Result:
        """Create-Job, then Send-Document: only the second can print."""
        try:
            made = self._ask(wire.ask(wire.CREATE_JOB, self._uri, *_named(name), job=self._how))
        except NoAnswer as fault:
            return Result(Came.UNSENT, str(fault))
        job_id = made.value("job-id")
        if made.code > 0xFF or job_id is None:
            return Result(Came.UNSENT, _why(made))
        note_spool(str(job_id))
        more = (wire.Attribute("job-id", wire.INTEGER, (job_id,)), *_named(name)[:1], _format(),
                wire.Attribute("last-document", wire.BOOLEAN, (True,)))  # fmt: skip
        try:
            taken = self._ask(wire.ask(wire.SEND_DOCUMENT, self._uri, *more, data=pdf), SEND_SECONDS)
        except NoAnswer as fault:
            if not fault.sent:
                self._withdraw(str(job_id))
                return Result(Came.UNSENT, str(fault))
            return Result(Came.LOST, str(fault), str(job_id))
        if taken.code > 0xFF:
            self._withdraw(str(job_id))
            return Result(Came.UNSENT, _why(taken))
        return Result(Came.SENT, spool_id=str(job_id))

    def _in_one(self, name: str, pdf: bytes) -> Result:
        try:
            made = self._ask(
                wire.ask(wire.PRINT_JOB, self._uri, *_named(name), _format(), job=self._how, data=pdf), SEND_SECONDS
            )
        except NoAnswer as fault:
            return Result(Came.LOST if fault.sent else Came.UNSENT, str(fault))
        if made.code > 0xFF:
            return Result(Came.UNSENT, _why(made))
        return Result(Came.SENT, spool_id=str(made.value("job-id")))

    def look_up(self, name: str, spool_id: str | None) -> Result:
        if spool_id is None and self._creates is None and self.look().state == "unreached":
            raise Unreached(self._uri)
        if spool_id is None and self._creates:
            return Result(Came.UNSENT, "broken off before the document")
        job = self._job(name, spool_id) if spool_id is not None else self._job_named(name)
        if job is None:
            return Result(Came.LOST, "the printer does not know it any more")
        found = str(job["job-id"][0])
        if job.get("number-of-documents", [None])[0] == 0:
            self._withdraw(found)
            return Result(Came.UNSENT, "no document")
        if "job-incoming" in job.get("job-state-reasons", []):
            self._withdraw(found)
            return Result(Came.LOST, "broken off in the document", found)
        if job["job-state"][0] in _FAILED:
            return Result(Came.LOST, "given up by the printer", found)
        return Result(Came.SENT, spool_id=found)

    def stage(self, name: str, spool_id: str) -> Stage:
        job = self._job(name, spool_id)
        if job is None or job["job-state"][0] in _FAILED:
            return Stage.FAILED
        return Stage.COMPLETED if job["job-state"][0] in _COMPLETED else Stage.WAITING

    def give_up(self, name: str, spool_id: str) -> None:
        if self._job(name, spool_id) is not None and not self._withdraw(spool_id):
            raise Unreached(self._uri)

    def _withdraw(self, spool_id: str) -> bool:
        try:
            self._ask(wire.ask(wire.CANCEL_JOB, self._uri, wire.Attribute("job-id", wire.INTEGER, (int(spool_id),))))
        except NoAnswer:
            return False
        return True

    def _job(self, name: str, spool_id: str) -> dict[str, list[Any]] | None:
        """Our job of that number; None when the printer has none, or has given the number to another."""
        wanted = wire.Attribute("requested-attributes", wire.KEYWORD, _JOB_ATTRIBUTES)
        number = wire.Attribute("job-id", wire.INTEGER, (int(spool_id),))
        found = self._asked(wire.ask(wire.GET_JOB_ATTRIBUTES, self._uri, number, wanted))
        if found.code == NOT_FOUND:
            return None
        jobs = (each for each in found.of_tag(wire.JOB) if "job-state" in each and "job-id" in each)
        # Some printers cut long names off.
        return next((each for each in jobs if name.startswith(str(each.get("job-name", [name])[0]))), None)

    def _job_named(self, name: str) -> dict[str, list[Any]] | None:
        """The job with our name, among those that wait and those that are over."""
        wanted = wire.Attribute("requested-attributes", wire.KEYWORD, _JOB_ATTRIBUTES)
        for which in ("not-completed", "completed"):
            kind = wire.Attribute("which-jobs", wire.KEYWORD, (which,))
            for job in self._asked(wire.ask(wire.GET_JOBS, self._uri, kind, wanted)).of_tag(wire.JOB):
                if job.get("job-name") == [name] and "job-state" in job and "job-id" in job:
                    return job
        return None

    def _asked(self, body: bytes) -> wire.Message:
        try:
            return self._ask(body)
        except NoAnswer as fault:
            raise Unreached(str(fault)) from fault

    def _ask(self, body: bytes, seconds: float = TIMEOUT_SECONDS) -> wire.Message:
        """One request, one answer, one connection."""
        host, port = self._parts.hostname or "", self._parts.port or DEFAULT_PORT
        if self._parts.scheme == "ipps":
            # Printers sign their own certificates; the label is protected on the wire, the printer is not proved.
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            line: http.client.HTTPConnection = http.client.HTTPSConnection(host, port, timeout=seconds, context=context)
        else:
            line = http.client.HTTPConnection(host, port, timeout=seconds)
        sent = False
        try:
            line.connect()
            sent = True
            line.request("POST", self._parts.path or "/", body, {"Content-Type": wire.CONTENT_TYPE})
            answer = line.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException) as fault:
            raise NoAnswer("timeout" if isinstance(fault, TimeoutError) else type(fault).__name__, sent=sent) from fault
        finally:
            line.close()
        if answer.status != http.client.OK:
            raise NoAnswer(f"http_{answer.status}", sent=answer.status >= 500)
        try:
            return wire.read(content)
        except wire.WrongIpp as fault:
            raise NoAnswer("no_ipp", sent=True) from fault


# What keeps a printer from printing whatever weight it gives to it, and what does when it gives none (RFC 8011, 5.4.12).
_ALWAYS = {"media-needed", "offline"}
_WITHOUT_WEIGHT = {"media-empty", "media-jam", "paused", "cover-open", "door-open", "interlock-open", "input-tray-missing",
                   "marker-supply-empty", "shutdown"}  # fmt: skip
_WEIGHTS = ("error", "warning", "report")
_MOST_REASONS = 5


def _look(printer: wire.Message, size_mm: tuple[float, float]) -> Look:
    """State and reasons as the printer tells them; *stopped* also where it would take a label and not print it well."""
    state = _STATES.get(printer.value("printer-state"), "stopped")
    reasons: dict[str, bool] = {}  # whether each stops it
    for told in printer.values("printer-state-reasons"):
        name, _, weight = told.rpartition("-")
        name, weight = (name, weight) if weight in _WEIGHTS else (told, "")
        if name != "none":
            stops = name in _ALWAYS or weight == "error" or (not weight and name in _WITHOUT_WEIGHT)
            reasons[name] = reasons.get(name, False) or stops
    formats, ready = printer.values("document-format-supported"), printer.values("media-ready")
    # A CUPS queue tells what is set there, not what the printer behind it has.
    if printer.value("cups-version") is None:
        if "media-empty" in reasons and len(ready) <= 1:  # by a warning, another tray would help
            reasons["media-empty"] = True
        if ready and all(_SIZE.search(each) for each in ready) and _medium(ready, size_mm) is None:
            reasons["other_labels"] = True
    if formats and "application/pdf" not in formats:
        reasons["no_pdf"] = True
    if printer.value("printer-is-accepting-jobs") is False:
        reasons["not_accepting"] = True
    said = ",".join(sorted(reasons, key=lambda each: not reasons[each])[:_MOST_REASONS])
    return Look("stopped" if any(reasons.values()) else state, said)


def _how(printer: wire.Message, size_mm: tuple[float, float]) -> tuple[wire.Attribute, ...]:
    """True size, one side, on the loaded medium: no driver may scale or turn it. What the printer does not know is left
    out: it would refuse the job for it.
    """
    wanted = [("media", _medium(printer.values("media-supported"), size_mm)), ("sides", "one-sided"),
              ("print-scaling", "none")]  # fmt: skip
    return tuple(
        wire.Attribute(name, wire.KEYWORD, (value,))
        for name, value in wanted
        if value and (name == "media" or value in printer.values(f"{name}-supported"))
    )


_SIZE = re.compile(r"_(?P<width>[0-9.]+)x(?P<height>[0-9.]+)(?P<unit>mm|in)$")  # PWG 5101.1: self-describing names
_MM = {"mm": 1.0, "in": 25.4}


def _medium(known: list[str], size_mm: tuple[float, float]) -> str | None:
    """The printer's name of the medium, a custom one where it takes any size, None where it goes by what is loaded."""
    for name in known:
        found = _SIZE.search(name)
        if found is None or name.startswith(("custom_min", "custom_max")):
            continue
        sides = (float(found[side]) * _MM[found["unit"]] for side in ("width", "height"))
        if all(abs(one - other) <= raster.SIZE_TOLERANCE_MM for one, other in zip(sides, size_mm, strict=True)):
            return name
    size = f"{size_mm[0]:g}x{size_mm[1]:g}mm"
    return f"custom_{size}_{size}" if any(name.startswith("custom_max") for name in known) else None


def _named(name: str) -> tuple[wire.Attribute, ...]:
    return (
        wire.Attribute("requesting-user-name", wire.NAME, ("wms-print-agent",)),
        wire.Attribute("job-name", wire.NAME, (name,)),
    )


def _format() -> wire.Attribute:
    return wire.Attribute("document-format", wire.MIME, ("application/pdf",))


def _why(found: wire.Message) -> str:
    return "busy" if found.code == BUSY else f"ipp_{found.code:04x}"
