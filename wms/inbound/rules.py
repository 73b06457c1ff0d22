"""Pure decisions of inbound: a booking's state, its differences, and what is wrong with an announcement."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from wms.core.barcodes import OwnCode, format_own
from wms.core.refusals import FieldError
from wms.inbound.workflow import BookingState, CartonState

MAX_CARTONS = 500
MAX_LINES = 200  # of one carton
MAX_QUANTITY = 99_999
REFERENCE_MAX = 50


class Transport(StrEnum):
    AIR = "air"
    SEA = "sea"
    RAIL = "rail"
    ROAD = "road"
    EXPRESS = "express"


class DifferenceKind(StrEnum):
    OVER = "over"  # 多收
    SHORT = "short"  # 少收
    WRONG = "wrong"  # 错货: the seller's product, but not on this booking
    DAMAGED = "damaged"  # 破损
    UNLABELLED = "unlabelled"  # 无标: known by its looks or its box, not by a label
    MIXED = "mixed"  # 混装: among other goods in one inner box, or in a carton announced without it


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
}
# Decisions by which units leave the seller's stock, or become another product's: their quantity is taken from rows.
LEAVING = frozenset({_D.RETURN, _D.DESTROY})


@dataclass(frozen=True)
class Terms:
    """A seller's terms at receipt: hours to decide in, and what is done when nobody did."""

    decide_hours: int = 72
    default_decision: str = Decision.ACCEPT.value


TERMS = Terms()
MAX_DECIDE_HOURS = 720
DEFAULT_DECISIONS = (Decision.ACCEPT, Decision.RETURN, Decision.DESTROY)


def terms_faults(terms: Terms) -> list[tuple[str, str, dict[str, Any]]]:
    """(pointer, code, params) of what no terms may say."""
    faults: list[tuple[str, str, dict[str, Any]]] = []
    if not 1 <= terms.decide_hours <= MAX_DECIDE_HOURS:
        code = "too_small" if terms.decide_hours < 1 else "too_large"
        faults.append(("/decide_hours", code, {"min": 1, "max": MAX_DECIDE_HOURS}))
    if terms.default_decision not in DEFAULT_DECISIONS:
        faults.append(("/default_decision", "decision_impossible", {}))
    return faults


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


@dataclass(frozen=True)
class LineDraft:
    sku: str
    quantity: int


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
    remark: str = ""


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
    *, declared: int, received: int, damaged: int, on_booking: bool, closed: bool, unlabelled: int = 0, mixed: int = 0
) -> dict[DifferenceKind, int]:
    """What differs on one line of one carton. `received` includes the damaged, the unlabelled and the mixed; a shortage
    shows once it is closed.
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
    return found


def surplus(declared: int, received_before: int, quantity: int) -> int:
    """How many of the units counted now go beyond what was declared."""
    return min(quantity, max(0, received_before + quantity - declared))


def carton_barcode(booking_number: str, number: int) -> str:
    """Our label of a carton: readable, and as unique as the booking's number."""
    return format_own(OwnCode.UNIT, f"{booking_number}-{number}")


def carton_faults(cartons: Sequence[CartonDraft], pointer: str = "/cartons") -> list[FieldError]:
    """Every fault in the numbering and the lines, each at its place. Bounds are repeated from the API's schema, so that
    pages and imports meet the same rules.
    """
    faults: list[FieldError] = []
    if not 1 <= len(cartons) <= MAX_CARTONS:
        code = "too_few" if not cartons else "too_many"
        return [FieldError(pointer, code, {"min": 1, "max": MAX_CARTONS})]
    boxes = Counter(carton.reference_box_no for carton in cartons if carton.reference_box_no)
    for index, carton in enumerate(cartons):
        here = f"{pointer}/{index}"
        if carton.number != index + 1:
            faults.append(FieldError(f"{here}/number", "carton_numbers_gap", {"expected": index + 1}))
        if carton.reference_box_no and boxes[carton.reference_box_no] > 1:
            faults.append(FieldError(f"{here}/reference_box_no", "duplicate", {}))
        faults += _line_faults(carton, here)
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
