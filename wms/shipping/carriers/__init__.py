"""Connections to carriers by kind. A new carrier is a file here and a line in the table."""

from __future__ import annotations

from collections.abc import Callable

from wms.shipping.carriers.house import HouseCarrier
from wms.shipping.carriers.interface import CarrierConnection
from wms.shipping.models import Carrier

CONNECTIONS: dict[str, Callable[[Carrier], CarrierConnection]] = {"house": HouseCarrier}


def connection_to(carrier: Carrier) -> CarrierConnection:
    """The connection of a carrier's kind. KeyError for a kind that no file here speaks for."""
    return CONNECTIONS[carrier.kind](carrier)
