"""Shipments from opening to the manifest, and every refusal on the way."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Sequence

import pytest
from flask import Flask
from sqlalchemy import func, select, text

from tests.cast import Cast
from tests.sent import statements
from tests.shipping.conftest import House, make_house
from wms.core.actor import SYSTEM
from wms.core.ids import new_id
from wms.core.refusals import RefusalKind, Refused
from wms.platform.database import session, transaction
from wms.shipping import loads, queries
from wms.shipping import service as shipping
from wms.shipping.carriers import CONNECTIONS
from wms.shipping.carriers import house as carrier_of_ours
from wms.shipping.carriers.interface import Capabilities, CarrierFault, WaybillGranted, WaybillRequest
from wms.shipping.models import Carrier, Manifest, NumberRange, Parcel, Shipment
from wms.shipping.rules import NumberForm, is_valid_number


def refused(code: str, *arguments: object, of=None, **more: object) -> Refused:
    """Run and expect this refusal; what it began is rolled back."""
    with pytest.raises(Refused) as caught, transaction():
        of(*arguments, **more)
    assert caught.value.code == code
    return caught.value


def events(name: str) -> int:
    return session().execute(text("SELECT count(*) FROM event WHERE name = :name"), {"name": name}).scalar_one()


def test_a_parcel_goes_its_whole_way(house: House, cast: Cast):
    with transaction():
        shipment, parcel = house.numbered()
        assert (shipment.state, parcel.state, parcel.n) == ("numbered", "open", 1)
        assert is_valid_number(NumberForm("plain", "TS"), str(parcel.tracking_number))
        shipping.record_weight(cast.picker, parcel.id, 840, (200, 150, 100))
        shipping.mark_labelled(SYSTEM, shipment.id)
        shipping.close_parcel(cast.picker, parcel.id, str(parcel.tracking_number))
        session().expire_all()
        assert (shipment.state, parcel.state) == ("labelled", "closed")
        done = shipping.hand_over_parcel(cast.picker, cast.overseas.id, str(parcel.tracking_number))
        session().expire_all()
        assert (shipment.state, parcel.state, done.already) == ("handed_over", "handed_over", False)
        assert parcel.manifest_id == done.manifest_id
        assert shipment.handed_over_at == parcel.handed_over_at
        on_load = loads.contents_of(cast.picker, done.manifest_id)
        assert [each.id for each in on_load.loose] == [parcel.id]
        assert (on_load.parcels, on_load.bags, on_load.weight_g) == (1, (), 840)
        assert events("shipping.parcel_handed_over") == 1


def test_a_subject_has_one_live_shipment(house: House, cast: Cast):
    order = new_id()

    def open_it() -> Shipment:
        return shipping.open_shipment(SYSTEM, cast.overseas.id, cast.ACME.id, house.service, "order", order)

    with transaction():
        first = open_it()
        assert open_it().id == first.id
        shipping.void_shipment(SYSTEM, first.id, "cancelled")
        second = open_it()
        assert second.id != first.id
        assert queries.shipment_of("order", order) is second


def test_a_number_is_drawn_once_and_never_again(house: House):
    with transaction():
        shipment, parcel = house.numbered()
        number = parcel.tracking_number
        assert [each.tracking_number for each in shipping.draw_number(SYSTEM, shipment.id)] == [number]
        shipping.void_shipment(SYSTEM, shipment.id)
        _, other = house.numbered()
        assert other.tracking_number != number


def test_many_threads_draw_different_numbers(house: House, fresh_app: Flask):
    drawn: list[str] = []

    def draw() -> None:
        with fresh_app.app_context():
            for _ in range(15):
                with transaction():
                    drawn.append(str(house.numbered()[1].tracking_number))

    threads = [threading.Thread(target=draw) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(set(drawn)) == len(drawn) == 60


def test_running_low_is_announced_once_and_used_up_is_refused(house: House):
    with transaction():
        for _ in range(15):  # low water is 990 of 1,000
            house.numbered()
        assert events("shipping.numbers_run_low") == 1
        shipment = house.open()
        session().get_one(NumberRange, house.numbers).last_serial = 3
    refused("numbers_used_up", SYSTEM, shipment.id, of=shipping.draw_number)
    with transaction():
        shipping.add_number_range(SYSTEM, house.carrier, NumberForm("s10", "LX", "DE"), last_serial=99)
        (parcel,) = shipping.draw_number(SYSTEM, shipment.id)
        assert str(parcel.tracking_number).endswith("DE")


def test_running_low_is_told_by_whoever_passes_the_mark_and_again_after_a_refill(
    house: House, monkeypatch: pytest.MonkeyPatch
):
    """Blocks skip the mark; two ranges count together; once is enough, and a further range begins anew."""
    serials = iter([1, 400, 401, 402])
    with transaction():
        session().get_one(NumberRange, house.numbers).low_water = 700
        with monkeypatch.context() as patched:
            patched.setattr(carrier_of_ours, "next_in_range", lambda _name: next(serials))
            told = []
            for _ in range(4):
                house.numbered()
                told.append(events("shipping.numbers_run_low"))
        assert told == [0, 1, 1, 1]
    with transaction():
        added = shipping.add_number_range(
            SYSTEM, house.carrier, NumberForm("s10", "LX", "DE"), last_serial=999, low_water=10
        )
        later = {f"waybill:{house.numbers}": iter([500, 900]), f"waybill:{added.id}": iter(())}
        monkeypatch.setattr(carrier_of_ours, "next_in_range", lambda name: next(later[name]))
        house.numbered()  # 500 are left of the first, 1,000 of the second
        assert events("shipping.numbers_run_low") == 1
        session().get_one(NumberRange, added.id).last_serial = 100
        house.numbered()
        assert events("shipping.numbers_run_low") == 2


def test_a_whole_wave_below_the_mark_asks_once_whether_it_was_told(house: House):
    with transaction():
        session().get_one(NumberRange, house.numbers).low_water = 999
        carrier = carrier_of_ours.HouseCarrier(session().get_one(Carrier, house.carrier))
        for _ in range(2):
            with statements() as sent:
                granted = carrier.create_new([WaybillRequest(str(n), house.cast.overseas.id, "STD") for n in range(20)])
            assert not isinstance(granted, CarrierFault)
            assert len({each.tracking_number for each in granted}) == 20
            assert sum("pg_try_advisory_xact_lock" in each for each in sent) == 1
            assert events("shipping.numbers_run_low") == 1


def test_further_parcels_get_numbers_of_their_own(house: House):
    with transaction():
        shipment, first = house.numbered()
        second = shipping.add_parcel(SYSTEM, shipment.id)
        assert (second.n, second.tracking_number) == (2, None)
        assert {each.n for each in shipping.draw_number(SYSTEM, shipment.id)} == {1, 2}
        assert second.tracking_number not in (None, first.tracking_number)


def test_the_shipment_is_gone_with_its_last_parcel(house: House, cast: Cast):
    with transaction():
        shipment, first = house.closed()
        second = shipping.add_parcel(SYSTEM, shipment.id)
        shipping.draw_number(SYSTEM, shipment.id)
        shipping.record_weight(SYSTEM, second.id, 100)
        shipping.close_parcel(SYSTEM, second.id, str(second.tracking_number))
        assert not shipping.hand_over_parcel(SYSTEM, cast.overseas.id, str(first.tracking_number)).shipment_done
        session().expire_all()
        assert shipment.state == "labelled"
    refused("parcel_gone", SYSTEM, shipment.id, of=shipping.void_shipment)
    with transaction():
        assert shipping.hand_over_parcel(SYSTEM, cast.overseas.id, str(second.tracking_number)).shipment_done
        assert session().get_one(Shipment, shipment.id).state == "handed_over"


def test_closing_wants_weight_number_and_the_right_label(house: House):
    with transaction():
        shipment, parcel = house.numbered()
        bare = shipping.add_parcel(SYSTEM, shipment.id)
        number = str(parcel.tracking_number)
    refused("number_missing", SYSTEM, bare.id, number, of=shipping.close_parcel)
    refused("waybill_differs", SYSTEM, parcel.id, "TS0000000000X", of=shipping.close_parcel)
    refused("weigh_first", SYSTEM, parcel.id, number, of=shipping.close_parcel)
    with transaction():
        shipping.record_weight(SYSTEM, parcel.id, 1)
        shipping.close_parcel(SYSTEM, parcel.id, number)
        shipping.close_parcel(SYSTEM, parcel.id, number)  # the same scan again
    refused("not_allowed_now", SYSTEM, parcel.id, 2, of=shipping.record_weight)
    with transaction():
        assert session().get_one(Parcel, parcel.id).weight_g == 1
        shipping.reopen_parcel(SYSTEM, parcel.id)
        shipping.record_weight(SYSTEM, parcel.id, 2)
    with transaction():
        assert session().get_one(Parcel, parcel.id).weight_g == 2


def test_labelling_wants_what_the_carrier_wants(fresh_app: Flask, cast: Cast):
    with fresh_app.app_context():
        picky = make_house(cast, needs_weight_before_label=True, needs_size_before_label=True, many_parcels=False)
        with transaction():
            shipment = picky.open()
        refused("number_missing", SYSTEM, shipment.id, of=shipping.mark_labelled)
        with transaction():
            (parcel,) = shipping.draw_number(SYSTEM, shipment.id)
        refused("weigh_first", SYSTEM, shipment.id, of=shipping.mark_labelled)
        with transaction():
            shipping.record_weight(SYSTEM, parcel.id, 500)
        refused("size_missing", SYSTEM, shipment.id, of=shipping.mark_labelled)
        refused("one_parcel_only", SYSTEM, shipment.id, of=shipping.add_parcel)
        with transaction():
            shipping.record_weight(SYSTEM, parcel.id, 500, (10, 10, 10))
            assert shipping.mark_labelled(SYSTEM, shipment.id).state == "labelled"
            assert shipping.mark_labelled(SYSTEM, shipment.id).state == "labelled"


def test_a_parcel_scanned_again_is_already_on_this_load(house: House, cast: Cast):
    with transaction():
        _, parcel = house.closed()
        number = str(parcel.tracking_number)
        first = shipping.hand_over_parcel(cast.picker, cast.overseas.id, number)
        again = shipping.hand_over_parcel(cast.picker, cast.overseas.id, number, first.manifest_id)
        assert (again.already, again.manifest_id) == (True, first.manifest_id)
        assert events("shipping.parcel_handed_over") == 1
        shipping.close_manifest(cast.picker, first.manifest_id)
        other = shipping.open_manifest(cast.picker, cast.overseas.id, house.carrier)
        assert other.id != first.manifest_id
    refused("parcel_gone", SYSTEM, cast.overseas.id, number, other.id, of=shipping.hand_over_parcel)


def test_what_must_not_ship_is_refused_at_the_load(house: House, cast: Cast):
    with transaction():
        _, unclosed = house.numbered()
        voided_shipment, voided = house.closed()
        shipping.void_shipment(SYSTEM, voided_shipment.id)
        _, good = house.closed()
        manifest = shipping.open_manifest(SYSTEM, cast.overseas.id, house.carrier)
        shipping.close_manifest(SYSTEM, manifest.id)
        elsewhere = make_other_manifest(cast)
    place = cast.overseas.id
    refused("parcel_open", SYSTEM, place, str(unclosed.tracking_number), of=shipping.hand_over_parcel)
    refused("waybill_voided", SYSTEM, place, str(voided.tracking_number), of=shipping.hand_over_parcel)
    refused("manifest_closed", SYSTEM, place, str(good.tracking_number), manifest.id, of=shipping.hand_over_parcel)
    refused("other_carrier", SYSTEM, place, str(good.tracking_number), elsewhere, of=shipping.hand_over_parcel)
    refused("not_found", SYSTEM, place, "TS9999999999X", of=shipping.hand_over_parcel)
    refused("not_found", SYSTEM, cast.bonded.id, str(good.tracking_number), of=shipping.hand_over_parcel)
    with transaction():
        assert session().scalar(select(func.count()).where(Parcel.state == "handed_over")) == 0


def make_other_manifest(cast: Cast) -> uuid.UUID:
    carrier = shipping.create_carrier(SYSTEM, "OTHER", "Other")
    return shipping.open_manifest(SYSTEM, cast.overseas.id, carrier.id).id


def test_voiding_again_changes_nothing_and_a_void_shipment_takes_nothing_more(house: House):
    with transaction():
        shipment, _ = house.numbered()
        shipping.void_shipment(SYSTEM, shipment.id, "cancelled")
        shipping.void_shipment(SYSTEM, shipment.id, "again")
        assert shipment.void_reason == "cancelled"
        assert events("shipping.shipment_voided") == 1
    refused("not_allowed_now", SYSTEM, shipment.id, of=shipping.add_parcel)
    refused("not_allowed_now", SYSTEM, shipment.id, of=shipping.draw_number)


def test_a_manifest_closes_once_and_counts_its_parcels(house: House, cast: Cast):
    with transaction():
        numbers = [str(house.closed()[1].tracking_number) for _ in range(3)]
        (load,) = {shipping.hand_over_parcel(SYSTEM, cast.overseas.id, each).manifest_id for each in numbers}
        shipping.close_manifest(cast.picker, load)
        shipping.close_manifest(cast.picker, load)
        told = session().execute(text("SELECT data FROM event WHERE name = 'shipping.manifest_closed'")).scalars()
        assert [each["parcels"] for each in told] == [3]
        assert session().get_one(Manifest, load).closed_by == cast.picker.id


def test_others_do_not_see_change_or_load_it(house: House, cast: Cast):
    with transaction():
        shipment, parcel = house.closed()
    number = str(parcel.tracking_number)
    for use_case, arguments in (
        (shipping.void_shipment, (shipment.id,)),
        (shipping.draw_number, (shipment.id,)),
        (shipping.record_weight, (parcel.id, 5)),
        (queries.load_shipment, (shipment.id,)),
        (queries.load_parcel, (parcel.id,)),
    ):
        assert refused("not_found", cast.rival, *arguments, of=use_case).kind is RefusalKind.NOT_FOUND
        refused("not_found", cast.customs_clerk, *arguments, of=use_case)  # another warehouse's
    refused("not_found", cast.acme, cast.overseas.id, number, of=shipping.hand_over_parcel)
    refused("not_found", cast.acme, cast.overseas.id, house.carrier, of=shipping.open_manifest)
    refused("not_found", cast.acme, "MINE", "Mine", of=shipping.create_carrier)
    with transaction():
        assert session().get_one(Parcel, parcel.id).state == "closed"
        refused("not_found", cast.rival, cast.overseas.id, number, of=queries.scanned_parcels)
        assert [each.id for each in queries.scanned_parcels(cast.acme, cast.overseas.id, number)] == [parcel.id]


def test_a_service_of_another_warehouse_is_not_offered(house: House, cast: Cast):
    with transaction():
        local = shipping.add_service(SYSTEM, house.carrier, "NGB", "Ningbo only", warehouse_id=cast.bonded.id)
        assert queries.service_by_code(cast.overseas.id, "NGB") is None
        assert queries.service_by_code(cast.bonded.id, "NGB") is local
    arguments = (SYSTEM, cast.overseas.id, cast.ACME.id, local.id, "order", new_id())
    refused("service_closed", *arguments, of=shipping.open_shipment)
    refused("service_code_taken", SYSTEM, house.carrier, "TEST-STD", "x", of=shipping.add_service)
    refused("carrier_code_taken", SYSTEM, "TEST", "x", of=shipping.create_carrier)


def test_a_range_that_shares_numbers_with_another_is_refused(house: House):
    form = NumberForm("plain", "TS")
    refused("range_overlaps", SYSTEM, house.carrier, form, first_serial=999, of=shipping.add_number_range)
    refused("invalid_input", SYSTEM, house.carrier, NumberForm("plain", "ts"), of=shipping.add_number_range)
    refused("invalid_input", SYSTEM, house.carrier, form, first_serial=9, last_serial=8, of=shipping.add_number_range)
    with transaction():
        shipping.add_number_range(SYSTEM, house.carrier, form, first_serial=1000)


class Moody:
    """A carrier that refuses once and for all, or only for now."""

    fault = CarrierFault("address_unknown", retryable=False)

    def __init__(self, carrier: object) -> None:
        self.capabilities = Capabilities(local=True, can_void=True)

    def create(self, request: WaybillRequest) -> WaybillGranted | CarrierFault:
        return self.fault

    def create_new(self, requests: Sequence[WaybillRequest]) -> list[WaybillGranted] | CarrierFault:
        return self.fault

    def void(self, client_reference: str, tracking_number: str) -> CarrierFault | None:
        return self.fault


def test_a_carriers_fault_is_a_refusal_and_changes_nothing(house: House, monkeypatch: pytest.MonkeyPatch):
    with transaction():
        shipment = house.open()
        numbered, _ = house.numbered()
    monkeypatch.setitem(CONNECTIONS, "house", Moody)
    refused("carrier_refused", SYSTEM, shipment.id, of=shipping.draw_number)
    refused("carrier_refused", SYSTEM, numbered.id, of=shipping.void_shipment)
    monkeypatch.setattr(Moody, "fault", CarrierFault("timeout", retryable=True))
    assert refused("carrier_later", SYSTEM, shipment.id, of=shipping.draw_number).next_step == "retry"
    with transaction():
        assert session().get_one(Shipment, numbered.id).state == "numbered"
        assert queries.live_parcels(shipment.id) == []


def test_the_house_carrier_of_a_seed_is_made_once(fresh_app: Flask):
    with fresh_app.app_context(), transaction():
        first = shipping.ensure_house_carrier(SYSTEM)
        assert shipping.ensure_house_carrier(SYSTEM) is first
        assert first.code == "HOUSE-STD"
