from __future__ import annotations

import pytest

from tests.planning.commands import Standard


@pytest.fixture
def standard(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Standard:
    return Standard(monkeypatch, capsys)
