"""Loads that a driver signs for, and cartons that never came or were closed too early: buttons of a supervisor."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from tests.life import said
from tests.office.test_pages import form, text_of
from wms.inbound import service as inbound
from wms.inbound.models import Carton
from wms.platform.database import session, transaction
from wms.shipping.models import Manifest


def carton_of(life, booking) -> Carton:
    with life.app.app_context():
        return session().scalars(select(Carton).where(Carton.booking_id == booking.id).order_by(Carton.number)).first()


def test_a_load_is_closed_when_the_driver_signs(cast, client, life):
    boss = cast.sign_in(client, cast.supervisor)
    with life.app.app_context():
        load = session().scalars(select(Manifest)).one()
    page = text_of(boss.get("/office/manifests"))
    assert load.number in page and "The driver has signed" in page
    address = f"/office/manifests/{load.id}/close"
    asked = form()
    assert said(life.app, boss.post(address, data=asked)) == ["Closed. The next parcel begins another load."]
    page = text_of(boss.get("/office/manifests"))
    assert cast.supervisor.name in page and "The driver has signed" not in page
    with life.app.app_context():
        closed = session().get_one(Manifest, load.id)
        assert (closed.state, closed.closed_by) == ("closed", cast.supervisor.id)
    assert cast.sign_in(client, cast.acme_person).get("/office/manifests").status_code == 403
    boss.post("/language", data={"language": "zh-CN"})
    assert not re.search(r">(Loads|Carrier|Load|Parcels)<", boss.get("/office/manifests").text)


def test_a_carton_that_never_came_is_given_up_on_its_bookings_page(cast, client, life):
    boss, seller = cast.sign_in(client, cast.supervisor), cast.sign_in(client, cast.acme_person)
    page = f"/portal/bookings/{life.coming.id}"
    carton = carton_of(life, life.coming)
    assert "Never came" in boss.get(page).text
    assert "Never came" not in seller.get(page).text
    address = f"/office/arrivals/bookings/{life.coming.id}/cartons/{carton.id}/missing"
    assert seller.post(address, data=form()).status_code == 403
    answer = boss.post(address, data=form())
    assert (answer.status_code, answer.headers["Location"]) == (302, page)
    assert carton_of(life, life.coming).state == "missing"
    assert said(life.app, boss.post(address, data=form()))[0].startswith("Not possible while it is")


def test_a_carton_closed_too_early_is_opened_again(cast, client, life):
    boss = cast.sign_in(client, cast.supervisor)
    carton = carton_of(life, life.coming)
    with life.app.app_context():
        for step in (
            lambda: inbound.arrive_booking(cast.receiver, life.coming.id),
            lambda: inbound.count_as_declared(cast.receiver, carton.id),
            lambda: inbound.close_carton(cast.receiver, carton.id),
        ):
            with transaction():
                step()
    assert "Count again" in boss.get(f"/portal/bookings/{life.coming.id}").text
    address = f"/office/arrivals/bookings/{life.coming.id}/cartons/{carton.id}/reopen"
    assert said(life.app, boss.post(address, data=form())) == ["It is open on the tablets again."]
    assert carton_of(life, life.coming).state == "counting"


@pytest.mark.parametrize("step", ["missing", "reopen"])
def test_nobody_elses_carton(cast, client, life, step):
    from wms.core.ids import new_id

    boss = cast.sign_in(client, cast.supervisor)
    address = f"/office/arrivals/bookings/{life.coming.id}/cartons/{new_id()}/{step}"
    assert boss.post(address, data=form()).status_code == 404
