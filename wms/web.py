"""The web server's worker: gunicorn's threads, with a bound on how long one client may hold one of them.

A thread that has begun to read a request waits for the client; gunicorn sets no limit there, so that a few clients that
send a byte now and then would keep everybody else out. Here a request has to arrive, and its answer has to be taken,
within the seconds of `WMS_REQUEST_SECONDS`. A proxy in front that reads requests whole before it passes them on takes
care of many such clients; this takes care of a bench whose Wi-Fi went away.
"""

from __future__ import annotations

import ctypes
import errno
import gc
import os
import socket
import time
from typing import Any

from gunicorn.http.errors import ParseException
from gunicorn.workers.gthread import TConn, ThreadWorker

from config import Config


class BoundedSocket(socket.socket):
    """A client's socket whose reads share one allowance of seconds, until `renew`. A write has as long for itself."""

    seconds = 30.0
    ends_at = 0.0

    def renew(self) -> None:
        self.ends_at = time.monotonic() + self.seconds

    def setblocking(self, flag: bool) -> None:
        """Blocking means: for so long, and no longer."""
        self.settimeout(self.seconds if flag else 0.0)

    def recv(self, *arguments: Any) -> bytes:
        with _Patience(self):
            return super().recv(*arguments)

    def recv_into(self, *arguments: Any) -> int:
        with _Patience(self):
            return super().recv_into(*arguments)

    def sendall(self, *arguments: Any) -> None:
        with _Patience(self, whole=True):
            super().sendall(*arguments)


class _Patience:
    """Sets what is left for one call; a client that is too slow looks like one that went away."""

    def __init__(self, client: BoundedSocket, whole: bool = False) -> None:
        self.client, self.whole = client, whole

    def __enter__(self) -> None:
        if self.client.gettimeout() == 0.0:  # the poller's: it never waits
            return
        left = self.client.seconds if self.whole else self.client.ends_at - time.monotonic()
        if left <= 0:
            raise ConnectionResetError(errno.ECONNRESET, "the request took too long to arrive")
        self.client.settimeout(left)

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, _trace: object) -> None:
        if kind is TimeoutError:
            raise ConnectionResetError(errno.ECONNRESET, "the client is too slow") from fault


class Body:
    """A request's body, whose broken framing is the client's fault: an OSError, which reads as a client that left."""

    def __init__(self, body: Any) -> None:
        self.body = body

    def __getattr__(self, name: str) -> Any:
        return getattr(self.body, name)

    def read(self, *arguments: Any) -> bytes:
        try:
            found: bytes = self.body.read(*arguments)
        except ParseException as fault:
            raise OSError(errno.EPROTO, "the body is not framed as announced") from fault
        return found


LARGE_BLOCK = 1024 * 1024  # bytes
_M_MMAP_THRESHOLD = -3  # malloc.h


def give_large_blocks_back() -> None:
    """Let glibc return what large bodies took as soon as they are answered. Left to itself it learns from the first one
    freed to keep such blocks, in every thread. Other C libraries have no such setting and no such habit.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, LARGE_BLOCK)


def leave_the_built_alone() -> None:
    """The application was built before this process was forked and is never given back: some 300,000 objects that the
    collector of cycles would walk through again and again, and whose pages it would copy from the parent's.
    """
    gc.freeze()


class PatientWorker(ThreadWorker):
    """`--worker-class=wms.web.PatientWorker`."""

    def init_process(self) -> None:
        give_large_blocks_back()
        leave_the_built_alone()
        BoundedSocket.seconds = float(Config.from_environ(os.environ).request_seconds)
        super().init_process()

    def load_wsgi(self) -> None:
        super().load_wsgi()
        application: Any = self.wsgi

        def reading(environ: dict[str, Any], start_response: Any) -> Any:
            environ["wsgi.input"] = Body(environ["wsgi.input"])
            return application(environ, start_response)

        self.wsgi: Any = reading

    def enqueue_req(self, conn: TConn) -> None:
        """The allowance begins when the connection is given to a thread: with its first byte, or while it is idle."""
        if not isinstance(conn.sock, BoundedSocket):
            plain = conn.sock
            conn.sock = BoundedSocket(plain.family, plain.type, plain.proto, fileno=plain.detach())
        super().enqueue_req(conn)

    def handle(self, conn: TConn) -> Any:
        conn.sock.renew()
        return super().handle(conn)
