"""A catalogue of three services and goods to ask for them on; every step commits as a command would."""

from __future__ import annotations

from typing import Any

from sqlalchemy import text

from tests.cast import Cast
from tests.inbound.test_difference_api import photo
from tests.outbound.stage import BIN1, MUG, Stage
from wms.added_services import catalogue, service, working
from wms.added_services.catalogue import ServiceDraft
from wms.added_services.models import AddedService, ServiceRequest
from wms.added_services.service import Asked
from wms.added_services.working import Report
from wms.inventory.converting import kits
from wms.platform import files
from wms.platform.database import session

PHOTO = ServiceDraft("PHOTO", "Photos", "拍照", "photo", proofs=("photo",))
RELABEL = ServiceDraft("RELABEL", "Relabel", "换标", "label", effect="relabel", asks_first=False)
KIT = ServiceDraft("KIT", "Kits", "组套", "kit", effect="kit", proofs=("weight",))


class Desk(Stage):
    def __init__(self, cast: Cast) -> None:
        super().__init__(cast)
        self.services = {draft.code: self.define(draft) for draft in (PHOTO, RELABEL, KIT)}

    def define(self, draft: ServiceDraft) -> AddedService:
        return self.do(catalogue.define_service, self.cast.supervisor, draft)

    def ask(self, code: str, quantity: int = 2, *, who: Any = None, **more: Any) -> ServiceRequest:
        asked = Asked(code, quantity, **({"sku": MUG} | more))
        return self.do(service.ask, who or self.cast.acme, self.cast.overseas.id, self.cast.ACME.id, asked)

    def at(self, state: str, code: str = "PHOTO") -> ServiceRequest:
        """A request that got that far, over ten mugs."""
        self.stock(MUG, 10, BIN1)
        found = self.ask(code)
        boss, hand = self.cast.supervisor, self.cast.picker
        if state == "cancelled":
            return self.do(service.cancel, self.cast.acme, found.id)
        if state == "rejected":
            return self.do(service.reject, boss, found.id, "no room")
        if state != "requested":
            self.do(service.accept, boss, found.id)
        if state in {"working", "done"}:
            self.do(working.take, hand, found.id)
        if state == "done":
            self.do(working.report, hand, found.id, Report(2))
            self.photo(found)
            self.do(working.finish, hand, found.id)
        return found

    def photo(self, found: ServiceRequest) -> Any:
        kept = files.keep(photo(), "image/jpeg")
        return self.do(working.add_photo, self.cast.picker, found.id, kept, "done.jpg")

    def kit(self, sku: str, parts: dict[str, int]) -> Any:
        return self.do(kits.define_kit, self.cast.acme, self.cast.ACME.id, sku, parts)

    def events(self, name: str) -> list[dict[str, Any]]:
        rows = session().execute(text("SELECT data FROM event WHERE name = :name ORDER BY sequence"), {"name": name})
        return [row.data for row in rows]
