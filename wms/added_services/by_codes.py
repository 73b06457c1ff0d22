"""The use cases as systems and forms ask for them: sellers, warehouses and products by their codes."""

from __future__ import annotations

from typing import Any

from wms.added_services import schemas, service
from wms.added_services.models import ServiceRequest
from wms.added_services.service import Asked
from wms.core.actor import Actor
from wms.facility.queries import warehouse_by_code
from wms.identity.queries import choose_owner
from wms.inventory.converting import asking, kits
from wms.inventory.converting.asking import Wanted
from wms.inventory.converting.models import Conversion, KitRecipe
from wms.inventory.converting.rules import RecipeKind


def ask(actor: Actor, body: dict[str, Any]) -> ServiceRequest:
    """Of a loaded `ServiceRequestIn`."""
    owner = choose_owner(actor, body["seller"])
    warehouse = warehouse_by_code(actor, body["warehouse"])
    asked = Asked(**{name: value for name, value in body.items() if name not in {"seller", "warehouse"}})
    return service.ask(actor, warehouse.id, owner.id, asked)


def define_kit(actor: Actor, body: dict[str, Any]) -> KitRecipe:
    """Of a loaded `KitIn`."""
    owner = choose_owner(actor, body["seller"])
    return kits.define_kit(actor, owner.id, body["sku"], schemas.parts_of(body["parts"]))


def offer(actor: Actor, body: dict[str, Any]) -> Conversion:
    """Of a loaded `OfferIn`."""
    owner = choose_owner(actor, body["seller"])
    warehouse = warehouse_by_code(actor, body["warehouse"])
    wanted = Wanted(RecipeKind.OWNER, body["sku"], body["quantity"], to_seller=body["to_seller"], note=body["note"])
    return asking.ask(actor, warehouse.id, owner.id, wanted)


def offered(found: Conversion) -> dict[str, Any]:
    """The answer that is stored of an offer."""
    return {"id": str(found.id), "state": found.state}
