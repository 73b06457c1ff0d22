"""Every test of the floor ends with the books balancing."""

from __future__ import annotations

from tests.inbound.conftest import books

__all__ = ["books"]
