"""Which language a reader without an account gets: their browser's, else the installation's (WMS_LANGUAGE)."""

from __future__ import annotations

import pytest
from flask import Flask

from wms.platform.i18n import choose_language


@pytest.mark.parametrize(
    ("accepted", "installation", "wanted"),
    [
        ({}, "en", "en"),
        ({}, "zh_CN", "zh_CN"),
        ({"Accept-Language": "fr"}, "zh_CN", "zh_CN"),
        ({"Accept-Language": "zh-TW,zh;q=0.9,en;q=0.1"}, "en", "zh_CN"),
        ({"Accept-Language": "en-GB"}, "zh_CN", "en"),
    ],
)
def test_nobody_reads_in_the_browser_s_language_or_the_installation_s(
    app: Flask, monkeypatch: pytest.MonkeyPatch, accepted: dict[str, str], installation: str, wanted: str
) -> None:
    monkeypatch.setitem(app.config, "BABEL_DEFAULT_LOCALE", installation)
    with app.test_request_context("/login", headers=accepted):
        assert choose_language() == wanted
