"""API keys: shown once, hashed, scoped, dead at once when revoked."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from wms.core import clock
from wms.core.permissions import KEY_SCOPES, Permission
from wms.core.refusals import Refused
from wms.identity import queries, rules, service
from wms.identity.models import ApiKey


def bearer(client, key: str):
    return client.get("/api/v1/me", headers={"Authorization": f"Bearer {key}"})


def test_a_new_key_works_and_only_its_hash_is_stored(cast, client, db_session):
    issued = service.issue_api_key(cast.acme_person, cast.ACME.id, "ERP", ["orders.read"])
    db_session.commit()
    assert re.fullmatch(r"wms_live_[0-9A-Za-z]{8}_[0-9A-Za-z]{43}", issued.text)
    row = db_session.get(ApiKey, issued.id)
    assert len(row.secret_hash) == 32
    assert issued.text.rsplit("_", 1)[1].encode() not in row.secret_hash
    answer = bearer(client, issued.text)
    assert answer.status_code == 200
    assert answer.json["permissions"] == ["orders.read"]
    assert [seller["code"] for seller in answer.json["sellers"]] == ["ACME"]


@pytest.mark.parametrize("change", [lambda k: k[:-1] + ("0" if k[-1] != "0" else "1"), lambda k: k + "x",
                                    lambda k: "", lambda k: k.replace("live", "test")])  # fmt: skip
def test_any_other_key_is_nobody(cast, client, change):
    answer = bearer(client, change(cast.ACME.key))
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="wms"'


def test_a_revoked_key_is_dead_at_once(cast, client, db_session):
    issued = service.issue_api_key(cast.acme_person, cast.ACME.id, "ERP", ["orders.read"])
    db_session.commit()
    assert bearer(client, issued.text).status_code == 200
    service.revoke_api_key(cast.acme_person, issued.id)
    db_session.commit()
    assert bearer(client, issued.text).status_code == 401


def test_an_expired_key_is_nobody(cast, client, db_session):
    soon = clock.now() + timedelta(hours=1)
    issued = service.issue_api_key(cast.acme_person, cast.ACME.id, "ERP", ["orders.read"], expires_at=soon)
    db_session.commit()
    former = clock.use(lambda: soon)
    try:
        assert bearer(client, issued.text).status_code == 401
    finally:
        clock.use(former)


def test_a_key_gets_no_right_beyond_the_scopes_for_keys(cast, db_session):
    for scope in set(Permission) - KEY_SCOPES:
        with pytest.raises(Refused) as refused:
            service.issue_api_key(cast.admin, cast.ACME.id, "ERP", [scope])
        assert refused.value.errors[0]["code"] == "scope_not_for_keys"


def test_nobody_makes_or_revokes_keys_of_another_seller(cast, db_session):
    with pytest.raises(Refused) as refused:
        service.issue_api_key(cast.rival_person, cast.ACME.id, "ERP", ["orders.read"])
    assert refused.value.code == "not_found"
    key = db_session.scalars(select(ApiKey).where(ApiKey.seller_id == cast.ACME.id)).one()
    for actor in (cast.rival_person, cast.acme, cast.supervisor):
        with pytest.raises(Refused):
            service.revoke_api_key(actor, key.id)
    assert key.revoked_at is None


def test_the_page_shows_a_new_key_once(cast, client, db_session):
    portal = cast.sign_in(client, cast.acme_person)
    page = portal.get("/keys").text
    command = re.search(r'name="command_id" value="([0-9a-f-]+)"', page)[1]
    form = {"command_id": command, "name": "ERP", "scopes": ["orders.read"]}
    key = re.search(r"wms_live_\w{8}_\w{43}", portal.post("/keys", data=form).text)[0]
    assert bearer(client, key).status_code == 200
    assert not re.search(r"wms_live_\w{8}_\w{43}", portal.post("/keys", data=form).text)
    assert not re.search(r"wms_live_\w{8}_\w{43}", portal.get("/keys").text)


def test_the_use_of_a_key_is_noted_once_a_minute(cast, fresh_app, fresh_client):
    from wms.identity.authentication import tried
    from wms.platform.database import session

    def last_used():
        with fresh_app.app_context():
            return session().scalar(select(ApiKey.last_used_at).where(ApiKey.seller_id == cast.ACME.id))

    tried.clear()
    assert bearer(fresh_client, cast.ACME.key).status_code == 200
    first = last_used()
    assert first is not None
    tried.clear()
    assert bearer(fresh_client, cast.ACME.key).status_code == 200
    assert last_used() == first


def test_keys_are_read_back_from_their_text():
    parts = rules.new_key_parts()
    assert rules.read_key(rules.write_key(*parts)) == parts


def test_a_person_of_two_sellers_must_name_one(cast, db_session):
    with pytest.raises(Refused):
        queries.choose_owner(cast.agency, None)
    assert queries.choose_owner(cast.agency, "RIVAL").id == cast.RIVAL.id
    assert queries.choose_owner(cast.acme, None).id == cast.ACME.id
    with pytest.raises(Refused) as refused:
        queries.choose_owner(cast.acme, "RIVAL")
    assert refused.value.code == "invalid_input"
