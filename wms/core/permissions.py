"""The permission matrix, one readable table. Roles are rows in the database; these five come with the system."""

from __future__ import annotations

from enum import StrEnum


class Permission(StrEnum):
    """What a route may ask for. `_ANY` sees every seller's records within the actor's scope."""

    PRODUCTS_READ = "products.read"
    PRODUCTS_WRITE = "products.write"
    BOOKINGS_READ = "bookings.read"
    BOOKINGS_WRITE = "bookings.write"
    ORDERS_READ = "orders.read"
    ORDERS_WRITE = "orders.write"
    RETURNS_READ = "returns.read"
    RETURNS_WRITE = "returns.write"
    STOCK_READ = "stock.read"
    LABELS_READ = "labels.read"
    KEYS_MANAGE = "keys.manage"
    FACILITY_READ = "facility.read"
    FACILITY_WRITE = "facility.write"
    FLOOR_WORK = "floor.work"
    FLOOR_TYPE = "floor.type"
    STOCK_ADJUST = "stock.adjust"
    STOCK_HOLD = "stock.hold"
    STOCK_APPROVE = "stock.approve"
    WAVES_MANAGE = "waves.manage"
    SHIPPING_HANDOVER = "shipping.handover"
    EXCEPTIONS_MANAGE = "exceptions.manage"
    CUSTOMS_RECORD = "customs.record"
    LABELS_REPRINT = "labels.reprint"
    LABELS_DESIGN = "labels.design"
    SERVICES_READ = "services.read"
    SERVICES_WRITE = "services.write"
    SERVICES_MANAGE = "services.manage"
    PEOPLE_MANAGE = "people.manage"
    OPERATE = "system.operate"


P = Permission

_SELLER = {
    P.PRODUCTS_READ, P.PRODUCTS_WRITE, P.BOOKINGS_READ, P.BOOKINGS_WRITE, P.ORDERS_READ, P.ORDERS_WRITE,
    P.RETURNS_READ, P.RETURNS_WRITE, P.STOCK_READ, P.LABELS_READ, P.KEYS_MANAGE, P.FACILITY_READ,
    P.SERVICES_READ, P.SERVICES_WRITE,
}  # fmt: skip
_FLOOR = {
    P.PRODUCTS_READ, P.BOOKINGS_READ, P.ORDERS_READ, P.RETURNS_READ, P.STOCK_READ, P.LABELS_READ,
    P.FACILITY_READ, P.FLOOR_WORK, P.FLOOR_TYPE, P.SHIPPING_HANDOVER, P.SERVICES_READ,
}  # fmt: skip
_CLERK = {
    P.PRODUCTS_READ, P.BOOKINGS_READ, P.BOOKINGS_WRITE, P.ORDERS_READ, P.RETURNS_READ, P.STOCK_READ,
    P.LABELS_READ, P.FACILITY_READ, P.CUSTOMS_RECORD, P.SERVICES_READ,
}  # fmt: skip
_SUPERVISOR = _FLOOR | _CLERK | {
    P.PRODUCTS_WRITE, P.ORDERS_WRITE, P.RETURNS_WRITE, P.FACILITY_WRITE, P.STOCK_ADJUST, P.STOCK_HOLD, P.STOCK_APPROVE,
    P.WAVES_MANAGE, P.EXCEPTIONS_MANAGE, P.LABELS_REPRINT, P.LABELS_DESIGN,
    P.SERVICES_WRITE, P.SERVICES_MANAGE,
}  # fmt: skip

ROLE_PERMISSIONS: dict[str, frozenset[Permission]] = {
    "admin": frozenset(Permission),
    "supervisor": frozenset(_SUPERVISOR),
    "floor": frozenset(_FLOOR),
    "clerk": frozenset(_CLERK),
    "seller": frozenset(_SELLER),
}

# Only these may be given to an API key: a key is a seller's system, never a person of the warehouse.
KEY_SCOPES: frozenset[Permission] = frozenset(_SELLER - {P.KEYS_MANAGE})
