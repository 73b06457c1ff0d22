"""Where a carrier may stand: https anywhere public, http on this machine only, private networks where allowed.

An operator types the address of a carrier's service; without this a form could be made to read the operator's own
network. A name is resolved once and every address behind it is judged; the connection is then made to that address and
no other, so that a name that changes its mind in between gains nothing. Sources: RFC 6890 (special addresses),
RFC 6052 and RFC 3056 (addresses that carry an IPv4 address inside).
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from wms.shipping.carriers.interface import CarrierFault

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
LONGEST = 200
_DISGUISED = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("2002::/16"))
_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True)
class ServiceAddress:
    """A base address that was understood; `path` without a slash at its end."""

    scheme: str
    host: str
    port: int
    path: str


def read_address(text: str) -> ServiceAddress | None:
    """The parts of a base address; None for anything but a plain http(s) address without login, query or fragment."""
    if len(text) > LONGEST or not text.isascii() or any(character <= " " for character in text):
        return None
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in _PORTS or not parts.hostname or "@" in parts.netloc or parts.query or parts.fragment:
        return None
    if "\\" in text or "?" in text or "#" in text or port == 0:
        return None
    return ServiceAddress(parts.scheme, parts.hostname, port or _PORTS[parts.scheme], parts.path.rstrip("/"))


def resolve(address: ServiceAddress, allowed: Sequence[Network]) -> str | CarrierFault:
    """The one IP address to connect to. Faults: `carrier_away` (no such name), `carrier_not_allowed`."""
    try:
        found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return CarrierFault("carrier_away", retryable=True)
    addresses = [str(each[4][0]).partition("%")[0] for each in found]
    if not addresses or not all(may_reach(each, address.scheme, allowed) for each in addresses):
        return CarrierFault("carrier_not_allowed", retryable=False, params={"host": address.host})
    return addresses[0]


def resolve_literal(address: ServiceAddress, allowed: Sequence[Network]) -> CarrierFault | None:
    """What can be said of an address without asking for its name: whether a literal one, or plain http, is permitted."""
    refused = CarrierFault("carrier_not_allowed", retryable=False, params={"host": address.host})
    try:
        return None if may_reach(address.host, address.scheme, allowed) else refused
    except ValueError:  # a name, which is judged each time it is asked
        return None if address.scheme == "https" or address.host == "localhost" else refused


def may_reach(text: str, scheme: str, allowed: Sequence[Network]) -> bool:
    """Whether a connection to this IP address is permitted."""
    ip = ipaddress.ip_address(text)
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            return may_reach(str(ip.ipv4_mapped), scheme, allowed)
        if any(ip in network for network in _DISGUISED):
            return False
    if scheme != "https" and not ip.is_loopback:
        return False
    if ip.is_global and not ip.is_multicast:
        return True
    return any(ip.version == network.version and ip in network for network in allowed)
