"""One file per scanning scenario. A scenario is steps: each says what it expects and what a scan of it leads to."""

from __future__ import annotations

from wms.floor.contract import Scenario
from wms.floor.scenarios.bag import Bags
from wms.floor.scenarios.count import Count
from wms.floor.scenarios.handover import HandOver
from wms.floor.scenarios.lane import Lane
from wms.floor.scenarios.move import Move
from wms.floor.scenarios.pack import Pack
from wms.floor.scenarios.pick import Pick
from wms.floor.scenarios.pickup import PickUp
from wms.floor.scenarios.putaway import PutAway
from wms.floor.scenarios.putback import PutBack
from wms.floor.scenarios.receive import Receive
from wms.floor.scenarios.repack import Repack
from wms.floor.scenarios.replenish import Replenish
from wms.floor.scenarios.returns import ReturnDesk
from wms.floor.scenarios.service import Service
from wms.floor.scenarios.sort import Sort
from wms.floor.scenarios.whole import Whole

SCENARIOS: dict[str, Scenario] = {
    scenario.kind: scenario
    for scenario in (
        Receive(),
        PutAway(),
        Pick(),
        Sort(),
        Pack(),
        Lane(),
        Bags(),
        HandOver(),
        PickUp(),
        Whole(),
        Move(),
        Repack(),
        PutBack(),
        ReturnDesk(),
        Count(),
        Service(),
        Replenish(),
    )
}
