"""Pure decisions about stock: what sells, what may move where, which claims a loss breaks. No session, no Flask."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

# Names repeated from the tables' enums as text: this file stands above them and below nothing.
GOOD = "good"
NO_STATUS = "none"
BONDED = "bonded"
COUNTING_LOCATIONS = frozenset({"storage", "bulk", "pick_face", "cross_dock"})
ORDER_LOCATIONS = frozenset({"tote", "packing", "gate"})
UNACCOUNTED = "unaccounted"
PROMISABLE = frozenset({NO_STATUS, BONDED})
# Leaving to one of these is leaving the zone (law 6).
OUTSIDE = frozenset({"customer", "supplier", "scrap", "transit", "conversion", "adjustment"})


class Reason(StrEnum):
    """Why a posting was made. The seller's ledger shows these (GoodCang's application codes are mapped from them)."""

    RECEIVE = "receive"
    PUTAWAY = "putaway"
    MOVE = "move"
    PICK = "pick"
    PACK = "pack"
    SHIP = "ship"
    PUT_BACK = "put_back"
    COUNT = "count"
    ADJUST = "adjust"  # by a person, with a reason
    DAMAGE = "damage"
    LOSS = "loss"
    SCRAP = "scrap"
    RETURN = "return"
    RESTOCK = "restock"
    CONVERT = "convert"
    REVERSE = "reverse"
    HOLD = "hold"  # a part of a row set apart to be held
    UNACCOUNTED = "unaccounted"
    SETTLE = "settle"


# Truth is always postable: these break claims rather than refuse (law 2).
LOSSES = frozenset(
    {Reason.COUNT, Reason.ADJUST, Reason.DAMAGE, Reason.LOSS, Reason.SCRAP, Reason.HOLD, Reason.UNACCOUNTED}
)
# A count may find in a bin what an earlier one missed: by its number it is known to be the same.
FINDS_AGAIN = frozenset({Reason.COUNT, Reason.UNACCOUNTED})
# What may be undone by a reversing posting; picks are undone by put-back, what left the building by a return.
REVERSIBLE = frozenset(
    {
        Reason.RECEIVE,
        Reason.PUTAWAY,
        Reason.MOVE,
        Reason.COUNT,
        Reason.ADJUST,
        Reason.DAMAGE,
        Reason.LOSS,
        Reason.CONVERT,
    }
)
# Held goods stay where they were held and in nobody's order: these are refused.
STOPPED_BY_HOLD = frozenset({Reason.MOVE, Reason.PICK, Reason.PACK, Reason.SHIP, Reason.CONVERT})
# Intended exits take a promise first (law 4): without one they may only take what is free.
INTENDED_EXITS = frozenset({Reason.SHIP, Reason.CONVERT})
# Where goods that enter bond come from: until customs has booked them, that is taken back.
ENTERS_FROM = frozenset({"supplier", "adjustment", "transit"})
# Which permit opens the gate to whom; between other ends any kind may serve.
PERMIT_FOR = {"customer": "release", "scrap": "destruction", "supplier": "return_abroad", "adjustment": "settlement"}


@dataclass(frozen=True)
class Stock:
    """The balance key (law 3): one place, one kind of goods, one owner."""

    warehouse_id: uuid.UUID
    owner_id: uuid.UUID
    product_id: uuid.UUID
    location_id: uuid.UUID
    lot_id: uuid.UUID | None = None
    book_item_id: uuid.UUID | None = None
    handling_unit_id: uuid.UUID | None = None
    condition: str = GOOD
    customs_status: str = NO_STATUS

    def __hash__(self) -> int:
        """By what tells most keys apart: ids are hashed in Python, and a posting looks its keys up dozens of times."""
        unit = self.handling_unit_id
        return hash((self.product_id.int, self.location_id.int, unit and unit.int))


@dataclass(frozen=True)
class MoveDraft:
    """`quantity` base units from one end to the other. Counter-parties are given by name.

    `allocation_id` names the claim that this move fulfils; `permit_id` customs' leave. `serials` names the numbers that
    go, for products under full serial control: needed wherever a row is not moved whole.
    """

    source: Stock | str
    target: Stock | str
    quantity: int
    allocation_id: uuid.UUID | None = None
    permit_id: uuid.UUID | None = None
    serials: Sequence[str] = ()


def last_sale_day(expires_on: date, keeps_days: int) -> date:
    """The last day a lot may be sold: its expiry less the days it has to keep when it goes."""
    return expires_on - timedelta(days=keeps_days)


def is_sellable(
    *,
    condition: str,
    held: bool,
    location_kind: str,
    customs_status: str,
    expires_on: date | None,
    keeps_days: int,
    today: date,
    book_item_booked: bool | None,
) -> bool:
    """DESIGN.md section 4, *Sellable*. `book_item_booked` is None outside bond."""
    if condition != GOOD or held or location_kind not in COUNTING_LOCATIONS or customs_status not in PROMISABLE:
        return False
    if expires_on is not None and today > last_sale_day(expires_on, keeps_days):
        return False
    return customs_status != BONDED or bool(book_item_booked)


class Figure(StrEnum):
    """The sums that a summary keeps of its rows: every unit on hand is in exactly one of them."""

    SELLABLE = "sellable"
    STAGED = "staged"  # in a tote, at a bench, at the gate
    ASIDE = "aside"  # everything else that does not sell


def figure_of(is_sellable: bool, location_kind: str) -> Figure:
    """The sum that a row is part of. It does not ask for holds, condition or expiry beyond what sells: a row changes its
    sum only when it begins or ceases to sell.
    """
    if is_sellable:
        return Figure.SELLABLE
    return Figure.STAGED if location_kind in ORDER_LOCATIONS else Figure.ASIDE


def check_moves(reason: Reason, moves: Sequence[MoveDraft]) -> None:
    """Every move is whole and keeps product, owner, lot and book item."""
    if not moves:
        raise ValueError("a posting without moves")
    for move in moves:
        _check_move(reason, move)


def _check_move(reason: Reason, move: MoveDraft) -> None:
    source, target = move.source, move.target
    if move.quantity <= 0:
        raise ValueError("a move has a positive quantity")
    if isinstance(source, str) and isinstance(target, str):
        raise ValueError("a move touches stock at one end at least")
    if source == target:
        raise ValueError("a move goes somewhere")
    if "conversion" in (source, target) and reason not in {Reason.CONVERT, Reason.REVERSE}:
        raise ValueError("only a conversion uses the conversion counter-party")
    if isinstance(source, Stock) and isinstance(target, Stock):
        same = ("warehouse_id", "owner_id", "product_id", "lot_id", "book_item_id")
        differing = [name for name in same if getattr(source, name) != getattr(target, name)]
        if differing:
            raise ValueError(f"both ends of a move have the same {', '.join(differing)}")


def crosses_bond(move: MoveDraft, target_location_kind: str | None, source_location_kind: str | None = None) -> bool:
    """Whether customs must have permitted this move (law 6): out of bond, into it, or from *unaccounted* to a bin."""
    source, target = move.source, move.target
    if isinstance(source, Stock) and source.customs_status == BONDED:
        if isinstance(target, Stock) and target.customs_status == BONDED:
            return source_location_kind == UNACCOUNTED and target_location_kind != UNACCOUNTED
        return target in OUTSIDE or isinstance(target, Stock)
    if isinstance(target, Stock) and target.customs_status == BONDED:
        if isinstance(source, Stock):
            return True  # released or never bonded goods going (back) into bond
        if source == "supplier":
            return False  # a receipt under the bonded entry list
        if source == "transit":
            return True  # from another zone, under the list that is linked with that zone's
        return target_location_kind != UNACCOUNTED  # a surplus waits as unaccounted until a permit settles it
    return False


def undoes_entry_into_bond(move: MoveDraft) -> bool:
    """Whether the mirror of this move brought goods into bond from a receipt, from another zone, or as a surplus."""
    source = move.source
    return isinstance(source, Stock) and source.customs_status == BONDED and move.target in ENTERS_FROM


def sets_off(reason: Reason, moves: Sequence[MoveDraft]) -> bool:
    """Whether goods that one count missed and another found are the same (轧差): so many stand in a bin again, and as many
    that had been entered as a surplus are taken out of the books. Nothing came or went, so customs has nothing to say.
    """
    if reason is not Reason.SETTLE or len(moves) != 2:
        return False
    back, struck = moves
    return (
        isinstance(back.target, Stock) and struck.target == "adjustment" and back.source == struck.source
        and back.quantity == struck.quantity and back.permit_id is None and struck.permit_id is None
    )  # fmt: skip


def permit_kind(move: MoveDraft) -> str | None:
    """The kind of permit that lets a crossing move pass; None where several kinds may."""
    if isinstance(move.target, Stock) and move.target.customs_status == BONDED:
        if isinstance(move.source, Stock) and move.source.customs_status == BONDED:
            return "settlement"  # from *unaccounted*
        if move.source == "transit":
            return "transfer_in"
        return None if move.source in {"conversion", "adjustment"} else "back_into_bond"
    return PERMIT_FOR.get(move.target) if isinstance(move.target, str) else None


@dataclass(frozen=True)
class Claim:
    """An open allocation on one balance, for the loss path."""

    id: uuid.UUID
    quantity: int


def claims_to_break(claims_newest_first: Iterable[Claim], excess: int) -> list[tuple[uuid.UUID, int]]:
    """Which claims give up how much until `excess` units are free of claims."""
    broken: list[tuple[uuid.UUID, int]] = []
    for claim in claims_newest_first:
        if excess <= 0:
            break
        given = min(claim.quantity, excess)
        broken.append((claim.id, given))
        excess -= given
    return broken


class Bucket(StrEnum):
    """What a seller sees; disjoint, by precedence, adding up to on hand."""

    FROZEN = "frozen"  # 冻结
    UNQUALIFIED = "unqualified"  # 不合格
    PENDING = "pending"  # 待上架
    OUTBOUND = "outbound"  # 待出库
    AVAILABLE = "available"  # 可售


BUCKETS_IN_ORDER = (Bucket.AVAILABLE, Bucket.OUTBOUND, Bucket.PENDING, Bucket.UNQUALIFIED, Bucket.FROZEN)


def leaving(promised: int, available: int) -> int:
    """What is promised is on its way out already: so much is shown as outbound and no longer as available."""
    return min(promised, available)


def bucket_of(
    *, held: bool, condition: str, expired: bool, location_kind: str, is_sellable: bool, put_back: bool
) -> Bucket:
    """The bucket of one balance row before promises; promised quantity then moves from available to outbound."""
    if held:
        return Bucket.FROZEN
    if condition != GOOD or expired:
        return Bucket.UNQUALIFIED
    if location_kind in ORDER_LOCATIONS:
        return Bucket.PENDING if put_back else Bucket.OUTBOUND
    return Bucket.AVAILABLE if is_sellable else Bucket.PENDING
