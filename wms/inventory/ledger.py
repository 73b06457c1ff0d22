"""The stock ledger: `post` is the only way stock changes (law 1).

The goods' story of one posting: both ends are found and locked; what would take claimed goods is refused, or, for a
loss, breaks the newest claims; balances, summaries, customs book and permit change; the moves are written. All in the
caller's transaction, in the order of `wms.platform.locks`.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select

from wms.core import clock
from wms.core.actor import Actor
from wms.core.ids import new_id
from wms.core.refusals import Refused, not_found
from wms.inventory import claims, permits, rules, serials
from wms.inventory.balances import (
    CHANGE_BALANCES,
    BalanceDelta,
    LockedBalance,
    balance_arrays,
    calendar_date,
    lock_balances,
)
from wms.inventory.converting.noting import note_recipe
from wms.inventory.converting.rules import Recipe, check_recipe
from wms.inventory.models import Balance, Move, Posting
from wms.inventory.rules import INTENDED_EXITS, LOSSES, REVERSIBLE, STOPPED_BY_HOLD, MoveDraft, Reason, Stock
from wms.inventory.summaries import Change, SummaryKey, after_summaries, change_summaries, summary_key
from wms.platform.commands import next_posting_key
from wms.platform.database import session
from wms.platform.locks import Rank, lock_one
from wms.platform.statements import Answer, Statement


@dataclass(frozen=True)
class PostingDraft:
    """What happened: the reason, the document it belongs to, and the moves. A conversion names the recipe they match.

    `settles` names the promises whose goods have now left the zone (or were put back), with their quantities: the
    customs book is no longer claimed for them.
    """

    reason: Reason
    subject_kind: str
    subject_id: uuid.UUID | None
    moves: Sequence[MoveDraft]
    recipe: Recipe | None = None
    reverses_id: uuid.UUID | None = None
    settles: Mapping[uuid.UUID, int] = field(default_factory=dict)


@dataclass
class Posted:
    """What was written. `balance_ids` gives the row of each end; `broken` the claims a loss took."""

    posting_id: uuid.UUID
    balance_ids: dict[Stock, int]
    broken: list[claims.BrokenClaim] = field(default_factory=list)


@dataclass
class _Work:
    """Deltas gathered before anything is written."""

    balances: dict[int, BalanceDelta] = field(default_factory=lambda: defaultdict(BalanceDelta))
    figures: dict[SummaryKey, dict[str, int]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(int)))

    def changes(self) -> dict[SummaryKey, Change]:
        """What is added to each summary."""
        return {key: Change(**own) for key, own in self.figures.items()}


def post(actor: Actor, draft: PostingDraft) -> Posted:
    """Write one posting. Refuses with `not_enough_stock`, `stock_is_allocated`, `customs_permit_needed` and kin."""
    return post_all(actor, [draft])[0]


def post_all(actor: Actor, drafts: Sequence[PostingDraft]) -> list[Posted]:
    """Several postings at once, each of goods that no other of them touches: what each locks, all lock together, so that
    ranks are kept. Refuses as `post` does, and then none is written.
    """
    ends = [_ends_of(draft) for draft in drafts]
    if len(drafts) > 1 and sum(len(set(each)) for each in ends) != len({end for each in ends for end in each}):
        raise ValueError("postings that are written together share no stock")
    allocated = [move.allocation_id for draft in drafts for move in draft.moves if move.allocation_id]
    claims.lock_promises(allocated, [promise_id for draft in drafts for promise_id in draft.settles])
    likely_new = [end for draft, own in zip(drafts, ends, strict=True) for end in own if _is_likely_new(draft, end)]
    used: list[Answer | None] = []
    locked = lock_balances(
        [end for each in ends for end in each], likely_new,
        lambda: used.append(claims.use_up(move for draft in drafts for move in draft.moves)),
    )  # fmt: skip
    now = clock.now()
    written = [
        _post_one(actor, draft, {end: locked[end] for end in own}, used[0], now)
        for draft, own in zip(drafts, ends, strict=True)
    ]
    for draft, done in zip(drafts, written, strict=True):
        change_summaries(done.work.changes(), guarded=draft.reason in INTENDED_EXITS)
    gates = [(draft, done.crossing) for draft, done in zip(drafts, written, strict=True)]
    after_summaries(lambda: _pass_gate(gates))
    claims.announce_broken([each for done in written for each in done.posted.broken])
    return [done.posted for done in written]


def _ends_of(draft: PostingDraft) -> list[Stock]:
    """The rows it moves between. Raises ValueError for a posting that can be none."""
    if (draft.recipe is not None) != (draft.reason is Reason.CONVERT):
        raise ValueError("a conversion, and nothing else, names its recipe")
    rules.check_moves(draft.reason, draft.moves)
    ends = [end for move in draft.moves for end in (move.source, move.target) if isinstance(end, Stock)]
    if len({end.warehouse_id for end in ends}) != 1:
        raise ValueError("a posting stays in one warehouse")
    return ends


@dataclass(frozen=True)
class _Written:
    posted: Posted
    work: _Work
    crossing: Sequence[bool]


def _post_one(
    actor: Actor, draft: PostingDraft, rows: dict[Stock, LockedBalance], used: Answer | None, now: datetime
) -> _Written:
    """The posting and what it does to its rows, which are locked; summaries, customs book and permits come later.
    `used`: what came of the claims of all postings that are written together.
    """
    batches = check_recipe(draft.moves, draft.recipe) if draft.reason is Reason.CONVERT else 0
    crossing = [_crosses(draft, move, rows) for move in draft.moves]
    if any(crosses and move.permit_id is None for crosses, move in zip(crossing, draft.moves, strict=True)):
        raise Refused("customs_permit_needed", {})
    work = _Work()
    broken = _take_and_put(draft, rows, used, work, now)
    posting_id = _write(actor, draft, rows, crossing, work, now)
    if draft.recipe is not None:
        note_recipe(posting_id, draft.recipe, batches)
    serials.follow(posting_id, draft.moves, rows, (draft.subject_kind, draft.subject_id), draft.reverses_id)
    return _Written(Posted(posting_id, {stock: row.id for stock, row in rows.items()}, broken), work, crossing)


def _is_likely_new(draft: PostingDraft, end: Stock) -> bool:
    """Goods that go into a container seldom find any of their kind there; those that leave one have a row."""
    if end.handling_unit_id is None or draft.reverses_id is not None:
        return False
    return all(end != move.source for move in draft.moves)


def _crosses(draft: PostingDraft, move: MoveDraft, rows: dict[Stock, LockedBalance]) -> bool:
    """Whether this move needs customs' permit here."""
    target, source = (rows[end].location_kind if isinstance(end, Stock) else None for end in (move.target, move.source))
    if not rules.crosses_bond(move, target, source):
        return False
    if isinstance(move.target, Stock) and source == rules.UNACCOUNTED and move.target.customs_status == rules.BONDED:
        return not (draft.reason in rules.FINDS_AGAIN or rules.sets_off(draft.reason, draft.moves))
    return not _takes_entry_back(draft, move)


def _takes_entry_back(draft: PostingDraft, move: MoveDraft) -> bool:
    """Goods that came into bond from outside go out of the books again, by a reversal or because they were only missed
    elsewhere: no permit is needed while customs has not booked them, which the customs book decides under its lock
    (`permits.change_book`).
    """
    again = draft.reverses_id is not None or rules.sets_off(draft.reason, draft.moves)
    return again and rules.undoes_entry_into_bond(move)


def _take_and_put(
    draft: PostingDraft, rows: dict[Stock, LockedBalance], used: Answer | None, work: _Work, now: datetime
) -> list[claims.BrokenClaim]:
    """Gather the deltas of all moves; check every source against what is there and what is claimed."""
    taken: dict[int, int] = defaultdict(int)
    claimed: dict[int, int] = defaultdict(int)
    fulfilled = claims.fulfilled(used, draft.moves, rows)
    for move in draft.moves:
        if isinstance(move.source, Stock):
            row = rows[move.source]
            taken[row.id] += move.quantity
            if move.allocation_id is not None:
                claimed[row.id] += move.quantity
                if move.allocation_id in fulfilled.counted:
                    work.figures[summary_key(move.source)]["promised"] -= move.quantity
    broken: list[claims.BrokenClaim] = []
    for row in sorted(rows.values(), key=lambda each: each.id):
        broken += _check_source(draft.reason, row, taken[row.id], claimed[row.id])
    released = claims.released_by_row(broken)
    for row in rows.values():
        delta = work.balances[row.id]
        delta.allocated -= claimed[row.id] + released.get(row.id, 0)
        delta.oldest_at = row.oldest_at
    _apply_quantities(draft.moves, rows, work, now)
    return broken


def _check_source(reason: Reason, row: LockedBalance, taken: int, claimed: int) -> list[claims.BrokenClaim]:
    """Refuse what is not there; for a loss, break the newest claims that stand in its way (law 2)."""
    if taken == 0:
        return []
    if row.is_held and reason in STOPPED_BY_HOLD:
        raise Refused("stock_is_held", {})
    if taken > row.on_hand:
        raise Refused("not_enough_stock", {"on_hand": row.on_hand, "wanted": taken})
    excess = (taken - claimed) - (row.on_hand - row.allocated)
    if excess <= 0:
        return []
    if reason not in LOSSES:
        raise Refused("stock_is_allocated", {"allocated": row.allocated, "on_hand": row.on_hand})
    return claims.break_newest(row.id, excess)


def _apply_quantities(moves: Sequence[MoveDraft], rows: dict[Stock, LockedBalance], work: _Work, now: datetime) -> None:
    for move in moves:
        entered_at = now
        if isinstance(move.source, Stock):
            source = rows[move.source]
            work.balances[source.id].on_hand -= move.quantity
            work.figures[summary_key(move.source)][source.figure] -= move.quantity
            if source.location_kind in rules.COUNTING_LOCATIONS and source.oldest_at is not None:
                entered_at = source.oldest_at  # age runs from the first putaway, not from the last walk
        if isinstance(move.target, Stock):
            target = rows[move.target]
            delta = work.balances[target.id]
            emptied = target.on_hand + delta.on_hand <= 0
            delta.on_hand += move.quantity
            delta.oldest_at = entered_at if emptied or delta.oldest_at is None else min(delta.oldest_at, entered_at)
            work.figures[summary_key(move.target)][target.figure] += move.quantity


def _pass_gate(gates: Sequence[tuple[PostingDraft, Sequence[bool]]]) -> None:
    """The customs book follows, and permits are used up.

    Goods entering bond wait to be booked, and are taken back from what waits; goods leaving with a permit are written
    off.
    """
    entered: dict[uuid.UUID, int] = defaultdict(int)
    left: dict[uuid.UUID, int] = defaultdict(int)
    undone: dict[uuid.UUID, int] = defaultdict(int)
    for draft, move in [(each, move) for each, _ in gates for move in each.moves]:
        source_bonded = isinstance(move.source, Stock) and move.source.customs_status == rules.BONDED
        target_bonded = isinstance(move.target, Stock) and move.target.customs_status == rules.BONDED
        if source_bonded == target_bonded:
            continue
        stock = move.target if target_bonded else move.source
        if not isinstance(stock, Stock) or stock.book_item_id is None:
            raise Refused("book_item_missing", {})
        # A surplus that is destroyed or sent back was never booked.
        unbooked = draft.reason is Reason.SETTLE and move.target in {"scrap", "supplier"}
        book = entered if target_bonded else undone if unbooked or _takes_entry_back(draft, move) else left
        book[stock.book_item_id] += move.quantity
    settles: dict[uuid.UUID, int] = defaultdict(int)
    for draft, _ in gates:
        for promise_id, quantity in draft.settles.items():
            settles[promise_id] += quantity
    permits.change_book(entered, left, permits.settled(settles), undone)
    permits.use([move for draft, _ in gates for move in draft.moves], [each for _, some in gates for each in some])
    permits.give_back([move for draft, _ in gates if draft.reverses_id is not None for move in draft.moves])


# One statement, one round trip: the posting, its moves in their order, and what they do to the balances.
_WRITE = Statement(
    "WITH posting AS (INSERT INTO stock_posting (id, warehouse_id, key, reason, subject_kind, subject_id, actor_kind,"
    " actor_id, reverses_id, business_date, created_at) VALUES (:id, :warehouse, :key, :reason, :subject_kind,"
    " :subject_id, :actor_kind, :actor_id, :reverses_id, :business_date, :now)), moved AS (INSERT INTO stock_move"
    " (posting_id, warehouse_id, owner_id, product_id, lot_id, book_item_id, from_balance_id, from_party,"
    " to_balance_id, to_party, quantity, permit_id, crosses_bond, created_at) SELECT :id, :warehouse, m.owner,"
    " m.product, m.lot, m.book_item, m.from_balance, m.from_party, m.to_balance, m.to_party, m.quantity, m.permit,"
    " m.crosses, :now FROM unnest(CAST(:owners AS uuid[]), CAST(:products AS uuid[]), CAST(:lots AS uuid[]),"
    " CAST(:book_items AS uuid[]), CAST(:from_balances AS bigint[]), CAST(:from_parties AS text[]),"
    " CAST(:to_balances AS bigint[]), CAST(:to_parties AS text[]), CAST(:quantities AS int[]),"
    " CAST(:permits AS uuid[]), CAST(:crossing AS bool[])) WITH ORDINALITY AS m(owner, product, lot, book_item,"
    " from_balance, from_party, to_balance, to_party, quantity, permit, crosses, number) ORDER BY m.number) "
    + CHANGE_BALANCES
)


def _write(
    actor: Actor,
    draft: PostingDraft,
    rows: dict[Stock, LockedBalance],
    crossing: Sequence[bool],
    work: _Work,
    now: datetime,
) -> uuid.UUID:
    posting_id = new_id()
    any_row = next(iter(rows.values()))
    values: dict[str, Any] = {
        "id": posting_id,
        "warehouse": any_row.stock.warehouse_id,
        "key": next_posting_key(),
        "reason": draft.reason.value,
        "subject_kind": draft.subject_kind,
        "subject_id": draft.subject_id,
        "actor_kind": actor.kind.value,
        "actor_id": actor.id,
        "reverses_id": draft.reverses_id,
        "business_date": calendar_date(any_row),
        "now": now,
    }
    _WRITE.run(
        values
        | _move_arrays(draft.moves, crossing, rows, is_reversal=draft.reverses_id is not None)
        | balance_arrays(work.balances)
    )
    return posting_id


def _move_arrays(
    moves: Sequence[MoveDraft], crossing: Sequence[bool], rows: dict[Stock, LockedBalance], *, is_reversal: bool
) -> dict[str, list[Any]]:
    goods = [move.source if isinstance(move.source, Stock) else move.target for move in moves]
    stocks = [stock for stock in goods if isinstance(stock, Stock)]  # all of them: at least one end is stock
    return {
        "owners": [stock.owner_id for stock in stocks],
        "products": [stock.product_id for stock in stocks],
        "lots": [stock.lot_id for stock in stocks],
        "book_items": [stock.book_item_id for stock in stocks],
        "from_balances": [rows[move.source].id if isinstance(move.source, Stock) else None for move in moves],
        "from_parties": [move.source if isinstance(move.source, str) else None for move in moves],
        "to_balances": [rows[move.target].id if isinstance(move.target, Stock) else None for move in moves],
        "to_parties": [move.target if isinstance(move.target, str) else None for move in moves],
        "quantities": [move.quantity for move in moves],
        "permits": [
            move.permit_id if crosses or is_reversal else None for move, crosses in zip(moves, crossing, strict=True)
        ],
        "crossing": list(crossing),
    }


def reverse(actor: Actor, warehouse_id: uuid.UUID, posting_id: uuid.UUID) -> Posted:
    """Undo a posting by its mirror image, while the goods have neither left the building nor been declared.

    Refuses `not_reversible`, `already_reversed`, or what the mirror posting itself refuses (the goods moved on).
    """
    lock_one(Rank.DOCUMENT, Posting, posting_id)
    return post(actor, mirror_of(warehouse_id, posting_id))


def mirror_of(warehouse_id: uuid.UUID, posting_id: uuid.UUID, *, still_here: bool = False) -> PostingDraft:
    """The posting that undoes another one; the caller holds what keeps two from undoing it at once. Refuses as
    `reverse` does.

    `still_here`: the caller knows that goods which were handed over stand in the yard, and has taken them back. What
    left with a permit is outside the zone wherever it stands.
    """
    posting = session().get(Posting, posting_id)
    if posting is None or posting.warehouse_id != warehouse_id:
        raise not_found("posting")
    if session().scalar(select(Posting.id).where(Posting.reverses_id == posting_id)) is not None:
        raise Refused("already_reversed", {})
    if Reason(posting.reason) not in REVERSIBLE and not (still_here and posting.reason == Reason.SHIP.value):
        raise Refused("not_reversible", {})
    moves = session().scalars(select(Move).where(Move.posting_id == posting_id).order_by(Move.id)).all()
    gone = {"scrap"} if still_here else {"customer", "scrap"}
    if any(
        (move.permit_id is not None and move.from_party != "transit") or {move.from_party, move.to_party} & gone
        for move in moves
    ):
        raise Refused("not_reversible", {})
    stocks = _stocks_of(moves)
    mirrored = [
        MoveDraft(
            stocks[move.to_balance_id] if move.to_balance_id is not None else str(move.to_party),
            stocks[move.from_balance_id] if move.from_balance_id is not None else str(move.from_party),
            move.quantity,
            permit_id=move.permit_id,
        )
        for move in moves
    ]
    return PostingDraft(Reason.REVERSE, posting.subject_kind, posting.subject_id, mirrored, reverses_id=posting_id)


def _stocks_of(moves: Sequence[Move]) -> dict[int, Stock]:
    ids = {each for move in moves for each in (move.from_balance_id, move.to_balance_id) if each is not None}
    rows = session().scalars(select(Balance).where(Balance.id.in_(ids))).all()
    return {row.id: stock_of(row) for row in rows}


def stock_of(row: Balance) -> Stock:
    """The key of a balance row."""
    return Stock(
        row.warehouse_id, row.owner_id, row.product_id, row.location_id, row.lot_id, row.book_item_id,
        row.handling_unit_id, row.condition, row.customs_status,
    )  # fmt: skip
