"""Bills of materials: which parts make one kit. A seller's own, kept in versions; what was made keeps the one it was made by."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from sqlalchemy import select

from wms.catalog.models import Product
from wms.catalog.queries import products_by_ids, products_by_skus
from wms.core import clock
from wms.core.actor import Actor
from wms.core.permissions import Permission
from wms.core.refusals import FieldError, invalid, invalid_fields, not_found
from wms.inventory.converting.models import KitPart, KitRecipe
from wms.inventory.converting.rules import MOST_PARTS, MOST_UNITS
from wms.platform.database import session
from wms.platform.locks import Rank, lock_one


def define_kit(actor: Actor, owner_id: uuid.UUID, sku: str, parts: Mapping[str, int]) -> KitRecipe:
    """Say of what a product is made, or say it anew: the former recipe ends. `parts`: units by SKU.

    Refuses at its field a SKU that is not there, and a kit that is a part of itself.
    """
    if not (actor.may(Permission.SERVICES_WRITE) and actor.sees_seller(owner_id)):
        raise not_found("product")
    if not 1 <= len(parts) <= MOST_PARTS:
        raise invalid("/parts", "not_between", min=1, max=MOST_PARTS)
    known = products_by_skus(owner_id, {sku, *parts})
    if sku not in known:
        raise invalid("/sku", "product_unknown", sku=sku)
    wrong = [
        FieldError(f"/parts/{number}/sku", "kit_of_itself" if part == sku else "product_unknown", {"sku": part})
        for number, part in enumerate(parts)
        if part == sku or part not in known
    ]
    wrong += [
        FieldError(f"/parts/{number}/units", "not_between", {"min": 1, "max": MOST_UNITS})
        for number, units in enumerate(parts.values())
        if not 1 <= units <= MOST_UNITS
    ]
    if wrong:
        raise invalid_fields(wrong)
    kit = known[sku].id
    lock_one(Rank.DOCUMENT, Product, kit)  # two at once: one of them is the later
    end_kit_of(kit)
    made = KitRecipe(owner_id=owner_id, product_id=kit, made_by=actor.id, made_at=clock.now())
    session().add(made)
    session().flush()
    for part, units in parts.items():
        session().add(KitPart(recipe_id=made.id, product_id=known[part].id, owner_id=owner_id, units=units))
    session().flush()
    return made


def end_kit(actor: Actor, recipe_id: uuid.UUID) -> KitRecipe:
    """The product is no kit any more. What is asked for already is still made."""
    found = session().get(KitRecipe, recipe_id)
    if found is None or not (actor.may(Permission.SERVICES_WRITE) and actor.sees_seller(found.owner_id)):
        raise not_found("kit")
    lock_one(Rank.DOCUMENT, Product, found.product_id)
    session().refresh(found)
    if found.ended_at is None:
        found.ended_at = clock.now()
        session().flush()
    return found


def end_kit_of(product_id: uuid.UUID) -> None:
    """The caller holds the product."""
    current = kit_of(product_id)
    if current is not None:
        current.ended_at = clock.now()
        session().flush()


def kit_of(product_id: uuid.UUID) -> KitRecipe | None:
    """The recipe by which a product is made now."""
    return session().scalar(
        select(KitRecipe)
        .where(KitRecipe.product_id == product_id, KitRecipe.ended_at.is_(None))
        .execution_options(populate_existing=True)
    )


def parts_of(recipe_id: uuid.UUID) -> dict[uuid.UUID, int]:
    """Units by product."""
    rows = select(KitPart.product_id, KitPart.units).where(KitPart.recipe_id == recipe_id)
    return {row.product_id: row.units for row in session().execute(rows.order_by(KitPart.product_id))}


def kits_of(actor: Actor, limit: int = 200) -> list[dict[str, object]]:
    """The kits that the actor's sellers have now, by SKU, each with its parts."""
    statement = select(KitRecipe).where(KitRecipe.ended_at.is_(None)).order_by(KitRecipe.id).limit(limit)
    if actor.seller_ids is not None:
        statement = statement.where(KitRecipe.owner_id.in_(actor.seller_ids))
    recipes = session().scalars(statement).all()
    parts = {recipe.id: parts_of(recipe.id) for recipe in recipes}
    known = products_by_ids(
        {recipe.product_id for recipe in recipes} | {product for own in parts.values() for product in own}
    )
    rows: list[dict[str, object]] = [
        {
            "id": recipe.id, "owner_id": recipe.owner_id, "sku": known[recipe.product_id].sku,
            "name_en": known[recipe.product_id].name_en, "name_zh": known[recipe.product_id].name_zh,
            "parts": [{"sku": known[product].sku, "units": units} for product, units in parts[recipe.id].items()],
        }
        for recipe in recipes
    ]  # fmt: skip
    return sorted(rows, key=lambda row: str(row["sku"]))
