"""What every actor of one simulation shares."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import text

from wms.platform.database import rollback, session
from wms.seed import LOT_AND_EXPIRY
from wms.simulation.stage import House, Stage
from wms.simulation.timeline import Timeline
from wms.simulation.wire import Answer, Tablet, Wire
from wms.simulation.world import Untrue, World


class Play:
    """The stage, the time, the truth, and the lines between them."""

    def __init__(self, stage: Stage, timeline: Timeline, world: World, wire: Wire) -> None:
        self.stage, self.timeline, self.world, self.wire = stage, timeline, world, wire
        self.closing = False  # no new business: what was begun is finished

    def dice(self, name: str) -> random.Random:
        return self.timeline.dice(name)

    def tablet(self, house: House, job: str) -> Tablet:
        return Tablet(self.wire, f"{house.code}.{job}", house.code, house.badges[job])

    def look(self, question: str, **values: Any) -> Sequence[Any]:
        """What a person sees with their own eyes or on a page: rows of a question."""
        with self.stage.app.app_context():
            rows = session().execute(text(question), values).all()
            rollback()
        return rows

    def inside(self, action: Callable[[], Any]) -> Any:
        """Something that runs within the system: a job, a check."""
        with self.stage.app.app_context():
            return action()


def code_of(seller: str, sku: str) -> str:
    """The barcode on the goods that is this seller's alone."""
    return f"{seller}:{sku}"


def has_lots(sku: str) -> bool:
    return sku in LOT_AND_EXPIRY


def expect(tablet: Tablet, answer: Answer, what: str, *refusals: str) -> bool:
    """True when done; False when refused for one of the named reasons. Any other refusal is a fault."""
    if answer.ok:
        return True
    if answer.code in refusals:
        return False
    raise Untrue(f"{tablet.name}, {what}: {answer.status} {answer.body}")


# Why a stop may be nobody's any more: the order was cancelled, lost its goods, or another picker took the walk over.
# Whatever is scanned there, the screen leads on.
GONE_ON = ("stop_cancelled", "stop_gone", "stop_refused", "tote_refused", "walk_taken_over")
NONSENSE = ("]C1", "NOTHING-OF-OURS", "4006381333930", "L-Z-99-99-9-X", "CMD-DANCE", "\x1d\x1d", "é" * 300, "B-IN-1-K")


def mischief(play: Play, tablet: Tablet, former_token: str | None) -> None:
    """What hands do by accident: a code that means nothing here, or a scan of a step that is long past."""
    if play.closing or tablet.dice.random() > 0.05:
        return
    throw = tablet.dice.randrange(4)
    before = (tablet.task["step_token"], tablet.state)
    if throw == 0 and former_token is not None and former_token != before[0]:
        answer = tablet.scan("CMD-OK", token=former_token)
        if answer.code != "stale_step":
            raise Untrue(f"{tablet.name}: a scan of a past step was answered {answer.code}")
    elif throw == 1:
        tablet.headers = {}  # the login ended, or somebody took the badge to another device
        tablet.look()
    else:
        answer = tablet.scan(tablet.dice.choice(NONSENSE))
        if answer.code in GONE_ON:
            return
        if answer.ok:
            raise Untrue(f"{tablet.name}: nonsense was taken for {answer.code}")
    if (tablet.task["step_token"], tablet.state) != before:
        raise Untrue(f"{tablet.name}: what was refused moved the task from {before} to {tablet.state}")
