"""People who count, and a bin to count. Numbers of documents come from memory; `world` balances the books."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.inbound.conftest import PlainCounters
from tests.inventory.conftest import test_clock, world

__all__ = ["numbers", "test_clock", "world"]


@pytest.fixture(autouse=True)
def numbers(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.extensions, "wms_counters", PlainCounters())
