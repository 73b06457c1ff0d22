"""`flask simulate --seed N --hours H`: on engines of its own in a temporary folder, never on a running system."""

from __future__ import annotations

import re
import sys
import time

import click
import orjson

from wms.simulation.report import Together, line, summary
from wms.simulation.simulate import Failed, simulate
from wms.simulation.stage import Stages, own_stages


def _which(_context: click.Context, _option: click.Parameter, given: str | None) -> range | None:
    """`A-B`, both of them played."""
    if given is None:
        return None
    found = re.fullmatch(r"(\d{1,9})-(\d{1,9})", given)
    if found is None or int(found[1]) > int(found[2]):
        raise click.BadParameter("the first seed and the last one, as in 1-1000")
    return range(int(found[1]), int(found[2]) + 1)


@click.command("simulate")
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Which warehouse to play.")
@click.option("--hours", type=click.FloatRange(min=0.1, max=24 * 14), default=2.0, show_default=True,
              help="Virtual hours of business, before everything is brought to its end.")  # fmt: skip
@click.option("--seeds", "seeds", metavar="A-B", callback=_which,
              help="Play all seeds from A to B instead, a line for each and what they came to at the end.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="One JSON object a seed instead of lines for people.")
def simulate_command(seed: int, hours: float, seeds: range | None, as_json: bool) -> None:
    """Play a whole warehouse in virtual time, with faults, and check all along; exit status 0 only when all is true."""
    together, began = Together(), time.monotonic()
    with own_stages() as stages:
        for number in seeds or [seed]:
            _play(stages, number, hours, together, as_json=as_json, many=seeds is not None)
    if seeds is not None:
        click.echo(together.told(time.monotonic() - began), err=as_json)
    sys.exit(1 if together.untrue else 0)


def _play(stages: Stages, seed: int, hours: float, together: Together, *, as_json: bool, many: bool) -> None:
    with stages.open() as stage:
        try:
            result = simulate(stage, seed, hours)
        except Failed as failure:
            together.add_untrue(seed)
            told = {"seed": seed, "step": failure.step, "failed": str(failure)}
            click.echo(orjson.dumps(told).decode() if as_json else str(failure), err=not as_json)
            if many and not as_json:
                what = f"{type(failure.fault).__name__}: {failure.fault}".replace("\n", " ")
                click.echo(f"seed {seed}: UNTRUE at step {failure.step}: {what}")
            return
    together.add(result)
    shown = line if many else summary
    click.echo(orjson.dumps(result.as_data()).decode() if as_json else shown(result))
