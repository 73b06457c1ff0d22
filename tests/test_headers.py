"""What every answer carries, walked over the application's own list of routes (ASVS 5.0, V3.4, V14.2, V14.3)."""

from __future__ import annotations

import re

import pytest

from tests.test_access import path_of, routes

KINDS = {
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "text/html",
    "text/csv",
    "application/json",
    "application/problem+json",
    "application/pdf",
    "application/zip",
}
POLICY = {"default-src 'none'", "script-src 'self'", "style-src 'self'", "object-src 'none'", "base-uri 'none'",
          "frame-ancestors 'none'", "form-action 'self'"}  # fmt: skip
FORM = re.compile(r"<form\b[^>]*>.*?</form>", re.DOTALL)


@pytest.mark.parametrize("who", ["nobody", "admin", "acme_person", "receiver", "key"])
def test_every_answer_is_guarded(cast, client, who):
    """3.4.3, 3.4.4, 3.4.6, 14.3.2; and no GET breaks or carries a fault to the reader."""
    if who == "key":
        caller = cast.api(client)
    else:
        caller = client if who == "nobody" else cast.sign_in(client, getattr(cast, who))
    wrong, walked = [], 0
    for rule, method, _permission in routes(client.application):
        if method != "GET":
            continue
        walked += 1
        answer = caller.get(path_of(rule, {}))
        headers = answer.headers
        directives = {part.strip() for part in headers.get("Content-Security-Policy", "").split(";")}
        good = (
            answer.status_code < 500
            and directives >= POLICY
            and "unsafe" not in headers["Content-Security-Policy"]
            and headers.get("X-Content-Type-Options") == "nosniff"
            and headers.get("X-Frame-Options") == "DENY"
            and headers.get("Referrer-Policy") == "same-origin"
            and headers.get("Cross-Origin-Opener-Policy") == "same-origin"
            and (headers.get("Cache-Control") == "no-store")
            and (answer.status_code in {204, 302, 303, 304} or answer.mimetype in KINDS)
        )
        if not good:
            wrong.append((rule.endpoint, answer.status_code, answer.mimetype, headers.get("Cache-Control")))
    assert wrong == []
    assert walked > 50


def test_https_is_kept(client):
    """3.4.1."""
    assert "Strict-Transport-Security" not in client.get("/login").headers
    secure = client.get("/login", base_url="https://localhost").headers["Strict-Transport-Security"]
    assert int(re.search(r"max-age=(\d+)", secure)[1]) >= 31_536_000


def test_no_secret_is_typed_into_an_address(cast, client):
    """14.2.1, 6.2.6, 6.2.7: every form with a secret posts it, hides it, and leaves pasting to the browser."""
    office, tablet = cast.sign_in(client, cast.admin), cast.sign_in(client, cast.receiver)
    pages = [client.get(path).text for path in ("/login", "/floor/badge")]
    pages += [office.get(path).text for path in ("/account", "/confirm", "/people", f"/people/{cast.receiver.id}")]
    pages += [tablet.get("/confirm").text]
    forms = [
        form for page in pages for form in FORM.findall(page) if re.search(r'name="(password|pin|secret|badge)"', form)
    ]
    assert len(forms) == 6
    for form in forms:
        assert re.match(r'<form method="post"', form)
        for name in ("password", "current", "again", "pin", "secret", "badge"):
            for field in re.findall(rf'<input[^>]*name="{name}"[^>]*>', form):
                assert 'type="password"' in field
                assert 'value=""' in field
                assert "onpaste" not in field


def test_no_route_takes_a_secret_in_its_path(app):
    """14.2.1: what stands in a path is an id, a number or a choice."""
    names = {name for rule, _, _ in routes(app) for name in rule.arguments}
    known = {"parcel_key"}  # an address that is given away, to a page that names nobody (decision 070)
    assert {name for name in names if re.search(r"token|secret|password|pin\b|badge|key$", name)} <= known
