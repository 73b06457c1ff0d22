"""The office's page of a person: ways in are given, shown once, and taken away."""

from __future__ import annotations

import base64
import re

import numpy as np
import pytest
import zxingcpp
from sqlalchemy import select, text

from wms.core.ids import new_id
from wms.core.refusals import Refused
from wms.identity import service
from wms.identity.badges import badge_picture
from wms.identity.models import User
from wms.identity.rules import new_badge

SHOWN = {"password": r">((?:[2-9a-z]{4}-){3}[2-9a-z]{4})<", "badge": r">(U-[0-9A-F]{32}-\w)<", "pin": r">(\d{6})<"}


@pytest.fixture
def office(cast, client):
    return cast.sign_in(client, cast.admin)


def press(office, path: str, command: str | None = None, **fields: str):
    return office.post(path, data={"command_id": command or str(new_id()), **fields})


def shown(page: str, what: str) -> str | None:
    found = re.search(SHOWN[what], page)
    return found[1] if found else None


def test_a_new_person_gets_in_with_what_their_page_gave(office, db_session):
    answer = press(office, "/people", login="Nina@new", name="Nina New", role="floor", seller="")
    assert answer.status_code == 303
    page = answer.headers["Location"]
    assert "Nina New" in office.get(page).text
    assert isinstance(service.login("nina@new", ""), Refused)
    made = press(office, f"{page}/badge").text
    assert isinstance(service.login_with_badge(shown(made, "badge"), shown(made, "pin")), service.Opened)
    password = shown(press(office, f"{page}/password").text, "password")
    assert service.login("nina@new", password).face == "password"


@pytest.mark.parametrize(
    ("fields", "said"),
    [({"login": "acme@demo", "role": "floor"}, "This login name is taken."), ({"login": "", "role": "floor"}, "Required."),
     ({"login": "new@x", "role": "emperor"}, "no such role")],
)  # fmt: skip
def test_a_person_who_cannot_be_is_refused_and_what_was_typed_stays(office, fields, said):
    answer = press(office, "/people", name="Somebody Typed", seller="", **fields)
    assert answer.status_code == 422
    assert said in answer.text
    assert "Somebody Typed" in answer.text


def test_a_name_with_a_character_that_is_none_is_refused(office):
    answer = press(office, "/people", name="Somebody", seller="", login="x\x00y", role="floor")
    assert answer.status_code == 422


@pytest.mark.parametrize(("path", "what"), [("password", "password"), ("badge", "badge"), ("pin", "pin")])
def test_a_secret_is_shown_once_and_stored_nowhere(cast, office, db_session, path, what):
    address, command = f"/people/{cast.receiver.id}/{path}", str(new_id())
    secret = shown(press(office, address, command).text, what)
    assert secret is not None
    again = press(office, address, command)
    assert again.status_code == 200
    assert shown(again.text, what) is None
    assert "shown then" in again.text
    assert shown(office.get(f"/people/{cast.receiver.id}").text, what) is None
    rows = db_session.scalars(text("SELECT c::text FROM command c UNION ALL SELECT u::text FROM app_user u")).all()
    assert [row for row in rows if secret in row] == []


def test_a_typed_pin_is_taken_and_never_shown(cast, office, db_session):
    address = f"/people/{cast.receiver.id}"
    assert press(office, f"{address}/badge", pin="1111").status_code == 422
    badge = shown(press(office, f"{address}/badge", pin="836194").text, "badge")
    page = press(office, f"{address}/pin", pin="917264").text
    assert "917264" not in page
    assert "The PIN is set." in page
    assert isinstance(service.login_with_badge(badge, "836194"), Refused)
    assert isinstance(service.login_with_badge(badge, "917264"), service.Opened)
    assert press(office, f"{address}/badge/remove").status_code == 303
    assert isinstance(service.login_with_badge(badge, "917264"), Refused)
    assert press(office, f"{address}/pin").status_code == 404


def test_locking_and_letting_in(cast, office, db_session):
    address = f"/people/{cast.acme_person.id}"
    assert press(office, f"{address}/deactivate").status_code == 303
    page = office.get(address).text
    assert 'data-state="locked"' in page
    assert "/reopen" in page
    assert isinstance(service.login("acme@demo", "acme-demo"), Refused)
    assert press(office, f"{address}/reopen").status_code == 303
    assert isinstance(service.login("acme@demo", "acme-demo"), service.Opened)


def test_nobody_locks_themselves_out(cast, office, db_session):
    address = f"/people/{cast.admin.id}"
    page = office.get(address).text
    assert "/deactivate" not in page
    assert 'href="/account"' in page
    answer = press(office, f"{address}/deactivate")
    assert answer.status_code == 303
    said = {"Cookie": f"wms_session={office.cookie}; {answer.headers['Set-Cookie'].split(';')[0]}"}
    assert "Not for yourself" in office.client.get(address, headers=said).text
    assert db_session.scalars(select(User.is_active).where(User.id == cast.admin.id)).one()


@pytest.mark.parametrize("path", ["/people", "/people/{receiver}", "/people/{acme}", "/account", "/confirm"])
def test_the_pages_are_in_chinese_too(cast, client, office, path):
    office.post("/language", data={"language": "zh-CN"})
    page = office.get(path.format(receiver=cast.receiver.id, acme=cast.acme_person.id))
    assert page.status_code == 200
    assert 'lang="zh-CN"' in page.text
    assert not re.search(r">(Open logins|Password|Locked|Works for|Badge and PIN|My account)<", page.text)


def test_the_picture_of_a_badge_can_be_scanned():
    code = new_badge()
    kind, _, content = badge_picture(code).partition(",")
    assert kind == "data:image/svg+xml;base64"
    picture = base64.b64decode(content).decode()
    side = int(re.search(r'viewBox="0 0 (\d+)', picture)[1])
    pixels = np.full((side, side), 255, np.uint8)
    for x, y, width in re.findall(r"M(\d+) (\d+)h(\d+)v1h", picture):
        pixels[int(y), int(x) : int(x) + int(width)] = 0
    found = zxingcpp.read_barcodes(np.kron(pixels, np.ones((4, 4), np.uint8)))
    assert [each.text for each in found] == [code]
