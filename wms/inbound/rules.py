"""Pure decisions of inbound: a booking's state, its differences, and what is wrong with an announcement."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from fractions import Fraction
from typing import Any

from wms.core.barcodes import OwnCode, format_own
from wms.core.checkdigits import is_digits, is_valid_iso6346, mod7_check_digit
from wms.core.refusals import FieldError
from wms.inbound.lots import LotDraft, lot_faults
from wms.inbound.workflow import BookingState, CartonState

MAX_CARTONS = 500
MAX_LINES = 200  # of one carton
MAX_QUANTITY = 99_999
REFERENCE_MAX = 50


class Transport(StrEnum):
    AIR = "air"
    SEA = "sea"
    SEA_FCL = "sea_fcl"  # 海运整柜: a container of one's own
    SEA_LCL = "sea_lcl"  # 海运散货: in somebody's container
    RAIL = "rail"
    ROAD = "road"
    EXPRESS = "express"


IN_CONTAINERS = frozenset({Transport.SEA, Transport.SEA_FCL, Transport.SEA_LCL, Transport.RAIL, Transport.ROAD})
BY_AIR = frozenset({Transport.AIR, Transport.EXPRESS})


class DifferenceKind(StrEnum):
    OVER = "over"  # 多收
    SHORT = "short"  # 少收
    WRONG = "wrong"  # 错货: the seller's product, but not on this booking
    DAMAGED = "damaged"  # 破损
    UNLABELLED = "unlabelled"  # 无标: known by its looks or its box, not by a label
    MIXED = "mixed"  # 混装: among other goods in one inner box, or in a carton announced without it
    OTHER_LOT = "other_lot"  # 批次不符: of a batch, or with days, that the paper does not say
    OTHER_SERIAL = "other_serial"  # 序列号不符: with a number that the paper does not say


class Finding(StrEnum):
    """What a receiver says of units beside their condition. The values are kinds of differences."""

    UNLABELLED = "unlabelled"
    MIXED = "mixed"


class Decision(StrEnum):
    """What a seller wants done with what differs. Accepted, it stays as it was received."""

    ACCEPT = "accept"
    RELABEL = "relabel"
    RETURN = "return"
    DESTROY = "destroy"
    RECOUNT = "recount"


_D, _K = Decision, DifferenceKind
DECISIONS: dict[DifferenceKind, tuple[Decision, ...]] = {
    _K.OVER: (_D.ACCEPT, _D.RETURN, _D.DESTROY, _D.RECOUNT),
    _K.SHORT: (_D.ACCEPT, _D.RECOUNT),  # nothing is there that could be sent anywhere
    _K.WRONG: (_D.ACCEPT, _D.RELABEL, _D.RETURN, _D.DESTROY, _D.RECOUNT),
    _K.DAMAGED: (_D.ACCEPT, _D.RETURN, _D.DESTROY, _D.RECOUNT),
    _K.UNLABELLED: (_D.ACCEPT, _D.RELABEL, _D.RETURN, _D.DESTROY, _D.RECOUNT),
    _K.MIXED: (_D.ACCEPT, _D.RELABEL, _D.RETURN, _D.DESTROY, _D.RECOUNT),
    _K.OTHER_LOT: (_D.ACCEPT, _D.RETURN, _D.DESTROY, _D.RECOUNT),
    _K.OTHER_SERIAL: (_D.ACCEPT, _D.RECOUNT),  # which unit goes is a number: an order of the seller names it
}
# Decisions by which units leave the seller's stock, or become another product's: their quantity is taken from rows.
LEAVING = frozenset({_D.RETURN, _D.DESTROY})


@dataclass(frozen=True)
class Terms:
    """A seller's terms at receipt: hours to decide in, what is done when nobody did, days that goods must still keep."""

    decide_hours: int = 72
    default_decision: str = Decision.ACCEPT.value
    min_shelf_days: int | None = None  # that good units must have left until they expire; None: any
    counting: str | None = None  # how their cartons are counted; None: as the warehouse does


TERMS = Terms()
MAX_DECIDE_HOURS = 720
MAX_SHELF_DAYS = 3650
# Told what is announced, or not: then only the close of a carton compares.
COUNTINGS = ("guided", "blind")
DEFAULT_DECISIONS = (Decision.ACCEPT, Decision.RETURN, Decision.DESTROY)


def terms_faults(terms: Terms) -> list[tuple[str, str, dict[str, Any]]]:
    """(pointer, code, params) of what no terms may say."""
    faults: list[tuple[str, str, dict[str, Any]]] = []
    if not 1 <= terms.decide_hours <= MAX_DECIDE_HOURS:
        code = "too_small" if terms.decide_hours < 1 else "too_large"
        faults.append(("/decide_hours", code, {"min": 1, "max": MAX_DECIDE_HOURS}))
    if terms.default_decision not in DEFAULT_DECISIONS:
        faults.append(("/default_decision", "decision_impossible", {}))
    if terms.min_shelf_days is not None and not 0 <= terms.min_shelf_days <= MAX_SHELF_DAYS:
        code = "too_small" if terms.min_shelf_days < 0 else "too_large"
        faults.append(("/min_shelf_days", code, {"min": 0, "max": MAX_SHELF_DAYS}))
    if terms.counting is not None and terms.counting not in COUNTINGS:
        faults.append(("/counting", "counting_unknown", {}))
    return faults


@dataclass(frozen=True)
class PlanDraft:
    """Which cartons of a product are looked into: the first so many, and every n-th; `sample_units` of each."""

    first_receipts: int = 0
    every_nth: int | None = None
    sample_units: int = 1


MAX_PLAN = 10_000
# What units that fail an inspection may be.
FAILED_CONDITIONS = ("damaged", "grade_b", "grade_c")


def plan_faults(plan: PlanDraft) -> list[FieldError]:
    bounds = {"first_receipts": (plan.first_receipts, 0), "every_nth": (plan.every_nth, 1),
              "sample_units": (plan.sample_units, 1)}  # fmt: skip
    faults = [
        FieldError(f"/{name}", "too_small" if value < least else "too_large", {"min": least, "max": MAX_PLAN})
        for name, (value, least) in bounds.items()
        if value is not None and not least <= value <= MAX_PLAN
    ]
    if not faults and plan.first_receipts == 0 and plan.every_nth is None:
        faults.append(FieldError("/every_nth", "required", {}))
    return faults


def is_drawn(first_receipts: int, every_nth: int | None, seen: int) -> bool:
    """Whether the `seen`-th carton of a product (from 1) is looked into."""
    return seen <= first_receipts or (every_nth is not None and seen % every_nth == 0)


# What a measure may differ from the declared value without a word: grams and millimetres, or a share if that is more.
TOLERANCE_G, TOLERANCE_MM, TOLERANCE_SHARE = 50, 10, Fraction(5, 100)
FAR_SHARE = Fraction(20, 100)  # beyond it, it is measured twice (reference: floor app, section 7.4)
MAX_WEIGHT_G, MAX_SIDE_MM = 2_000_000, 10_000


@dataclass(frozen=True)
class Measure:
    """Of one unit: grams and millimetres."""

    weight_g: int
    length_mm: int
    width_mm: int
    height_mm: int

    @property
    def sides(self) -> list[int]:
        return sorted((self.length_mm, self.width_mm, self.height_mm))


def measure_faults(measure: Measure) -> list[FieldError]:
    bounds = {"weight_g": MAX_WEIGHT_G, "length_mm": MAX_SIDE_MM, "width_mm": MAX_SIDE_MM, "height_mm": MAX_SIDE_MM}
    return [
        FieldError(f"/{name}", "too_small" if value < 1 else "too_large", {"min": 1, "max": bounds[name]})
        for name, value in vars(measure).items()
        if not 1 <= value <= bounds[name]
    ]


def deviates(declared: Measure, measured: Measure) -> bool:
    """Whether the seller should hear of it. Which side is called the length does not matter."""
    pairs = [(declared.weight_g, measured.weight_g, TOLERANCE_G)]
    pairs += [(ours, theirs, TOLERANCE_MM) for ours, theirs in zip(declared.sides, measured.sides, strict=True)]
    return any(abs(one - other) > max(Fraction(within), one * TOLERANCE_SHARE) for one, other, within in pairs)


def far_off(declared: Measure, measured: Measure) -> list[str]:
    """What of it is so far from what is declared that a slip of the hand is likelier: `weight_g`, or `length_mm` for any side.
    It counts for every parcel and charge from then on. Sides of a millimetre are how a form says nothing.
    """
    far = [_is_far(declared.weight_g, measured.weight_g, TOLERANCE_G)]
    sides = zip(declared.sides, measured.sides, strict=True)
    far.append(declared.sides != [1, 1, 1] and any(_is_far(one, other, TOLERANCE_MM) for one, other in sides))
    return [name for name, is_far in zip(("weight_g", "length_mm"), far, strict=True) if is_far]


def _is_far(declared: int, measured: int, within: int) -> bool:
    return abs(declared - measured) > max(Fraction(within), declared * FAR_SHARE)


def decision_by_default(kind: str, terms: Terms) -> Decision:
    """What a deadline decides: the seller's default where such a difference allows it, else it is accepted."""
    wanted = Decision(terms.default_decision)
    return wanted if wanted in DECISIONS[DifferenceKind(kind)] else Decision.ACCEPT


class FileKind(StrEnum):
    """What a file of a booking is."""

    PHOTO = "photo"
    PACKING_LIST = "packing_list"
    INVOICE = "invoice"
    CUSTOMS = "customs"
    OTHER = "other"


MAX_FILES = 200  # of one booking
MAX_ARRIVAL_PHOTOS = 20
MIN_CODE = 6  # of a label: shorter ones could be guessed


@dataclass(frozen=True)
class LineDraft:
    """Units of a product in a carton. `lots`: what the paper says of them, adding up to the quantity; none where nothing."""

    sku: str
    quantity: int
    lots: Sequence[LotDraft] = ()


@dataclass(frozen=True)
class CartonDraft:
    """A carton as announced. Sizes in mm, weight in g."""

    number: int
    lines: Sequence[LineDraft]
    reference_box_no: str | None = None
    weight_g: int | None = None
    length_mm: int | None = None
    width_mm: int | None = None
    height_mm: int | None = None
    pallet: int | None = None
    place: int | None = None  # where it stands in what was sent, if not at number - 1: one entry may mean many cartons


@dataclass(frozen=True)
class BookingDraft:
    """An announcement. `warehouse` and `seller` are codes; without a `reference` the booking's number serves as one."""

    warehouse: str
    cartons: Sequence[CartonDraft]
    reference: str | None = None
    seller: str | None = None
    transport: str = Transport.EXPRESS.value
    expected_on: date | None = None
    tracking_number: str | None = None
    container_number: str | None = None
    air_waybill: str | None = None
    remark: str = ""
    count_blind: bool = False  # the seller asks that nobody at the dock is told what is announced


_OPEN = frozenset({CartonState.DECLARED, CartonState.ARRIVED, CartonState.COUNTING})
_UNTOUCHED = frozenset({CartonState.DECLARED, CartonState.ARRIVED})


def booking_state(own: str, cartons: Iterable[str]) -> BookingState:
    """The state of a booking: the seller's own step until a carton is here, then what the cartons say.

    `own` is draft, submitted, in_transit or cancelled. Missing cartons are left out, so that they keep nothing open.
    """
    step = BookingState(own)
    if step in {BookingState.DRAFT, BookingState.CANCELLED}:
        return step
    found = {CartonState(state) for state in cartons}
    live = found - {CartonState.MISSING}
    if live <= {CartonState.STOWED}:
        return BookingState.COMPLETED if found else step
    if live == {CartonState.DECLARED}:
        return step
    if live <= _UNTOUCHED:
        return BookingState.ARRIVED
    if live & _OPEN:
        return BookingState.RECEIVING
    return BookingState.RECEIVED if live == {CartonState.COUNTED} else BookingState.PUTAWAY


def differences(
    *,
    declared: int,
    received: int,
    damaged: int,
    on_booking: bool,
    closed: bool,
    unlabelled: int = 0,
    mixed: int = 0,
    other_lot: int = 0,
    other_serial: int = 0,
) -> dict[DifferenceKind, int]:
    """What differs on one line of one carton. `received` includes the damaged, the unlabelled and the mixed; a shortage,
    and what came of another batch or with another number, shows once it is closed: until then the others may follow.
    """
    found: dict[DifferenceKind, int] = {}
    if received > declared:
        found[DifferenceKind.OVER if on_booking else DifferenceKind.WRONG] = received - declared
    if closed and received < declared:
        found[DifferenceKind.SHORT] = declared - received
    if damaged:
        found[DifferenceKind.DAMAGED] = damaged
    if unlabelled:
        found[DifferenceKind.UNLABELLED] = unlabelled
    if mixed:
        found[DifferenceKind.MIXED] = mixed
    if closed and other_lot:
        found[DifferenceKind.OTHER_LOT] = other_lot
    if closed and other_serial:
        found[DifferenceKind.OTHER_SERIAL] = other_serial
    return found


def surplus(declared: int, received_before: int, quantity: int) -> int:
    """How many of the units counted now go beyond what was declared."""
    return min(quantity, max(0, received_before + quantity - declared))


def carton_barcode(booking_number: str, number: int) -> str:
    """Our label of a carton: readable, and as unique as the booking's number."""
    return format_own(OwnCode.UNIT, f"{booking_number}-{number}")


def carton_faults(cartons: Sequence[CartonDraft], today: date, pointer: str = "/cartons") -> list[FieldError]:
    """Every fault in the numbering and the lines, each at its place. Bounds are repeated from the API's schema, so that
    pages and imports meet the same rules. `today`: by the warehouse's calendar.
    """
    faults: list[FieldError] = []
    if not 1 <= len(cartons) <= MAX_CARTONS:
        code = "too_few" if not cartons else "too_many"
        return [FieldError(pointer, code, {"min": 1, "max": MAX_CARTONS})]
    boxes = Counter(carton.reference_box_no for carton in cartons if carton.reference_box_no)
    for index, carton in enumerate(cartons):
        here = f"{pointer}/{place_of(carton, index)}"
        if carton.number != index + 1:
            faults.append(FieldError(f"{here}/number", "carton_numbers_gap", {"expected": index + 1}))
        if carton.reference_box_no and boxes[carton.reference_box_no] > 1:
            faults.append(FieldError(f"{here}/reference_box_no", "duplicate", {}))
        faults += _line_faults(carton, here)
    placed = (
        (f"{pointer}/{place_of(carton, index)}/lines/{place}", line)
        for index, carton in enumerate(cartons)
        for place, line in enumerate(carton.lines)
    )
    faults += lot_faults(placed, today)
    return [*_each_once(faults), *_pallet_faults(cartons, pointer)]


def _each_once(faults: Sequence[FieldError]) -> list[FieldError]:
    """Equal cartons are sent once, so what is wrong with them is told once."""
    first: dict[tuple[str, str], FieldError] = {}
    for fault in faults:
        first.setdefault((fault.pointer, fault.code), fault)
    return list(first.values())


def place_of(carton: CartonDraft, index: int) -> int:
    """Where the carton stands in what was sent."""
    return index if carton.place is None else carton.place


def _pallet_faults(cartons: Sequence[CartonDraft], pointer: str) -> list[FieldError]:
    """Pallets count from 1 without a gap; a carton may stand on none."""
    used = {carton.pallet for carton in cartons if carton.pallet is not None}
    missing = set(range(1, len(used) + 1)) - used
    if not missing:
        return []
    index, last = max(((index, each) for index, each in enumerate(cartons) if each.pallet is not None),
                      key=lambda found: found[1].pallet or 0)  # fmt: skip
    fault = FieldError(f"{pointer}/{place_of(last, index)}/pallet", "pallet_numbers_gap", {"expected": min(missing)})
    return [fault]


def transport_faults(transport: str, container_number: str | None, air_waybill: str | None) -> list[FieldError]:
    """What is wrong with the numbers of a transport: check digits, and numbers that such a transport has not.

    ISO 6346 for containers; an air waybill is the airline's three digits, seven more and their remainder mod 7.
    """
    faults = []
    if container_number is not None:
        if transport not in IN_CONTAINERS:
            faults.append(FieldError("/container_number", "not_by_transport", {}))
        elif not is_valid_iso6346(container_number):
            faults.append(FieldError("/container_number", "check_digit_wrong", {}))
    if air_waybill is not None:
        digits = air_waybill.replace("-", "")
        if transport not in BY_AIR:
            faults.append(FieldError("/air_waybill", "not_by_transport", {}))
        elif len(digits) != 11 or not is_digits(digits) or digits[10] != mod7_check_digit(digits[3:10]):
            faults.append(FieldError("/air_waybill", "check_digit_wrong", {}))
    return faults


def plain_number(text: str | None) -> str | None:
    """A container number as it is painted or typed, in the one form that is kept: capitals without blanks or signs."""
    return None if text is None else re.sub(r"[\s./-]", "", text).upper() or None


def plain_waybill(text: str | None) -> str | None:
    """An air waybill as 160-12345675; anything else stays, for `transport_faults` to name."""
    found = None if text is None else re.fullmatch(r"\s*(\d{3})[\s-]*(\d{4})\s*(\d{4})\s*", text, re.ASCII)
    return f"{found[1]}-{found[2]}{found[3]}" if found else text


MIN_APPOINTMENT, MAX_APPOINTMENT, GRID_MINUTES, AHEAD_DAYS = 15, 480, 15, 90


def appointment_faults(starts_at: datetime, minutes: int, now: datetime) -> list[FieldError]:
    """An appointment begins at a quarter of an hour, lasts whole quarters, and lies in the next weeks."""
    faults = []
    if starts_at.minute % GRID_MINUTES or starts_at.second or starts_at.microsecond:
        faults.append(FieldError("/starts_at", "not_on_the_quarter", {"minutes": GRID_MINUTES}))
    elif not now < starts_at <= now + timedelta(days=AHEAD_DAYS):
        faults.append(FieldError("/starts_at", "not_in_the_time", {"days": AHEAD_DAYS}))
    if minutes % GRID_MINUTES or not MIN_APPOINTMENT <= minutes <= MAX_APPOINTMENT:
        code = "not_on_the_quarter" if minutes % GRID_MINUTES else "too_small" if minutes < 15 else "too_large"
        faults.append(FieldError("/minutes", code, {"minutes": GRID_MINUTES, "min": MIN_APPOINTMENT,
                                                    "max": MAX_APPOINTMENT}))  # fmt: skip
    return faults


def _line_faults(carton: CartonDraft, here: str) -> list[FieldError]:
    if not 1 <= len(carton.lines) <= MAX_LINES:
        code = "too_few" if not carton.lines else "too_many"
        return [FieldError(f"{here}/lines", code, {"min": 1, "max": MAX_LINES})]
    faults: list[FieldError] = []
    seen: set[str] = set()
    for index, line in enumerate(carton.lines):
        if line.sku in seen:
            faults.append(FieldError(f"{here}/lines/{index}/sku", "duplicate", {}))
        seen.add(line.sku)
        if not 1 <= line.quantity <= MAX_QUANTITY:
            code = "too_small" if line.quantity < 1 else "too_large"
            faults.append(FieldError(f"{here}/lines/{index}/quantity", code, {"min": 1, "max": MAX_QUANTITY}))
    return faults
