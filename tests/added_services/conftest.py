"""Services are asked for on goods that stand in bins: the floor of the outbound tests, and their balanced books."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.added_services.desk import Desk
from tests.cast import Cast
from tests.life import Life, living
from tests.outbound.conftest import books, stage

__all__ = ["books", "stage"]


@pytest.fixture
def life(engines: Any, cast: Cast) -> Iterator[Life]:
    """A database of the test's own, for pages."""
    with living(engines, cast) as told:
        yield told


@pytest.fixture
def desk(db_session: Any, cast: Cast) -> Desk:
    return Desk(cast)
