"""Returns stand on shipped orders: the floor of the outbound tests, and their balanced books."""

from __future__ import annotations

from tests.outbound.conftest import books, stage

__all__ = ["books", "stage"]
