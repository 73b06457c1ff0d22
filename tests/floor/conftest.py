"""Every test of the floor ends with the books balancing; most are done on one worker's tablet."""

from __future__ import annotations

import pytest

from tests.floor.worker import Tablet
from tests.inbound.conftest import books

__all__ = ["books"]


@pytest.fixture
def tablet(cast, client) -> Tablet:
    """At the first bench of DE1."""
    return Tablet(cast.sign_in(client, cast.receiver))
