"""A furnished system to abuse: one of everything that a route can name, and how to tell that nothing has changed."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import psycopg
from flask import Flask
from sqlalchemy import select, text

from labels import Size, builtin_template, template_data
from tests.abuse.world_newest import newest_ids
from tests.cast import Caller, Cast
from tests.conftest import SeparateRequests
from tests.engines import Databases
from tests.life import Life, living
from tests.life import order as tell_order
from tests.test_access import routes
from wms.added_services import catalogue, working
from wms.added_services import service as services
from wms.added_services.catalogue import ServiceDraft
from wms.catalog import service as catalog
from wms.core import clock
from wms.core.ids import new_id
from wms.core.permissions import Permission
from wms.facility.models import Station
from wms.facility.packaging import service as packaging
from wms.floor import contract
from wms.floor.scenarios import SCENARIOS
from wms.identity.models import LoginSession
from wms.inbound import service as inbound
from wms.inbound.rules import BookingDraft, CartonDraft, LineDraft, PlanDraft
from wms.inventory import holds
from wms.inventory.adjusting import service as adjusting
from wms.inventory.converting import asking, kits
from wms.inventory.converting.rules import RecipeKind
from wms.inventory.counting import planning
from wms.inventory.models import Balance, HoldScope
from wms.outbound.attachments import service as attachments
from wms.outbound.carts import Selection
from wms.outbound.models import Order, OrderException, PickTask
from wms.outbound.service import cut_offs, damage, interceptions, order_holds, plans, reading, wave_rules
from wms.platform import files, outbox
from wms.platform.access import AUTHENTICATED
from wms.platform.database import session, transaction
from wms.printing import service as printing
from wms.printing import sets
from wms.printing.designs import service as designs
from wms.printing.designs.service import Place
from wms.printing.models import LabelDocument
from wms.printing.service.fleet import PrinterDraft
from wms.shipping import service as shipping
from wms.shipping.carriers import FILE, FILE_CAPABILITIES
from wms.shipping.tracking import public_key

PEOPLE_MAY = ("admin", "supervisor", "acme_person", "receiver")


class World(NamedTuple):
    """`ids`: what ACME (or the house) has, by the name of the path parameter that would name it."""

    life: Life
    cast: Cast
    ids: dict[str, str]
    watch: psycopg.Connection

    @property
    def app(self) -> Flask:
        return self.life.app

    @property
    def client(self) -> SeparateRequests:
        return SeparateRequests(self.app, self.app.response_class)

    def path(self, rule: str, **other: str) -> str:
        """The rule's path with ids of this world; `other` ones come first."""

        def value(found: re.Match[str]) -> str:
            kind, name = found.group(1) or "", found.group(2)
            if name in other:
                return other[name]
            if kind.startswith("any("):
                return kind[4:].split(",")[0].strip(" )")
            return self.ids[name]

        return re.sub(r"<(?:([^<>:]*):)?(\w+)>", value, rule)

    def changes(self) -> list[str]:
        """The tables whose rows were changed since the last call, once for each row; nothing that was rolled back.

        What commands were refused is kept on purpose (law 7) and is no change; nor is a range of numbers that moved on: a block
        of them is taken for good, in a transaction of its own (`wms.platform.counters`).
        """
        found = self.watch.execute("DELETE FROM change_log RETURNING changed").fetchall()
        return sorted(name for (name,) in found)


WATCH = """
CREATE TABLE change_log (changed text NOT NULL);
CREATE FUNCTION note_change() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN INSERT INTO change_log VALUES (TG_TABLE_NAME); RETURN NULL; END $$;
DO $$ DECLARE name text; BEGIN
  FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public'
    AND tablename NOT LIKE 'command%' AND tablename NOT IN ('change_log', 'counter') LOOP
    EXECUTE format('CREATE TRIGGER note_change AFTER INSERT OR UPDATE OR DELETE ON %I
                    FOR EACH ROW EXECUTE FUNCTION note_change()', name);
  END LOOP;
END $$;
"""


@contextmanager
def furnished(engines: Databases, cast: Cast) -> Iterator[World]:
    """A world of its own; its clock stands, and every key was used just now: noting that it is used is no change."""
    now = clock.now()
    with living(engines, cast) as life:
        with life.app.app_context():
            _render(life)
            ids = _ids(life, cast)
        former = clock.use(lambda: now)
        address = life.app.config["SQLALCHEMY_DATABASE_URI"].replace("+psycopg", "")
        try:
            with psycopg.connect(address, autocommit=True) as watch:
                watch.execute("UPDATE api_key SET last_used_at = %s", [now])
                watch.execute(WATCH)
                yield World(life, cast, ids, watch)
        finally:
            clock.use(former)


def _render(life: Life) -> None:
    """Labels are made, as the worker makes them."""
    while due := outbox.due_jobs(age_seconds=-60):
        assert all(outbox.perform(job_id) for job_id, _ in due)


def _ids(life: Life, cast: Cast) -> dict[str, str]:
    house = cast.overseas.id
    with transaction():
        order = session().get_one(Order, life.promised.id)
        exception = OrderException(
            id=new_id(), warehouse_id=house, order_id=order.id, kind="short_at_pick", created_at=clock.now()
        )
        session().add(exception)
        balance = session().scalars(select(Balance).where(Balance.on_hand > 3).order_by(Balance.id)).first()
        assert balance is not None
        hold = holds.place_hold(cast.admin, house, HoldScope.PRODUCT, str(cast.ACME.products["SERUM-30ML"]), "quality")
        task = contract.start_task(cast.receiver, SCENARIOS["receive"], house)
        # The newest: the parcel of the older one is gone, and its print was confirmed by scanning it.
        login = LoginSession(
            id=new_id(), token_hash=new_id().bytes * 2, user_id=cast.picker.id, face="floor", created_at=clock.now(),
            seen_at=clock.now(),
        )  # fmt: skip
        session().add(login)
        waybills = select(LabelDocument).where(LabelDocument.kind == "waybill").order_by(LabelDocument.id.desc())
        waybill = session().scalars(waybills).first()
        assert waybill is not None
        document, bundle = waybill.id, waybill.bundle_id
        wave = order_wave(life)
    with transaction():
        job = printing.arm(cast.supervisor, printing.request_print(cast.supervisor, document).id).id
        asked = sets.open_set(cast.acme_person, cast.ACME.id, "MUG-450-BLUE", [bundle]).id
        place = Place("product", Size(60, 40))
        design = designs.save(cast.supervisor, place, template_data(builtin_template("product", place.size)), 0)
    found = {
        "product_id": cast.ACME.products["MUG-450-BLUE"], "booking_id": life.coming.id, "order_id": life.promised.id,
        "return_id": life.returned.id, "shipment_id": _one("SELECT shipment_id FROM parcel LIMIT 1"),
        "document_id": document, "bundle_id": bundle, "job_id": job, "wave_id": wave, "warehouse_id": house,
        "barcode_id": _one("SELECT b.id FROM product_barcode b WHERE b.product_id = :p LIMIT 1",
                           p=cast.ACME.products["MUG-450-BLUE"]),
        "picture_id": _picture(cast), "code": "sku_taken",
        "key_id": _one("SELECT id FROM api_key WHERE seller_id = :s", s=cast.ACME.id), "hold_id": hold.id,
        "exception_id": exception.id, "balance_id": balance.id, "task_id": task.id, "user_id": cast.picker.id,
        "session_id": login.id, "role": "clerk", "manifest_id": _one("SELECT id FROM manifest LIMIT 1"),
        "difference_id": _one("SELECT d.id FROM difference d JOIN booking b ON b.id = d.booking_id LIMIT 1"),
        "carton_id": _one("SELECT id FROM carton WHERE booking_id = :b LIMIT 1", b=life.coming.id),
        "paper_id": _paper(life, cast),
        "file_id": _file(life, cast), "arrival_id": _arrival(cast), **_inspection(cast), "seller_id": cast.ACME.id,
        **_stopped(cast, life), "damage_id": _damaged(life, cast),
        "set_id": asked, "design_id": design.design_id, "number": design.number, **_bins(cast), **_printers(cast),
        **_services(cast),
        **_packaging(cast),
        **_waves(cast),
        "kind": "receive", "filename": "js/floor.js",
        **_carriers(life, cast), **newest_ids(cast),
    }  # fmt: skip
    return {name: str(value) for name, value in found.items()}


def _waves(cast: Cast) -> dict[str, uuid.UUID]:
    """A rule that releases waves, and a plan that nobody released."""
    house, every = cast.overseas.id, Selection()
    values = {
        "name": "Noon",
        "times": ["12:00"],
        "cut_off": None,
        "selection": every.as_data(),
        "fewest": 1,
        "is_active": False,
    }
    with transaction():
        rule = wave_rules.save_rule(cast.supervisor, house, None, values).id
    with transaction():
        plan = plans.keep_plan(cast.supervisor, reading.plan(reading.read(cast.supervisor, house, every)), every).id
    return {"rule_id": rule, "plan_id": plan}


def _stopped(cast: Cast, life: Life) -> dict[str, uuid.UUID]:
    """A hold that the order had, and an order that was intercepted at once."""
    with transaction():
        hold = order_holds.place_hold(cast.acme, life.promised.id, "address").id
    with transaction():
        order_holds.end_hold(cast.acme, life.promised.id, hold)
    with transaction():
        other = tell_order(cast, "SHOP-STOPPED", [("MUG-450-BLUE", 1)]).id
    times = {"orders_until": 840, "truck_at": 1020, "work_minutes": 90, "weekdays": 31, "priority": 0}
    with transaction():
        cut_off = cut_offs.set_cut_off(cast.supervisor, cast.overseas.id, "HOUSE", None, times).id
    with transaction():
        return {
            "order_hold_id": hold,
            "cut_off_id": cut_off,
            "interception_id": interceptions.request_interception(cast.acme, other, "duplicate").id,
        }


def _damaged(life: Life, cast: Cast) -> uuid.UUID:
    """A unit that the picker found damaged, at a stop of the order that is waved."""
    session().expire_all()
    stop = session().scalars(select(PickTask.id).where(PickTask.order_id == life.waved.id)).one()
    with transaction():
        return damage.report(cast.picker, stop, 1).id


def _carriers(life: Life, cast: Cast) -> dict[str, object]:
    """One that works with files, a service, and the buyer's address of a parcel."""
    with transaction():
        carrier = shipping.create_carrier(cast.admin, "FILES", "Files", kind=FILE, capabilities=FILE_CAPABILITIES)
        service = shipping.add_service(cast.admin, carrier.id, "FILES-STD", "Files")
        found = {"carrier_id": carrier.id, "service_id": service.id, "warehouse": "DE1"}
    key = public_key(_one("SELECT id FROM parcel LIMIT 1"), life.app.config["SECRET_KEY"])
    return {**found, "parcel_key": key}


def _file(life: Life, cast: Cast) -> uuid.UUID:
    """A paper of a booking."""
    kept = files.keep(b"%PDF-1.4 %%EOF", "application/pdf")
    with transaction():
        return inbound.attach(cast.acme, life.coming.id, "invoice", kept, "invoice.pdf").id


def _paper(life: Life, cast: Cast) -> uuid.UUID:
    """A paper of an order."""
    kept = files.keep(b"%PDF-1.4 %%EOF", "application/pdf")
    with transaction():
        return attachments.attach(cast.acme, life.promised.id, "invoice", kept, "invoice.pdf").id


def _picture(cast: Cast) -> uuid.UUID:
    """The picture that ACME's product has."""
    kept = files.keep(b"\xff\xd8\xff\xd9", "image/jpeg")
    with transaction():
        product = catalog.set_picture(cast.acme, cast.ACME.products["MUG-450-BLUE"], kept)
        assert product.picture_id is not None
        return product.picture_id


def _arrival(cast: Cast) -> uuid.UUID:
    """Something that no booking announces: everybody's to claim who knows its label."""
    with transaction():
        return inbound.register_arrival(cast.receiver, cast.overseas.id, "LABEL-OF-NOBODY").id


def _inspection(cast: Cast) -> dict[str, uuid.UUID]:
    """A plan, and a carton that it has drawn."""
    with transaction():
        plan = inbound.make_plan(cast.supervisor, cast.overseas.id, PlanDraft(1, None, 1), seller="ACME").id
    cartons = [CartonDraft(1, [LineDraft("MUG-450-BLUE", 2)])]
    with transaction():
        made = inbound.create_booking(cast.acme, BookingDraft("DE1", cartons), submitted=True).id
    with transaction():
        carton = inbound.arrive_booking(cast.receiver, made).carton_ids[0]
    with transaction():
        inbound.count_as_declared(cast.receiver, carton)
    with transaction():
        inbound.close_carton(cast.receiver, carton)
    return {"plan_id": plan, "inspection_id": _one("SELECT id FROM inspection LIMIT 1")}


def _packaging(cast: Cast) -> dict[str, uuid.UUID]:
    """A box that orders are packed in, and something to put in besides."""
    with transaction():
        insert = packaging.add_insert(cast.supervisor, cast.overseas.id, "Summer flyer", cast.ACME.id).id
    box = _one("SELECT id FROM packaging WHERE warehouse_id = :w ORDER BY code LIMIT 1", w=cast.overseas.id)
    return {"packaging_id": box, "insert_id": insert}


def _bins(cast: Cast) -> dict[str, uuid.UUID]:
    """A bin that is counted and adjusted, its zone, and somebody for whom a bin may be kept."""
    house = cast.overseas.id
    row = (
        "SELECT b.{} FROM balance b JOIN location l ON l.id = b.location_id WHERE l.kind = 'storage' AND b.on_hand > 3"
    )
    bin_id, balance_id = (_one(f"{row.format(name)} ORDER BY b.id LIMIT 1") for name in ("location_id", "id"))
    with transaction():
        change = adjusting.Change(-1)
        adjustment = adjusting.request(cast.supervisor, balance_id, change, adjusting.AdjustmentReason.LOST).id
    with transaction():
        count = planning.plan_bins(cast.supervisor, house, [bin_id]).id
    zone = _one("SELECT zone_id FROM location WHERE id = :bin", bin=bin_id)
    return {
        "location_id": bin_id, "zone_id": zone, "holder_id": new_id(), "adjustment_id": adjustment, "count_id": count,
    }  # fmt: skip


def _printers(cast: Cast) -> dict[str, uuid.UUID]:
    """An agent with a printer that a bench prints on."""
    with transaction():
        agent = printing.add_agent(cast.supervisor, cast.overseas.id, "bench PC").id
        draft = PrinterDraft(agent, "printer", "file", "out")
        printer = printing.save_printer(cast.supervisor, draft).id
        station = session().scalars(select(Station.id).where(Station.warehouse_id == cast.overseas.id)).first()
        assert station is not None
        binding = printing.bind_station(cast.supervisor, station, "location", printer).id
    return {"agent_id": agent, "printer_id": printer, "binding_id": binding}


def _services(cast: Cast) -> dict[str, uuid.UUID]:
    """A service that was asked for and is photographed, a kit, and goods that are kept to become others."""
    sku, other = "MUG-450-BLUE", "MUG-450-RED"
    kept = files.keep(b"\xff\xd8", "image/jpeg")
    with transaction():
        draft = ServiceDraft("PHOTO", "Photos", "拍照", "photo", asks_first=False)
        service = catalogue.define_service(cast.supervisor, draft).id
        kit = kits.define_kit(cast.acme, cast.ACME.id, other, {sku: 2}).id
    with transaction():
        asked = services.ask(cast.acme, cast.overseas.id, cast.ACME.id, services.Asked("PHOTO", 2, sku=sku)).id
    with transaction():
        working.take(cast.picker, asked)
        proof = working.add_photo(cast.picker, asked, kept, "a.jpg").id
    with transaction():
        wanted = asking.Wanted(RecipeKind.RELABEL, sku, 1, to_sku=other)
        kept_for = asking.ask(cast.acme, cast.overseas.id, cast.ACME.id, wanted).id
    return {
        "service_id": service, "request_id": asked, "proof_id": proof, "kit_id": kit, "conversion_id": kept_for,
        "offer_id": kept_for,
    }  # fmt: skip


def order_wave(life: Life) -> uuid.UUID:
    return session().get_one(Order, life.waved.id).wave_id  # type: ignore[return-value]


def _one(statement: str, **values: Any) -> Any:
    found = session().execute(text(statement), values).scalar()
    session().rollback()
    return found


def caller_for(world: World, permission: Permission | str | None, *, seller: bool = False) -> Caller:
    """Somebody with a cookie who may do it: the warehouse's people, or ACME's where it is a seller's page."""
    people = ["acme_person", "customs_clerk"] if seller else ["admin", "supervisor", "receiver"]
    for name in people:
        actor = getattr(world.cast, name)
        if permission in {None, AUTHENTICATED} or actor.may(Permission(permission)):
            return world.cast.sign_in(world.client, actor, face="portal")
    raise AssertionError(permission)


__all__ = ["Caller", "World", "caller_for", "furnished", "routes"]
