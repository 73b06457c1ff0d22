"""Many seeds in one process: a line for each, what they came to, and an end that says whether all was true."""

from __future__ import annotations

import contextlib

import orjson
import pytest
from click.testing import CliRunner

from wms.simulation import command
from wms.simulation.simulate import Failed, Result
from wms.simulation.world import Untrue

UNTRUE = 3


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, float]]:
    """Which seeds were played, for how long, instead of playing them; the third finds something."""
    found: list[tuple[int, float]] = []

    class Stages:
        open = staticmethod(lambda: contextlib.nullcontext("a stage"))

    def simulate(stage: str, seed: int, hours: float) -> Result:
        assert stage == "a stage"
        found.append((seed, hours))
        if seed == UNTRUE:
            failure = Failed.__new__(Failed, "the last commands")
            failure.seed, failure.step, failure.fault = seed, 17, Untrue("twice\nsaid")
            raise failure
        return Result(
            seed=seed, hours=hours, drained_after_hours=0.5, steps=100 + seed, digest=f"digest {seed}",
            commands={"order": 2} | ({"return": 1} if seed == 4 else {}), refusals={}, faults={"sent_twice": 1},
            orders={"shipped": seed, "short": 1}, parcels=seed, gone_in={"1": seed}, units={"received": 10}, comparisons=4,
            audits=2, audit_checks=90, daily_audits=1, seconds=1.5,
        )  # fmt: skip

    monkeypatch.setattr(command, "simulate", simulate)
    monkeypatch.setattr(command, "own_stages", lambda: contextlib.nullcontext(Stages()))
    return found


def test_many_seeds_are_a_line_each_and_a_sum(played) -> None:
    done = CliRunner().invoke(command.simulate_command, ["--seeds", "1-4", "--hours", "0.5"])
    assert played == [(seed, 0.5) for seed in (1, 2, 3, 4)]
    assert done.exit_code == 1
    lines = done.stdout.splitlines()
    assert lines[1] == (
        "seed 2: 0.5 + 0.5 h, 102 commands; orders: shipped 2, short 1; 2 parcels; 1 faults; 4 comparisons, 3 audits:"
        " all true; 1.5 s"
    )
    assert lines[2] == "seed 3: UNTRUE at step 17: Untrue: twice said"
    assert lines[4].startswith("4 seeds, 307 commands in ")
    assert lines[4].endswith(": untrue: 3")
    assert lines[5:] == [
        "  orders    shipped 7, short 3",
        "  units     received 30",
        "  faults    sent_twice 3",
        "  work, in how many seeds: order 3, return 1",
    ]
    assert "the last commands" in done.stderr


def test_the_end_says_that_all_was_true(played) -> None:
    done = CliRunner().invoke(command.simulate_command, ["--seeds", "1-2", "--json"])
    assert done.exit_code == 0
    assert [orjson.loads(each)["seed"] for each in done.stdout.splitlines()] == [1, 2]
    assert ": all true" in done.stderr
    one = CliRunner().invoke(command.simulate_command, ["--seed", "3", "--json"])
    assert one.exit_code == 1
    assert orjson.loads(one.stdout) == {"seed": 3, "step": 17, "failed": "the last commands"}


@pytest.mark.parametrize("given", ["100", "5-1", "1-", "a-b", "1-2-3"])
def test_seeds_are_the_first_and_the_last(played, given) -> None:
    done = CliRunner().invoke(command.simulate_command, ["--seeds", given])
    assert done.exit_code == 2
    assert "as in 1-1000" in done.output
    assert played == []
