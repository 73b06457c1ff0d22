"""Budgets of requests: the rule, its headers, whom it meets, and that nobody notices when Valkey is away."""

from __future__ import annotations

import dataclasses
import re
import threading
import time

import pytest
import redis
from structlog.testing import capture_logs

from tests.conftest import SeparateRequests
from tests.engines import create_app, dispose
from wms.platform import limits
from wms.platform.limits import Limiter, LocalBudgets, Policy

NOWHERE = "unix:///nowhere.sock"
SMALL = {"limit_key": 5, "limit_session": 4, "limit_address": 3, "limit_logins": 3, "limit_account_logins": 2}


@pytest.fixture(scope="module")
def limited(engines):
    """One application with budgets small enough to use up, on a database of its own."""
    name = engines.copy()
    application = create_app(dataclasses.replace(engines.config(name), **SMALL))
    yield application
    dispose(application)
    engines.engines.postgres.drop_database(name)


@pytest.fixture
def asking(limited):
    """Nobody has asked anything yet."""
    limited.extensions["wms_limits"].valkey.flushdb()
    return SeparateRequests(limited, limited.response_class, use_cookies=False)


@pytest.fixture
def with_limits(limited, monkeypatch):
    """The same application with other limits: `with_limits(limit_key=1)`."""

    def change(**settings):
        former = limited.extensions["wms_limits"]
        config = dataclasses.replace(former.config, **settings)
        valkey = limits.connect(config.redis_url)
        monkeypatch.setitem(limited.extensions, "wms_limits", Limiter(config, valkey))

    return change


@pytest.fixture(params=["valkey", "memory"])
def budgets(request, redis_client, config):
    """The same rule, kept by Valkey's script and by a process on its own."""
    if request.param == "valkey":
        return Limiter(config, redis_client)
    away = Limiter(config, limits.connect(NOWHERE))
    away.away_until = float("inf")
    return away


def statuses(asking, path, times, **options):
    return [asking.get(path, **options).status_code for _ in range(times)]


def test_a_whole_quota_may_come_at_once_and_not_one_more(budgets):
    for quota in (1, 3, 7, 1000):
        policy = Policy(f"of{quota}", quota, 3600)
        for left in reversed(range(quota)):
            (standing,) = budgets.charge((policy, "me"))
            assert (standing.refused, standing.remaining) == (False, left)
        (over,) = budgets.charge((policy, "me"))
        assert over.refused
        assert over.remaining == 0
        assert 1 <= over.seconds <= 3600 // quota + 1
        assert not budgets.charge((policy, "you"))[0].refused


def test_a_refusal_takes_nothing_from_the_other_budget(budgets):
    wide, narrow = Policy("wide", 10, 3600), Policy("narrow", 1, 3600)
    assert not any(each.refused for each in budgets.charge((wide, "a"), (narrow, "b")))
    for _ in range(20):
        first, second = budgets.charge((wide, "a"), (narrow, "b"))
        assert (first.refused, second.refused) == (False, True)
    (after,) = budgets.charge((wide, "a"))
    assert after.remaining == 8


def test_the_budget_refills_by_and_by(budgets):
    policy = Policy("quick", 2, 1)
    assert [budgets.charge((policy, "me"))[0].refused for _ in range(3)] == [False, False, True]
    for _ in range(100):  # half a second is enough
        if not budgets.charge((policy, "me"))[0].refused:
            break
        time.sleep(0.05)
    else:
        pytest.fail("nothing came back")


def test_no_limit_asks_nobody(config):
    free = Limiter(dataclasses.replace(config, limit_key=0), limits.connect(NOWHERE))
    assert free.charge((free.key, "me")) == []
    assert free.away_until == 0


def test_contenders_together_get_one_quota(redis_client, config):
    budget, policy, let_in = Limiter(config, redis_client), Policy("shared", 50, 3600), []

    def ask() -> None:
        let_in.extend(not budget.charge((policy, "all"))[0].refused for _ in range(25))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sum(let_in) == 50


def test_valkey_holds_no_name_and_no_key_for_ever(redis_client, config):
    budget = Limiter(config, redis_client)
    budget.charge((Policy("account", 5, 300), "alice@acme.example"), (Policy("address", 5, 300), "203.0.113.9"))
    names = redis_client.keys()
    assert len(names) == 2
    for name in names:
        assert re.fullmatch(rb"limit:(account|address):[0-9a-f]{24}", name)
        assert 0 < redis_client.pttl(name) <= 300_000
    other = Limiter(dataclasses.replace(config, secret_key="another installation's secret, long enough"), redis_client)
    assert other._name(Policy("account", 5, 300), "alice@acme.example").encode() not in names


def test_no_request_fails_while_valkey_is_away(cast, asking, with_limits):
    with_limits(redis_url=NOWHERE)
    headers = {"Authorization": f"Bearer {cast.ACME.key}"}
    assert statuses(asking, "/api/v1/me", 6, headers=headers) == [200] * 5 + [429]
    assert asking.post("/login", data={"login": "acme@demo", "password": "acme-demo"}).status_code == 302


@pytest.mark.parametrize("fault", ["away", "full"])
def test_valkey_away_or_full_costs_nothing_but_a_line_in_the_log(config, engines, fault, monkeypatch):
    client = limits.connect(NOWHERE)
    budget, policy = Limiter(config, client), Policy("key", 3, 3600)
    if fault == "full":
        monkeypatch.setattr(client, "evalsha", lambda *_: (_ for _ in ()).throw(redis.ResponseError("OOM command")))
    with capture_logs() as told:
        answers = [budget.charge((policy, "me"))[0].refused for _ in range(5)]
    assert answers == [False, False, False, True, True]
    assert [(line["event"], line["log_level"]) for line in told] == [("limits.valkey_away", "error")]


def test_the_memory_of_a_process_is_bounded():
    local, policy = LocalBudgets(), Policy("address", 5, 3600)
    for number in range(limits.MOST_LOCAL + 100):
        local.charge([str(number)], [policy])
    assert len(local.due) <= limits.MOST_LOCAL + 1


def test_each_key_has_a_budget_and_its_headers(cast, asking):
    path, headers = "/api/v1/me", {"Authorization": f"Bearer {cast.ACME.key}"}
    first = asking.get(path, headers=headers)
    assert first.headers["RateLimit-Policy"] == '"key";q=5;w=60'
    assert re.fullmatch(r'"key";r=4;t=\d+', first.headers["RateLimit"])
    assert statuses(asking, path, 5, headers=headers) == [200, 200, 200, 200, 429]
    over = asking.get(path, headers={**headers, "Accept-Language": "zh"})
    assert over.status_code == 429
    assert over.mimetype == "application/problem+json"
    assert (over.json["code"], over.json["params"]["policy"]) == ("too_many_requests", "key")
    assert 1 <= int(over.headers["Retry-After"]) <= 12
    assert over.headers["RateLimit"].startswith('"key";r=0;t=')
    assert "X-Request-Id" in over.headers
    assert asking.get(path, headers={"Authorization": f"Bearer {cast.RIVAL.key}"}).status_code == 200


def test_a_login_has_a_budget_of_its_own(cast, limited, asking):
    floor, seller = cast.sign_in(asking, cast.receiver), cast.sign_in(asking, cast.acme_person)
    assert [floor.get("/floor/station").status_code for _ in range(5)] == [200, 200, 200, 200, 429]
    assert floor.get("/floor/v1/tasks").json["code"] == "too_many_requests"
    page = seller.get("/keys")
    assert page.status_code == 200
    assert page.headers["RateLimit-Policy"] == '"session";q=4;w=60'


def test_nobody_is_counted_by_address(cast, asking):
    assert statuses(asking, "/login", 4) == [200, 200, 200, 429]
    over = asking.get("/login")
    assert over.mimetype == "text/html"
    assert "Too many requests" in over.text
    assert statuses(asking, "/login", 1, environ_base={"REMOTE_ADDR": "198.51.100.7"}) == [200]
    inside = {"Authorization": f"Bearer {cast.ACME.key}"}  # who has a key is not meant
    assert asking.get("/api/v1/me", headers=inside).status_code == 200


def test_guessing_keys_is_counted_by_address(cast, asking):
    guesses = [{"Authorization": f"Bearer wms_live_{number:08}_{'x' * 43}"} for number in range(5)]
    assert [asking.get("/api/v1/me", headers=each).status_code for each in guesses] == [401, 401, 401, 429, 429]
    inside = {"Authorization": f"Bearer {cast.ACME.key}"}
    assert asking.get("/api/v1/me", headers=inside).status_code == 200


def test_guessing_logins_is_counted_by_address(asking):
    answers = [asking.get("/keys", headers={"Cookie": f"wms_session=guess{number}"}) for number in range(5)]
    assert [each.status_code for each in answers] == [302, 302, 302, 429, 429]


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/static/favicon.svg"])
def test_health_and_files_are_never_counted(asking, path):
    for _ in range(10):
        with asking.get(path) as answer:
            assert answer.status_code == 200
            assert "RateLimit" not in answer.headers


def test_tries_to_sign_in_are_counted_by_account_known_or_not(asking):
    for name in ("acme@demo", "nobody@demo"):
        tries = [
            asking.post("/login", data={"login": spelled, "password": "wrong"}, environ_base={"REMOTE_ADDR": address})
            for spelled, address in ((name, "192.0.2.1"), (f" {name.upper()} ", "192.0.2.2"), (name, "192.0.2.3"))
        ]
        assert [each.status_code for each in tries] == [422, 422, 429]
        assert 1 <= int(tries[2].headers["Retry-After"]) <= 300
        assert '"account";q=2;w=300' in tries[2].headers["RateLimit-Policy"]
        assert "Too many tries" in tries[2].text


@pytest.mark.parametrize("form", ["login", "badge"])
def test_tries_to_sign_in_are_counted_by_address(asking, with_limits, form):
    with_limits(limit_address=0)
    path = {"login": "/login", "badge": "/floor/badge"}[form]
    tries = [asking.post(path, data={form: f"somebody{number}", "pin": "1"}).status_code for number in range(4)]
    assert tries == [422] * 3 + [429]


@pytest.mark.parametrize(
    ("address", "subject"),
    [("203.0.113.9", "203.0.113.9"), ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"),
     ("2001:db8:1:2:bbbb::2", "2001:db8:1:2::/64"), ("::ffff:203.0.113.9", "203.0.113.9"), ("fe80::1%eth0", "fe80::/64"),
     ("", "unknown"), ("not:an:address", "not:an:address")],
)  # fmt: skip
def test_whose_address(app, address, subject):
    with app.test_request_context(environ_base={"REMOTE_ADDR": address}):
        assert limits.client_address() == subject


def test_a_forwarded_address_is_believed_from_our_own_proxies_only(config):
    forged = {"X-Forwarded-For": "1.1.1.1, 198.51.100.7"}
    for proxies, expected in ((0, "127.0.0.1"), (1, "198.51.100.7")):
        application = create_app(dataclasses.replace(config, proxies=proxies))
        application.add_url_rule("/whoami", "whoami", limits.client_address)
        answer = SeparateRequests(application, application.response_class).get("/whoami", headers=forged)
        assert answer.text == expected
        dispose(application)
