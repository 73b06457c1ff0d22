"""Counting blind, where it meets numbers that are counted in two cartons at the same time."""

from __future__ import annotations

from tests.inbound.dock import product, service
from tests.inbound.test_blind import blind
from tests.inbound.test_differences import refused
from wms.inbound.service import CountDraft


def test_a_number_noted_in_another_carton_is_known(cast, db_session):
    """Nothing of either is in stock yet: whoever scans it second is told at the scan, not at the close."""
    phone = product(cast.acme_person, "PHONE", serial_control="full")
    one, other = (blind(cast, {"PHONE": 2}) for _ in range(2))
    service.count(cast.receiver, one.carton, phone, 2, serial_numbers=["S1", "S2"])
    known = refused(service.count, cast.receiver, other.carton, phone, 1, serial_numbers=["S2"])
    assert (known.code, known.params) == ("serial_known", {"number": "S2"})
    service.uncount(cast.receiver, one.carton)
    service.count(cast.receiver, other.carton, phone, 2, serial_numbers=["S2", "S3"])
    assert not service.close_carton(cast.receiver, other.carton).again


def test_a_number_twice_in_one_act_is_known(cast, db_session):
    phone = product(cast.acme_person, "PHONE", serial_control="full")
    found = blind(cast, {"PHONE": 2})
    twice = [CountDraft(phone, 1, serial_numbers=["S1"]), CountDraft(phone, 1, "damaged", serial_numbers=["S1"])]
    assert refused(service.count_many, cast.receiver, found.carton, twice).code == "serial_known"
