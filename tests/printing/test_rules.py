"""Pure decisions of printing: health, the choice of a printer, addresses, codes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from wms.printing import rules
from wms.printing.rules import Health, Sight

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


def sight(**more: object) -> Sight:
    values = {"state": "ready", "seen_at": NOW, "paused": False, "agent_seen_at": NOW, "agent_lives": True, **more}
    return Sight(**values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("seen", "health"),
    [
        (sight(), Health.READY), (sight(state="busy"), Health.BUSY), (sight(state="stopped"), Health.STOPPED),
        (sight(state="unreached"), Health.UNREACHED), (sight(paused=True), Health.PAUSED),
        (sight(agent_seen_at=NOW - timedelta(seconds=16)), Health.LOST),
        (sight(seen_at=NOW - timedelta(seconds=16), paused=True), Health.LOST),
        (sight(agent_seen_at=NOW - timedelta(seconds=15)), Health.READY),
        (sight(agent_lives=False), Health.LOST), (sight(seen_at=None), Health.UNSEEN),
        (sight(agent_seen_at=None), Health.UNSEEN),
    ],
)  # fmt: skip
def test_no_news_is_no_health(seen: Sight, health: Health):
    assert rules.health_of(seen, NOW) is health


@pytest.mark.parametrize(
    ("candidates", "chosen"),
    [
        ([], None), ([Health.READY, Health.READY], 0), ([Health.STOPPED, Health.BUSY], 1), ([Health.STOPPED], 0),
        ([Health.LOST, Health.STOPPED], 1), ([Health.LOST, Health.UNSEEN], None), ([Health.PAUSED, Health.LOST], 0),
    ],
)  # fmt: skip
def test_the_first_that_prints_else_the_first_that_can_be_made_to(candidates: list[Health], chosen: int | None):
    assert rules.choose(candidates) == chosen


@pytest.mark.parametrize(
    ("backend", "uri", "good"),
    [
        ("raw", "socket://10.0.0.9", True), ("raw", "socket://10.0.0.9:9100", True), ("raw", "socket://[fe80::1]:9100", True),
        ("raw", "socket://", False), ("raw", "socket://10.0.0.9:0", False), ("raw", "socket://10.0.0.9:70000", False),
        ("raw", "http://10.0.0.9", False), ("raw", "socket://10.0.0.9/path", False), ("raw", "socket://[fe80", False),
        ("raw", "socket://me:secret@10.0.0.9", False), ("ipp", "ipp://10.0.0.9/ipp/print", True),
        ("ipp", "ipps://printer.local:631/ipp/print", True), ("ipp", "ipp://10.0.0.9/ipp?x=1", False),
        ("ipp", "file:///etc/passwd", False), ("file", "labels", True), ("file", "../labels", False), ("file", "..", False),
        ("file", "a/b", False), ("file", "a\\b", False), ("winspool", "ZDesigner GK420d", True), ("winspool", " ", False),
        ("winspool", "\\\\server\\queue", False),
    ],
)  # fmt: skip
def test_addresses(backend: str, uri: str, good: bool):
    assert rules.is_address(backend, uri) is good


def test_a_label_of_another_size_does_not_fit():
    assert rules.fits((100, 150), (101, 149))
    assert not rules.fits((100, 150), (101.6, 152.4))  # 4 × 6 inches
    assert not rules.fits((100, 150), (150, 100))  # nothing is turned


def test_codes_are_told_apart_as_people_type_them():
    codes = {rules.new_code() for _ in range(1000)}
    assert len(codes) == 1000
    assert all(len(code) == 11 and code[5] == "-" and not set("01ILO") & set(code) for code in codes)
    code = next(iter(codes))
    assert rules.hash_secret(code) == rules.hash_secret(code.lower().replace("-", " "))
    token = rules.new_token()
    assert rules.hash_secret(token) != rules.hash_secret(token.lower())


def test_minutes_never_days():
    assert rules.expires_after(None) == timedelta(minutes=10)
    assert rules.expires_after(100) == timedelta(minutes=20)
