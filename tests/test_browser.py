"""The browser fixture starts a real Chromium, wherever it comes from."""

from __future__ import annotations

import os

import pytest

from tests.browser import NoChromiumError, chromium

pytestmark = pytest.mark.page


def test_a_page_runs_scripts(page):
    page.set_content("<button onclick=\"document.title = 'pressed'\">press</button>")
    page.get_by_role("button").click()
    assert page.title() == "pressed"


def test_a_browser_that_is_named_but_missing_is_said(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(os.environ, "CHROMIUM", "/nowhere/chromium")
    with pytest.raises(NoChromiumError, match="/nowhere/chromium"):
        chromium()
