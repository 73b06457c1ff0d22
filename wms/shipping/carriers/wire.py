"""One exchange with a carrier's server, which may be slow, endless, wrong or gone. It ends by its deadline, with an
answer or a fault; nothing it does raises.

No redirect is followed (it could lead anywhere, and would carry the credentials there), no proxy of the environment is
asked, and the address that was judged is the address that is connected to. Neither the credentials nor what is sent is
ever logged.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from wms.shipping.carriers.addresses import Network, ServiceAddress, resolve
from wms.shipping.carriers.interface import CarrierFault

LARGEST_ANSWER = 16 * 1024 * 1024  # a label of 10 MB, as base64, and something around it
BUSY = frozenset({408, 425, 429, 500, 502, 503, 504})


@dataclass(frozen=True)
class Patience:
    """Seconds to connect, and for the whole exchange, however lively the server drips."""

    connect: float = 5.0
    whole: float = 30.0


@dataclass(frozen=True)
class Said:
    """What came back: a status that is neither a redirect nor *busy*, and the body as it is."""

    status: int
    body: bytes


class _PinnedHttp(http.client.HTTPConnection):
    """Connects to the address that was judged, whatever the name says by now."""

    def __init__(self, address: ServiceAddress, ip: str, timeout: float) -> None:
        super().__init__(address.host, address.port, timeout=timeout)
        self.ip = ip

    def connect(self) -> None:
        self.sock = socket.create_connection((self.ip, self.port), self.timeout)


class _PinnedHttps(_PinnedHttp):
    """The certificate is checked against the name."""

    def connect(self) -> None:
        super().connect()
        self.sock = _trusting().wrap_socket(self.sock, server_hostname=self.host, do_handshake_on_connect=False)


@cache
def _trusting() -> ssl.SSLContext:
    """The system's certificates; read once, it takes a while."""
    return ssl.create_default_context()


def exchange(
    address: ServiceAddress,
    method: str,
    path: str,
    headers: Mapping[str, str],
    body: bytes | None,
    allowed: tuple[Network, ...],
    patience: Patience,
) -> Said | CarrierFault:
    """Ask once. `path` is appended to the address's own.

    Faults: `carrier_away`, `carrier_not_allowed`, `carrier_slow`, `carrier_busy`, `carrier_broken_off`,
    `carrier_redirects`, `carrier_too_much`, `carrier_certificate`.
    """
    ip = resolve(address, allowed)
    if isinstance(ip, CarrierFault):
        return ip
    kind = _PinnedHttps if address.scheme == "https" else _PinnedHttp
    connection = kind(address, ip, patience.connect)
    try:
        connection.connect()
    except OSError:
        connection.close()
        return CarrierFault("carrier_away", retryable=True)
    with _Deadline(connection.sock, patience.whole) as deadline:
        try:
            if isinstance(connection.sock, ssl.SSLSocket):
                connection.sock.do_handshake()
            said = _talk(connection, method, address.path + path, headers, body)
            # What was torn down may look like an answer that ended.
            return CarrierFault("carrier_slow", retryable=True) if deadline.passed else said
        except ssl.SSLCertVerificationError:
            return CarrierFault("carrier_certificate", retryable=False, params={"host": address.host})
        except TimeoutError:
            return CarrierFault("carrier_slow", retryable=True)
        except (OSError, http.client.HTTPException, ValueError):
            return CarrierFault("carrier_slow" if deadline.passed else "carrier_broken_off", retryable=True)
        finally:
            connection.close()


def _talk(
    connection: http.client.HTTPConnection, method: str, path: str, headers: Mapping[str, str], body: bytes | None
) -> Said | CarrierFault:
    connection.request(method, path, body, dict(headers))
    response = connection.getresponse()
    if 300 <= response.status < 400:
        return CarrierFault("carrier_redirects", retryable=False, params={"status": response.status})
    if response.status in BUSY:
        return CarrierFault("carrier_busy", retryable=True, params={"status": response.status})
    content = response.read(LARGEST_ANSWER + 1)
    if len(content) > LARGEST_ANSWER:
        return CarrierFault("carrier_too_much", retryable=False, params={"limit": LARGEST_ANSWER})
    if response.length:  # fewer bytes than were announced
        raise http.client.IncompleteRead(content, response.length)
    return Said(response.status, content)


class _Deadline:
    """Tears the connection down when the time is over: a server that drips a byte a second never times out itself."""

    def __init__(self, sock: socket.socket, seconds: float) -> None:
        self.sock, self.passed, self.ends = sock, False, time.monotonic() + seconds
        sock.settimeout(seconds)
        self.timer = threading.Timer(seconds, self._end)
        self.timer.daemon = True

    def _end(self) -> None:
        self.passed = True
        try:
            socket.socket.shutdown(self.sock, socket.SHUT_RDWR)  # past TLS: there is nobody to say goodbye to
        except OSError:
            return  # it has ended by itself

    def __enter__(self) -> _Deadline:
        self.timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.timer.cancel()
