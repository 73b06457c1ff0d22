"""A house with pick faces. `world` balances the books after each test."""

from __future__ import annotations

from tests.inventory.conftest import test_clock, world

__all__ = ["test_clock", "world"]
