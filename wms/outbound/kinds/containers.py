"""Lines that name a carton or pallet: it goes whole, so a line is all of its product that is in there, or in what stands in it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from wms.core.refusals import FieldError
from wms.platform.statements import Statement


class Container(NamedTuple):
    """A container with goods of one seller, in a bin: the free units by SKU in it and in those within it (`unit_ids`)."""

    id: uuid.UUID
    there: Mapping[str, int]
    unit_ids: frozenset[uuid.UUID] = frozenset()


# By its label or its code. One statement whether it is another's or not there: nobody learns which.
_NAMED = Statement(
    "WITH RECURSIVE said AS (SELECT unnest(CAST(:codes AS text[])) AS code), named AS (SELECT u.id, s.code AS said FROM said s"
    # LIMIT: one by one, and not joined with all there are
    "  CROSS JOIN LATERAL (SELECT id FROM handling_unit WHERE barcode = s.code AND warehouse_id = :warehouse LIMIT 2) u"
    " UNION SELECT u.id, s.code FROM said s CROSS JOIN LATERAL (SELECT id FROM handling_unit"
    "  WHERE warehouse_id = :warehouse AND code = s.code LIMIT 2) u),"
    " within AS (SELECT n.said, n.id, n.id AS unit_id FROM named n JOIN handling_unit u ON u.id = n.id"
    "  AND u.subject_id IS NULL AND u.kind IN ('carton', 'pallet', 'inner') AND u.state <> 'gone'"
    "  UNION SELECT w.said, w.id, h.id FROM within w JOIN handling_unit h ON h.parent_id = w.unit_id)"
    " SELECT w.said, w.id, p.sku, sum(b.on_hand - b.allocated)::int AS free, bool_and(b.owner_id = :owner"
    "  AND b.is_sellable) AS mine, array_agg(w.unit_id) AS unit_ids FROM within w JOIN balance b ON b.handling_unit_id = w.unit_id"
    "  AND b.is_there JOIN product p ON p.id = b.product_id GROUP BY w.said, w.id, p.sku"
)


def named(warehouse_id: uuid.UUID, owner_id: uuid.UUID, lines: Sequence[Mapping[str, Any]]) -> dict[str, Container]:
    """The containers that lines name, by what they say; those that are not there, or not all the owner's, are left out."""
    codes = sorted({line["container"] for line in lines if line.get("container")})
    if not codes:
        return {}
    found: dict[str, dict[str, int]] = {}
    ids: dict[str, uuid.UUID] = {}
    trees: dict[str, frozenset[uuid.UUID]] = {}
    foreign = set()
    for row in _NAMED.all({"codes": codes, "warehouse": warehouse_id, "owner": owner_id}):
        found.setdefault(row.said, {})[row.sku] = row.free
        ids[row.said] = row.id
        trees[row.said] = trees.get(row.said, frozenset()).union(row.unit_ids)
        if not row.mine:
            foreign.add(row.said)
    return {said: Container(ids[said], there, trees[said]) for said, there in found.items() if said not in foreign}


def faults(found: Mapping[str, Container], lines: Sequence[Mapping[str, Any]]) -> list[FieldError]:
    """What is wrong with lines that name one, each at its field. No two lines may mean the same goods: a pallet and a
    carton on it are named by one of them.
    """
    errors: list[FieldError] = []
    taken: set[tuple[str, uuid.UUID]] = set()
    for index, line in enumerate(lines):
        said = line.get("container")
        if not said:
            continue
        if line.get("batch") or line.get("min_expires_on") or line.get("condition", "good") != "good":
            errors.append(FieldError(f"/lines/{index}/container", "container_elsewhere", {}))
        elif said not in found:
            errors.append(FieldError(f"/lines/{index}/container", "container_not_here", {}))
        elif found[said].there.get(line["sku"], 0) != line["quantity"]:
            there = found[said].there.get(line["sku"], 0)
            errors.append(FieldError(f"/lines/{index}/quantity", "container_holds", {"there": there}))
        else:
            goods = {(line["sku"], unit_id) for unit_id in found[said].unit_ids}
            if goods & taken:
                errors.append(FieldError(f"/lines/{index}/container", "container_twice", {}))
            taken |= goods
    return errors
