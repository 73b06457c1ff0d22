"""Twenty seeds of a whole warehouse, each checked against the truth all along; and that a seed is a whole story.

More by hand: `flask simulate --seed 1 --seeds 1000` (docs/simulation.md says what they found).
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from tests.engines import Databases
from wms.simulation.faults import Fault
from wms.simulation.simulate import Failed, Result, simulate
from wms.simulation.stage import Stages

SEEDS = range(1, 21)
HOURS = 0.25
TOLD_TWICE = 3
LONG, LONG_HOURS = (17, 18, 35), 1.5  # what one lacks, another has
LIE = 6  # here the books are compared before anybody runs into what is not there


@pytest.fixture(scope="module")
def stages(engines: Databases) -> Iterator[Stages]:
    made = Stages(engines.engines, engines.folder)
    yield made
    made.close()


def play(stages: Stages, seed: int, hours: float = HOURS) -> Result:
    with stages.open() as stage:
        return simulate(stage, seed, hours)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_seed_holds(stages: Stages, seed: int) -> None:
    result = play(stages, seed)
    assert result.audits >= 1
    assert result.comparisons >= 3
    assert set(result.orders) <= {"shipped", "cancelled", "short"}
    assert sum(result.gone_in.values()) == result.orders.get("shipped", 0)
    assert sum(int(parcels) * orders for parcels, orders in result.gone_in.items()) == result.parcels
    assert result.commands.keys() >= {"book", "scan receive", "scan putaway", "sign in"}
    assert set(result.faults) & {fault.value for fault in Fault}


EVERY_WORK = {
    "book", "order", "cancel", "change order", "announce return", "scan receive", "scan putaway", "scan pick",
    "scan pack", "scan handover", "scan move", "scan putback", "scan return", "print", "count", "hold",
    "book receipt", "customs release", "order, wrong", "order, again", "cancel another's", "plan wave", "release wave",
    "release plan", "scan sort", "scan lane", "scan replenish", "plan count", "scan count", "ask for a service",
    "accept service", "scan service", "order b2b", "order fba", "order pick_up", "order transfer",
    "order return_to_seller", "order destruction", "destroy", "intercept",
    "scan bag", "scan pickup", "drive off", "hold order", "end order hold", "change service", "decide difference",
    "carry out", "scan repack", "ask for moves",
}  # fmt: skip
# Ways that goods went, of which no other word tells.
EVERY_WAY = {"came closed", "by whole pallet", "damaged in totes", "moved to save steps"}
EVERY_FAULT = {fault.value for fault in Fault} | {"login_ended", "count_once_more", "tote_full"}


def test_longer_ones_meet_everything(stages: Stages) -> None:
    """Otherwise they would prove little: every kind of work was done, and every kind of fault befell somebody. Mostly in the
    first; what is rare there, in the next ones.
    """
    work: set[str] = set()
    befell: set[str] = set()
    ways: set[str] = set()
    for seed in LONG:
        result = play(stages, seed, LONG_HOURS)
        assert result.parcels > 10
        work |= result.commands.keys()
        befell |= result.faults.keys()
        ways |= result.units.keys()
        if work >= EVERY_WORK and ways >= EVERY_WAY and befell >= EVERY_FAULT:
            break
    assert sorted(EVERY_WORK - work) == []
    assert work & {"accept interception", "refuse interception"}
    assert sorted(EVERY_WAY - ways) == []
    assert sorted(EVERY_FAULT - befell) == []


def test_a_seed_is_the_same_sequence_again(stages: Stages) -> None:
    """In another process too, whose hashes fall differently."""
    here = play(stages, TOLD_TWICE)
    there = subprocess.run(
        [sys.executable, "-m", "wms.simulation", "--seed", str(TOLD_TWICE), "--hours", str(HOURS), "--json"],
        capture_output=True, check=True, timeout=300, cwd=Path(__file__).parents[2],
        env={"PATH": "/usr/bin:/bin", "PYTHONHASHSEED": "12345"},
    )  # fmt: skip
    told = orjson.loads(there.stdout)
    assert (told["steps"], told["digest"]) == (here.steps, here.digest)
    assert play(stages, TOLD_TWICE + 1, 0.1).digest != here.digest


def test_a_lie_is_found_and_told_with_its_seed(stages: Stages, monkeypatch: pytest.MonkeyPatch) -> None:
    """The watch can fail: a count whose units are written twice, in books that balance, is found at once."""
    from wms.inbound.service import counting

    real = counting._Entry

    def doubled(line, stock, quantity, *more):
        return real(line, stock, quantity * 2, *more)

    monkeypatch.setattr(counting, "_Entry", doubled)
    with pytest.raises(
        Failed, match=rf"goods in the building.*\n(.*\n)*Again: flask simulate --seed {LIE} --hours 0.25"
    ) as told:
        play(stages, LIE)
    assert told.value.seed == LIE
    assert "scan receive" in str(told.value)
