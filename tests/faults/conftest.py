"""One whole system for all faults: starting it is the dear part."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.house import House, recovery_table, running_house

HERE = Path(__file__).parent


@pytest.fixture(scope="package")
def house(request: pytest.FixtureRequest) -> Iterator[House]:
    # Short leases, or two minutes would be spent waiting for each; the long run has the ones that ship.
    shipped = os.environ.get("FAULT_SHIPPED_SETTINGS")
    short = {"WMS_OUTBOX_LEASE_SECONDS": "3", "WMS_OUTBOX_SWEEP_SECONDS": "1", "WMS_WORKER_TTL": "10"}
    settings = {"WMS_STOP_GRACE_SECONDS": "3", **({} if shipped else short)}
    with running_house(**settings) as running:
        yield running
        with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
            print(recovery_table(running.faults), file=sys.stderr, flush=True)  # of a test process, too, this is seen


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.system)
