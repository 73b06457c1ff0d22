"""At the gate: lorries found by what they carry, cartons counted off them, and what nobody announced."""

from __future__ import annotations

import uuid
from itertools import product as pairs

import pytest

from tests.inbound.dock import MUG, announce, service
from tests.inbound.test_difference_api import photo
from tests.inbound.test_differences import fields, refused
from wms.core.refusals import Refused
from wms.inbound import queries, rules
from wms.inbound.workflow import UNKNOWN, UnknownState
from wms.platform import files

LABEL = "1Z999AA10123456784"
MOVES = {("waiting", "claim"): "claimed", ("claimed", "refuse_claim"): "waiting", ("waiting", "settle"): "closed",
         ("claimed", "settle"): "closed"}  # fmt: skip


def test_every_state_of_an_unknown_arrival_allows_exactly_its_actions():
    for state, action in pairs(UnknownState, UNKNOWN.moves):
        wanted = MOVES.get((state.value, action))
        if wanted is not None:
            assert UNKNOWN.apply(action, state) == wanted
        else:
            with pytest.raises(Refused):
                UNKNOWN.apply(action, state)


def test_a_container_brings_every_booking_in_it(cast, db_session):
    numbers = {"transport": "sea_lcl", "container_number": "CSQU3054383"}
    mine, theirs = announce(cast.acme, {MUG: 1}, {MUG: 1}, **numbers), announce(cast.rival, {MUG: 1}, **numbers)
    announce(cast.acme, {MUG: 1}, transport="sea_lcl")
    found = queries.bookings_on_lorry(cast.supervisor, "csqu 305438-3")
    assert [(row["id"], row["awaited"]) for row in found] == [(mine.booking_id, 2), (theirs.booking_id, 1)]
    assert [row["id"] for row in queries.bookings_on_lorry(cast.acme, "CSQU3054383")] == [mine.booking_id]
    parcel = announce(cast.acme, {MUG: 1}, transport="air", air_waybill="160-12345675", tracking_number="TRACK-77")
    for code in ("16012345675", "TRACK-77", parcel.booking.number):
        assert [row["id"] for row in queries.bookings_on_lorry(cast.supervisor, code)] == [parcel.booking_id], code
    assert queries.bookings_on_lorry(cast.supervisor, "NO-SUCH") == []


@pytest.mark.parametrize("cartons", [0, 18, 9_999])
def test_cartons_are_counted_off_the_lorry_before_any_is_scanned(cast, db_session, cartons):
    found = announce(cast.acme, {MUG: 1}, {MUG: 1})
    service.count_cartons(cast.receiver, found.booking_id, cartons)
    detail = queries.booking_detail(cast.acme, found.booking_id)
    assert (detail["dock_cartons"], detail["carton_count"], detail["state"]) == (cartons, 2, "submitted")


def test_a_count_off_the_lorry_has_bounds_and_its_people(cast, db_session):
    found = announce(cast.acme, {MUG: 1})
    for cartons in (-1, 10_000):
        assert fields(refused(service.count_cartons, cast.receiver, found.booking_id, cartons)) != {}
    assert refused(service.count_cartons, cast.acme, found.booking_id, 1).code == "not_found"


@pytest.fixture
def parcel(cast, db_session):
    made = service.register_arrival(cast.receiver, cast.overseas.id, LABEL, "a torn box")
    kept = files.keep(photo(), "image/jpeg")
    service.photograph_arrival(cast.receiver, made.id, kept, "box.jpg", "torn")
    return made.id


def test_a_seller_finds_it_by_the_whole_label_and_nothing_less(cast, parcel):
    assert [row["id"] for row in queries.arrivals_by_code(cast.rival, LABEL)] == [parcel]
    for less in (LABEL[:-1], LABEL[:5], "", LABEL.lower(), "%"):
        assert queries.arrivals_by_code(cast.rival, less) == []
    service.register_arrival(cast.receiver, cast.overseas.id, "X" * (rules.MIN_CODE - 1))
    assert queries.arrivals_by_code(cast.rival, "X" * (rules.MIN_CODE - 1)) == []


def test_a_claim_needs_the_label_and_is_one_seller_s(cast, parcel):
    assert refused(service.claim_arrival, cast.rival, parcel, LABEL[:-1]).code == "not_found"
    assert refused(service.claim_arrival, cast.rival, uuid.uuid4(), LABEL).code == "not_found"
    assert refused(service.claim_arrival, cast.receiver, parcel, LABEL).code == "not_found"
    service.claim_arrival(cast.rival, parcel, f" {LABEL} ", note="PO-7")
    (row,) = queries.arrivals_register(cast.supervisor)
    assert (row["claimed_by"], row["arrival"].claim_note, len(row["photos"])) == ("RIVAL", "PO-7", 1)
    assert refused(service.claim_arrival, cast.acme, parcel, LABEL).code == "not_allowed_now"
    assert refused(service.refuse_claim, cast.receiver, parcel).code == "not_found"
    service.refuse_claim(cast.supervisor, parcel)
    service.claim_arrival(cast.acme, parcel, LABEL)


def test_it_is_settled_under_a_booking_of_who_claimed_it_and_its_photos_go_along(cast, parcel):
    service.claim_arrival(cast.acme, parcel, LABEL)
    theirs, mine = announce(cast.rival, {MUG: 1}), announce(cast.acme, {MUG: 1})
    assert refused(service.settle_arrival, cast.supervisor, parcel, "claimed", theirs.booking_id).code == (
        "claimed_by_another"
    )
    (row,) = queries.arrivals_register(cast.supervisor)
    assert queries.arrival_photo(cast.supervisor, row["photos"][0])[1] == "image/jpeg"
    service.settle_arrival(cast.supervisor, parcel, "claimed", mine.booking_id)
    (file,) = queries.files_of_booking(cast.acme, mine.booking_id)
    assert (file["note"], file["kind"]) == ("torn", "photo")
    assert queries.arrivals_register(cast.supervisor) == []
    assert queries.arrivals_by_code(cast.acme, LABEL) == []
    assert refused(queries.arrival_photo, cast.supervisor, file["id"]).code == "not_found"
    kept = files.Kept("0" * 64, 1, "image/jpeg")
    assert refused(service.photograph_arrival, cast.receiver, parcel, kept, "late.jpg").code == "arrival_closed"


def test_a_claim_over_http(cast, client, parcel):
    api = cast.api(client, "ACME")
    (row,) = api.get(f"/api/v1/arrivals?code={LABEL}").json["data"]
    assert (row["state"], row["warehouse"]) == ("waiting", "DE1")
    assert api.get("/api/v1/arrivals").status_code == 422
    assert api.get("/api/v1/arrivals?code=1Z9").status_code == 422
    answer = api.post(f"/api/v1/arrivals/{parcel}/claim", {"code": LABEL})
    assert (answer.status_code, answer.json["state"]) == (200, "claimed")
