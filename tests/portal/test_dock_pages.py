"""The gate, the docks and what nobody announced, as people meet them on pages."""

from __future__ import annotations

import io
import re

from tests.inbound.test_difference_api import photo
from tests.life import announce, said
from tests.portal.test_differences import form
from tests.portal.test_pages import booking_form, text_of
from tests.refused_forms import refused
from wms.added_services import catalogue
from wms.added_services.catalogue import ServiceDraft
from wms.inbound import service as inbound
from wms.platform.database import transaction

LABEL = "TRACK-OF-NOBODY-1"


def test_a_lorry_is_found_counted_and_let_in(cast, client, life):
    seller = cast.sign_in(client, cast.acme_person)
    made = seller.post("/portal/bookings/new", data=booking_form(
        reference="FCL-1", transport="sea_fcl", container_number="csqu 3054383", count_blind="1"))  # fmt: skip
    booking = made.headers["Location"]
    page = text_of(seller.get(booking))
    assert "Sea, full container (FCL)" in page
    assert "CSQU3054383" in page
    assert "asked for by the seller" in page
    wrong = seller.post("/portal/bookings/new", data=booking_form(
        reference="FCL-2", transport="sea_fcl", container_number="CSQU3054384", count_blind="1"))  # fmt: skip
    assert wrong.status_code == 422
    assert 'name="count_blind" value="1" checked' in wrong.get_data(as_text=True)
    tomorrow = life.ask("SELECT to_char(now() AT TIME ZONE 'Europe/Berlin' + interval '1 day', 'YYYY-MM-DD')")
    offered = text_of(seller.get(f"{booking}?day={tomorrow}&minutes=120"))
    assert (f'value="{tomorrow}T09:00+01:00 DOCK"' in offered, "09:00 – 11:00 · DOCK" in offered) == (True, True)
    late = seller.post(f"{booking}/appointment", data=form(starts_at="2020-01-01T09:00", minutes="60", note="HH-AB 12"))
    told = refused(late, f"{booking}/appointment", "starts_at", note="HH-AB 12")
    assert told[0] == "Choose a time within the next 90 days."
    at = life.ask("SELECT to_char(now() + interval '2 days', 'YYYY-MM-DD') || 'T09:15'")
    kept = seller.post(f"{booking}/appointment", data=form(starts_at=at, minutes="120", note="HH-AB 12"))
    assert said(life.app, kept) == ["The dock is kept free."]
    supervisor = cast.sign_in(client, cast.supervisor)
    docks = text_of(supervisor.get("/office/docks?warehouse=DE1"))
    assert "09:15 – 11:15" in docks
    assert "HH-AB 12" in docks
    found = text_of(supervisor.get("/office/arrivals?code=CSQU3054383"))
    assert "4 of 4 cartons are awaited." in found
    key = booking.rsplit("/", 1)[1]
    supervisor.post(f"/office/arrivals/bookings/{key}/count", data=form(number="3", code="CSQU3054383"))
    assert "3 counted off the lorry" in text_of(supervisor.get("/office/arrivals?code=CSQU3054383"))
    supervisor.post(f"/office/arrivals/bookings/{key}/arrive", data=form(code="CSQU3054383"))
    assert life.ask("SELECT state FROM booking WHERE id = :b", b=key) == "arrived"
    assert life.ask("SELECT state FROM dock_appointment WHERE booking_id = :b", b=key) == "kept"


def test_something_unknown_goes_from_the_dock_to_its_seller(cast, client, life):
    receiver = cast.sign_in(client, cast.receiver)
    bench = life.ask("SELECT barcode FROM station WHERE warehouse_id = :w LIMIT 1", w=cast.overseas.id)
    receiver.post("/floor/station", data={"barcode": bench})
    nameless = receiver.post("/floor/unknown", data=form(code=""))
    assert nameless.status_code == 422
    data = {**form(code=LABEL, remark="torn"), "file": (io.BytesIO(photo()), "a.jpg")}
    assert receiver.post("/floor/unknown", data=data).status_code == 303
    seller = cast.sign_in(client, cast.acme_person)
    assert "No dock has it" in text_of(seller.get("/portal/arrivals?code=TRACK-OF"))
    assert "It is ours" in text_of(seller.get(f"/portal/arrivals?code={LABEL}"))
    key = life.ask("SELECT id FROM unidentified_arrival WHERE code = :c", c=LABEL)
    seller.post(f"/portal/arrivals/{key}", data=form(code=LABEL, note="belongs to coming"))
    supervisor = cast.sign_in(client, cast.supervisor)
    shown = text_of(supervisor.get("/office/arrivals"))
    assert "belongs to coming" in shown
    picture = life.ask("SELECT id FROM inbound_file WHERE arrival_id = :a", a=key)
    assert supervisor.get(f"/office/arrivals/photos/{picture}").mimetype == "image/jpeg"
    wrong = supervisor.post(f"/office/arrivals/{key}", data=form(outcome="claimed", booking="IN-NONE"))
    assert said(life.app, wrong) == ["No open booking has the number IN-NONE."]
    supervisor.post(f"/office/arrivals/{key}", data=form(outcome="claimed", booking=life.coming.number))
    assert life.ask("SELECT outcome FROM unidentified_arrival WHERE id = :a", a=key) == "claimed"


def test_a_unit_is_measured_at_the_dock(cast, client, life):
    receiver = cast.sign_in(client, cast.receiver)
    carton = life.ask("SELECT id FROM carton WHERE booking_id = :b LIMIT 1", b=life.booking.id)
    product = life.ask("SELECT product_id FROM carton_line WHERE carton_id = :c LIMIT 1", c=carton)
    path = f"/floor/measures/{carton}/{product}"
    assert "Measure one unit" in text_of(receiver.get(path))
    assert receiver.post(path, data=form(weight_g="0", length_mm="1", width_mm="x", height_mm="1")).status_code == 422
    sides = {"length_mm": "900", "width_mm": "10", "height_mm": "10"}
    far = receiver.post(path, data=form(weight_g="9000", **sides))
    assert far.status_code == 422
    assert "I have measured it twice: it is so" in far.get_data(as_text=True)
    nothing = receiver.post(path, data=form(weight_g="0", **sides))
    assert "measured it twice" not in nothing.get_data(as_text=True)  # of no use there
    kept = receiver.post(path, data=form(weight_g="9000", **sides, twice="1"))
    assert kept.status_code == 303
    assert "Measured otherwise than declared" in text_of(
        cast.sign_in(client, cast.acme_person).get("/portal/differences")
    )


def test_a_plan_is_made_and_a_carton_looked_into(cast, client, life):
    supervisor = cast.sign_in(client, cast.supervisor)
    wrong = supervisor.post(
        "/office/inspections/plans", data=form(warehouse="DE1", first_receipts="0", sample_units="1")
    )
    assert said(life.app, wrong) == ["And each n-th: Required."]
    made = supervisor.post("/office/inspections/plans", data=form(
        warehouse="DE1", seller="ACME", sku="LAMP-DESK-W", first_receipts="1", sample_units="2"))  # fmt: skip
    assert said(life.app, made) == ["The plan holds from the next carton on."]
    with life.app.app_context():
        with transaction():
            booking = inbound.create_booking(cast.acme, announce("QC-1", [[("LAMP-DESK-W", 5)]]), submitted=True).id
        with transaction():
            carton = inbound.arrive_booking(cast.receiver, booking).carton_ids[0]
        with transaction():
            inbound.count_as_declared(cast.receiver, carton)
        with transaction():
            inbound.close_carton(cast.receiver, carton)
    assert "LAMP-DESK-W" in text_of(supervisor.get("/office/inspections"))
    assert "Being inspected" in text_of(supervisor.get("/office/holds"))  # why its goods do not sell, in words
    key = life.ask("SELECT id FROM inspection WHERE booking_id = :b", b=booking)
    done = supervisor.post(f"/office/inspections/{key}", data=form(failed="1", condition="grade_b", remark="scratched"))
    assert said(life.app, done) == ["Decided."]
    shown = text_of(cast.sign_in(client, cast.acme_person).get(f"/portal/bookings/{booking}"))
    assert "Failed in part" in shown
    assert "scratched" in shown
    plan = life.ask("SELECT plan_id FROM inspection WHERE id = :i", i=key)
    supervisor.post(f"/office/inspections/plans/{plan}/end", data=form())
    assert life.ask("SELECT is_active FROM sampling_plan WHERE id = :p", p=plan) is False


def test_a_service_is_asked_for_on_a_carton_that_is_here(cast, client, life):
    with life.app.app_context(), transaction():
        for draft in (
            ServiceDraft("PHOTO", "Photos", "拍照", "photo"),
            ServiceDraft("KIT", "Kits", "组套", "kit", effect="kit"),
        ):
            catalogue.define_service(cast.supervisor, draft)
    seller, boss = cast.sign_in(client, cast.acme_person), cast.sign_in(client, cast.supervisor)
    page, address = f"/portal/bookings/{life.coming.id}", f"/portal/bookings/{life.coming.id}/services"
    carton = life.ask("SELECT id FROM carton WHERE booking_id = :b AND number = 1", b=life.coming.id)
    wish = {"carton": carton, "service": "PHOTO", "quantity": "2", "note": "all sides"}
    assert "Ask for a service" not in text_of(seller.get(page))
    assert said(life.app, seller.post(address, data=form(**wish))) == ["That carton has not arrived."]
    with life.app.app_context(), transaction():
        inbound.arrive_booking(cast.receiver, life.coming.id)
    seen = text_of(seller.get(page))
    assert "Ask for a service" in seen
    assert "Photos · " in seen
    assert "Kits · " not in seen  # it changes the stock: asked for on goods
    made = seller.post(address, data=form(**wish))
    assert said(life.app, made) == ["Asked for. You can follow it here."]
    number = life.ask("SELECT number FROM service_request WHERE subject_kind = 'carton' AND subject_id = :c", c=carton)
    for reader in (seller, boss):
        assert number in text_of(reader.get(page))
    assert said(life.app, boss.post(address, data=form(**wish))) == ["Asked for. You can follow it here."]
    told = refused(
        boss.post(address, data=form(**wish | {"quantity": ""})), address, "quantity", **wish | {"quantity": ""}
    )
    assert told[0] == "Required."
    elsewhere = life.ask("SELECT id FROM carton WHERE booking_id = :b LIMIT 1", b=life.booking.id)
    assert seller.post(address, data=form(**wish | {"carton": elsewhere})).status_code == 404
    full = life.ask("SELECT id FROM carton WHERE booking_id = :b AND state = 'stowed' LIMIT 1", b=life.booking.id)
    told = seller.post(f"/portal/bookings/{life.booking.id}/services", data=form(**wish | {"carton": full}))
    assert "is empty" in said(life.app, told)[0], "its carton stands no more in a form"
    assert cast.sign_in(client, cast.rival_person).post(address, data=form(**wish)).status_code == 404
    assert life.ask("SELECT count(*) FROM service_request WHERE subject_kind = 'carton'") == 2


def test_a_seller_chooses_from_the_hours_that_the_operator_says(cast, client, life):
    """The office says when a dock takes lorries; the booking's page offers just that, and only that can be had."""
    lead, seller = cast.sign_in(client, cast.supervisor), cast.sign_in(client, cast.acme_person)
    dock = life.ask("SELECT id FROM location WHERE warehouse_id = :w AND code = 'DOCK'", w=cast.overseas.id)
    day = life.ask("SELECT to_char(now() AT TIME ZONE 'Europe/Berlin' + interval '3 days', 'YYYY-MM-DD')")
    weekday = life.ask("SELECT extract(isodow FROM CAST(:d AS date))::int - 1", d=day)
    hours, address = {f"{weekday}.opens": "08:00", f"{weekday}.closes": "10:00"}, f"/office/docks/{dock}/hours"
    wrong = lead.post(f"{address}?warehouse=DE1", data=form(**{**hours, f"{weekday}.closes": "07:00"}))
    told = refused(wrong, address, f"{weekday}.closes", **{**hours, f"{weekday}.closes": "07:00"})
    assert told[0] == "A dock closes after it has opened."
    typed = {f"{weekday}.opens": "08:00", f"{weekday}.closes": ""}
    half = lead.post(f"{address}?warehouse=DE1", data=form(**typed))
    assert refused(half, address, f"{weekday}.closes", **typed)[0] == "Type a time, as 08:30."
    kept = lead.post(f"{address}?warehouse=DE1", data=form(**hours))
    assert said(life.app, kept) == ["The hours of the dock are kept."]
    assert 'value="08:00"' in text_of(lead.get("/office/docks?warehouse=DE1"))
    assert seller.post(f"/office/docks/{dock}/hours", data=form(warehouse="DE1")).status_code == 403
    made = seller.post("/portal/bookings/new", data=booking_form(reference="HOURS-1", action="submit"))
    booking = made.headers["Location"]
    page = text_of(seller.get(f"{booking}?day={day}&minutes=60"))
    assert re.findall(r"\d\d:\d\d – \d\d:\d\d · DOCK", page) == [
        "08:00 – 09:00 · DOCK", "08:30 – 09:30 · DOCK", "09:00 – 10:00 · DOCK"
    ]  # fmt: skip
    early = seller.post(f"{booking}/appointment", data=form(starts_at=f"{day}T07:00 DOCK", minutes="60"))
    told = refused(early, f"{booking}/appointment", "starts_at")
    assert told[0] == "No dock takes lorries then. Choose one of the times that are offered."
    chosen = re.search(r'value="([^"]+ DOCK)">08:30', page)
    assert chosen is not None
    done = seller.post(f"{booking}/appointment", data=form(starts_at=chosen[1], minutes="60"))
    assert said(life.app, done) == ["The dock is kept free."]
    assert "Free times and docks" in text_of(seller.get(f"{booking}?day=no&minutes=no"))
    lead.post(f"/office/docks/{dock}/hours", data=form(warehouse="DE1"))  # at any time again
