"""Pages of the office on a database of the test's own with a little life in it (tests/life.py)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from tests.conftest import SeparateRequests
from tests.life import Life, living


@pytest.fixture
def life(engines, cast) -> Iterator[Life]:
    with living(engines, cast) as told:
        yield told


@pytest.fixture
def client(life) -> FlaskClient:
    """A client of the living application."""
    return SeparateRequests(life.app, life.app.response_class)
