"""Counting blind (盲收): what is counted is noted and compared with the announcement only when the carton is closed.

Nobody is told what was announced, or what is left. Nothing is posted meanwhile: a count that is asked for once more
begins from nothing, and what it says is posted as one act. Both counts are kept. Which cartons: the narrowest word
counts, what the warehouse says of the booking before what its seller asked for with it, before the seller's terms and the
warehouse's rule; it holds for cartons whose count has not begun, and a carton that is opened again is counted guided, because
what differs has been told by then.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from wms.core import clock
from wms.core.actor import Actor
from wms.core.ids import new_id
from wms.core.refusals import Refused
from wms.inbound.service.counted import CountDraft
from wms.inventory import serials
from wms.platform.statements import Statement

# Of carton `c`.
IS_BLIND = (
    "coalesce(coalesce(c.counting, CASE WHEN c.state IN ('declared', 'arrived', 'missing') THEN coalesce("
    "(SELECT coalesce(k.counting, CASE WHEN k.count_blind THEN 'blind' END) FROM booking k WHERE k.id = c.booking_id),"
    " (SELECT t.counting FROM inbound_terms t WHERE t.owner_id = c.owner_id),"
    " (SELECT r.counting FROM receiving_rule r WHERE r.warehouse_id = c.warehouse_id)) END) = 'blind', false)"
)
# The count that holds now: the second where one was asked for.
_NOW = (
    "t.carton_id = :carton AND NOT t.is_taken_back AND t.is_second ="
    " (SELECT c.recount_at IS NOT NULL FROM carton c WHERE c.id = :carton)"
)
_IS_BLIND = Statement(f"SELECT {IS_BLIND} FROM carton c WHERE c.id = :carton")
_ADD = Statement(
    "WITH begun AS (UPDATE carton SET state = :state, counting = 'blind' WHERE id = :carton"
    "  AND (state <> :state OR counting IS DISTINCT FROM 'blind'))"
    " INSERT INTO carton_tally (id, act_id, carton_id, product_id, is_second, condition, batch, expires_on, made_on,"
    "  finding, serial_numbers, quantity, counted_by, counted_at, is_taken_back) SELECT d.id, :act, :carton, d.product_id,"
    "  (SELECT c.recount_at IS NOT NULL FROM carton c WHERE c.id = :carton), d.condition, d.batch, d.expires_on,"
    "  d.made_on, d.finding, string_to_array(d.serials, chr(10)), d.quantity, :actor, :now, false"
    " FROM unnest(CAST(:ids AS uuid[]), CAST(:products AS uuid[]), CAST(:conditions AS text[]), CAST(:batches AS text[]),"
    "  CAST(:expiries AS date[]), CAST(:made AS date[]), CAST(:findings AS text[]), CAST(:serials AS text[]),"
    "  CAST(:quantities AS int[])) AS d(id, product_id, condition, batch, expires_on, made_on, finding, serials, quantity)"
)
_SUMS = Statement(
    "SELECT t.product_id, p.sku, coalesce(sum(t.quantity) FILTER (WHERE t.condition = 'good'), 0)::int AS good,"
    " coalesce(sum(t.quantity) FILTER (WHERE t.condition <> 'good'), 0)::int AS damaged FROM carton_tally t"
    f" JOIN product p ON p.id = t.product_id WHERE {_NOW} GROUP BY t.product_id, p.sku"
)
# Of product `p`, in whichever carton of its owner: what is in nobody's stock yet.
_NOT_POSTED = (
    " FROM product p JOIN carton c ON c.owner_id = p.owner_id AND c.counting = 'blind' AND c.counted_at IS NULL"
    " JOIN carton_tally t ON t.carton_id = c.id AND t.product_id = p.id AND NOT t.is_taken_back"
    " AND t.is_second = (c.recount_at IS NOT NULL)"
)
_NUMBERS = Statement(
    f"SELECT n.number{_NOT_POSTED} CROSS JOIN LATERAL unnest(t.serial_numbers) AS n(number)"
    " WHERE p.id = :product AND n.number = ANY(CAST(:numbers AS text[]))"
)
_IS_NOTED = Statement(f"SELECT true{_NOT_POSTED} WHERE p.id = :product LIMIT 1")
_TAKE_BACK = Statement(
    "UPDATE carton_tally SET is_taken_back = true WHERE carton_id = :carton AND act_id = (SELECT t.act_id"
    f" FROM carton_tally t WHERE {_NOW} ORDER BY t.id DESC LIMIT 1) AND (CAST(:act AS uuid) IS NULL OR act_id = :act)"
    " RETURNING act_id, product_id"
)
_DIFFERS = Statement(
    "SELECT k.product_id FROM (SELECT l.product_id, l.declared AS units FROM carton_line l WHERE l.carton_id = :carton"
    f" UNION ALL SELECT t.product_id, -t.quantity FROM carton_tally t WHERE {_NOW}) k"
    " GROUP BY k.product_id HAVING sum(k.units) <> 0 LIMIT 1"
)
_DRAFTS = Statement(
    "SELECT t.product_id, t.condition, t.batch, t.expires_on, t.made_on, t.finding, sum(t.quantity)::int AS quantity,"
    " string_agg(nullif(array_to_string(t.serial_numbers, chr(10)), ''), chr(10) ORDER BY t.id) AS serials"
    f" FROM carton_tally t WHERE {_NOW} GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY min(t.counted_at), 1, 2, 3, 4, 5, 6"
)
# What the first of two counts said was there, and no line tells of.
_ONLY_FIRST = Statement(
    "SELECT DISTINCT t.product_id FROM carton c JOIN carton_tally t ON t.carton_id = c.id WHERE c.id = :carton"
    " AND c.recount_at IS NOT NULL AND NOT t.is_second AND NOT t.is_taken_back AND NOT EXISTS (SELECT 1 FROM carton_line l"
    "  WHERE l.carton_id = c.id AND l.product_id = t.product_id) ORDER BY t.product_id"
)
_ADD_LINES = Statement(
    "INSERT INTO carton_line (id, booking_id, carton_id, owner_id, product_id, position, declared, received_good,"
    " received_damaged, unaccounted, put_away, unlabelled, mixed) SELECT d.id, c.booking_id, c.id, c.owner_id, d.product_id,"
    " (SELECT coalesce(max(l.position), 0) FROM carton_line l WHERE l.carton_id = c.id) + d.place, 0, 0, 0, 0, 0, 0, 0"
    " FROM carton c, unnest(CAST(:ids AS uuid[]), CAST(:products AS uuid[])) WITH ORDINALITY AS d(id, product_id, place)"
    " WHERE c.id = :carton"
)
_ASK_AGAIN = Statement(
    "UPDATE carton SET state = :state, counting = 'blind', recount_at = :now WHERE id = :carton AND recount_at IS NULL"
)


@dataclass(frozen=True)
class Sum:
    """What was counted of a product in the count that holds now."""

    sku: str
    good: int
    damaged: int


def is_blind(carton_id: uuid.UUID) -> bool:
    return bool(_IS_BLIND.scalar({"carton": carton_id}))


_IN_IT = Statement(
    f"SELECT CASE WHEN {IS_BLIND} THEN (SELECT true FROM carton_tally t WHERE t.carton_id = c.id"
    " AND t.product_id = :product AND NOT t.is_taken_back LIMIT 1)"
    " ELSE (SELECT true FROM carton_line l WHERE l.carton_id = c.id AND l.product_id = :product LIMIT 1) END"
    " FROM carton c WHERE c.id = :carton"
)


def holds_product(carton_id: uuid.UUID, product_id: uuid.UUID) -> bool:
    """Whether the product was announced or counted in the carton; counted blind, only what was counted."""
    return bool(_IN_IT.scalar({"carton": carton_id, "product": product_id}))


def is_noted(product_id: uuid.UUID) -> bool:
    """Whether units of a product were counted blind in a carton that is not closed yet: they will be posted as they were noted."""
    return _IS_NOTED.first({"product": product_id}) is not None


def add(actor: Actor, carton_id: uuid.UUID, drafts: Sequence[CountDraft], state: str) -> uuid.UUID:
    """Note these counts of a locked carton, which the caller has checked; returns the act that takes them back."""
    act = new_id()
    _ADD.run(
        {
            "act": act,
            "carton": carton_id,
            "state": state,
            "actor": actor.id,
            "now": clock.now(),
            "ids": [new_id() for _ in drafts],
            "products": [draft.product_id for draft in drafts],
            "conditions": [draft.condition for draft in drafts],
            "batches": [draft.batch for draft in drafts],
            "expiries": [draft.expires_on for draft in drafts],
            "made": [draft.made_on for draft in drafts],
            "findings": [draft.finding for draft in drafts],
            "serials": ["\n".join(draft.serial_numbers) for draft in drafts],
            "quantities": [draft.quantity for draft in drafts],
        }
    )
    return act


def refuse_known(product_id: uuid.UUID, numbers: Sequence[str]) -> None:
    """Refuse `serial_known`: a unit that was noted before, here or in another carton, or that stands in stock."""
    if not numbers:
        return
    noted = set(_NUMBERS.column({"product": product_id, "numbers": list(numbers)}))
    there = {number for own in serials.by_row(product_id, numbers).values() for number in own}
    for place, number in enumerate(numbers):
        if number in noted | there or number in numbers[:place]:
            raise Refused("serial_known", {"number": number})


def sums(carton_id: uuid.UUID) -> Mapping[uuid.UUID, Sum]:
    """By product, in the count that holds now."""
    return {row.product_id: Sum(row.sku, row.good, row.damaged) for row in _SUMS.all({"carton": carton_id})}


def take_back(carton_id: uuid.UUID, act_id: uuid.UUID | None) -> tuple[uuid.UUID, set[uuid.UUID]]:
    """The last act of the count that holds now is not counted; with `act_id`, only if that is the last one. Returns it and
    its products. Refuses `nothing_to_undo`.
    """
    rows = _TAKE_BACK.all({"carton": carton_id, "act": act_id})
    if not rows:
        raise Refused("nothing_to_undo", {})
    return rows[0].act_id, {row.product_id for row in rows}


def differs(carton_id: uuid.UUID) -> bool:
    """Whether the count that holds now says more, less or other than was announced. What is damaged, unlabelled or mixed
    was seen so, and is no reason to count again.
    """
    return _DIFFERS.first({"carton": carton_id}) is not None


def drafts_of(carton_id: uuid.UUID) -> list[CountDraft]:
    """What the count that holds now says, as counts to be posted."""
    return [
        CountDraft(row.product_id, row.quantity, row.condition, row.batch, row.expires_on,
                   tuple(row.serials.split("\n")) if row.serials else (), row.finding, row.made_on)
        for row in _DRAFTS.all({"carton": carton_id})
    ]  # fmt: skip


def keep_first_count(carton_id: uuid.UUID) -> None:
    """Every product of the first of two counts has a line, with nothing received where the second one did not find it."""
    products = _ONLY_FIRST.column({"carton": carton_id})
    if products:
        _ADD_LINES.run({"carton": carton_id, "ids": [new_id() for _ in products], "products": products})


def ask_again(carton_id: uuid.UUID, state: str) -> None:
    """The first count is not what was announced: a second one begins, from nothing."""
    _ASK_AGAIN.run({"carton": carton_id, "state": state, "now": clock.now()})
