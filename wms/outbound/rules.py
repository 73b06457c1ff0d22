"""Pure decisions of outbound: what a regime allows, how goods are verified, what a parcel should weigh."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

# A line of more units than this is not scanned unit by unit (DESIGN.md section 5, verification profile).
EACH_UP_TO = 12
# Tolerance of the weight check (reference: floor app, section 7.10).
WEIGHT_TOLERANCE_G = 20
WEIGHT_TOLERANCE_PERMILLE = 30
PACKAGING_G = 60  # a carton and filling, where nobody said which
FILLING_G = 40  # paper, tape and cushions in a box of known weight
ORDERS_PER_BATCH = 12  # totes on a cart
RETURN_TO_SELLER = "return_to_seller"
DESTRUCTION = "destruction"
TRANSFER = "transfer"
PICK_UP = "pick_up"
B2B = "b2b"
FBA = "fba"
KINDS = ["dropship", B2B, RETURN_TO_SELLER, DESTRUCTION, TRANSFER, PICK_UP, FBA]
# Nobody buys them: the seller need not say to whom they go.
WITHOUT_BUYER = frozenset({DESTRUCTION, TRANSFER})
# Somebody who bought it opens the parcel: a leaflet or sample is for them, not for Amazon's dock or a house of ours.
FOR_BUYERS = ("dropship", B2B, PICK_UP)
# Nobody carries them: no service is chosen.
WITHOUT_SERVICE = frozenset({DESTRUCTION, PICK_UP})
# What does not sell may go too, and expired goods go first.
TAKES_EXPIRED = frozenset({RETURN_TO_SELLER, DESTRUCTION})


@dataclass(frozen=True)
class Regime:
    """What a customs regime lets an order be (bonded retail: one order, one list, one parcel).

    `to_a_person`: of the warehouse's country, for their own use, known to customs by name, phone and ID number.
    """

    one_parcel: bool
    to_a_person: bool
    needs_release: bool


REGIMES: dict[str | None, Regime] = {
    None: Regime(one_parcel=False, to_a_person=False, needs_release=False),
    # 网购保税进口 1210 and 1239: GACC announcements 2014-57 and 2016-75; the list is per parcel and complete. For whom:
    # 财关税〔2018〕49号.
    "1210": Regime(one_parcel=True, to_a_person=True, needs_release=True),
    "1239": Regime(one_parcel=True, to_a_person=True, needs_release=True),
}
# What the messages of bonded retail hold (CEB311, CEB621): lines of an order, characters of what names its buyer.
RETAIL_LINES = 99
RETAIL_BUYER = {"name": 60, "phone": 30}


# Between bonded warehouses goods go in bulk, under two entry lists that name each other (区间流转): nobody buys them.
BETWEEN_ZONES = Regime(one_parcel=False, to_a_person=False, needs_release=True)


def regime_of(code: str | None, is_bonded: bool, kind: str | None = None) -> Regime:
    """The rules of a warehouse for an order of a kind. A bonded warehouse without a known regime gets the strictest."""
    if not is_bonded:
        return REGIMES[None]
    if kind == TRANSFER:
        return BETWEEN_ZONES
    return REGIMES.get(code, REGIMES["1210"])


class Step(StrEnum):
    """What a warehouse may do before customs has released an order."""

    NOTHING = "nothing"
    PICK = "pick"
    PACK = "pack"


_ALLOWED_BEFORE = {Step.NOTHING: set[Step](), Step.PICK: {Step.PICK}, Step.PACK: {Step.PICK, Step.PACK}}


def may_before_release(step: Step, configured: str) -> bool:
    """Whether `step` may happen before release in a warehouse configured so. Hand-over never may."""
    return step in _ALLOWED_BEFORE[Step(configured)]


class Profile(StrEnum):
    EACH = "each"
    CASE_AND_QUANTITY = "case_and_quantity"
    FIRST_AND_QUANTITY = "first_and_quantity"


def profile_of(line_quantity: int, scanned_pack: int, serial_controlled: bool) -> Profile:
    """How a scan of this line counts: each unit up to 12 of a line, then by case code or first unit and quantity."""
    if serial_controlled or line_quantity <= EACH_UP_TO:
        return Profile.EACH
    return Profile.CASE_AND_QUANTITY if scanned_pack > 1 else Profile.FIRST_AND_QUANTITY


@dataclass(frozen=True)
class WeightCheck:
    expected_g: int
    low_g: int
    high_g: int

    def accepts(self, measured_g: int) -> bool:
        return self.low_g <= measured_g <= self.high_g


@dataclass(frozen=True)
class Tare:
    """What a parcel weighs besides its goods, and how much less or more that may be, all in g."""

    expected_g: int = PACKAGING_G
    less_g: int = PACKAGING_G  # a guess until boxes are weighed: the lower bound does without it
    more_g: int = 0


def tare_of(empty_g: int | None, learned_g: int | None = None) -> Tare:
    """Of a box or bag that weighs so much empty, and as learned with its filling; of None where nobody said which it is."""
    if empty_g is None:
        return Tare()
    if learned_g is None or learned_g < empty_g:
        return Tare(empty_g, 0, FILLING_G)
    return Tare(learned_g, learned_g - empty_g, 0)


def weight_check(units: Sequence[tuple[int, int]], tare: Tare = Tare()) -> WeightCheck:
    """The band a parcel must weigh in, from (unit weight in g, quantity): max(20 g, 3 %) either way."""
    expected = tare.expected_g + sum(weight * quantity for weight, quantity in units)
    tolerance = max(WEIGHT_TOLERANCE_G, -(-expected * WEIGHT_TOLERANCE_PERMILLE // 1000))
    return WeightCheck(expected, expected - tare.less_g - tolerance, expected + tare.more_g + tolerance)


def is_id_number(text: str, today: date) -> bool:
    """A resident ID number: GB 11643-1999, 18 characters, a day of birth that has been, ISO 7064 mod 11-2. So are residence
    permits of Hong Kong, Macao and Taiwan (81, 82, 83). The district is not looked up.
    """
    if re.fullmatch("[1-9][0-9]{16}[0-9Xx]", text) is None or not _was_a_day(text[6:14], today):
        return False
    weighted = sum(int(digit) * (2 ** (17 - place) % 11) for place, digit in enumerate(text[:17]))
    return text[17].upper() == "10X98765432"[weighted % 11]


def _was_a_day(digits: str, today: date) -> bool:
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:])) <= today
    except ValueError:
        return False


@dataclass(frozen=True)
class Waiting:
    """An order that waits for stock: what it wants of each product."""

    number: str
    wants: Mapping[uuid.UUID, int]


def served_by(
    product_id: uuid.UUID, arriving: int, orders: Sequence[Waiting], free: Mapping[uuid.UUID, int], ahead: int = 0
) -> list[tuple[Waiting, int]]:
    """Which orders, in their order, `arriving` units of a product complete, and how many of these units each gets.

    `free`: units of each product that nobody is promised; `ahead`: units on their way besides. An order that would
    still lack something gets nothing, and keeps nothing from the next.
    """
    left = {**free, product_id: max(0, free.get(product_id, 0)) + ahead}
    served: list[tuple[Waiting, int]] = []
    for order in orders:
        if any(
            left.get(each, 0) + (arriving if each == product_id else 0) < units for each, units in order.wants.items()
        ):
            continue
        for each, units in order.wants.items():
            known = min(units, max(0, left.get(each, 0)))
            left[each] = left.get(each, 0) - known
            if units > known:
                arriving -= units - known
                served.append((order, units - known))
    return served


# What a waybill, its customs form or the list at customs says, and what the packer is told.
AT_THE_DOOR = frozenset({"signature", "cod", "age_check", "liftgate", "delivery"})
ON_THE_WAYBILL = AT_THE_DOOR | {"consignee", "service", "insurance", "declaration", "values"}
FOR_THE_PACKER = frozenset({"platform", "packing", "packing_remark"})
_BEFORE_A_WALK = ON_THE_WAYBILL | FOR_THE_PACKER | {"priority", "remark"}
_ON_A_WALK = _BEFORE_A_WALK - {"priority"}
# What may still change of an order, by its state. A waybill that was drawn is renewed with what stands on it; a parcel
# that is closed carries its paper, so it is intercepted instead.
CHANGEABLE: dict[str, frozenset[str]] = {
    "short": _BEFORE_A_WALK,
    "promised": _BEFORE_A_WALK,
    "awaiting_customs": _BEFORE_A_WALK - ON_THE_WAYBILL,  # the list at customs names buyer, carrier and values
    "waved": _ON_A_WALK,
    "picking": _ON_A_WALK,
    "picked": _ON_A_WALK,
    "packed": frozenset(),
    "shipped": frozenset(),
    "cancelled": frozenset(),
}
NEEDS_WAYBILL = frozenset({"waved", "picking", "picked"})


def changeable(state: str, customs_state: str, kind: str = "dropship", *, box_closed: bool = False) -> frozenset[str]:
    """What may change: customs released an order to one buyer by one carrier; what is destroyed goes to nobody and into no
    box; a closed box, though it be one of several, carries its paper and was packed as was asked for. Nobody carries what is
    picked up, and a transfer stands at another dock than the one that expects it.
    """
    packed = FOR_THE_PACKER if box_closed or kind == DESTRUCTION else frozenset()
    if packed or customs_state == "released":
        return CHANGEABLE[state] - ON_THE_WAYBILL - packed
    return CHANGEABLE[state] - {PICK_UP: {"service"}, TRANSFER: {"consignee"}}.get(kind, set())


class Fill(StrEnum):
    """What becomes of an order that cannot have all of its stock at once (Amazon MCF's FillOrKill, FillAll, …)."""

    ALL = "fill_all"  # it waits until all of it is there
    KILL = "fill_or_kill"  # it is refused, or cancelled when it loses its stock before the wave
    PARTIAL = "partial"  # what is there goes; the rest is a back order, linked to it


# Goods that go back or are destroyed go whole.
SPLITTABLE_KINDS = frozenset({"dropship", B2B})


class Side(StrEnum):
    """Whose hold on an order it is: that side ends it."""

    SELLER = "seller"
    WAREHOUSE = "warehouse"
    SYSTEM = "system"


HOLD_REASONS: dict[Side, tuple[str, ...]] = {
    Side.SELLER: ("address", "payment", "fraud", "buyer_asks", "other"),
    Side.WAREHOUSE: ("address", "documents", "dangerous", "stock_check", "payment", "other"),
    Side.SYSTEM: ("no_waybill", "label_missing"),
}
# Why a seller wants an order stopped (reference: overseas warehouse, section 5.3), and why the warehouse says no.
INTERCEPT_REASONS = ("buyer_cancelled", "duplicate", "address_problem", "billing", "other")
INTERCEPT_REFUSALS = ("truck_left", "not_found", "other")
