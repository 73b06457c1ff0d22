"""Between two warehouses: what left one under a waybill stands at the dock of the other, mostly."""

from __future__ import annotations

from datetime import timedelta

from wms.simulation.play import Play
from wms.simulation.stage import House
from wms.simulation.timeline import Process
from wms.simulation.world import Carton, Parcel

LOST, DIFFERS = 0.08, 0.15
# The carton that a parcel of a transfer became in the booking of the warehouse it goes to.
_CARTON = (
    "SELECT CAST(c.id AS text) AS id, CAST(c.booking_id AS text) AS booking FROM carton c JOIN booking b"
    " ON b.id = c.booking_id WHERE b.transfer_order_id = CAST(:order AS uuid) AND c.reference_box_no = :number"
)


def drive(play: Play, house: House) -> Process:
    """Trucks between the houses: an hour on the road, and what they bring stands at the dock of this one."""
    dice = play.dice(f"road to {house.code}")
    while True:
        yield dice.uniform(300, 900)
        for parcel in [each for each in play.world.under_way if each.order.to_house == house.code]:
            (row,) = play.look(_CARTON, order=parcel.order.id, number=parcel.number) or (None,)
            if row is None:  # the job that books it is not done yet
                continue
            play.world.under_way.remove(parcel)
            if dice.random() < LOST and not play.closing:
                since = play.timeline.moment + timedelta(hours=1)
                play.world.overdue.append((row.booking, row.id, since))
                play.wire.record.faults["lost_between_houses"] += 1
                continue
            after = dice.uniform(300, 2_400)
            play.timeline.add(_arrive(play, _as_carton(house, parcel, dice.random())), after)


def _as_carton(house: House, parcel: Parcel, throw: float) -> Carton:
    """A parcel is a carton of the same waybill there; on the road a unit may get lost, or get in."""
    inside = {sku: (units, 0) for sku, units in parcel.inside.items()}
    if throw < DIFFERS:
        sku = next(iter(inside))
        inside[sku] = (inside[sku][0] + (1 if throw < DIFFERS / 2 else -1), 0)
    declared = dict(parcel.inside)
    return Carton(parcel.number, house.code, house.bonded, parcel.order.seller, declared, inside, of=parcel.order)


def _arrive(play: Play, carton: Carton) -> Process:
    play.world.dock[carton.house].append(carton)
    play.world.cartons.append(carton)
    play.world.units["transferred"] += sum(carton.declared.values())
    yield from ()
