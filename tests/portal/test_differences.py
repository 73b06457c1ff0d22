"""What differs on the seller's pages and at the dock's desk, and the photos that show it."""

from __future__ import annotations

import io

from tests.inbound.test_difference_api import photo
from tests.life import said
from tests.platform.test_uploads import PDF
from tests.portal.test_pages import text_of
from tests.refused_forms import refused
from wms.core.ids import new_id


def form(**fields: object) -> dict[str, object]:
    return {"command_id": str(new_id()), **fields}


def difference(life, kind: str) -> str:
    return str(life.ask("SELECT id FROM difference WHERE booking_id = :b AND kind = :k", b=life.booking.id, k=kind))


def test_a_seller_decides_on_the_list_and_on_the_booking_s_page(cast, client, life):
    seller = cast.sign_in(client, cast.acme_person)
    shown = text_of(seller.get("/portal/differences"))
    assert "Missing 1" in shown
    assert "Damaged 1" in shown
    address = f"/portal/differences/{difference(life, 'short')}"
    for origin in ("", "booking"):
        lost = seller.post(address, data={**form(decision="destroy"), "from": origin})
        assert refused(lost, address, "decision")[0] == "That cannot be done with such a difference."
    seller.post(address, data=form(decision="accept"))
    gone = seller.post(address, data=form(decision="accept"))
    assert (gone.status_code, gone.headers["Location"]) == (303, "/portal/differences"), (
        "nothing is to be decided there"
    )
    assert said(life.app, gone)
    answer = seller.post(
        f"/portal/differences/{difference(life, 'damaged')}", data={**form(decision="destroy"), "from": "booking"}
    )
    assert answer.headers["Location"] == f"/portal/bookings/{life.booking.id}"
    page = text_of(seller.get(answer.headers["Location"]))
    assert "Settled" in page
    assert "Destroy" in page
    rival = cast.sign_in(client, cast.rival_person)
    assert (
        rival.post(f"/portal/differences/{difference(life, 'short')}", data=form(decision="accept")).status_code == 404
    )


def decide_everything(cast, client, life) -> None:
    """The lamp that is damaged is to be destroyed, the rest is taken as it is."""
    seller = cast.sign_in(client, cast.acme_person)
    for kind, decision in (("damaged", "destroy"), ("short", "accept")):
        seller.post(f"/portal/differences/{difference(life, kind)}", data=form(decision=decision))


def test_the_desk_carries_out_what_was_decided(cast, client, life):
    decide_everything(cast, client, life)
    supervisor = cast.sign_in(client, cast.supervisor)
    shown = text_of(supervisor.get("/office/inbound"))
    assert "Destroy" in shown
    assert "as for everybody" in shown
    done = supervisor.post(f"/office/inbound/differences/{difference(life, 'damaged')}", data=form(stock="yes"))
    assert said(life.app, done) == ["Done."]
    assert life.ask("SELECT closed_at IS NOT NULL FROM booking WHERE id = :b", b=life.booking.id) is True
    terms = f"/office/inbound/terms/{cast.ACME.id}"
    wrong = supervisor.post(
        terms, data=form(decide_hours="0", default_decision="return", min_shelf_days="30", counting="")
    )
    assert (
        refused(wrong, terms, "decide_hours", decide_hours="0", min_shelf_days="30", default_decision="return")[0]
        == "At least 1."
    )
    supervisor.post(terms, data=form(decide_hours="48", default_decision="return"))
    assert life.ask("SELECT decide_hours FROM inbound_terms WHERE owner_id = :s", s=cast.ACME.id) == 48
    assert cast.sign_in(client, cast.acme_person).get("/office/inbound").status_code == 403


def test_a_photo_of_the_dock_reaches_its_seller(cast, client, life):
    carton = life.ask("SELECT id FROM carton WHERE booking_id = :b LIMIT 1", b=life.booking.id)
    receiver = cast.sign_in(client, cast.receiver)
    path = f"/floor/photos/{carton}"
    assert "Photo of carton 1" in text_of(receiver.get(path))
    wrong = receiver.post(path, data={**form(), "file": (io.BytesIO(PDF), "a.jpg")})
    assert wrong.status_code == 422
    kept = receiver.post(path, data={**form(note="crushed corner"), "file": (io.BytesIO(photo()), "a.jpg")})
    assert kept.headers["Location"] == "/floor/work/receive"
    seller = cast.sign_in(client, cast.acme_person)
    shown = text_of(seller.get(f"/portal/bookings/{life.booking.id}"))
    assert "crushed corner" in shown
    key = life.ask("SELECT id FROM inbound_file WHERE note = 'crushed corner'")
    assert seller.get(f"/portal/bookings/{life.booking.id}/files/{key}").mimetype == "image/jpeg"
    rival = cast.sign_in(client, cast.rival_person)
    assert rival.get(f"/portal/bookings/{life.booking.id}/files/{key}").status_code == 404


def test_a_photo_of_one_line_stands_beside_what_differs_on_it(cast, client, life):
    """At the tablet, on the seller's and the warehouse's pages, and by API; the other lines of the carton have none of it."""
    row = life.ask(
        "SELECT (d.carton_id, l.product_id)::text FROM difference d JOIN carton_line l ON l.id = d.carton_line_id"
        " WHERE d.id = :d", d=difference(life, "damaged"),
    )  # fmt: skip
    carton, item = row.strip("()").split(",")
    receiver = cast.sign_in(client, cast.receiver)
    assert "Photo of LAMP-DESK-W" in text_of(receiver.get(f"/floor/photos/{carton}?product={item}"))
    first = {**form(product=item, another="1"), "file": (io.BytesIO(photo()), "a.jpg")}
    assert f"product={item}" in receiver.post(f"/floor/photos/{carton}", data=first).headers["Location"]
    foreign = str(next(iter(cast.RIVAL.products.values())))
    for other, status in ((foreign, 404), (str(new_id()), 404)):
        sent = {**form(product=other), "file": (io.BytesIO(photo()), "a.jpg")}
        assert receiver.post(f"/floor/photos/{carton}", data=sent).status_code == status
    key = life.ask("SELECT id FROM inbound_file WHERE product_id = :p", p=item)
    address = f"/portal/bookings/{life.booking.id}/files/{key}"
    told = {
        each["id"]: each["photos"] for each in cast.api(client).get("/api/v1/differences").get_json()["data"]
    }  # fmt: skip
    assert [each for each, photos in told.items() if photos == [str(key)]] == [difference(life, "damaged")]
    assert sum(map(len, told.values())) == 1
    listed = cast.api(client).get(f"/api/v1/bookings/{life.booking.id}/files").get_json()["data"]
    assert {"LAMP-DESK-W"} == {each["sku"] for each in listed if each["id"] == str(key)}
    seller = cast.sign_in(client, cast.acme_person)
    for page in ("/portal/differences", f"/portal/bookings/{life.booking.id}"):
        assert address in seller.get(page).get_data(as_text=True)
    assert address in cast.sign_in(client, cast.supervisor).get("/office/inbound").get_data(as_text=True)


def test_a_seller_attaches_papers(cast, client, life):
    seller, address = cast.sign_in(client, cast.acme_person), f"/portal/bookings/{life.coming.id}/files"
    for content, name, words in ((b"MZ", "list.pdf", "Not a file of the kinds"), (b"", "", "Required.")):
        wrong = seller.post(address, data={**form(kind="photo"), "file": (io.BytesIO(content), name)})
        assert refused(wrong, address, "file", kind="photo")[0].startswith(words)
        page = f'name="next" value="/portal/bookings/{life.coming.id}"'
        assert page in wrong.get_data(as_text=True), (
            "another language is asked for of the page, not of where it was sent"
        )
    data = {**form(kind="packing_list"), "file": (io.BytesIO(PDF), "list.pdf")}
    assert said(life.app, seller.post(address, data=data)) == ["list.pdf is attached."]
