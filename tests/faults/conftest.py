"""One whole system for all faults: starting it is the dear part."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults.house import House, recovery_table, running_house


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    settings = {
        "WMS_OUTBOX_LEASE_SECONDS": "4", "WMS_OUTBOX_SWEEP_SECONDS": "1", "WMS_WORKER_TTL": "10",
        "WMS_STOP_GRACE_SECONDS": "3",
    }  # fmt: skip
    with running_house(**settings) as running:
        yield running
        print(recovery_table(running.faults))
