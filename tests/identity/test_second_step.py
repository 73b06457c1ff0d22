"""Two-step sign-in by ASVS 5.0, V6.5 and its neighbours, level 2: each test names its rows."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import zxingcpp
from cryptography.exceptions import InvalidTag
from sqlalchemy import select
from structlog.testing import capture_logs

from tests.test_access import path_of, routes, takes_keys
from wms.core import clock
from wms.core.actor import MUST_CHOOSE, MUST_ENROL
from wms.core.ids import new_id
from wms.core.refusals import Refused
from wms.identity import queries, rules, service, totp
from wms.identity.badges import qr_picture
from wms.identity.models import LoginSession, LoginStep, RecoveryCode, SecondFactor, User
from wms.identity.service import codes
from wms.seed import PEOPLE, badge_of

SUPERVISOR = "supervisor-demo"
RFC_SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # "12345678901234567890", RFC 6238, appendix B
RFC_CODES = {59: "94287082", 1111111109: "07081804", 1111111111: "14050471", 1234567890: "89005924",
             2000000000: "69279037", 20000000000: "65353130"}  # fmt: skip


@pytest.fixture
def later():
    """The clock stands at the beginning of a step and moves when told: `later(seconds=30)`."""
    started, passed = datetime.fromtimestamp(clock.now().timestamp() // 30 * 30, UTC), [timedelta()]
    former = clock.use(lambda: started + passed[0])
    yield lambda **time: passed.__setitem__(0, passed[0] + timedelta(**time))
    clock.use(former)


def switch_on(actor) -> tuple[str, list[str]]:
    """The secret in the app and the recovery codes; the code that confirmed it is used up."""
    secret = service.begin_second_step(actor)
    return secret, service.confirm_second_step(actor, now_of(secret)).recovery_codes


def now_of(secret: str, steps: int = 0) -> str:
    return totp.code_of(secret, totp.step_at(clock.now()) + steps)


def sign_in(client, code: str | None = None, login: str = "supervisor@demo", password: str = SUPERVISOR):
    """The answer to the first step, or to the second."""
    first = client.post("/login", data={"login": login, "password": password, "next": "/stock"})
    if code is None:
        return first
    return client.post("/login/code", data={"code": code, "next": "/stock"}, headers={"Cookie": step_of(first)})


def step_of(answer) -> str:
    return re.search(r"wms_session_step=[\w-]+", " ".join(answer.headers.getlist("Set-Cookie")))[0]


def login_of(answer) -> str | None:
    found = re.search(r"wms_session=([\w-]+);", " ".join(answer.headers.getlist("Set-Cookie")))
    return found[1] if found else None


@pytest.mark.parametrize(("moment", "code"), RFC_CODES.items())
def test_codes_are_those_of_the_standard(moment, code):
    step = totp.step_at(datetime.fromtimestamp(moment, UTC))
    assert totp.code_of(RFC_SECRET, step, digits=8) == code
    assert totp.code_of(RFC_SECRET, step) == code[-6:]


def test_a_code_is_good_for_its_step_and_the_neighbours_and_once():
    """6.5.1, 6.5.5: 30 seconds, and one step of a clock that differs."""
    now, secret = datetime(2026, 11, 29, 12, tzinfo=UTC), totp.new_secret()
    here = totp.step_at(now)
    taken = [totp.step_of(secret, totp.code_of(secret, here + away), now, 0) for away in range(-3, 4)]
    assert taken == [None, None, here - 1, here, here + 1, None, None]
    assert totp.step_of(secret, totp.code_of(secret, here), now, here) is None
    assert totp.step_of(secret, totp.code_of(secret, here - 1), now, here) is None
    assert totp.step_of(secret, totp.code_of(secret, here + 1), now, here) == here + 1
    assert totp.step_of(secret, "١٢٣٤٥٦", now, 0) is None


def test_secrets_and_recovery_codes_are_random_and_long_enough():
    """6.5.3, 6.5.4: 160 bits, and 59 of each code."""
    secrets = {totp.new_secret() for _ in range(100)}
    assert len(secrets) == 100
    assert {len(secret) for secret in secrets} == {32}
    made = {rules.new_recovery_code() for _ in range(100)}
    assert len(made) == 100
    assert len(rules.READABLE) ** rules.RECOVERY_LENGTH > 2**59
    for typed in ("4-k7mf-9xqt-2bwc", "4K7MF9XQT2BWC", " 4 k7mf 9xqt 2bwc "):
        assert rules.read_recovery_code(typed) == (4, "k7mf9xqt2bwc")
    assert rules.write_recovery_code(4, "k7mf9xqt2bwc") == "4-k7mf-9xqt-2bwc"
    for wrong in ("", "4", "k-k7mf-9xqt-2bwc", "4-k7mf-9xqt-2bw1", "4-k7mf-9xqt-2bwcd"):
        assert rules.read_recovery_code(wrong) is None
    assert rules.read_code("123 456") == "123456"
    assert [rules.read_code(wrong) for wrong in ("", "12345", "1234567", "12345a", "１２３４５６")] == [None] * 5


@pytest.mark.parametrize("login", ["supervisor@demo", "王拣货" * 40, "a" * 120])
def test_the_picture_says_what_an_app_wants_to_read(login):
    content = totp.address(RFC_SECRET, "WMS wms.example", login)
    picture = qr_picture(content)
    assert RFC_SECRET not in picture
    side = int(re.search(r'viewBox="0 0 (\d+)', picture)[1])
    pixels = np.full((side, side), 255, np.uint8)
    for x, y, width in re.findall(r"M(\d+) (\d+)h(\d+)v1h", picture):
        pixels[int(y), int(x) : int(x) + int(width)] = 0
    read = zxingcpp.read_barcodes(np.kron(pixels, np.ones((4, 4), np.uint8)))[0].text
    assert read == content
    assert read.startswith("otpauth://totp/WMS%20wms.example:")
    assert f"secret={RFC_SECRET}&issuer=WMS%20wms.example&algorithm=SHA1&digits=6&period=30" in read


def test_signing_in_takes_two_steps(cast, client, db_session, later):
    """6.3.2, 7.2.4: the login is there after the code and not before; the way on is kept."""
    secret, _ = switch_on(cast.supervisor)
    later(seconds=30)
    first = sign_in(client)
    assert first.headers["Location"] == "/login/code?next=/stock"
    assert login_of(first) is None
    open_logins = select(LoginSession).where(LoginSession.user_id == cast.supervisor.id, LoginSession.face == "portal",
                                             LoginSession.ended_at.is_(None))  # fmt: skip
    assert len(db_session.scalars(open_logins).all()) == 1  # the one that switched it on
    page = client.get("/login/code", headers={"Cookie": step_of(first)})
    assert 'autocomplete="one-time-code"' in page.text
    assert page.headers["Cache-Control"] == "no-store"
    second = client.post(
        "/login/code", data={"code": now_of(secret), "next": "/stock"}, headers={"Cookie": step_of(first)}
    )
    assert second.headers["Location"] == "/stock"
    assert queries.session_by_hash(service.sessions.hash_random(login_of(second))).face == "portal"
    again = client.post("/login/code", data={"code": now_of(secret, 1)}, headers={"Cookie": step_of(first)})
    assert (again.status_code, login_of(again)) == (422, None)  # the step is over, whatever code comes


def test_between_the_steps_nothing_is_open(cast, client, db_session, later):
    """Every route with what the first step gave, in its own cookie and in the login's: the door, everywhere."""
    switch_on(cast.admin)
    held = step_of(sign_in(client, login="admin@demo", password="admin-demo"))
    token = held.partition("=")[2]
    language = db_session.scalars(select(User.language).where(User.id == cast.admin.id)).one()
    wrong, walked = [], 0
    for rule, method, permission in routes(client.application):
        if permission is None:
            continue
        walked += 1
        path = path_of(rule, {"user_id": str(cast.admin.id)})
        headers = {"Cookie": f"{held}; wms_session={token}", "Authorization": f"Bearer {token}"}
        body = {} if method == "GET" else {"json": {}} if takes_keys(rule) else {"data": {"command_id": str(new_id())}}
        answer = client.open(path, method=method, headers=headers, **body)
        if takes_keys(rule) or path.startswith("/floor/v1"):
            shut = answer.status_code == 401
        else:
            shut = answer.status_code == 302 and answer.headers["Location"].startswith(("/login", "/floor/badge"))
        if not shut:
            wrong.append((rule.endpoint, method, answer.status_code))
    assert wrong == []
    assert walked > 200
    client.post("/language", data={"language": "zh-CN"}, headers={"Cookie": held})
    db_session.expire_all()
    assert db_session.scalars(select(User.language).where(User.id == cast.admin.id)).one() == language


def test_a_code_opens_once_even_for_two_who_saw_it(cast, client, later):
    """6.5.1: the same code, another browser, the same half minute."""
    secret, _ = switch_on(cast.supervisor)
    assert sign_in(client, now_of(secret)).status_code == 422  # used when it was switched on
    later(seconds=30)
    code = now_of(secret)
    assert sign_in(client, code).status_code == 302
    assert sign_in(client, code).status_code == 422
    assert sign_in(client, now_of(secret, -1)).status_code == 422  # an older one neither
    assert sign_in(client, now_of(secret, 1)).status_code == 302  # a phone that is ahead


def test_each_recovery_code_opens_once(cast, client, db_session, later):
    """6.5.1, 6.5.2: stored as argon2id, used up one by one, and the person is told when few are left."""
    _, recovery = switch_on(cast.supervisor)
    kept = db_session.scalars(select(RecoveryCode.code_hash).where(RecoveryCode.user_id == cast.supervisor.id)).all()
    assert len(kept) == len(set(kept)) == rules.RECOVERY_CODES == len(recovery)
    assert all(each.startswith("$argon2id$") for each in kept)
    assert sign_in(client, recovery[3]).status_code == 302
    assert sign_in(client, recovery[3]).status_code == 422
    assert sign_in(client, recovery[4].upper().replace("-", " ")).status_code == 302
    wrong = recovery[5][:-1] + ("2" if recovery[5][-1] != "2" else "3")
    assert sign_in(client, wrong).status_code == 422
    assert queries.person(cast.supervisor.id).recovery_codes == 8
    renewed = service.renew_recovery_codes(cast.supervisor)
    assert sign_in(client, recovery[5]).status_code == 422
    assert sign_in(client, renewed[5]).status_code == 302


def test_wrong_codes_lock_as_wrong_passwords_do(cast, client, db_session, later):
    """6.1.1, 6.3.1: one count over both steps, that the right password does not begin anew; a right code is not looked
    at while it lasts; each further five codes in a row lock twice as long.
    """
    secret, _ = switch_on(cast.supervisor)

    def lock() -> timedelta:
        for _ in range(rules.MAX_FAILURES):
            assert isinstance(service.login("supervisor@demo", SUPERVISOR), service.CodeAwaited)
            assert (
                service.sessions.verified_code(cast.supervisor.id, "000000" if now_of(secret) != "000000" else "1")
                is None
            )
        db_session.flush()
        return db_session.get(User, cast.supervisor.id).locked_until - clock.now()

    later(minutes=1)
    assert lock() == timedelta(minutes=5)
    assert sign_in(client).status_code == 422  # the password neither
    assert service.sessions.verified_code(cast.supervisor.id, now_of(secret)) is None
    later(minutes=5)
    assert lock() == timedelta(minutes=10)
    later(minutes=10)
    assert sign_in(client, now_of(secret)).status_code == 302  # and the code was not used up by the lock
    assert lock() == timedelta(minutes=5)
    assert rules.lock_time(10_000) == timedelta(hours=24)
    service.reopen_user(cast.admin, cast.supervisor.id)
    assert isinstance(service.login("supervisor@demo", SUPERVISOR), service.CodeAwaited)


def test_tries_at_the_second_step_are_limited_by_account_and_told_by_id(cast, client, later):
    """2.4.1, 16.3.1."""
    secret, recovery = switch_on(cast.supervisor)
    with capture_logs() as told:
        answer = sign_in(client, "000000")
        sign_in(client, recovery[0])
    assert 'name="code"' in answer.text
    person = str(cast.supervisor.id)
    lines = [(line["event"], line.get("form"), line.get("user"), line.get("fault")) for line in told if "form" in line]
    assert lines == [
        ("identity.proved", "password", person, None),
        ("identity.proof_refused", "code", person, "wrong"),
        ("identity.proved", "password", person, None),
        ("identity.proved", "recovery_code", person, None),
    ]
    assert not {secret, recovery[0], "000000", SUPERVISOR} & set(re.findall(r"[\w-]+", str(told)))


def test_a_step_is_over_after_ten_minutes_and_when_the_person_is_signed_out(cast, client, db_session, later):
    secret, _ = switch_on(cast.supervisor)
    held = step_of(sign_in(client))
    later(minutes=10)
    assert client.get("/login/code", headers={"Cookie": held}).headers["Location"] == "/login"
    late = client.post("/login/code", data={"code": now_of(secret)}, headers={"Cookie": held})
    assert (late.status_code, login_of(late)) == (422, None)
    held = step_of(sign_in(client))
    assert len(db_session.scalars(select(LoginStep)).all()) == 1  # the stale one went
    service.deactivate_user(cast.admin, cast.supervisor.id)
    assert client.get("/login/code", headers={"Cookie": held}).headers["Location"] == "/login"


def test_the_secret_is_sealed_to_its_owner(cast, db_session):
    """As consignees' ID numbers: AES-256-GCM, and no other person's row opens it."""
    secret = service.begin_second_step(cast.supervisor)
    factor = db_session.get(SecondFactor, cast.supervisor.id)
    assert secret.encode() not in bytes(factor.secret_sealed)
    assert codes.secret_of(factor) == secret
    factor.user_id = cast.admin.id
    with db_session.no_autoflush, pytest.raises(InvalidTag):
        codes.secret_of(factor)
    db_session.expunge(factor)


def test_it_is_switched_on_and_off_on_ones_account_page(cast, client, db_session, later):
    """7.2.4, 7.4.3, 7.5.1: fresh proof before each change, a new token after it, every other login ended."""
    other, mine = cast.sign_in(client, cast.acme_person), cast.sign_in(client, cast.acme_person)
    other.get("/account")
    begun = mine.post("/account/second-step")
    secret = re.search(r'code-text">((?:[A-Z2-7]{4} ?){8})<', begun.text)[1].replace(" ", "")
    assert "<svg" in begun.text
    assert mine.get("/account/second-step").headers["Location"] == "/account"  # no address shows it again
    wrong = mine.post("/account/second-step/confirm", data={"code": "12345"})
    assert (wrong.status_code, secret[:4] in wrong.text) == (422, True)
    assert isinstance(service.login("acme@demo", "acme-demo"), service.Opened)  # it asks for nothing yet
    done = mine.post("/account/second-step/confirm", data={"code": now_of(secret)})
    recovery = re.findall(r"\d(?:-[2-9a-z]{4}){3}", done.text)
    assert len(recovery) == rules.RECOVERY_CODES
    assert "<form" not in done.text  # its login has ended with the answer
    assert other.get("/account").status_code == mine.get("/account").status_code == 302
    again = cast.sign_in(client, cast.acme_person)
    page = html.unescape(again.get("/account").text)
    assert "Recovery codes left" in page
    assert secret[:8] not in page
    assert again.post("/account/second-step").status_code == 303  # it is on already
    later(minutes=16)
    for path in ("", "/confirm", "/recovery-codes", "/remove"):
        assert again.post(f"/account/second-step{path}").headers["Location"] == "/confirm?next=/account"
    assert 'name="code"' in again.get("/confirm").text
    assert again.post("/confirm", data={"secret": "acme-demo"}).status_code == 422
    assert again.post("/confirm", data={"secret": "acme-demo", "code": recovery[0]}).status_code == 302
    fresh = cast.sign_in(client, cast.acme_person)
    removed = fresh.post("/account/second-step/remove")
    assert login_of(removed)
    assert fresh.get("/account").status_code == 302
    assert isinstance(service.login("acme@demo", "acme-demo"), service.Opened)
    assert db_session.get(SecondFactor, cast.acme_person.id) is None


def test_who_manages_people_takes_anothers_away_and_it_is_kept_who_did(cast, client, db_session, later):
    """6.4.3, 6.4.4: a new password does not open the second step, a lost phone is answered by a person."""
    switch_on(cast.supervisor)
    password = service.reset_password(cast.admin, cast.supervisor.id)
    assert isinstance(service.login("supervisor@demo", password), service.CodeAwaited)
    office = cast.sign_in(client, cast.admin)
    address = f"/people/{cast.supervisor.id}"
    assert "Take the second step away" in office.get(address).text
    with capture_logs() as told:
        office.post(f"{address}/second-step/reset", data={"command_id": str(new_id())})
    assert [line["what"] for line in told if line["event"] == "identity.changed"] == ["second_step_reset"]
    history = [(row.what, row.by) for row in queries.second_step_history(cast.supervisor.id)]
    assert history == [("reset", "Ada Admin"), ("on", "Sam Supervisor")]
    assert "Taken away" in office.get(address).text
    assert service.login("supervisor@demo", password).face == MUST_CHOOSE
    switch_on(cast.supervisor)
    told = client.application.test_cli_runner().invoke(args=["reset-second-step", "Supervisor@demo"])
    assert (told.exit_code, "taken away" in told.output) == (0, True)
    assert client.application.test_cli_runner().invoke(args=["reset-second-step", "supervisor@demo"]).exit_code == 1
    for actor, whose, code in ((cast.admin, cast.admin, "own_account"), (cast.supervisor, cast.receiver, "not_found"),
                               (cast.admin, cast.supervisor, "not_found")):  # fmt: skip
        with pytest.raises(Refused) as refused:
            service.reset_second_step(actor, whose.id)
        assert refused.value.code == code


def test_a_role_can_demand_it(cast, client, db_session, later):
    """Who has none is led to setting it up and opens nothing else; tablets stay as they are."""
    office, supervisor = cast.sign_in(client, cast.admin), cast.sign_in(client, cast.supervisor)

    def demand(role: str, demanded: str = "1"):
        return office.post(
            f"/people/roles/{role}/second-step", data={"command_id": str(new_id()), "demanded": demanded}
        )

    demand("admin")
    assert not queries.is_second_step_demanded(cast.admin.id)  # one's own comes first
    demand("supervisor")
    assert supervisor.get("/account").status_code == 302  # signed out
    assert service.login("supervisor@demo", SUPERVISOR).face == MUST_ENROL
    assert service.login("acme@demo", "acme-demo").face == "portal"
    secret, _ = switch_on(cast.supervisor)
    later(seconds=30)
    assert login_of(sign_in(client, now_of(secret)))
    with pytest.raises(Refused) as refused:
        service.remove_second_step(cast.supervisor)
    assert refused.value.code == "second_step_is_demanded"
    demand("supervisor", "0")
    service.remove_second_step(cast.supervisor)
    assert service.login("supervisor@demo", SUPERVISOR).face == "portal"
    assert demand("nobody").status_code == 404


def test_demanding_ends_no_login_of_who_has_it_and_none_on_a_tablet(cast, client, later):
    switch_on(cast.supervisor)
    portal, tablet = cast.sign_in(client, cast.supervisor), cast.sign_in(client, cast.receiver)
    service.demand_second_step(cast.admin, "supervisor", True)
    service.demand_second_step(cast.admin, "floor", True)
    assert portal.get("/account").status_code == 200
    assert tablet.get("/floor/station").status_code == 200
    assert "second-step" not in tablet.get("/account").text  # and a badge changes nothing about the password's door
    assert tablet.post("/account/second-step").status_code == 303
    with pytest.raises(Refused) as refused:
        service.begin_second_step(queries.actor_from_person(queries.person(cast.receiver.id), None, "floor"))
    assert refused.value.code == "second_step_by_password"
    receiver = next(person for person in PEOPLE if person.login == "receiver@demo")
    assert service.login_with_badge(badge_of(receiver), receiver.pin).face == "floor"


def test_a_login_that_must_set_it_up_opens_nothing_else(cast, client, later):
    caller = cast.sign_in(client, cast.admin, face=MUST_ENROL)
    allowed = {"identity_account.account", "identity_pages.confirm", "identity_pages.confirm_post", "identity_pages.logout",
               "identity_second_step.again", "identity_second_step.begin", "identity_second_step.confirm"}  # fmt: skip
    wrong = []
    for rule, method, permission in routes(client.application):
        if permission is None or takes_keys(rule) or rule.endpoint in allowed:
            continue
        answer = caller.send(method, path_of(rule, {}), data={} if method != "GET" else None, key=str(new_id()))
        led = answer.status_code == 302 and answer.headers["Location"] == "/account"
        if not (answer.status_code == 403 if path_of(rule, {}).startswith("/floor/v1") else led):
            wrong.append((rule.endpoint, method, answer.status_code))
    assert wrong == []
    assert "Set up two-step sign-in" in caller.get("/account").text
    secret = re.search(r'code-text">((?:[A-Z2-7]{4} ?){8})<', caller.post("/account/second-step").text)[1].replace(
        " ", ""
    )
    done = caller.post("/account/second-step/confirm", data={"code": now_of(secret)})
    caller.cookie = login_of(done)
    assert caller.get("/people").status_code == 200


@pytest.mark.parametrize("path", ["/account", "/people", "/people/{supervisor}", "/confirm", "/account/second-step"])
def test_its_pages_are_in_chinese_too(cast, client, later, path):
    switch_on(cast.supervisor)
    if path != "/account/second-step":
        switch_on(cast.admin)
    office = cast.sign_in(client, cast.admin)
    office.post("/language", data={"language": "zh-CN"})
    address = path.format(supervisor=cast.supervisor.id)
    page = office.post(address) if path == "/account/second-step" else office.get(address)
    assert page.status_code == 200
    assert not re.search(r">[^<]*(Two-step|Recovery codes|Six digits|authenticator)[^<]*<", page.text)
