"""The demonstration cast may be asked for again and again, and never in production."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.cast import EXTENT
from tests.test_access import state
from wms.seed import DEMO_LOGINS, seed_demo_cast


def test_seeding_again_changes_nothing(cast, fresh_app):
    before = state(fresh_app)
    assert seed_demo_cast(fresh_app, EXTENT) is False
    assert state(fresh_app) == before


def test_production_never_gets_published_passwords(fresh_app):
    config = fresh_app.extensions["wms_config"]
    fresh_app.extensions["wms_config"] = replace(config, environment="production")
    with pytest.raises(RuntimeError, match="never in production"):
        seed_demo_cast(fresh_app, EXTENT)


def test_every_printed_login_works(cast, client):
    for _, login, secret, page in DEMO_LOGINS:
        if page == "/api/":
            header, scheme = login.split(": ")
            assert client.get("/api/v1/stock", headers={header: f"{scheme} {secret}"}).status_code == 200
            continue
        form = {"badge": login, "pin": secret} if page == "/floor/badge" else {"login": login, "password": secret}
        assert client.post(page, data=form).status_code == 302, login
