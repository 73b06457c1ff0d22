"""Connections to carriers by kind. A new carrier is a file here and a line in one of the tables."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable

from flask import current_app

from wms.shipping.carriers.addresses import Network, read_address
from wms.shipping.carriers.house import HouseCarrier
from wms.shipping.carriers.http import HttpCarrier
from wms.shipping.carriers.interface import Capabilities, CarrierConnection, CarrierFault, RemoteConnection
from wms.shipping.carriers.karrio_bridge import CONNECTOR, KarrioCarrier, settings_of
from wms.shipping.models import Carrier

COUNTER = "counter"  # the consignee fetches it: numbered like the house's, offered to orders of that kind only
CONNECTIONS: dict[str, Callable[[Carrier], CarrierConnection]] = {"house": HouseCarrier, COUNTER: HouseCarrier}
HTTP = "http"
KARRIO = "karrio"  # by the karrio SDK, an optional extra
FILE = "file"  # the office sends a table and gets one back; its labels are ours
FILE_CAPABILITIES = Capabilities(many_parcels=True)
OWN = "own"  # sellers bring its labels, numbers and all, with their orders; nobody is asked
OWN_CAPABILITIES = Capabilities(many_parcels=True)
ASKED_BY_JOBS = frozenset({HTTP, KARRIO})  # others' numbers are brought by a person
LABELS_OF_OTHERS = (HTTP, KARRIO, OWN)
LOOPBACK = "127.0.0.0/8,::1/128"


def connection_to(carrier: Carrier) -> CarrierConnection:
    """The connection of a local carrier's kind. KeyError for a kind that no file here speaks for."""
    return CONNECTIONS[carrier.kind](carrier)


def is_remote(carrier: Carrier) -> bool:
    """Whether its waybills come later, from outside: it is asked by jobs (or by a person), never in a transaction."""
    return carrier.kind not in CONNECTIONS


def draws_its_own_labels(carrier_kind: str) -> bool:
    """Whether the label comes from the carrier or the seller: ours would not be taken."""
    return carrier_kind in LABELS_OF_OTHERS


def remote_connection(carrier: Carrier, base_url: str, token: str) -> RemoteConnection | CarrierFault:
    """The connection of a carrier behind a network. Faults: `carrier_address` when the address is none."""
    if carrier.kind == KARRIO:
        settings = settings_of(token)
        if settings is None or not CONNECTOR.fullmatch(base_url):
            return CarrierFault("carrier_address", retryable=False)
        return KarrioCarrier(Capabilities.from_data(carrier.capabilities), base_url, settings)
    address = read_address(base_url)
    if carrier.kind != HTTP or address is None:
        return CarrierFault("carrier_address", retryable=False)
    return HttpCarrier(Capabilities.from_data(carrier.capabilities), address, token, allowed_networks())


def allowed_networks() -> tuple[Network, ...]:
    """Private networks in which carriers may stand; outside production this machine is one."""
    config = current_app.extensions["wms_config"]
    text = config.carrier_networks or ("" if config.is_production else LOOPBACK)
    return tuple(ipaddress.ip_network(each.strip()) for each in text.split(",") if each.strip())
