"""The Windows spooler (`uri` is the queue's name): dots in a label printer's own language, sent as they are, or (language
`pdf`) pages drawn by the printer's driver, for office printers and for label printers that speak neither ZPL nor TSPL.

Tried against a spooler of the tests' own, at the border of ctypes; not yet run on Windows by us. A job's name is ours and
is noted with its number before a byte of it is written.
"""

from __future__ import annotations

import sys
from typing import Any

from . import raster, windows
from .backend import Came, Look, Noting, Result, Stage, Target, Unreached
from .windows import Drawing, LastError, Spooler, WindowsFault

# PRINTER_STATUS_* of winspool.h: what keeps a queue from printing, and what only says that it does.
_STOPPED = {0x1: "paused", 0x2: "error", 0x8: "jam", 0x10: "paper_out", 0x40: "paper_out", 0x80: "offline",
            0x1000: "offline", 0x40000: "ribbon_out", 0x100000: "error", 0x400000: "door_open"}  # fmt: skip
_BUSY = 0x200 | 0x400 | 0x4000
# JOB_STATUS_*. One in error is not over: Windows prints it when the trouble has gone.
_OVER, _DONE, _SPOOLING = 0x4 | 0x100, 0x80 | 0x1000, 0x8
PDF = "pdf"


class Winspool:
    """`spooler`, `gdi` and `error` are the system's own, unless a test gives others."""

    def __init__(self, target: Target, spooler: Any = None, gdi: Any = None, error: LastError | None = None) -> None:
        if sys.platform != "win32" and spooler is None:
            raise ValueError("the Windows spooler is on Windows only")
        self._target = target
        error = error or windows.last_error
        self._spooler = Spooler(spooler or windows.load("winspool.drv"), error)
        self._drawing = Drawing(gdi or windows.load("gdi32.dll"), error) if target.language == PDF else None

    def look(self) -> Look:
        try:
            with self._spooler.opened(self._target.uri) as handle:
                attributes, status = self._spooler.told(handle)
            wrong = self._wrong_paper()
        except WindowsFault as fault:
            return Look("unreached", str(fault))
        reasons = [name for bit, name in _STOPPED.items() if status & bit]
        # A printer that is unplugged is put offline by Windows, without a status.
        reasons += ["offline"] * bool(attributes & windows.OFFLINE) + ["other_labels"] * wrong
        if reasons:
            return Look("stopped", ",".join(dict.fromkeys(reasons)))
        return Look("busy" if status & _BUSY else "ready")

    def _wrong_paper(self) -> bool:
        """Whether the driver is set to another paper than the label's: it would cut it off, or turn it."""
        if self._drawing is None:
            return False
        with self._drawing.on(self._target.uri) as surface:
            dots = self._drawing.caps(surface, windows.PAPER_X, windows.PAPER_Y)
            an_inch = self._drawing.caps(surface, windows.DPI_X, windows.DPI_Y)
        paper = [side / each * raster.MM_PER_INCH for side, each in zip(dots, an_inch, strict=True)]
        wanted = (self._target.width_mm, self._target.height_mm)
        return any(abs(one - other) > raster.SIZE_TOLERANCE_MM for one, other in zip(paper, wanted, strict=True))

    def prepare(self, pdf: bytes) -> bytes | list[raster.Dots]:
        """Bytes for the queue, or dots at the driver's resolution."""
        raster.check_pages(pdf, self._target.width_mm, self._target.height_mm)
        return pdf if self._drawing is not None else raster.pages_as_dots(pdf, self._target.dpi)

    def send(self, name: str, prepared: bytes | list[raster.Dots], note_spool: Noting) -> Result:
        if isinstance(prepared, bytes):
            return self._draw(name, prepared, note_spool)
        number = None
        try:
            with self._spooler.opened(self._target.uri) as handle:
                number = self._spooler.begin(handle, name)
                note_spool(str(number))
                self._spooler.write(handle, self._written(prepared, name))
        except WindowsFault as fault:
            return _broken_off(number, fault)
        return Result(Came.SENT, spool_id=str(number))

    def _written(self, pages: list[raster.Dots], name: str) -> bytes:
        if self._target.language == "tspl":
            return raster.as_tspl(pages, name, self._target.width_mm, self._target.height_mm)
        return raster.as_zpl(pages, name)

    def _draw(self, name: str, pdf: bytes, note_spool: Noting) -> Result:
        drawing, number = self._drawing, None
        if drawing is None:
            return Result(Came.UNSENT, "no_pdf")
        try:
            with drawing.on(self._target.uri) as surface:
                across, down = drawing.caps(surface, windows.DPI_X, windows.DPI_Y)
                if across != down:
                    return Result(Came.UNSENT, "uneven_dots")
                pages = raster.pages_as_dots(pdf, across)
                number = drawing.begin(surface, name)
                note_spool(str(number))
                try:
                    for page in pages:
                        drawing.page(surface, page.width, page.height, _whole_words(page))
                    drawing.finish(surface)
                except WindowsFault:
                    drawing.AbortDoc(surface)
                    raise
        except WindowsFault as fault:
            return _broken_off(number, fault)
        return Result(Came.SENT, spool_id=str(number))

    def look_up(self, name: str, spool_id: str | None) -> Result:
        if spool_id is None:
            return Result(Came.UNSENT, "broken off before the document")  # it is noted before anything is written
        job = self._job(name, spool_id)
        if job is None or job.status & _OVER:
            # A job leaves the list when it is done: that it is not there says nothing.
            return Result(Came.LOST, "not in the queue", spool_id)
        if job.status & _SPOOLING:
            self.give_up(name, spool_id)
            return Result(Came.LOST, "broken off in the document", spool_id)
        return Result(Came.SENT, spool_id=spool_id)

    def stage(self, name: str, spool_id: str) -> Stage | None:
        job = self._job(name, spool_id)
        if job is None:
            return None
        if job.status & _OVER:
            return Stage.FAILED
        return Stage.COMPLETED if job.status & _DONE else Stage.WAITING

    def give_up(self, name: str, spool_id: str) -> None:
        try:
            if self._job(name, spool_id) is not None:
                with self._spooler.opened(self._target.uri) as handle:
                    self._spooler.delete(handle, int(spool_id))
        except WindowsFault as fault:
            raise Unreached(str(fault)) from fault

    def _job(self, name: str, spool_id: str) -> windows.Job | None:
        try:
            with self._spooler.opened(self._target.uri) as handle:
                jobs = self._spooler.jobs(handle)
        except WindowsFault as fault:
            raise Unreached(str(fault)) from fault
        return next((job for job in jobs if (job.id, job.document) == (int(spool_id), name)), None)


def _broken_off(number: int | None, fault: WindowsFault) -> Result:
    """Without a job there is nothing; with one, some of it may be on paper."""
    return Result(Came.UNSENT, str(fault)) if number is None else Result(Came.LOST, str(fault), str(number))


def _whole_words(page: raster.Dots) -> bytes:
    """Rows of whole four bytes, as Windows wants them."""
    more = -page.row_bytes % 4
    rows = (page.bits[start : start + page.row_bytes] for start in range(0, len(page.bits), page.row_bytes))
    return b"".join(row + b"\0" * more for row in rows)
