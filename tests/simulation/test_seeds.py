"""Twenty seeds of a whole warehouse, each checked against the truth all along; and that a seed is a whole story.

More by hand: `flask simulate --seeds 1-1000` (docs/simulation.md says what they found).
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path

import orjson
import pytest

from tests.engines import Databases
from wms.simulation.faults import Fault
from wms.simulation.simulate import Failed, Result, simulate
from wms.simulation.stage import Stages

SEEDS = range(1, 21)
HOURS = 0.25
TOLD_TWICE = 14  # begins at 19:00, and goes on past the hour of the day's audit
LONG = ((35, 1.5), (31, 1.5), (41, 1.5), (14, HOURS))  # what one lacks, another has
LIE = 6  # here the books are compared before anybody runs into what is not there


@pytest.fixture(scope="module")
def stages(engines: Databases) -> Iterator[Stages]:
    made = Stages(engines.engines, engines.folder)
    yield made
    made.close()


@pytest.fixture(scope="module")
def played(stages: Stages) -> Callable[..., Result]:
    """What came of a seed, played once however many tests look at it."""
    return cache(partial(play, stages))


def play(stages: Stages, seed: int, hours: float = HOURS) -> Result:
    with stages.open() as stage:
        return simulate(stage, seed, hours)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_seed_holds(played: Callable[..., Result], seed: int) -> None:
    result = played(seed, HOURS)
    assert result.audits >= 1
    assert result.daily_audits >= 1
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
    "carry out", "scan repack", "ask for moves", "accept interception", "refuse interception",
}  # fmt: skip
# Ways that goods went, of which no other word tells.
EVERY_WAY = {"came closed", "by whole pallet", "damaged in totes", "moved to save steps", "picked for the fast lane"}
EVERY_FAULT = {fault.value for fault in Fault} | {"login_ended", "count_once_more", "tote_full"}


def test_longer_ones_meet_everything(played: Callable[..., Result]) -> None:
    """Otherwise they would prove little: every kind of work was done, and every kind of fault befell somebody. Mostly in the
    first; what is rare there, in the next ones.
    """
    results = [played(seed, hours) for seed, hours in LONG]
    assert all(result.parcels > 10 for result in results if result.hours > HOURS)
    assert sorted(EVERY_WORK - set().union(*(result.commands for result in results))) == []
    assert sorted(EVERY_WAY - set().union(*(result.units for result in results))) == []
    assert sorted(EVERY_FAULT - set().union(*(result.faults for result in results))) == []


def test_a_seed_is_the_same_sequence_again(played: Callable[..., Result]) -> None:
    """In another process too, whose hashes fall differently, and across the hour at which the day's audit is due."""
    here = played(TOLD_TWICE, HOURS)
    assert here.daily_audits == 2
    there = subprocess.run(
        [sys.executable, "-m", "wms.simulation", "--seed", str(TOLD_TWICE), "--hours", str(HOURS), "--json"],
        capture_output=True, check=True, timeout=300, cwd=Path(__file__).parents[2],
        env={"PATH": "/usr/bin:/bin", "PYTHONHASHSEED": "12345"},
    )  # fmt: skip
    told = orjson.loads(there.stdout)
    assert (told["steps"], told["digest"], told["daily_audits"]) == (here.steps, here.digest, 2)
    assert played(TOLD_TWICE + 1, HOURS).digest != here.digest


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
