"""A house carrier beside the cast. Commits are real here: numbers are drawn on connections of their own."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from flask import Flask

from tests.cast import Cast
from wms.core.actor import SYSTEM
from wms.core.ids import new_id
from wms.platform.auditing import run_checks
from wms.platform.database import session, transaction
from wms.shipping import service as shipping
from wms.shipping.audit import CHECKS
from wms.shipping.carriers.interface import Capabilities
from wms.shipping.models import Carrier, NumberRange, Parcel, Service, Shipment
from wms.shipping.rules import NumberForm
from wms.shipping.service.setup import HOUSE


@dataclass
class House:
    """The carrier, its range of 1,000 numbers and its service; ids of rows that are committed."""

    cast: Cast
    carrier: uuid.UUID
    numbers: uuid.UUID
    service: uuid.UUID

    def open(self) -> Shipment:
        """A shipment of ACME from the overseas warehouse for some order."""
        return shipping.open_shipment(SYSTEM, self.cast.overseas.id, self.cast.ACME.id, self.service, "order", new_id())

    def numbered(self) -> tuple[Shipment, Parcel]:
        shipment = self.open()
        (parcel,) = shipping.draw_number(SYSTEM, shipment.id)
        return shipment, parcel

    def closed(self) -> tuple[Shipment, Parcel]:
        """A parcel that is weighed, labelled and closed."""
        shipment, parcel = self.numbered()
        shipping.record_weight(SYSTEM, parcel.id, 840)
        shipping.mark_labelled(SYSTEM, shipment.id)
        shipping.close_parcel(SYSTEM, parcel.id, str(parcel.tracking_number))
        session().refresh(parcel)
        return shipment, parcel


def make_house(cast: Cast, code: str = "TEST", prefix: str = "TS", **wishes: bool) -> House:
    """A carrier of its own for a test; `wishes` are capabilities that differ from the house's."""
    with transaction():
        capabilities = Capabilities(**{**HOUSE.as_data(), **wishes})
        carrier: Carrier = shipping.create_carrier(SYSTEM, code, code, capabilities=capabilities)
        form = NumberForm("plain", prefix)
        numbers: NumberRange = shipping.add_number_range(SYSTEM, carrier.id, form, last_serial=999, low_water=990)
        service: Service = shipping.add_service(SYSTEM, carrier.id, f"{code}-STD", code)
        return House(cast, carrier.id, numbers.id, service.id)


@pytest.fixture
def house(fresh_app: Flask, cast: Cast) -> Iterator[House]:
    with fresh_app.app_context():
        yield make_house(cast)
        session().rollback()
        result = run_checks(CHECKS)
        assert result["ok"], result
        session().rollback()
