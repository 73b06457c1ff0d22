"""The short form of `tests/printing/ordeal.py`: server, worker, agents and printers are killed while labels print."""

from __future__ import annotations

import socket
from pathlib import Path

from tests.engines import Databases
from tests.printing.ordeal import endure


def test_whatever_is_killed_no_waybill_comes_out_twice_and_none_is_closed_unprinted(
    engines: Databases, cast, tmp_path: Path
):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    told = endure(engines, tmp_path, port, labels=24, seed=7, limit=240)
    assert told.is_clean, told
    assert told.sheets >= told.labels
    assert min(told.kills.values()) > 0, told
    assert told.power_cuts > 0, told
