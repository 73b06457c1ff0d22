"""Tenants, their shops, and the roles that come with the system."""

from __future__ import annotations

import uuid

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from wms.core import clock
from wms.core.actor import Actor
from wms.core.permissions import ROLE_PERMISSIONS, Permission
from wms.core.refusals import Refused, invalid, not_found
from wms.identity import rules
from wms.identity.models import Role, Seller, Shop
from wms.platform.database import session
from wms.platform.locks import Rank, lock_one


def ensure_roles() -> None:
    """Bring the system's own roles to the matrix of this release. Roles that people made are not touched."""
    for name, permissions in ROLE_PERMISSIONS.items():
        values = {"is_staff": name != "seller", "permissions": sorted(permissions)}
        statement = insert(Role).values(name=name, **values)
        session().execute(statement.on_conflict_do_update(index_elements=["name"], set_=values))


def create_seller(actor: Actor, code: str, name: str) -> Seller:
    """A new tenant. `code` becomes part of every document number and is never changed."""
    _require_staff(actor)
    if not rules.is_seller_code(code):
        raise invalid("/code", "pattern")
    if session().scalar(select(Seller.id).where(Seller.code == code)) is not None:
        raise Refused("seller_code_taken", {"code": code})
    seller = Seller(code=code, name=name, is_active=True, created_at=clock.now())
    session().add(seller)
    session().flush()
    return seller


def create_shop(actor: Actor, seller_id: uuid.UUID, platform: str, account: str, name: str) -> Shop:
    """A seller's shop on a platform; (platform, account) once per seller."""
    if not actor.sees_seller(seller_id) or session().get(Seller, seller_id) is None:
        raise not_found("seller")
    same = select(Shop.id).where(Shop.seller_id == seller_id, Shop.platform == platform, Shop.account == account)
    if session().scalar(same) is not None:
        raise Refused("shop_exists", {"platform": platform, "account": account})
    shop = Shop(seller_id=seller_id, platform=platform, account=account, name=name, created_at=clock.now())
    session().add(shop)
    session().flush()
    return shop


def show_carrier_costs(actor: Actor, seller_id: uuid.UUID, shown: bool) -> Seller:
    """Whether a seller sees what carriers charge for its parcels: the operator's prices, which are not everybody's business."""
    _require_staff(actor)
    seller = lock_one(Rank.DOCUMENT, Seller, seller_id)
    if seller is None:
        raise not_found("seller")
    seller.sees_carrier_costs = shown
    session().flush()
    return seller


def _require_staff(actor: Actor) -> None:
    if not actor.is_staff or not actor.may(Permission.PEOPLE_MANAGE):
        raise not_found("seller")
