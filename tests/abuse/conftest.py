"""One furnished world for each module: building it takes a second."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.abuse.world import World, furnished


@pytest.fixture(scope="module")
def world(engines, cast) -> Iterator[World]:
    with furnished(engines, cast) as made:
        yield made
