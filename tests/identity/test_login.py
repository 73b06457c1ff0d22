"""Logging in and out, with a password and with a badge."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from wms.core import clock
from wms.core.permissions import Permission
from wms.core.refusals import Refused
from wms.identity import queries, rules, service
from wms.identity.hashing import hash_random
from wms.identity.models import LoginSession, User
from wms.seed import PEOPLE, badge_of

RECEIVER = next(person for person in PEOPLE if person.login == "receiver@demo")


@pytest.fixture
def later():
    """Moves the clock: `later(minutes=5)`."""
    started, passed = clock.now(), [timedelta()]
    former = clock.use(lambda: started + passed[0])
    yield lambda **time: passed.__setitem__(0, passed[0] + timedelta(**time))
    clock.use(former)


def user(db_session, login: str) -> User:
    return db_session.scalars(select(User).where(User.login == login)).one()


def test_a_right_password_opens_a_login_and_stores_only_its_hash(cast, db_session):
    opened = service.login(" ACME@demo ", "acme-demo")
    assert not isinstance(opened, Refused)
    row = db_session.get(LoginSession, opened.session_id)
    assert row.token_hash == hash_random(opened.token)
    assert len(opened.token) >= 43
    assert row.user_id == cast.acme_person.id


@pytest.mark.parametrize(("login", "password"), [("acme@demo", "wrong"), ("nobody@demo", "acme-demo"), ("", "")])
def test_unknown_and_wrong_are_the_same_answer(cast, db_session, login, password):
    refused = service.login(login, password)
    assert isinstance(refused, Refused)
    assert (refused.code, refused.params) == ("login_refused", {})


def test_a_disabled_person_is_refused_like_a_wrong_password(cast, db_session):
    service.deactivate_user(cast.admin, cast.acme_person.id)
    assert isinstance(service.login("acme@demo", "acme-demo"), Refused)


def test_five_wrong_tries_lock_for_five_minutes(cast, db_session, later):
    for _ in range(rules.MAX_FAILURES):
        assert isinstance(service.login("acme@demo", "wrong"), Refused)
    assert isinstance(service.login("acme@demo", "acme-demo"), Refused)
    later(minutes=4, seconds=59)
    assert isinstance(service.login("acme@demo", "acme-demo"), Refused)
    later(seconds=1)
    assert not isinstance(service.login("acme@demo", "acme-demo"), Refused)
    assert user(db_session, "acme@demo").failed_logins == 0


def test_a_badge_with_its_pin_opens_the_floor_and_closes_the_former_tablet(cast, db_session):
    first = service.login_with_badge(badge_of(RECEIVER), "2468")
    second = service.login_with_badge(badge_of(RECEIVER).lower(), "2468")
    assert not isinstance(first, Refused)
    assert not isinstance(second, Refused)
    assert queries.session_by_hash(hash_random(first.token)) is None
    assert queries.session_by_hash(hash_random(second.token)).face == "floor"


@pytest.mark.parametrize("badge", ["", "U-00000000000000000000000000000000-0", "receiver@demo"])
def test_an_unknown_badge_is_refused(cast, db_session, badge):
    refused = service.login_with_badge(badge, "2468")
    assert isinstance(refused, Refused)
    assert refused.code == "badge_refused"


def test_wrong_pins_lock_too(cast, db_session):
    for _ in range(rules.MAX_FAILURES):
        service.login_with_badge(badge_of(RECEIVER), "0000")
    assert isinstance(service.login_with_badge(badge_of(RECEIVER), "2468"), Refused)


def test_a_badge_never_opens_the_office(cast, db_session):
    code = service.set_badge(cast.admin, cast.admin.id, "1397")
    opened = service.login_with_badge(code, "1397")
    row = queries.session_by_hash(hash_random(opened.token))
    actor = queries.actor_from_person(row, row.session_id, row.face)
    assert Permission.FLOOR_WORK in actor.permissions
    assert actor.permissions.isdisjoint({Permission.PEOPLE_MANAGE, Permission.KEYS_MANAGE, Permission.OPERATE})


def test_a_badge_of_a_sellers_person_opens_nothing(cast, db_session):
    code = service.set_badge(cast.admin, cast.acme_person.id, "1397")
    assert isinstance(service.login_with_badge(code, "1397"), Refused)


def test_a_new_password_ends_the_open_logins(cast, db_session):
    opened = service.login("acme@demo", "acme-demo")
    service.set_password(cast.acme_person, cast.acme_person.id, "purple forklift monday")
    assert queries.session_by_hash(hash_random(opened.token)) is None


def test_the_whole_round_over_http(cast, client):
    sent = client.post("/login", data={"login": "acme@demo", "password": "acme-demo", "next": "/keys"})
    assert (sent.status_code, sent.headers["Location"]) == (302, "/keys")
    cookie = sent.headers["Set-Cookie"]
    assert cookie.startswith("wms_session=")
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert client.get("/keys").status_code == 200
    caller_token = client.get("/keys").text.split('name="csrf-token" content="')[1].split('"')[0]
    assert client.post("/logout", data={"csrf_token": "wrong"}).status_code == 422
    assert client.post("/logout", data={"csrf_token": caller_token}).status_code == 302
    assert client.get("/keys").headers["Location"].startswith("/login?next=")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "cross-site"}, 422),
        ({"Sec-Fetch-Site": "same-site"}, 422),
        ({"Sec-Fetch-Site": "same-origin"}, 302),
        ({"Origin": "https://evil.example"}, 422),
        ({"Origin": "null"}, 422),
        ({"Origin": "http://localhost"}, 302),
        ({}, 302),
    ],
)
def test_a_login_that_another_site_sends_is_refused(cast, client, headers, status):
    form = {"login": "acme@demo", "password": "acme-demo"}
    sent = client.post("/login", data=form, headers=headers)
    assert sent.status_code == status
    assert ("Set-Cookie" in sent.headers) == (status == 302)


@pytest.mark.parametrize("address", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:x"])
def test_the_login_leads_to_this_site_only(cast, client, address):
    form = {"login": "acme@demo", "password": "acme-demo", "next": address}
    assert client.post("/login", data=form).headers["Location"] == "/"


def test_a_login_ends_when_idle_and_when_old(cast, client, later):
    portal = cast.sign_in(client, cast.acme_person)
    later(minutes=29)
    assert portal.get("/keys").status_code == 200
    later(minutes=1)
    assert portal.get("/keys").status_code == 302  # `seen_at` is not written inside the test's transaction


def test_the_language_is_kept_with_the_person(cast, client, db_session):
    portal = cast.sign_in(client, cast.acme_person)
    portal.post("/language", data={"language": "zh-CN"})
    db_session.expire_all()
    assert user(db_session, "acme@demo").language == "zh_CN"


def test_a_worker_binds_to_a_bench_of_their_warehouse(cast, client, db_session):
    floor = cast.sign_in(client, cast.receiver)
    assert "Bench 1" in floor.get("/floor/station").text
    assert floor.post("/floor/station", data={"barcode": "s-p01-0"}).status_code == 404
    from wms.facility.models import Station

    station = db_session.get(Station, cast.overseas.stations["P01"])
    assert floor.post("/floor/station", data={"barcode": station.barcode.lower()}).status_code == 302
    bound = db_session.scalars(select(LoginSession).where(LoginSession.station_id == station.id)).one()
    assert bound.warehouse_id == cast.overseas.id
