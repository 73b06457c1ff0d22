"""Every route against every role, another tenant, and nobody: who may not is refused, and nothing changes.

It walks the application's own list of routes, so a new route is covered by being there. A route whose path names
something of a seller should get that id into `of_acme` (by the name of its path parameter), and a route that needs a
body to get past the schemas one into `BODIES`: with them the walk proves 404 for another tenant, without them it
proves that some refusal comes and nothing changes.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text
from werkzeug.routing import Rule

from wms.core import clock
from wms.core.ids import new_id
from wms.core.permissions import Permission
from wms.platform.access import AUTHENTICATED
from wms.platform.database import session

# Served by Flask itself, from a folder of public files.
WITHOUT_PERMISSION = {"static"}
# Posts that are open to nobody, each with its own tests.
OPEN_CHANGES = {"identity_pages.login_post", "identity_pages.badge_post", "identity_pages.language",
                "identity_second_step.code_post", "print_agents.enrol"}  # fmt: skip
# Bodies that pass the schema, by endpoint.
BODIES: dict[str, dict[str, Any]] = {
    "catalog.edit": {"name_en": "Mine"},
    "catalog.add_barcode": {"barcode": "MINE"},
}
REFUSED = {400, 403, 404, 405, 409, 412, 415, 422, 428}


def of_acme(cast) -> dict[str, str]:
    """What ACME has, by the name of the path parameter."""
    from wms.catalog.models import ProductBarcode
    from wms.identity import service
    from wms.identity.models import ApiKey

    product = cast.ACME.products["MUG-450-BLUE"]
    barcode = session().query(ProductBarcode.id).filter_by(product_id=product).first()
    login = service.open_session(cast.acme_person.id, "portal").session_id
    session().commit()
    key = session().query(ApiKey.id).filter_by(seller_id=cast.ACME.id).first()
    assert barcode is not None
    assert key is not None
    return {"product_id": str(product), "barcode_id": str(barcode[0]), "key_id": str(key[0]),
            "user_id": str(cast.acme_person.id), "session_id": str(login)}  # fmt: skip


def takes_keys(rule: Rule) -> bool:
    """A surface where a cookie is no credential."""
    return rule.rule.startswith(("/api/", "/agent/v1/"))


def routes(app: Flask) -> Iterator[tuple[Rule, str, Permission | str | None]]:
    """Every (rule, method, declared permission)."""
    for rule in app.url_map.iter_rules():
        if rule.endpoint in WITHOUT_PERMISSION:
            continue
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield rule, method, getattr(app.view_functions[rule.endpoint], "permission", "undeclared")


def path_of(rule: Rule, known: dict[str, str]) -> str:
    """The rule's path with the known ids, random ones for the rest; numbers and choices get one that fits."""

    def value(found: re.Match[str]) -> str:
        kind, name = found.group(1) or "", found.group(2)
        fitting = "1" if kind == "int:" else kind[4:].split(",")[0].strip(" )") if kind.startswith("any(") else None
        return fitting or known.get(name, str(uuid.uuid4()))

    return re.sub(r"<([^<>]*:)?(\w+)>", value, rule.rule)


def state(app: Flask) -> dict[str, Any]:
    """A checksum over the rows of every table."""
    with app.app_context():
        names = session().scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")).all()
        whole = " UNION ALL ".join(
            f"SELECT '{name}', count(*), coalesce(sum(hashtextextended(t::text, 0)::numeric), 0) FROM \"{name}\" t"
            for name in names
        )
        return {name: (count, checksum) for name, count, checksum in session().execute(text(whole))}


@pytest.fixture
def still(fresh_app):
    """The clock stands, so that noting when a key or login was last used is no change."""
    now = clock.now()
    former = clock.use(lambda: now)
    yield
    clock.use(former)


def test_every_route_declares_its_permission(app):
    undeclared = sorted({rule.endpoint for rule, _, permission in routes(app) if permission == "undeclared"})
    assert undeclared == []


def test_nothing_that_changes_is_open_to_nobody(app):
    open_changes = {rule.endpoint for rule, method, permission in routes(app) if permission is None and method != "GET"}
    assert open_changes == OPEN_CHANGES


def test_nobody_gets_nothing(cast, fresh_app, fresh_client):
    before, wrong = state(fresh_app), []
    for rule, method, permission in routes(fresh_app):
        if permission is None:
            continue
        path = path_of(rule, {})
        answer = fresh_client.open(path, method=method, json=BODIES.get(rule.endpoint))
        to_the_door = answer.status_code == 302 and answer.headers["Location"].startswith(("/login", "/floor/badge"))
        if not (answer.status_code == 401 if path.startswith(("/api/", "/floor/v1", "/agent/v1")) else to_the_door):
            wrong.append((rule.endpoint, method, answer.status_code))
    assert wrong == []
    assert state(fresh_app) == before


PEOPLE = ("acme_person", "rival_person", "agency", "receiver", "picker", "customs_clerk", "supervisor", "admin")


@pytest.mark.parametrize("person", PEOPLE)
def test_a_person_without_the_permission_is_refused(cast, fresh_app, fresh_client, still, person):
    actor = getattr(cast, person)
    caller = cast.sign_in(fresh_client, actor, face="portal")
    before, wrong = state(fresh_app), []
    for rule, method, permission in routes(fresh_app):
        on_api = takes_keys(rule)
        if permission is None or (not on_api and (permission == AUTHENTICATED or actor.may(Permission(permission)))):
            continue
        answer = caller.send(method, path_of(rule, {}), BODIES.get(rule.endpoint), key=str(new_id()))
        if answer.status_code != (401 if on_api else 403):  # a cookie is no credential on the API
            wrong.append((rule.endpoint, method, answer.status_code))
    assert wrong == []
    assert state(fresh_app) == before


@pytest.mark.parametrize("person", ["rival_person", "rival"])
def test_another_tenant_finds_nothing_of_acme(cast, fresh_app, fresh_client, still, person):
    on_api = person == "rival"
    caller = cast.api(fresh_client, "RIVAL") if on_api else cast.sign_in(fresh_client, cast.rival_person)
    if on_api:
        caller.get("/api/v1/me")  # the key's use is noted before the look
    with fresh_app.app_context():
        known = of_acme(cast)
    before, wrong, walked = state(fresh_app), [], 0
    for rule, method, permission in routes(fresh_app):
        if permission is None or rule.rule.startswith("/api/") != on_api or not rule.arguments & known.keys():
            continue
        walked += 1
        form = {"data": {"command_id": str(new_id())}} if not on_api else {}
        answer = caller.send(method, path_of(rule, known), BODIES.get(rule.endpoint), match=1, **form)
        certain = method in {"GET", "DELETE"} or rule.endpoint in BODIES
        if answer.status_code not in ({404, 403} if certain else REFUSED):
            wrong.append((rule.endpoint, method, answer.status_code))
    after = state(fresh_app)
    assert wrong == []
    assert walked > 0
    assert without_commands(after) == without_commands(before)


def without_commands(found: dict[str, Any]) -> dict[str, Any]:
    """A business refusal is kept as its command's answer (law 7): that row is its only trace."""
    return {name: value for name, value in found.items() if not name.startswith("command")}


def test_a_key_without_scopes_may_nothing(cast, fresh_app, fresh_client, still):
    from wms.identity import service
    from wms.platform.database import transaction

    with fresh_app.app_context(), transaction():
        narrow = service.issue_api_key(cast.admin, cast.ACME.id, "narrow", [Permission.LABELS_READ])
    headers = {"Authorization": f"Bearer {narrow.text}", "Idempotency-Key": str(new_id())}
    fresh_client.get("/api/v1/me", headers=headers)
    before, wrong = state(fresh_app), []
    for rule, method, permission in routes(fresh_app):
        if not rule.rule.startswith("/api/") or permission in {None, AUTHENTICATED, Permission.LABELS_READ}:
            continue
        answer = fresh_client.open(path_of(rule, {}), method=method, json=BODIES.get(rule.endpoint), headers=headers)
        named = answer.json.get("params") if answer.status_code == 403 else None
        if named != {"permission": str(permission)}:  # what to ask an administrator for
            wrong.append((rule.endpoint, method, answer.status_code, named))
    assert wrong == []
    assert state(fresh_app) == before


FOREIGN = {
    "no token": {"X-CSRF-Token": None},
    "an empty token": {"X-CSRF-Token": ""},
    "another login's token": {"X-CSRF-Token": "0" * 64},
    "a foreign origin": {"Origin": "https://evil.example"},
    "no origin at all, as from a sandbox": {"Origin": "null"},
    "a foreign page": {"Sec-Fetch-Site": "cross-site"},
    "a neighbour of ours": {"Sec-Fetch-Site": "same-site"},
}


@pytest.mark.parametrize("person", ["admin", "acme_person", "receiver"])
def test_no_change_that_another_site_causes(cast, fresh_app, fresh_client, still, person):
    """Each state-changing page, with a good cookie: without the login's own token it is refused, and with it too when
    the browser says that another site sent it.
    """
    actor = getattr(cast, person)
    caller = cast.sign_in(fresh_client, actor)
    own, walked = dict(caller.headers), 0
    before, wrong = state(fresh_app), []
    for rule, method, permission in routes(fresh_app):
        if method == "GET" or takes_keys(rule):
            continue
        if permission not in {None, AUTHENTICATED} and not caller_may(actor, permission):
            continue
        for told, headers in FOREIGN.items():
            if permission is None and "token" in told:
                continue  # open to nobody in particular: no login, no token
            walked += 1
            caller.headers = {name: value for name, value in {**own, **headers}.items() if value is not None}
            answer = caller.send(method, path_of(rule, {}), data={}, key=str(new_id()))
            if answer.status_code != 422 or not about_csrf(answer):
                wrong.append((rule.endpoint, method, told, answer.status_code))
    assert wrong == []
    assert walked > 60
    assert state(fresh_app) == before


def caller_may(actor, permission) -> bool:
    return actor.may(Permission(permission))


def about_csrf(answer) -> bool:
    return (answer.json["code"] == "csrf_token_wrong") if answer.is_json else "The page is too old" in answer.text


def test_the_forms_of_our_own_pages_are_taken(cast, client):
    """The other half: the same change goes through with token and origin, also behind a proxy that renames the host."""
    caller = cast.sign_in(client, cast.admin)
    public = client.application.extensions["wms_config"].public_url
    for headers in ({}, {"Origin": "http://localhost"}, {"Origin": public}, {"Sec-Fetch-Site": "same-origin"}):
        answer = caller.post("/language", data={"language": "en", "next": "/people"}, headers=headers)
        assert answer.headers["Location"] == "/people"
        assert caller.post("/people", data={}, headers=headers).status_code == 422
        assert not about_csrf(caller.post("/people", data={}, headers=headers))


def test_a_temporary_password_opens_nothing_but_the_choice_of_another(cast, fresh_app, fresh_client, still):
    from wms.core.actor import MUST_CHOOSE

    caller = cast.sign_in(fresh_client, cast.admin, face=MUST_CHOOSE)
    before, wrong, let_in = state(fresh_app), [], set()
    for rule, method, permission in routes(fresh_app):
        if permission is None or takes_keys(rule):
            continue
        if rule.endpoint == "identity_pages.logout":
            continue
        answer = caller.send(method, path_of(rule, {}), data={} if method != "GET" else None, key=str(new_id()))
        led = answer.status_code == 302 and answer.headers["Location"] == "/account"
        if rule.endpoint in {"identity_account.account", "identity_account.change_password"}:
            let_in.add((rule.endpoint, answer.status_code))
        elif not (answer.status_code == 403 if path_of(rule, {}).startswith(("/floor/v1", "/agent/v1")) else led):
            wrong.append((rule.endpoint, method, answer.status_code))
    assert wrong == []
    assert let_in == {("identity_account.account", 200), ("identity_account.change_password", 422)}
    after = state(fresh_app)
    assert [name for name in after if after[name] != before[name]] == ["app_user"]  # the wrong try was counted
