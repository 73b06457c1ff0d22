"""Shipments of a whole wave at once say and do what single ones do."""

from __future__ import annotations

import uuid

import pytest

from tests.cast import Cast
from tests.shipping.conftest import House, make_house
from wms.core.actor import SYSTEM
from wms.core.ids import new_id
from wms.core.refusals import Refused
from wms.platform.database import session, transaction
from wms.shipping import queries
from wms.shipping import service as shipping
from wms.shipping.models import NumberRange, Parcel, Shipment
from wms.shipping.service import Numbered, Wanted

LEFT_ASIDE = {"id", "shipment_id", "subject_id", "tracking_number", "client_reference", "created_at"}


def wanted(house: House, count: int = 1, **more: uuid.UUID) -> list[Wanted]:
    given = {"owner_id": house.cast.ACME.id, "service_id": house.service, **more}
    return [Wanted(**{"subject_id": new_id(), **given}) for _ in range(count)]


def label(house: House, *those: Wanted) -> dict[uuid.UUID, Numbered]:
    with transaction():
        return shipping.label_new(SYSTEM, house.cast.overseas.id, "order", those)


def facts(row: Shipment | Parcel) -> dict[str, object]:
    return {each.name: getattr(row, each.name) for each in type(row).__table__.columns if each.name not in LEFT_ASIDE}


def test_rows_are_those_of_single_ones(house: House):
    with transaction():
        single, parcel = house.numbered()
        shipping.mark_labelled(SYSTEM, single.id)
        expected = facts(single), facts(parcel)
    those = wanted(house, 3)
    made = label(house, *those)
    assert list(made) == [each.subject_id for each in those]
    with transaction():
        for each in made.values():
            shipment, parcel = session().get_one(Shipment, each.shipment_id), session().get_one(Parcel, each.parcel_id)
            assert (facts(shipment), facts(parcel)) == expected
            assert parcel.client_reference == f"{shipment.id}/1"
            assert parcel.tracking_number == each.tracking_number
    numbers = [each.tracking_number for each in made.values()]
    assert numbers == sorted(set(numbers)), "in the order asked for, none twice"


def test_what_has_a_shipment_is_left_to_its_own_way(house: House):
    (first,) = wanted(house)
    assert label(house, first)
    (second,) = wanted(house)
    made = label(house, first, second)
    assert list(made) == [second.subject_id]
    with transaction():
        assert queries.shipment_of("order", first.subject_id) is not None


@pytest.mark.parametrize("wish", ["needs_weight_before_label", "needs_size_before_label"])
def test_carriers_that_want_it_measured_first_are_left_out(house: House, cast: Cast, wish: str):
    other = make_house(cast, "FUSSY", "FU", **{wish: True})
    mixed = [*wanted(house), *wanted(other)]
    assert list(label(house, *mixed)) == [mixed[0].subject_id]


def test_used_up_numbers_and_closed_services_change_nothing(house: House):
    with transaction():
        session().get_one(NumberRange, house.numbers).last_serial = 1  # two of them, from 0
    those = wanted(house, 3)
    with pytest.raises(Refused) as caught:
        label(house, *those)
    assert caught.value.code == "numbers_used_up"
    with transaction():
        assert queries.shipments_of("order", [each.subject_id for each in those]) == {}
        queries.load_service(house.service).is_active = False
    with pytest.raises(Refused) as caught:
        label(house, *those)
    assert caught.value.code == "service_closed"


def test_nothing_asked_is_nothing_done(house: House):
    assert label(house) == {}
