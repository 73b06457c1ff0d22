"""One simulation: curtain up, so many virtual hours with checks all along, and everything brought to its end."""

from __future__ import annotations

import random
import time
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from wms.platform.database import db
from wms.simulation import (
    carrier,
    checks,
    dock,
    faults,
    floor,
    gate,
    handling,
    machines,
    minding,
    office,
    printers,
    services,
    transit,
    wall,
)
from wms.simulation.logs import quiet
from wms.simulation.play import Play
from wms.simulation.sellers import Shop
from wms.simulation.stage import Stage
from wms.simulation.timeline import Timeline, virtual_time
from wms.simulation.wire import Wire
from wms.simulation.world import Untrue, World

# Days on which calendars are at their worst: clocks go on and back in Hamburg, the year and a February end.
DAYS = [(2026, 3, 28), (2026, 10, 24), (2026, 2, 28), (2026, 12, 31), (2026, 6, 15), (2028, 2, 28)]
COMPARE_EVERY = 25  # commands
DRAIN_HOURS = 24.0


@dataclass(frozen=True)
class Result:
    """What came of one seed. `digest` names its sequence of (time, actor, command, answer). `gone_in`: in how many parcels
    how many orders left, by the truth; in none those that were destroyed.
    """

    seed: int
    hours: float
    drained_after_hours: float
    steps: int
    digest: str
    commands: dict[str, int]
    refusals: dict[str, int]
    faults: dict[str, int]
    orders: dict[str, int]
    parcels: int
    gone_in: dict[str, int]
    units: dict[str, int]
    comparisons: int
    audits: int
    audit_checks: int
    daily_audits: int
    seconds: float

    def as_data(self) -> dict[str, Any]:
        return asdict(self)


class Failed(AssertionError):
    """A seed found something. Says what, at which step of which seed, and what was sent last."""

    def __init__(self, seed: int, hours: float, play: Play, log: Iterable[str], fault: BaseException) -> None:
        record, moment = play.wire.record, f"{play.timeline.moment:%Y-%m-%d %H:%M:%S}"
        self.seed, self.step, self.fault = seed, record.steps, fault
        found = f"seed {seed}, step {record.steps}, {moment}: {type(fault).__name__}: {fault}"
        again = f"Again: flask simulate --seed {seed} --hours {hours:g}"
        super().__init__("\n".join([found, *record.last, *log, again]))


class _Watch:
    """Compares the system with the truth every so many commands, and audits it every virtual hour."""

    def __init__(self, play: Play) -> None:
        self.play = play
        self.compared_at = 0
        self.audited_at = play.timeline.hours
        self.comparisons = self.audits = self.audit_checks = 0

    def look(self) -> None:
        if self.play.wire.record.steps - self.compared_at >= COMPARE_EVERY:
            self.compare()
        if self.play.timeline.hours - self.audited_at >= 1:
            self.audit()

    def compare(self) -> None:
        self.compared_at = self.play.wire.record.steps
        self.comparisons += 1
        self.play.learn_of_parts()
        self.play.inside(lambda: checks.compare(self.play.world))

    def audit(self) -> None:
        self.audited_at = self.play.timeline.hours
        self.audits += 1
        self.audit_checks = self.play.inside(checks.full_audit)


def simulate(stage: Stage, seed: int, hours: float) -> Result:
    """Play one seed on a stage of its own. Raises `Failed` at the first thing that is not true."""
    began = time.monotonic()
    dice = random.Random(f"{seed}:day")  # noqa: S311 - dice, not secrets
    start = datetime(*dice.choice(DAYS), hour=dice.randrange(24), tzinfo=UTC)
    timeline = Timeline(seed, start)
    trap = faults.Trap()
    with stage.app.app_context():
        engine = db.engine
    with (
        virtual_time(lambda: timeline.moment, timeline.dice("ids")),
        faults.fitted(engine, trap),
        quiet() as log,
        ExitStack() as network,
    ):
        play = Play(stage, timeline, World(), Wire(stage.app, timeline, trap))
        remote = carrier.Carrier(play)
        network.enter_context(carrier.joined(remote))
        watch = _Watch(play)
        try:
            play.inside(remote.contract)
            _raise_the_curtain(play)
            timeline.run(start + timedelta(hours=hours), watch.look)
            daily = _bring_to_an_end(play, watch, remote)
        except Exception as fault:
            raise Failed(seed, hours, play, log, fault) from fault
        return _result(play, watch, seed, hours, daily, time.monotonic() - began)


def _raise_the_curtain(play: Play) -> None:
    machines.start_all(play)
    play.agent = printers.Agent(play, *play.stage.agent)
    play.timeline.add(play.agent.work(), 20.0)
    for seller in play.stage.keys:
        play.timeline.add(Shop(play, seller).run(), 30.0)
    for house in play.stage.houses.values():
        hands = [
            dock.receive(play, house), dock.put_away(play, house), floor.pick(play, house, "picker"),
            floor.pack(play, house), gate.hand_over(play, house), handling.tidy(play, house), wall.sort(play, house),
        ]  # fmt: skip
        if house.code != "DE2":  # the second one is small
            hands += [
                floor.pick(play, house, "second_picker"), handling.take_back(play, house), gate.bag(play, house),
            ]  # fmt: skip
        if house.bonded:
            hands.append(office.clear_customs(play, house))
        else:  # what a zone in bond does not do, or not in this way
            hands += [
                wall.single_pieces(play, house), services.craft(play, house), minding.count(play, house, "counter"),
                minding.count(play, house, "second_counter"), gate.fetch(play, house), transit.drive(play, house),
            ]  # fmt: skip
        if house.code == "DE1":
            hands.append(minding.fill_faces(play, house))
        for number, process in enumerate(hands):
            play.timeline.add(process, 60.0 + number)
    play.timeline.add(office.supervise(play), 90.0)
    play.timeline.add(office.plan_waves(play), 95.0)
    play.timeline.add(handling.disappear(play))


def _bring_to_an_end(play: Play, watch: _Watch, remote: carrier.Carrier) -> int:
    """No new business and no more faults: whatever was begun must come to an end, and say why where it does not. Returns how
    many audits the schedule made.
    """
    play.closing = play.wire.calm = True
    ending = play.timeline.moment
    while True:
        play.timeline.run(play.timeline.moment + timedelta(minutes=30), watch.look)
        watch.compare()
        try:
            play.inside(lambda: checks.everything_ended(play.world))
            remote.settled()
            break
        except Untrue:
            if play.timeline.moment - ending > timedelta(hours=DRAIN_HOURS):
                raise
    watch.audit()
    return int(play.inside(checks.daily_audits))


def _result(play: Play, watch: _Watch, seed: int, hours: float, daily: int, seconds: float) -> Result:
    record = play.wire.record
    return Result(
        seed=seed, hours=hours, drained_after_hours=round(play.timeline.hours - hours, 2), steps=record.steps,
        digest=record.digest.hexdigest(), commands=dict(sorted(record.commands.items())),
        refusals=dict(sorted(record.refusals.items())), faults=dict(sorted(record.faults.items())),
        orders=play.inside(checks.orders_by_state),
        parcels=sum(each.on_load for each in play.world.parcels.values()), gone_in=play.world.gone_in(),
        units=dict(sorted(play.world.units.items())), comparisons=watch.comparisons, audits=watch.audits,
        audit_checks=watch.audit_checks, daily_audits=daily, seconds=round(seconds, 2),
    )  # fmt: skip
