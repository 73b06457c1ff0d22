"""The functions of Windows that printing needs, with what they take and give: winspool.drv and gdi32.dll.

Declared by Microsoft's documentation (winspool.h, wingdi.h; the W functions). A library is anything that has functions of
these names: on Windows the system's own, in the tests one that counts sheets.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ctypes import wintypes
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

DWORD, HANDLE, LPWSTR, INT = wintypes.DWORD, wintypes.HANDLE, wintypes.LPWSTR, ctypes.c_int
OFFLINE = 0x400  # PRINTER_ATTRIBUTE_WORK_OFFLINE
DELETE = 5  # JOB_CONTROL_DELETE
MOST_JOBS = 1000
# GetDeviceCaps: dots an inch, the paper in dots, and how far from its edge the printer begins.
DPI_X, DPI_Y, PAPER_X, PAPER_Y, EDGE_X, EDGE_Y = 88, 90, 110, 111, 112, 113
_COPY = 0x00CC0020  # SRCCOPY
_DRAWN_NOTHING = (0, -1)  # StretchDIBits: no line, GDI_ERROR; lines of a picture that is mirrored count below zero
_XPS = 0x2  # PRINTER_DRIVER_XPS


class WindowsFault(Exception):
    """A function said no; `number` is what GetLastError gave."""

    def __init__(self, number: int) -> None:
        super().__init__(f"windows_{number}")
        self.number = number


class SystemTime(ctypes.Structure):
    _fields_ = tuple((name, wintypes.WORD) for name in ("y", "mo", "wd", "d", "h", "mi", "s", "ms"))


class JobInfo(ctypes.Structure):
    """JOB_INFO_1W."""

    _fields_ = (
        ("id", DWORD), ("printer", LPWSTR), ("machine", LPWSTR), ("user", LPWSTR), ("document", LPWSTR),
        ("datatype", LPWSTR), ("words", LPWSTR), ("status", DWORD), ("priority", DWORD), ("position", DWORD),
        ("pages", DWORD), ("printed", DWORD), ("submitted", SystemTime),
    )  # fmt: skip


class PrinterInfo(ctypes.Structure):
    """PRINTER_INFO_2W."""

    _fields_ = (
        *((name, LPWSTR) for name in ("server", "name", "share", "port", "driver", "comment", "location")),
        ("mode", ctypes.c_void_p),
        *((name, LPWSTR) for name in ("separator", "processor", "datatype", "parameters")),
        ("security", ctypes.c_void_p),
        *((name, DWORD) for name in ("attributes", "priority", "usual", "start", "until", "status", "jobs", "speed")),
    )


class DriverInfo(ctypes.Structure):
    """DRIVER_INFO_8W."""

    _fields_ = (
        ("version", DWORD),
        *((name, LPWSTR) for name in ("name", "environment", "path", "data", "config", "help", "needs", "monitor")),
        *((name, LPWSTR) for name in ("datatype", "before")),
        ("date", DWORD * 2), ("number", ctypes.c_ulonglong),
        *((name, LPWSTR) for name in ("maker", "url", "hardware", "provider", "processor", "setup", "colours", "inf")),
        ("attributes", DWORD), ("core", LPWSTR), ("oldest_date", DWORD * 2), ("oldest", ctypes.c_ulonglong),
    )  # fmt: skip


class SpoolDocument(ctypes.Structure):
    """DOC_INFO_1W."""

    _fields_ = (("name", LPWSTR), ("output", LPWSTR), ("datatype", LPWSTR))


class DrawnDocument(ctypes.Structure):
    """DOCINFOW of wingdi.h."""

    _fields_ = (("size", INT), ("name", LPWSTR), ("output", LPWSTR), ("datatype", LPWSTR), ("type", DWORD))


class BitmapInfo(ctypes.Structure):
    """BITMAPINFOHEADER with a table of two colours."""

    _fields_ = (
        ("size", DWORD), ("width", wintypes.LONG), ("height", wintypes.LONG), ("planes", wintypes.WORD),
        ("depth", wintypes.WORD), ("compression", DWORD), ("bytes", DWORD), ("x", wintypes.LONG), ("y", wintypes.LONG),
        ("colours", DWORD), ("important", DWORD), ("white", DWORD), ("black", DWORD),
    )  # fmt: skip


_SPOOLER = {
    "OpenPrinterW": (INT, (LPWSTR, ctypes.POINTER(HANDLE), ctypes.c_void_p)),
    "ClosePrinter": (INT, (HANDLE,)),
    "GetPrinterW": (INT, (HANDLE, DWORD, ctypes.c_void_p, DWORD, ctypes.POINTER(DWORD))),
    "GetPrinterDriverW": (INT, (HANDLE, LPWSTR, DWORD, ctypes.c_void_p, DWORD, ctypes.POINTER(DWORD))),
    "EnumJobsW": (INT, (HANDLE, DWORD, DWORD, DWORD, ctypes.c_void_p, DWORD, ctypes.POINTER(DWORD), ctypes.POINTER(DWORD))),
    "SetJobW": (INT, (HANDLE, DWORD, DWORD, ctypes.c_void_p, DWORD)),
    "StartDocPrinterW": (DWORD, (HANDLE, DWORD, ctypes.POINTER(SpoolDocument))),
    "StartPagePrinter": (INT, (HANDLE,)),
    "WritePrinter": (INT, (HANDLE, ctypes.c_char_p, DWORD, ctypes.POINTER(DWORD))),
    "EndPagePrinter": (INT, (HANDLE,)),
    "EndDocPrinter": (INT, (HANDLE,)),
    "AbortPrinter": (INT, (HANDLE,)),
}  # fmt: skip
_GDI = {
    "CreateDCW": (HANDLE, (LPWSTR, LPWSTR, LPWSTR, ctypes.c_void_p)),
    "DeleteDC": (INT, (HANDLE,)),
    "GetDeviceCaps": (INT, (HANDLE, INT)),
    "StartDocW": (INT, (HANDLE, ctypes.POINTER(DrawnDocument))),
    "StartPage": (INT, (HANDLE,)),
    "StretchDIBits": (INT, (HANDLE, *(INT,) * 8, ctypes.c_char_p, ctypes.POINTER(BitmapInfo), wintypes.UINT, DWORD)),
    "EndPage": (INT, (HANDLE,)),
    "EndDoc": (INT, (HANDLE,)),
    "AbortDoc": (INT, (HANDLE,)),
}
LastError = Callable[[], int]


def load(name: str) -> Any:
    """A library of the system; only there on Windows."""
    return ctypes.WinDLL(name, use_last_error=True)  # type: ignore[attr-defined]


def last_error() -> int:
    return int(ctypes.get_last_error())  # type: ignore[attr-defined]


class _Functions:
    """What a library has, declared, so that a handle is not cut to 32 bits and a text is a text."""

    def __init__(self, library: Any, declared: dict[str, Any], error: LastError) -> None:
        self._error = error
        for name, (gives, takes) in declared.items():
            function = getattr(library, name)
            function.restype, function.argtypes = gives, takes
            setattr(self, name, function)

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...

    def sure(self, answer: Any) -> Any:
        """The answer, unless it is the one that means no."""
        if not answer:
            raise WindowsFault(self._error())
        return answer


@dataclass(frozen=True)
class Job:
    """One job of a queue: JOB_STATUS_* in `status`."""

    id: int
    document: str
    status: int


class Spooler(_Functions):
    """Queues: how they are, what is in them, and bytes that go through them as they are."""

    def __init__(self, library: Any, error: LastError) -> None:
        super().__init__(library, _SPOOLER, error)

    @contextmanager
    def opened(self, queue: str) -> Iterator[Any]:
        """A queue's handle. Raises WindowsFault for one that is not there."""
        handle = HANDLE()
        self.sure(self.OpenPrinterW(queue, ctypes.byref(handle), None))
        try:
            yield handle
        finally:
            self.ClosePrinter(handle)

    def told(self, handle: Any) -> tuple[int, int]:
        """PRINTER_ATTRIBUTE_* and PRINTER_STATUS_* of a queue."""
        needed = DWORD(0)
        self.GetPrinterW(handle, 2, None, 0, ctypes.byref(needed))
        buffer = ctypes.create_string_buffer(max(needed.value, ctypes.sizeof(PrinterInfo)))
        self.sure(self.GetPrinterW(handle, 2, buffer, len(buffer), ctypes.byref(needed)))
        found = PrinterInfo.from_buffer(buffer)
        return int(found.attributes), int(found.status)

    def jobs(self, handle: Any) -> list[Job]:
        """What is in a queue; what has been printed is not, unless the queue keeps it."""
        needed, count = DWORD(0), DWORD(0)
        last = (ctypes.byref(needed), ctypes.byref(count))
        self.EnumJobsW(handle, 0, MOST_JOBS, 1, None, 0, *last)
        buffer = ctypes.create_string_buffer(max(needed.value, 1))
        self.sure(self.EnumJobsW(handle, 0, MOST_JOBS, 1, buffer, len(buffer), *last))
        rows = ctypes.cast(buffer, ctypes.POINTER(JobInfo))
        return [Job(int(row.id), row.document or "", int(row.status)) for row in rows[: count.value]]

    def delete(self, handle: Any, job_id: int) -> None:
        self.sure(self.SetJobW(handle, job_id, 0, None, DELETE))

    def _untouched(self, handle: Any) -> str:
        """The datatype of bytes that the queue's driver leaves alone. A driver built on XPS (all of version 4) takes *RAW* and
        prints nothing (Microsoft's article 2779300).
        """
        needed = DWORD(0)
        self.GetPrinterDriverW(handle, None, 8, None, 0, ctypes.byref(needed))
        buffer = ctypes.create_string_buffer(max(needed.value, ctypes.sizeof(DriverInfo)))
        self.sure(self.GetPrinterDriverW(handle, None, 8, buffer, len(buffer), ctypes.byref(needed)))
        return "XPS_PASS" if DriverInfo.from_buffer(buffer).attributes & _XPS else "RAW"

    def begin(self, handle: Any, name: str) -> int:
        """A job of this name whose bytes go to the printer as they are; its number. Nothing is printed before something was
        written.
        """
        about = SpoolDocument(name, None, self._untouched(handle))
        return int(self.sure(self.StartDocPrinterW(handle, 1, ctypes.byref(about))))

    def write(self, handle: Any, data: bytes) -> None:
        """All of it, and the end of the job. On a WindowsFault the job has been called off."""
        try:
            self.sure(self.StartPagePrinter(handle))
            taken = DWORD(0)
            self.sure(self.WritePrinter(handle, data, len(data), ctypes.byref(taken)))
            self.sure(taken.value == len(data))
            self.sure(self.EndPagePrinter(handle))
            self.sure(self.EndDocPrinter(handle))
        except WindowsFault:
            self.AbortPrinter(handle)
            raise


class Drawing(_Functions):
    """Pages drawn dot by dot by a printer's driver, at true size."""

    def __init__(self, library: Any, error: LastError) -> None:
        super().__init__(library, _GDI, error)

    @contextmanager
    def on(self, queue: str) -> Iterator[Any]:
        """A surface of the queue's driver with the paper that is set there. Raises WindowsFault."""
        surface = self.sure(self.CreateDCW("WINSPOOL", queue, None, None))
        try:
            yield surface
        finally:
            self.DeleteDC(surface)

    def caps(self, surface: Any, *which: int) -> list[int]:
        return [int(self.GetDeviceCaps(surface, each)) for each in which]

    def begin(self, surface: Any, name: str) -> int:
        """A job of this name; its number."""
        about = DrawnDocument(ctypes.sizeof(DrawnDocument), name, None, None, 0)
        number = int(self.StartDocW(surface, ctypes.byref(about)))
        return int(self.sure(max(number, 0)))  # -1 as well means no

    def page(self, surface: Any, width: int, height: int, bits: bytes) -> None:
        """One page, its corner on the paper's. `bits`: rows from the top, of whole four bytes, 1 is black."""
        left, top = self.caps(surface, EDGE_X, EDGE_Y)
        about = BitmapInfo(40, width, -height, 1, 1, 0, len(bits), 0, 0, 2, 2, 0x00FFFFFF, 0)
        places = (-left, -top, width, height, 0, 0, width, height)
        self.sure(max(int(self.StartPage(surface)), 0))
        lines = int(self.StretchDIBits(surface, *places, bits, ctypes.byref(about), 0, _COPY))
        self.sure(lines not in _DRAWN_NOTHING)
        self.sure(max(int(self.EndPage(surface)), 0))

    def finish(self, surface: Any) -> None:
        self.sure(max(int(self.EndDoc(surface)), 0))
