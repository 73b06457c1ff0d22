"""Bins that are counted on tablets by two people, and pick faces that are kept filled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from wms.simulation.play import Play, code_of, expect, expect_into, has_lots, mischief
from wms.simulation.stage import House
from wms.simulation.timeline import Process
from wms.simulation.wire import Tablet
from wms.simulation.world import Place

IDLE = 200.0
NOT_NOW = ("count_not_planned", "count_taken", "count_same_person")
# What the bin of a face, or the reserve, may say meanwhile: the walk is left for later.
FACE_REFUSALS = (
    "location_full", "location_other_product", "location_reserved", "face_in_doubt", "stock_is_held", "not_enough_stock",
    "replenish_gone", "too_many_brought", "allocation_changed",
)  # fmt: skip
_TO_COUNT = "SELECT EXISTS (SELECT 1 FROM count_task WHERE warehouse_id = CAST(:house AS uuid) AND state IN ('open', 'counting'))"
_TO_FILL = (
    "SELECT EXISTS (SELECT 1 FROM replenish_task WHERE warehouse_id = CAST(:house AS uuid)"
    " AND state IN ('open', 'walking'))"
)
_LOTS = (
    "SELECT s.code AS seller, p.sku, b.condition, t.batch, t.expires_on, sum(b.on_hand)::int AS units FROM balance b"
    " JOIN location l ON l.id = b.location_id JOIN seller s ON s.id = b.owner_id JOIN product p ON p.id = b.product_id"
    " JOIN lot t ON t.id = b.lot_id WHERE l.warehouse_id = CAST(:house AS uuid) AND l.code = :bin"
    " AND b.handling_unit_id IS NULL AND b.on_hand > 0 GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5"
)
_OWNER = (
    "SELECT s.code FROM location l JOIN fixed_bin x ON x.location_id = l.id JOIN product p ON p.id = x.product_id"
    " JOIN seller s ON s.id = p.owner_id WHERE l.warehouse_id = CAST(:house AS uuid) AND l.code = :face AND p.sku = :sku"
)

# A place, how many are known of a lot (of others, how many there are is seen), and what is printed on the lot.
Kind = tuple[Place, int, Mapping[str, Any]]


def count(play: Play, house: House, job: str) -> Process:
    """Whatever bin waits for this pair of hands, as it really is."""
    tablet = play.tablet(house, job)
    tablet.start("count")
    while True:
        yield tablet.dice.uniform(60, IDLE)
        if not play.look(_TO_COUNT, house=house.id)[0][0]:
            continue
        tablet.look()
        code = tablet.data.get("next")
        if code is None or not expect(tablet, tablet.scan(house.places[code]), f"counting {code}", *NOT_NOW):
            continue
        yield from _count_bin(play, house, tablet, code)


def _count_bin(play: Play, house: House, tablet: Tablet, code: str) -> Process:
    """Kind by kind, each as it is at that moment; what was moved meanwhile is asked for again."""
    missing: dict[Place, int] = {}
    wanted: list[str] | None = None
    while True:
        while any(has_lots(place.sku) for place in _carried(play, house, code)):
            yield 5.0  # which batch somebody has in hand is seen when it is put down
        missing = {place: lost for place, lost in missing.items() if wanted is not None and place.sku not in wanted}
        yield from _count_kinds(play, tablet, _kinds(play, house, code, wanted), missing)
        for place in _vanished(play, house, code, wanted):
            missing.setdefault(place, play.world.missing[place])  # what was counted, and is gone since, was counted
        answer = tablet.scan("CMD-OK" if tablet.data["lines"] else "CMD-EMPTY")
        expect(tablet, answer, f"ending the count of {code}")
        if answer.code != "count_moved":
            break
        wanted = list(tablet.data["again"])
        yield 5.0
    lost = {place: units for place, units in missing.items() if units}
    if answer.code == "count_done":
        for place, units in lost.items():
            play.world.found_out(place, units, bonded=False)
    elif answer.code == "count_submitted":
        play.world.counted_bins[house.code, code] = lost


def _count_kinds(play: Play, tablet: Tablet, kinds: Sequence[Kind], missing: dict[Place, int]) -> Process:
    for place, known, printed in kinds:
        before = tablet.task["step_token"]
        units = known or play.world.really_there(place)
        if not units:
            continue
        if place.condition == "damaged":
            expect(tablet, tablet.scan("CMD-DAMAGE"), "damage")
        answer = tablet.scan(code_of(place.seller, place.sku), quantity=units, **printed)
        expect(tablet, answer, f"counting {place.sku} in {place.bin}")
        missing[place] = play.world.missing[place]
        yield tablet.dice.uniform(3, 20)
        mischief(play, tablet, before)


def _kinds(play: Play, house: House, code: str, wanted: list[str] | None) -> list[Kind]:
    """What somebody tells apart by looking: seller, SKU, quality, and what is printed on goods with lots."""
    found: list[Kind] = [
        (place, 0, {}) for place in sorted(play.world.shelf)
        if (place.house, place.bin) == (house.code, code) and not has_lots(place.sku) and play.world.really_there(place)
    ]  # fmt: skip
    for row in play.look(_LOTS, house=house.id, bin=code):
        printed = {"batch": row.batch, "expires_on": row.expires_on.isoformat()}
        found.append((Place(house.code, code, row.seller, row.sku, row.condition), row.units, printed))
    return [kind for kind in found if wanted is None or kind[0].sku in wanted]


def _carried(play: Play, house: House, code: str) -> list[Place]:
    """Of what in the bin somebody has units in hand."""
    every = [place for hand in play.world.hands.values() for place in hand]
    return [place for place in every if (place.house, place.bin) == (house.code, code)]


def _vanished(play: Play, house: House, code: str, wanted: list[str] | None) -> list[Place]:
    """Places in the bin of which nothing is left that could be scanned."""
    return [
        place for place, lost in play.world.missing.items()
        if lost and (place.house, place.bin) == (house.code, code) and not play.world.really_there(place)
        and (wanted is None or place.sku in wanted)
    ]  # fmt: skip


def fill_faces(play: Play, house: House) -> Process:
    """Goods from reserve to pick faces, as the screen leads."""
    tablet = play.tablet(house, "filler")
    tablet.start("replenish")
    while True:
        if tablet.state == "begin":
            waits = play.look(_TO_FILL, house=house.id)[0][0]
            if not waits or not expect(
                tablet, tablet.scan("CMD-OK"), "beginning to fill faces", "nothing_to_replenish"
            ):
                yield IDLE
            continue
        before = tablet.task["step_token"]
        yield from _fill(play, house, tablet)
        mischief(play, tablet, before)


def _fill(play: Play, house: House, tablet: Tablet) -> Process:
    data = tablet.data
    source, face, sku = data["location"], data["face"], data["sku"]
    owner = play.look(_OWNER, house=house.id, face=face, sku=sku)[0][0]
    place = Place(house.code, source, owner, sku, "good")
    if tablet.state == "scan_location":
        expect(tablet, tablet.scan(house.places[source]), f"fetching {sku} from {source}")
        yield tablet.dice.uniform(5, 30)
        return
    if tablet.state == "scan_product":
        units = min(data["left"], play.world.really_there(place))
        if units < 1:
            asked = tablet.scan("CMD-SHORT")
            expect(tablet, asked, f"nothing of {sku} in {source}")
            if asked.code == "short_reserve_confirm":
                expect(tablet, tablet.scan("CMD-SHORT"), f"nothing of {sku} in {source}")
            return
        answer = tablet.scan(code_of(owner, sku), quantity=units if tablet.dice.random() < 0.7 else 1)
        if expect(tablet, answer, f"taking {sku} from {source}", "too_many_brought", "quantity_too_large"):
            play.world.take_up(tablet.name, place, tablet.data["quantity"])
        yield tablet.dice.uniform(5, 30)
        return
    units = data["quantity"]
    answer = tablet.scan(house.places[face])
    play.world.let_go(tablet.name)
    if not expect_into(play, house, face, tablet, answer, f"{units} of {sku} to {face}", *FACE_REFUSALS):
        expect(tablet, tablet.scan("CMD-BACK"), "stepping back")
        expect(tablet, tablet.scan("CMD-SKIP"), "leaving a face for later", "nothing_to_replenish")
        yield IDLE
        return
    if answer.code == "face_filled":
        play.world.take(place, units)
        play.world.put(place._replace(bin=face), units)
        play.world.units["replenished"] += units
    yield tablet.dice.uniform(3, 10)
