"""Asking for a conversion: what is to become what, checked, and its goods promised (law 4: every intended exit is).

A change of owner is asked for by the seller who gives and agreed to by the one who takes; anything else is the owner's
own affair and open at once. Duty-suspended goods are converted when customs has permitted this very conversion (law 6): both
what goes and what comes have a line in its book. They do not change their owner: that is customs' own procedure.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field, replace
from datetime import date

from sqlalchemy import select

from wms.catalog.queries import ProductFacts, products_by_ids, products_by_skus
from wms.core import clock
from wms.core.actor import Actor
from wms.core.permissions import Permission
from wms.core.refusals import Refused, invalid, not_found
from wms.facility.models import Warehouse
from wms.facility.queries import load_warehouse
from wms.identity.queries import seller_by_code
from wms.inventory.converting import kits
from wms.inventory.converting.models import Conversion, ConversionPart
from wms.inventory.converting.rules import ONE_TO_ONE, RecipeKind
from wms.inventory.models import Condition, Lot
from wms.inventory.promises import Pin, PromiseDraft, promise
from wms.inventory.workflow import CONVERSION
from wms.platform.database import session

MOST = 1_000_000
SUBJECT = "conversion"


@dataclass(frozen=True)
class Wanted:
    """What is to become what. `quantity`: units where it is one to one, else kits.

    `lot_id`, `location_id` and `handling_unit_id` name goods more narrowly than their product does; `to_sku` is another
    product of the owner's (relabel, grade), `to_seller` who takes the goods, `to_batch` and `to_expires_on` what can
    really be read on them.
    """

    kind: RecipeKind
    sku: str
    quantity: int
    condition: str = Condition.GOOD.value
    lot_id: uuid.UUID | None = None
    location_id: uuid.UUID | None = None
    handling_unit_id: uuid.UUID | None = None
    to_sku: str | None = None
    to_seller: str | None = None
    to_condition: str | None = None
    to_batch: str | None = None
    to_expires_on: date | None = None
    note: str = ""


@dataclass
class _Plan:
    """What a wish comes to: products, and units of one batch."""

    product: ProductFacts
    to_product_id: uuid.UUID | None = None
    to_owner_id: uuid.UUID | None = None
    recipe_id: uuid.UUID | None = None
    consumes: dict[uuid.UUID, int] = field(default_factory=dict)
    yields: dict[uuid.UUID, int] = field(default_factory=dict)


def ask(
    actor: Actor,
    warehouse_id: uuid.UUID,
    owner_id: uuid.UUID,
    wanted: Wanted,
    subject: tuple[str, uuid.UUID] | None = None,
) -> Conversion:
    """A conversion of a seller's goods; they are promised to it from now on. `subject`: the document that decides on it.

    Refuses `stock_short` (naming each product), `conversion_in_bond`, `not_a_kit`, and at its field what cannot be.
    """
    warehouse = load_warehouse(actor, warehouse_id)
    if not (actor.may(Permission.SERVICES_WRITE) and actor.sees_seller(owner_id)):
        raise not_found("stock")
    if warehouse.is_bonded and wanted.kind is RecipeKind.OWNER:
        raise Refused("conversion_in_bond", {"warehouse": warehouse.code})
    plan = _plan(owner_id, wanted)
    if warehouse.is_bonded:
        _check_customs(plan)
    state = CONVERSION.initial
    if wanted.kind is not RecipeKind.OWNER:
        state = CONVERSION.apply("agree", state)
    made = Conversion(
        warehouse_id=warehouse_id, owner_id=owner_id, kind=wanted.kind.value, recipe_id=plan.recipe_id,
        product_id=plan.product.id, to_product_id=plan.to_product_id, to_owner_id=plan.to_owner_id,
        condition=wanted.condition, to_condition=wanted.to_condition or wanted.condition, lot_id=wanted.lot_id,
        location_id=wanted.location_id, handling_unit_id=wanted.handling_unit_id, to_batch=wanted.to_batch,
        to_expires_on=wanted.to_expires_on, quantity=wanted.quantity, done=0, note=wanted.note, state=state.value,
        subject_kind=subject[0] if subject else None, subject_id=subject[1] if subject else None,
        asked_by=actor.id, asked_at=clock.now(),
    )  # fmt: skip
    session().add(made)
    session().flush()
    for is_yield, units in ((False, plan.consumes), (True, plan.yields)):
        for product_id in sorted(units):
            part = ConversionPart(
                conversion_id=made.id, is_yield=is_yield, product_id=product_id, units=units[product_id]
            )
            session().add(part)
    session().flush()
    promise_parts(made)
    return made


def promise_parts(conversion: Conversion) -> None:
    """Promise what is still to be made of it. Refuses `stock_short` with SKUs."""
    left = conversion.quantity - conversion.done
    parts = {part.id: part for part in parts_of(conversion.id) if not part.is_yield}
    pin, bonded = _pin(conversion), session().get_one(Warehouse, conversion.warehouse_id).is_bonded
    drafts = [
        PromiseDraft(
            SUBJECT, part.id, conversion.warehouse_id, conversion.owner_id, part.product_id, part.units * left,
            bonded=bonded, pin=pin,
        )
        for part in parts.values()
    ]  # fmt: skip
    try:
        promise(drafts)
    except Refused as refusal:
        if refusal.code != "stock_short":
            raise
        raise _named(refusal, parts) from None


def _named(refusal: Refused, parts: dict[uuid.UUID, ConversionPart]) -> Refused:
    """The short lines by SKU: nobody outside knows the parts' ids."""
    known = products_by_ids(part.product_id for part in parts.values())
    lines = [
        {"sku": known[parts[uuid.UUID(line["subject_id"])].product_id].sku, "wanted": line["wanted"],
         "free": line["free"]}
        for line in refusal.params["lines"]
    ]  # fmt: skip
    named = ", ".join(f"{line['sku']} {line['free']}/{line['wanted']}" for line in lines)
    return Refused("conversion_short", {"lines": lines, "named": named})


def _pin(conversion: Conversion) -> Pin:
    """The goods that may serve. A batch that was read wrong may stand as expired: that is what is put right."""
    return Pin(
        lot_id=conversion.lot_id, handling_unit_id=conversion.handling_unit_id, location_id=conversion.location_id,
        condition=conversion.condition, expired=conversion.kind in {RecipeKind.LOT, RecipeKind.UNKIT},
    )  # fmt: skip


def parts_of(conversion_id: uuid.UUID) -> list[ConversionPart]:
    rows = select(ConversionPart).where(ConversionPart.conversion_id == conversion_id).order_by(ConversionPart.id)
    return list(session().scalars(rows))


def _check_customs(plan: _Plan) -> None:
    """Everything that goes or comes has a line in the customs book. Refuses `book_item_missing`."""
    for product in products_by_ids({*plan.consumes, *plan.yields}).values():
        if not product.customs_item_number:
            raise Refused("book_item_missing", {"sku": product.sku})


def _plan(owner_id: uuid.UUID, wanted: Wanted) -> _Plan:
    if not 1 <= wanted.quantity <= MOST:
        raise invalid("/quantity", "not_between", min=1, max=MOST)
    for name in ("condition", "to_condition"):
        if getattr(wanted, name) not in {None, *Condition}:
            raise invalid(f"/{name}", "invalid")
    known = products_by_skus(owner_id, {wanted.sku, wanted.to_sku or wanted.sku})
    if wanted.sku not in known:
        raise invalid("/sku", "product_unknown", sku=wanted.sku)
    plan = _Plan(known[wanted.sku])
    _check_lot(plan.product, wanted)
    if wanted.kind in ONE_TO_ONE:
        plan.consumes = {plan.product.id: 1}
        _PLANS[wanted.kind](plan, wanted, known)
        plan.yields = {} if wanted.kind is RecipeKind.OWNER else {plan.to_product_id or plan.product.id: 1}
        return plan
    return _kit(plan, wanted.kind)


def _check_lot(product: ProductFacts, wanted: Wanted) -> None:
    lot = session().get(Lot, wanted.lot_id) if wanted.lot_id is not None else None
    if wanted.lot_id is not None and (lot is None or lot.product_id != product.id):
        raise not_found("lot")


def _kit(plan: _Plan, kind: RecipeKind) -> _Plan:
    recipe = kits.kit_of(plan.product.id)
    if recipe is None:
        raise Refused("not_a_kit", {"sku": plan.product.sku})
    one, parts = {plan.product.id: 1}, kits.parts_of(recipe.id)
    consumes, yields = (parts, one) if kind is RecipeKind.KIT else (one, parts)
    return replace(plan, recipe_id=recipe.id, consumes=consumes, yields=yields)


def _relabel(plan: _Plan, wanted: Wanted, known: dict[str, ProductFacts]) -> None:
    if wanted.to_sku is None:
        raise invalid("/to_sku", "required")
    if wanted.to_sku == wanted.sku:
        raise invalid("/to_sku", "sku_same")
    if wanted.to_sku not in known:
        raise invalid("/to_sku", "product_unknown", sku=wanted.to_sku)
    if wanted.to_condition not in (None, wanted.condition):
        raise invalid("/to_condition", "relabel_keeps_quality")
    plan.to_product_id = known[wanted.to_sku].id


def _grade(plan: _Plan, wanted: Wanted, known: dict[str, ProductFacts]) -> None:
    """Goods of another quality become a product of their own: only good ones sell, so that is what they are of it."""
    if wanted.to_condition in (None, wanted.condition):
        raise Refused("condition_same", {})
    _relabel(plan, replace(wanted, to_condition=None), known)


def _lot(plan: _Plan, wanted: Wanted, _known: dict[str, ProductFacts]) -> None:
    if not (plan.product.lot_controlled or plan.product.expiry_controlled):
        raise invalid("/sku", "lot_not_kept")
    if wanted.lot_id is None:
        raise invalid("/lot", "required")
    lot = session().get_one(Lot, wanted.lot_id)
    if (lot.batch, lot.expires_on) == (
        wanted.to_batch if plan.product.lot_controlled else None,
        wanted.to_expires_on if plan.product.expiry_controlled else None,
    ):
        raise Refused("lot_same", {})
    if plan.product.lot_controlled and not wanted.to_batch:
        raise invalid("/to_batch", "required")
    if plan.product.expiry_controlled and wanted.to_expires_on is None:
        raise invalid("/to_expires_on", "required")


def _owner(plan: _Plan, wanted: Wanted, _known: dict[str, ProductFacts]) -> None:
    taker = seller_by_code(wanted.to_seller or "")
    if taker is None or not taker.is_active or taker.id == plan.product.owner_id:
        raise invalid("/to_seller", "seller_unknown")
    plan.to_owner_id = taker.id


_PLANS = {RecipeKind.RELABEL: _relabel, RecipeKind.GRADE: _grade, RecipeKind.LOT: _lot, RecipeKind.OWNER: _owner}
