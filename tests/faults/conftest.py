"""One whole system for all faults: starting it is the dear part."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults.house import House, running_house


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    with running_house(WMS_OUTBOX_LEASE_SECONDS="4", WMS_OUTBOX_SWEEP_SECONDS="1", WMS_WORKER_TTL="10") as running:
        yield running
