"""The Windows spooler: dots in the printer's own language, sent raw to a local queue (`uri` is the queue's name).

Written against the documented interface (winspool.drv: OpenPrinter, StartDocPrinter, WritePrinter, EndDocPrinter,
EnumJobs); it has not been run on Windows by us yet. Meant for label printers on USB; an office printer wants IPP.
"""

from __future__ import annotations

import ctypes
import sys
from ctypes import wintypes
from typing import Any

from . import raster
from .backend import Came, Look, Noting, Result, Stage, Target, Unreached

# PRINTER_STATUS_* and JOB_STATUS_* of winspool.h
_STOPPED = {0x1: "paused", 0x8: "jam", 0x10: "paper_out", 0x80: "offline", 0x400000: "door_open", 0x2: "error"}
_JOB_FAILED, _JOB_DONE = 0x2 | 0x4 | 0x100, 0x80 | 0x1000  # error, deleting, deleted; printed, complete


class _DocInfo(ctypes.Structure):
    _fields_ = (("name", wintypes.LPWSTR), ("output", wintypes.LPWSTR), ("datatype", wintypes.LPWSTR))


class _SystemTime(ctypes.Structure):
    _fields_ = tuple((name, wintypes.WORD) for name in ("y", "mo", "wd", "d", "h", "mi", "s", "ms"))


class _JobInfo(ctypes.Structure):
    """JOB_INFO_1W."""

    _fields_ = (
        ("id", wintypes.DWORD), ("printer", wintypes.LPWSTR), ("machine", wintypes.LPWSTR), ("user", wintypes.LPWSTR),
        ("document", wintypes.LPWSTR), ("datatype", wintypes.LPWSTR), ("words", wintypes.LPWSTR),
        ("status", wintypes.DWORD), ("priority", wintypes.DWORD), ("position", wintypes.DWORD),
        ("pages", wintypes.DWORD), ("printed", wintypes.DWORD), ("submitted", _SystemTime),
    )  # fmt: skip


class Winspool:
    def __init__(self, target: Target) -> None:
        if sys.platform != "win32":
            raise ValueError("the Windows spooler is on Windows only")
        self._target = target
        self._spooler = ctypes.WinDLL("winspool.drv", use_last_error=True)

    def look(self) -> Look:
        try:
            handle = self._open()
        except OSError as fault:
            return Look("unreached", f"windows_{fault.winerror}")
        try:
            status = self._printer_status(handle)
        finally:
            self._spooler.ClosePrinter(handle)
        reasons = ",".join(name for bit, name in _STOPPED.items() if status & bit)
        return Look("stopped", reasons) if reasons else Look("ready")

    def prepare(self, pdf: bytes) -> list[raster.Dots]:
        raster.check_pages(pdf, self._target.width_mm, self._target.height_mm)
        return raster.pages_as_dots(pdf, self._target.dpi)

    def send(self, name: str, prepared: list[raster.Dots], note_spool: Noting) -> Result:
        tspl = self._target.language == "tspl"
        data = (
            raster.as_tspl(prepared, name, self._target.width_mm, self._target.height_mm)
            if tspl
            else raster.as_zpl(prepared, name)
        )
        try:
            handle = self._open()
        except OSError as fault:
            return Result(Came.UNSENT, f"windows_{fault.winerror}")
        try:
            return self._write(handle, name, data, note_spool)
        finally:
            self._spooler.ClosePrinter(handle)

    def _write(self, handle: Any, name: str, data: bytes, note_spool: Noting) -> Result:
        about = _DocInfo(name, None, "RAW")
        job_id = self._spooler.StartDocPrinterW(handle, 1, ctypes.byref(about))
        if not job_id:
            return Result(Came.UNSENT, f"windows_{ctypes.get_last_error()}")
        note_spool(str(job_id))
        written = wintypes.DWORD(0)
        done = self._spooler.StartPagePrinter(handle) and self._spooler.WritePrinter(
            handle, data, len(data), ctypes.byref(written)
        )
        if not done or written.value != len(data):
            fault = ctypes.get_last_error()
            self._spooler.AbortPrinter(handle)
            return Result(Came.LOST, f"windows_{fault}", str(job_id))
        if not (self._spooler.EndPagePrinter(handle) and self._spooler.EndDocPrinter(handle)):
            return Result(Came.LOST, f"windows_{ctypes.get_last_error()}", str(job_id))
        return Result(Came.SENT, spool_id=str(job_id))

    def look_up(self, name: str, spool_id: str | None) -> Result:
        job = self._job(lambda each: each.document == name)
        if job is not None and not job.status & _JOB_FAILED:
            return Result(Came.SENT, spool_id=str(job.id))
        # A job leaves the list when it is done: that it is not there says nothing.
        return Result(Came.LOST, "not in the queue", spool_id)

    def stage(self, name: str, spool_id: str) -> Stage | None:
        job = self._job(lambda each: each.id == int(spool_id) and each.document == name)
        if job is None:
            return None
        if job.status & _JOB_FAILED:
            return Stage.FAILED
        return Stage.COMPLETED if job.status & _JOB_DONE else Stage.WAITING

    def give_up(self, name: str, spool_id: str) -> None:
        if self._job(lambda each: each.id == int(spool_id) and each.document == name) is None:
            return
        handle = self._opened()
        try:
            self._spooler.SetJobW(handle, int(spool_id), 0, None, 5)  # JOB_CONTROL_DELETE
        finally:
            self._spooler.ClosePrinter(handle)

    def _job(self, wanted: Any) -> Any:
        handle = self._opened()
        try:
            needed, count = wintypes.DWORD(0), wintypes.DWORD(0)
            self._spooler.EnumJobsW(handle, 0, 1000, 1, None, 0, ctypes.byref(needed), ctypes.byref(count))
            buffer = ctypes.create_string_buffer(max(1, needed.value))
            if not self._spooler.EnumJobsW(
                handle, 0, 1000, 1, buffer, needed, ctypes.byref(needed), ctypes.byref(count)
            ):
                raise Unreached(f"windows_{ctypes.get_last_error()}")
            jobs = ctypes.cast(buffer, ctypes.POINTER(_JobInfo))
            return next((jobs[place] for place in range(count.value) if wanted(jobs[place])), None)
        finally:
            self._spooler.ClosePrinter(handle)

    def _printer_status(self, handle: Any) -> int:
        """PRINTER_INFO_6 is the status alone."""
        needed, status = wintypes.DWORD(0), wintypes.DWORD(0)
        self._spooler.GetPrinterW(handle, 6, ctypes.byref(status), ctypes.sizeof(status), ctypes.byref(needed))
        return int(status.value)

    def _opened(self) -> Any:
        try:
            return self._open()
        except OSError as fault:
            raise Unreached(f"windows_{fault.winerror}") from fault

    def _open(self) -> Any:
        handle = wintypes.HANDLE()
        if not self._spooler.OpenPrinterW(self._target.uri, ctypes.byref(handle), None):
            raise ctypes.WinError(ctypes.get_last_error())
        return handle
