"""`flask simulate --seed N --hours H`: on engines of its own in a temporary folder, never on a running system."""

from __future__ import annotations

import sys
import time

import click
import orjson

from wms.simulation.report import summary
from wms.simulation.simulate import Failed, simulate
from wms.simulation.stage import own_stages


@click.command("simulate")
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Which warehouse to play.")
@click.option("--hours", type=click.FloatRange(min=0.1, max=24 * 14), default=2.0, show_default=True,
              help="Virtual hours of business, before everything is brought to its end.")  # fmt: skip
@click.option("--seeds", type=click.IntRange(min=1), default=1, show_default=True,
              help="How many seeds to play, from --seed on.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="One JSON object a seed instead of lines for people.")
def simulate_command(seed: int, hours: float, seeds: int, as_json: bool) -> None:
    """Play a whole warehouse in virtual time, with faults, and check all along; exit status 0 only when all is true."""
    failed, began = 0, time.monotonic()
    with own_stages() as stages:
        for number in range(seed, seed + seeds):
            with stages.open() as stage:
                try:
                    result = simulate(stage, number, hours)
                except Failed as failure:
                    failed += 1
                    told = {"seed": number, "step": failure.step, "failed": str(failure)}
                    click.echo(orjson.dumps(told).decode() if as_json else str(failure), err=not as_json)
                    continue
            click.echo(orjson.dumps(result.as_data()).decode() if as_json else summary(result))
    if seeds > 1:
        seconds = time.monotonic() - began
        click.echo(f"{seeds} seeds, {failed} failed, {seeds / seconds:.2f} seeds a second", err=True)
    sys.exit(1 if failed else 0)
