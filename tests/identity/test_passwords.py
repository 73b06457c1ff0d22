"""Passwords and PINs by ASVS 5.0, V6, level 2: each test names its rows."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select
from structlog.testing import capture_logs
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from wms.core import clock
from wms.core.actor import MUST_CHOOSE
from wms.core.refusals import Refused
from wms.identity import hashing, rules, service
from wms.identity.models import User
from wms.identity.service.sessions import verified
from wms.seed import PEOPLE, badge_of

GOOD = "purple forklift monday"
RECEIVER = next(person for person in PEOPLE if person.login == "receiver@demo")


def fault(password: str, *words: str) -> str | None:
    found = rules.password_fault(password, words)
    return None if found is None else found.code


def user(db_session, login: str) -> User:
    db_session.expire_all()
    return db_session.scalars(select(User).where(User.login == login)).one()


@pytest.mark.parametrize(
    "password",
    [GOOD, "k7mf-9xqt-2bwc-hd4p", "fqhwzxkvbnrt", "仓鼠骑着紫色叉车星期一上班", "            x9f2 k3", "ПурпурныйПогрузчик",
     "🦔🚜🌧🧂🪑🧭🪁🫖🥨🧶🪗🛶", GOOD + " " + "z" * 170],
)  # fmt: skip
def test_any_characters_make_a_password(password):
    """6.2.1, 6.2.5, 6.2.9: length counts, composition does not."""
    assert fault(password) is None


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("", "too_short"), ("fqhwzxkvbnr", "too_short"), ("z9" * 101, "too_long"),
        ("password1234", "password_guessable"), ("P@ssw0rd2026", "password_guessable"),
        ("qwertyuiop12", "password_guessable"), ("123456789012", "password_guessable"),
        ("aaaaaaaaaaaaaaaa", "password_guessable"), ("abcabcabcabc", "password_guessable"),
        ("sunshine2024", "password_guessable"), ("november2026!", "password_guessable"),
        ("letmeinletmein", "password_guessable"),
    ],
)  # fmt: skip
def test_short_and_known_passwords_are_refused(password, code):
    """6.2.1, 6.2.4, 6.2.12: lengths, leaked passwords, keyboard rows, repetition, dates."""
    assert fault(password) == code


def test_every_known_password_of_our_length_is_refused():
    """6.2.4: all of the common list that the minimum length lets through."""
    known = [word for word in FREQUENCY_LISTS["passwords"] if len(word) >= rules.PASSWORD_MIN]
    assert len(FREQUENCY_LISTS["passwords"]) > 3000
    assert len(known) > 5
    assert [word for word in known if fault(word) is None] == []


@pytest.mark.parametrize("word", rules.CONTEXT_WORDS)
def test_the_words_of_this_house_make_no_password(word):
    """6.1.2, 6.2.11: the list of words, each repeated or with a year up to the length."""
    assert fault((word * 12)[: max(12, 2 * len(word))]) == "password_guessable"
    assert fault(f"{word}2026".ljust(12, "!")) == "password_guessable"


def test_ones_own_names_make_no_password():
    """6.2.11: the person's login and name."""
    for password in ("alice.acme-2026", "Acme.Alice.1", "alice@acme.ex"):
        assert fault(password, "alice@acme.example", "Alice Acme") == "password_guessable"


def test_a_temporary_password_is_random_and_a_good_one():
    """6.4.1: 80 bits, inside the policy."""
    made = {rules.new_password() for _ in range(50)}
    assert len(made) == 50
    assert all(re.fullmatch(r"([2-9a-hjkmnp-z]{4}-){3}[2-9a-hjkmnp-z]{4}", each) for each in made)
    assert {fault(each) for each in made} == {None}


@pytest.mark.parametrize("pin", ["1234", "4321", "012345", "987654", "0000", "123", "1234567", "12a4", "１３９７", ""])
def test_pins_that_everybody_tries_first(pin):
    assert not rules.is_pin(pin)
    assert rules.is_pin(rules.new_pin())


def test_a_password_is_verified_as_it_was_given(cast, db_session):
    """6.2.8: neither case nor blanks nor what lies beyond the longest one is dropped."""
    longest = (GOOD + " 🦔 ").ljust(rules.PASSWORD_MAX, "ß")
    service.set_password(cast.admin, cast.acme_person.id, longest)
    for given in (longest + "x", longest.upper(), longest.strip("ß"), " " + longest[:-1]):
        assert isinstance(service.login("acme@demo", given), Refused)
    assert isinstance(service.login("acme@demo", longest), service.Opened)


def test_every_refused_try_costs_the_same(cast, db_session, monkeypatch):
    """6.3.8: unknown, wrong, locked, disabled, expired: one verification each, and one answer."""
    calls, real = [], hashing._hasher

    def counted(stored, given):
        calls.append(stored)
        return real.verify(stored, given)

    class Counting:
        verify, hash = staticmethod(counted), staticmethod(real.hash)

    hashing._nobodys_hash()
    monkeypatch.setattr(hashing, "_hasher", Counting())
    locked, closed, expired, none = cast.supervisor.id, cast.rival_person.id, cast.agency.id, cast.receiver.id
    db_session.get(User, locked).locked_until = clock.now() + timedelta(minutes=1)
    db_session.get(User, closed).is_active = False
    db_session.get(User, expired).password_expires_at = clock.now()
    db_session.get(User, none).password_hash = None
    tries = [("nobody@demo", "x"), ("acme@demo", "wrong"), ("supervisor@demo", "supervisor-demo"), ("a\0b", "x"),
             ("rival@demo", "rival-demo"), ("agency@demo", "agency-demo"), ("receiver@demo", "x")]  # fmt: skip
    for number, (login, password) in enumerate(tries, 1):
        refused = service.login(login, password)
        assert isinstance(refused, Refused)
        assert (refused.code, refused.params, len(calls)) == ("login_refused", {}, number)


def test_tries_are_told_to_the_log_without_names(cast, db_session):
    """16.3.1: every proof of who somebody is, taken or not, by id only."""
    with capture_logs() as told:
        service.login("acme@demo", "acme-demo")
        service.login("acme@demo", "wrong-secret")
        service.login("no.such.person@demo", "wrong-secret")
    person = str(cast.acme_person.id)
    assert [(line["event"], line.get("user"), line.get("fault")) for line in told] == [
        ("identity.proved", person, None),
        ("identity.proof_refused", person, "wrong"),
        ("identity.proof_refused", None, "unknown"),
    ]
    assert "acme@demo" not in str(told)
    assert "wrong-secret" not in str(told)


def test_a_lockout_is_counted_over_all_ways_in(cast, db_session):
    """6.3.1, 6.3.3: badge and password are two doors of one account; five wrong tries at either lock both."""
    for number in range(rules.MAX_FAILURES):
        if number % 2:
            service.login("receiver@demo", "wrong")
        else:
            service.login_with_badge(badge_of(RECEIVER), "0000")
    assert isinstance(service.login_with_badge(badge_of(RECEIVER), RECEIVER.pin), Refused)
    assert isinstance(service.login("receiver@demo", RECEIVER.password), Refused)
    service.reopen_user(cast.admin, cast.receiver.id)
    assert isinstance(service.login_with_badge(badge_of(RECEIVER), RECEIVER.pin), service.Opened)


def test_one_changes_ones_own_password_with_the_present_one(cast, client, db_session):
    """6.2.2, 6.2.3, 7.2.4, 7.4.3: over HTTP, with a new token and every other login ended."""
    other = cast.sign_in(client, cast.acme_person)
    mine = cast.sign_in(client, cast.acme_person)
    page = mine.get("/account").text
    assert 'autocomplete="current-password"' in page
    assert 'autocomplete="new-password"' in page

    def change(current, new, again=None):
        form = {"current": current, "password": new, "again": new if again is None else again}
        return mine.post("/account/password", data=form)

    assert change("wrong", GOOD).status_code == 422
    assert change("acme-demo", GOOD, GOOD + "x").status_code == 422
    assert "Too easy to guess" in change("acme-demo", "warehouse2026").text
    assert "This is the password you have." in change("acme-demo", "acme-demo").text
    answer = change("acme-demo", GOOD)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/account")
    new = re.match(r"wms_session=([\w-]+);", answer.headers["Set-Cookie"])[1]
    assert mine.get("/account").status_code == 302
    assert other.get("/account").status_code == 302
    mine.cookie = new
    assert mine.get("/account").status_code == 200
    assert isinstance(service.login("acme@demo", "acme-demo"), Refused)


def test_a_reset_password_is_good_for_choosing_another_and_for_a_day(cast, client, db_session):
    """6.4.1, 6.4.6: temporary, and nobody else knows the lasting one."""
    password = service.reset_password(cast.admin, cast.acme_person.id)
    sent = client.post("/login", data={"login": "acme@demo", "password": password})
    cookie = re.match(r"wms_session=([\w-]+);", sent.headers["Set-Cookie"])[1]
    caller = cast.sign_in(client, cast.acme_person)
    caller.cookie = cookie
    page = caller.get("/account").text
    assert caller.get("/").headers["Location"] == "/account"
    caller.headers = {"X-CSRF-Token": re.search(r'name="csrf-token" content="(\w+)"', page)[1]}
    form = {"current": password, "password": GOOD, "again": GOOD}
    assert caller.post("/account/password", data=form).headers["Location"] == "/"
    assert isinstance(service.login("acme@demo", password), Refused)
    opened = service.login("acme@demo", GOOD)
    assert opened.face == "portal"
    assert user(db_session, "acme@demo").password_expires_at is None


def test_a_temporary_password_dies(cast, db_session):
    password = service.reset_password(cast.admin, cast.acme_person.id)
    assert service.login("acme@demo", password).face == MUST_CHOOSE
    late = clock.now() + rules.TEMPORARY_TIME
    former = clock.use(lambda: late)
    try:
        assert isinstance(service.login("acme@demo", password), Refused)
    finally:
        clock.use(former)


def test_nobody_resets_their_own_or_anothers_without_the_right(cast, db_session):
    for actor, whose, code in ((cast.admin, cast.admin, "own_account"), (cast.supervisor, cast.receiver, "not_found"),
                               (cast.acme_person, cast.acme_person, "not_found")):  # fmt: skip
        for change in (service.reset_password, service.deactivate_user):
            with pytest.raises(Refused) as refused:
                change(actor, whose.id)
            assert refused.value.code == code


def test_five_wrong_proofs_lock_too(cast, client, db_session):
    """7.5.1: the second proof is no way around the lockout."""
    portal = cast.sign_in(client, cast.acme_person)
    for _ in range(rules.MAX_FAILURES):
        assert portal.post("/confirm", data={"secret": "wrong"}).status_code == 422
    assert portal.post("/confirm", data={"secret": "acme-demo"}).status_code == 422
    assert verified(cast.acme_person.id, "password_hash", "acme-demo") is None
