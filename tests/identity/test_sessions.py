"""Logins by ASVS 5.0, V7, level 2: each test names its rows. Tokens, their hashes and timeouts: also test_login.py."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from wms.core import clock
from wms.core.refusals import Refused
from wms.identity import queries, rules, service
from wms.identity.hashing import hash_random
from wms.identity.models import ApiKey, LoginSession
from wms.seed import PEOPLE, badge_of

RECEIVER = next(person for person in PEOPLE if person.login == "receiver@demo")


@pytest.fixture
def later():
    """Moves the clock: `later(minutes=5)`."""
    started, passed = clock.now(), [timedelta()]
    former = clock.use(lambda: started + passed[0])
    yield lambda **time: passed.__setitem__(0, passed[0] + timedelta(**time))
    clock.use(former)


def open_of(db_session, person) -> list[LoginSession]:
    db_session.expire_all()
    statement = select(LoginSession).where(LoginSession.user_id == person.id, LoginSession.ended_at.is_(None))
    return list(db_session.scalars(statement))


def test_signing_in_again_ends_the_login_that_the_browser_brought(cast, client, db_session):
    """7.2.4: a new token, and the old one is dead; a token that the browser made up is never taken."""
    old = cast.sign_in(client, cast.acme_person)
    form = {"login": "acme@demo", "password": "acme-demo"}
    sent = old.client.post("/login", data=form, headers={"Cookie": f"wms_session={old.cookie}"})
    new = re.match(r"wms_session=([\w-]+);", sent.headers["Set-Cookie"])[1]
    assert new != old.cookie
    assert old.get("/account").status_code == 302
    planted = old.client.post("/login", data=form, headers={"Cookie": "wms_session=planted-by-somebody"})
    assert "planted-by-somebody" not in planted.headers["Set-Cookie"]


def test_logging_out_ends_the_login_on_the_server(cast, client, db_session):
    """7.4.1, 7.4.4."""
    portal = cast.sign_in(client, cast.acme_person)
    page = portal.get("/account")
    assert 'action="/logout"' in page.text
    assert page.headers["Cache-Control"] == "no-store"
    portal.post("/logout")
    assert portal.get("/account").status_code == 302
    assert open_of(db_session, cast.acme_person) == []


def test_a_login_used_all_day_ends_after_the_longest_time(cast, db_session, later):
    """7.3.2: however often it is used."""
    limits = (timedelta(minutes=30), timedelta(hours=12))
    made = clock.now()
    assert not rules.session_has_ended(
        made, made + timedelta(hours=11, minutes=59), made + timedelta(hours=11.99), *limits
    )
    assert rules.session_has_ended(made, made + timedelta(hours=12), made + timedelta(hours=12), *limits)


def test_a_tablet_locks_sooner_than_a_browser(cast, client, db_session, later):
    """7.3.1: ten minutes on the floor, half an hour elsewhere (`seen_at` is not written inside the test's transaction)."""
    tablet, portal = cast.sign_in(client, cast.receiver), cast.sign_in(client, cast.acme_person)
    later(minutes=9, seconds=59)
    assert tablet.get("/floor/station").status_code == 200
    later(seconds=1)
    assert tablet.get("/floor/station").headers["Location"].startswith("/floor/badge")
    assert (
        "/sessions/"
        not in cast.sign_in(client, cast.admin).get(f"/people/{cast.receiver.id}").text.split("Open logins")[1]
    )
    later(minutes=19, seconds=59)
    assert portal.get("/account").status_code == 200
    later(seconds=1)
    assert portal.get("/account").status_code == 302


def test_one_sees_and_ends_ones_own_logins(cast, client, db_session):
    """7.5.2: after a fresh proof, one or all others."""
    first, second, mine = (cast.sign_in(client, cast.acme_person) for _ in range(3))
    page = mine.get("/account").text
    ids = re.findall(r"/account/sessions/([0-9a-f-]{36})/end", page)
    assert len(ids) == 2
    assert page.count("This one") == 1
    assert mine.post(f"/account/sessions/{ids[1]}/end").status_code == 303
    assert sorted(each.get("/account").status_code for each in (first, second)) == [200, 302]
    assert mine.post("/account/sessions/end").status_code == 303
    assert {each.get("/account").status_code for each in (first, second)} == {302}
    assert mine.get("/account").status_code == 200


def test_nobody_ends_the_login_of_another(cast, client, db_session):
    rival = cast.sign_in(client, cast.rival_person)
    cast.sign_in(client, cast.acme_person)
    (victim,) = open_of(db_session, cast.acme_person)
    assert rival.post(f"/account/sessions/{victim.id}/end").status_code == 404
    with pytest.raises(Refused):
        service.end_session(cast.supervisor, cast.acme_person.id, victim.id)
    assert len(open_of(db_session, cast.acme_person)) == 1


def test_who_manages_people_ends_the_logins_of_one_or_of_all(cast, client, db_session):
    """7.4.5."""
    one, other, tablet = (
        cast.sign_in(client, each) for each in (cast.acme_person, cast.rival_person, cast.receiver)
    )  # fmt: skip
    office = cast.sign_in(client, cast.admin)
    page = office.get(f"/people/{cast.acme_person.id}").text
    session_id = re.search(r"/sessions/([0-9a-f-]{36})/end", page)[1]
    command = {"command_id": re.search(r'name="command_id" value="([0-9a-f-]+)"', page)[1]}
    assert office.post(f"/people/{cast.acme_person.id}/sessions/{session_id}/end", data=command).status_code == 303
    assert one.get("/account").status_code == 302
    assert other.get("/account").status_code == 200
    assert office.post("/people/sessions/end").status_code == 303
    assert other.get("/account").status_code == 302
    assert tablet.get("/floor/station").status_code == 302
    assert office.get("/people").status_code == 200


@pytest.mark.parametrize("change", ["deactivate_user", "reset_password"])
def test_locking_out_and_resetting_end_every_login(cast, client, db_session, change):
    """7.4.2, 7.4.3."""
    portal = cast.sign_in(client, cast.acme_person)
    getattr(service, change)(cast.admin, cast.acme_person.id)
    assert portal.get("/account").status_code == 302


def test_a_new_badge_or_pin_ends_the_login_on_the_tablet(cast, client, db_session):
    for change in (lambda: service.set_pin(cast.admin, cast.receiver.id, "8361"),
                   lambda: service.set_badge(cast.admin, cast.receiver.id, "8361"),
                   lambda: service.remove_badge(cast.admin, cast.receiver.id)):  # fmt: skip
        tablet = cast.sign_in(client, cast.receiver)
        assert tablet.get("/floor/station").status_code == 200
        change()
        assert tablet.get("/floor/station").status_code == 302


SENSITIVE = ["/keys", "/people", "/people/sessions/end", "/people/{user}/password", "/people/{user}/badge",
             "/people/{user}/pin", "/people/{user}/badge/remove", "/people/{user}/deactivate", "/people/{user}/reopen",
             "/people/{user}/sessions/end", "/people/{user}/sessions/{user}/end", "/account/sessions/end",
             "/account/sessions/{user}/end", "/keys/{key}/revoke", "/people/{user}/second-step/reset",
             "/people/roles/{role}/second-step", "/account/second-step", "/account/second-step/confirm",
             "/account/second-step/recovery-codes", "/account/second-step/remove"]  # fmt: skip


def test_what_changes_a_way_in_wants_a_fresh_proof(cast, client, app, db_session, later):
    """7.5.1: every such route, a quarter of an hour after the login; nothing is changed, and the proof leads back."""
    known = {str(rule) for rule in app.url_map.iter_rules() if str(rule).startswith(("/people", "/keys", "/account/s"))
             and "POST" in rule.methods}  # fmt: skip
    named = {re.sub(r"\{(\w+)\}", "<>", path) for path in SENSITIVE}
    assert {re.sub(r"<[^>]+>", "<>", path) for path in known} == named
    office = cast.sign_in(client, cast.admin)
    later(minutes=15, seconds=1)
    key = db_session.scalars(select(ApiKey.id).limit(1)).one()
    for path in SENSITIVE:
        sent = office.post(path.format(user=cast.receiver.id, key=key, role="admin"), data={"command_id": "x"})
        assert (sent.status_code, sent.headers["Location"].split("?")[0]) == (303, "/confirm"), path
        back = sent.headers["Location"].partition("next=")[2].replace("%2F", "/")
        assert office.get(back).status_code == 200


def test_a_proof_opens_a_new_login_at_the_same_bench(cast, client, db_session):
    """7.2.4: re-authentication changes the token too; on a tablet the PIN is the proof."""
    opened = service.login_with_badge(badge_of(RECEIVER), RECEIVER.pin)
    station = cast.overseas.stations["P01"]
    service.bind_station(opened.session_id, cast.overseas.id, station)
    db_session.commit()
    row = queries.session_by_hash(hash_random(opened.token))
    actor = queries.actor_from_person(row, row.session_id, row.face)
    assert isinstance(service.prove(actor, RECEIVER.password), Refused)
    again = service.prove(actor, RECEIVER.pin)
    assert again.token != opened.token
    assert queries.session_by_hash(hash_random(opened.token)) is None
    assert queries.session_by_hash(hash_random(again.token)).station_id == station


def test_a_badge_is_never_asked_at_the_office_door(cast, client, db_session):
    """7.5.1: a floor login cannot show a password to become more."""
    tablet = cast.sign_in(client, cast.admin, face="floor")
    assert tablet.post("/confirm", data={"secret": "admin-demo"}).status_code == 422
    assert tablet.get("/people").status_code == 403


def test_cookies_are_bound_to_https_and_hidden_from_scripts(config):
    """3.3.1–3.3.4: over https the login's cookie and the one for messages carry the __Host- prefix and its conditions."""
    import dataclasses

    from tests.engines import create_app, dispose
    from wms.identity import authentication

    application = create_app(dataclasses.replace(config, public_url="https://wms.example"))
    try:
        with application.test_request_context("/", base_url="https://wms.example"):
            response = application.response_class()
            authentication.set_session_cookie(response, "token")
            authentication.set_step_cookie(response, "token")
            from flask import session as said

            said["_flashes"] = [("ok", "said once")]
            application.session_interface.save_session(application, said, response)
            cookies = response.headers.getlist("Set-Cookie")
        assert [each.split("=")[0] for each in cookies] == ["__Host-wms", "__Host-wms_step", "__Host-said"]
        for each in cookies:
            for part in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
                assert part in each
            assert "Domain" not in each
    finally:
        dispose(application)
