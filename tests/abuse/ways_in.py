"""The ways (see `ways.py`) of goods that come in: bookings, their cartons, returns."""

from __future__ import annotations

from sqlalchemy import update

from tests.abuse.ways import Ask, Scene, api, form, scan, way
from tests.floor.worker import CODES, Tablet
from tests.outbound.stage import BIN1, MUG
from wms.inbound import service as inbound
from wms.inbound.models import Booking, Carton
from wms.inbound.rules import BookingDraft, CartonDraft, LineDraft
from wms.platform.database import commit, session
from wms.printing.models import LabelDocument
from wms.returns import service as returns
from wms.returns.models import ReturnOrder


@way(("booking", "submit"), states="draft")
def booking_submitted(scene: Scene, state: str) -> Ask:
    return _booking_step(scene, state, "submit", "submit")


@way(("booking", "depart"), states="submitted")
def booking_sent(scene: Scene, state: str) -> Ask:
    return _booking_step(scene, state, "depart", "in-transit")


@way(("booking", "cancel"), states="submitted draft in_transit")
def booking_cancelled(scene: Scene, state: str) -> Ask:
    return _booking_step(scene, state, "cancel", "cancel")


def booking_at(scene: Scene, state: str) -> Booking:
    """A booking of one carton, whose seller got that far."""
    draft = BookingDraft("DE1", [CartonDraft(1, [LineDraft(MUG, 3)])])
    made = scene.do(inbound.create_booking, scene.cast.acme, draft, submitted=state != "draft")
    if state == "in_transit":
        scene.do(inbound.mark_in_transit, scene.cast.acme, made.id)
    if state == "cancelled":
        scene.do(inbound.cancel, scene.cast.acme, made.id)
    return made


def _booking_step(scene: Scene, state: str, action: str, path: str) -> Ask:
    found = booking_at(scene, state)
    return Ask({("booking", action): found.id}, api(scene, f"/api/v1/bookings/{found.id}/{path}", {}))


def _booking_page(scene: Scene, state: str, action: str) -> Ask:
    found = booking_at(scene, state)
    send = form(scene.person("acme_person"), f"/portal/bookings/{found.id}/{action}", version=found.version)
    return Ask({("booking", action): found.id}, send)


@way(("booking", "submit"), states="draft")
def booking_submitted_on_its_page(scene: Scene, state: str) -> Ask:
    return _booking_page(scene, state, "submit")


@way(("booking", "depart"), states="submitted")
def booking_sent_on_its_page(scene: Scene, state: str) -> Ask:
    return _booking_page(scene, state, "depart")


@way(("booking", "cancel"), states="in_transit")
def booking_cancelled_on_its_page(scene: Scene, state: str) -> Ask:
    return _booking_page(scene, state, "cancel")


@way(("booking", "cancel"), ("label_document", "void"), states="submitted in_transit")
def labelled_booking_cancelled(scene: Scene, state: str) -> Ask:
    """In transit with labels that are made already, before with labels that wait to be made."""
    found = booking_at(scene, state)
    scene.do(inbound.request_carton_labels, scene.cast.acme, found.id)
    if state == "in_transit":
        scene.jobs("printing.render_bundle")
    document = scene.mine(LabelDocument, LabelDocument.parent_id == found.id)
    send = api(scene, f"/api/v1/bookings/{found.id}/cancel", {})
    return Ask({("booking", "cancel"): found.id, ("label_document", "void"): document.id}, send)


@way(("carton", "arrive"), ("booking", "arrive"), states="declared missing")
def carton_opened_at_the_dock(scene: Scene, state: str) -> Ask:
    carton = scene.carton(others=1)  # the other one keeps the booking open
    if state == "missing":
        scene.do(inbound.mark_missing, scene.cast.supervisor, carton.id)
    send = scan(scene.tablet("receive"), carton.barcode)
    return Ask({("carton", "arrive"): carton.id, ("booking", "arrive"): carton.booking_id}, send)


@way(("carton", "count"), ("booking", "receive"), states="arrived counting")
def goods_counted(scene: Scene, state: str) -> Ask:
    carton = scene.carton()
    tablet = scene.tablet("receive", carton.barcode, *[CODES[MUG]] * (state == "counting"))
    documents = {("carton", "count"): carton.id, ("booking", "receive"): carton.booking_id}
    return Ask(documents, scan(tablet, CODES[MUG]))


@way(("carton", "count"), states="arrived")
def goods_counted_as_announced(scene: Scene, _state: str) -> Ask:
    carton = scene.carton()
    return Ask({("carton", "count"): carton.id}, scan(scene.tablet("receive", carton.barcode), "CMD-FULL"))


@way(("carton", "uncount"), states="counting")
def count_taken_back(scene: Scene, _state: str) -> Ask:
    carton = scene.carton()
    tablet = scene.tablet("receive", carton.barcode, CODES[MUG])
    return Ask({("carton", "uncount"): carton.id}, scan(tablet, "CMD-UNDO"))


@way(("carton", "unreceive"), ("booking", "unreceive"), states="counted")
def pallet_taken_back(scene: Scene, _state: str) -> Ask:
    carton = scene.carton(others=1)
    session().execute(update(Carton).where(Carton.booking_id == carton.booking_id).values(pallet=1))
    commit()
    tablet = scene.tablet("receive", carton.barcode, "CMD-WHOLE")
    documents = {("carton", "unreceive"): carton.id, ("booking", "unreceive"): carton.booking_id}
    return Ask(documents, scan(tablet, "CMD-UNDO"))


@way(("carton", "close"), ("booking", "close"), states="counting arrived")
def carton_closed(scene: Scene, state: str) -> Ask:
    carton = scene.carton()
    tablet = scene.tablet("receive", carton.barcode, *[CODES[MUG]] * (3 * (state == "counting")))
    documents = {("carton", "close"): carton.id, ("booking", "close"): carton.booking_id}
    return Ask(documents, scan(tablet, "CMD-OK"))


def stowing(scene: Scene, carton: Carton, *, already: int = 0) -> Tablet:
    """A tablet at a counted carton, of which so many units are in a bin."""
    scene.tablet("receive", carton.barcode, "CMD-FULL", "CMD-OK")
    tablet = scene.tablet("putaway", carton.barcode)
    if already:
        assert tablet.scan(CODES[MUG], quantity=already)["code"] == "item_in_hand"
        assert tablet.scan(scene.cast.overseas.labels[BIN1])["code"] == "item_stowed"
    return tablet


@way(("carton", "stow"), ("booking", "stow"), states="counted stowing")
def goods_stowed(scene: Scene, state: str) -> Ask:
    carton = scene.carton()
    tablet = stowing(scene, carton, already=int(state == "stowing"))
    tablet.scan(CODES[MUG], quantity=1)
    documents = {("carton", "stow"): carton.id, ("booking", "stow"): carton.booking_id}
    return Ask(documents, scan(tablet, scene.cast.overseas.labels[BIN1]))


@way(("carton", "finish"), ("booking", "complete"), states="stowing counted")
def last_goods_stowed(scene: Scene, state: str) -> Ask:
    """The rest of a carton, or the whole of one."""
    carton = scene.carton()
    tablet = stowing(scene, carton, already=2 * (state == "stowing"))
    if state == "stowing":
        tablet.scan(CODES[MUG])
    documents = {("carton", "finish"): carton.id, ("booking", "complete"): carton.booking_id}
    return Ask(documents, scan(tablet, scene.cast.overseas.labels[BIN1]))


@way(("carton", "unstow"), ("booking", "unstow"), states="stowing stowed")
def stowing_taken_back(scene: Scene, state: str) -> Ask:
    """One unit of two or three that are in the bin."""
    carton = scene.carton()
    tablet = stowing(scene, carton, already=1)
    assert tablet.scan(CODES[MUG], quantity=1 if state == "stowing" else 2)["code"] == "item_in_hand"
    assert tablet.scan(scene.cast.overseas.labels[BIN1])["code"] == "item_stowed"
    documents = {("carton", "unstow"): carton.id, ("booking", "unstow"): carton.booking_id}
    return Ask(documents, scan(tablet, "CMD-UNDO"))


@way(("carton", "unstow_all"), ("booking", "unstow_all"), states="stowing stowed")
def all_stowing_taken_back(scene: Scene, state: str) -> Ask:
    carton = scene.carton()
    tablet = stowing(scene, carton, already=1 if state == "stowing" else 3)
    documents = {("carton", "unstow_all"): carton.id, ("booking", "unstow_all"): carton.booking_id}
    return Ask(documents, scan(tablet, "CMD-UNDO"))


@way(("carton", "finish"), ("booking", "complete"), states="counted")
def stowed_as_it_is(scene: Scene, _state: str) -> Ask:
    carton = scene.carton()
    tablet = stowing(scene, carton)
    assert tablet.scan("CMD-WHOLE")["code"] == "carton_in_hand"
    documents = {("carton", "finish"): carton.id, ("booking", "complete"): carton.booking_id}
    return Ask(documents, scan(tablet, scene.cast.overseas.labels[BIN1]))


@way(("carton", "unstow_all"), ("booking", "unstow_all"), states="stowed")
def taken_back_as_it_is(scene: Scene, _state: str) -> Ask:
    carton = scene.carton()
    tablet = stowing(scene, carton)
    for code in ("CMD-WHOLE", scene.cast.overseas.labels[BIN1]):
        assert tablet.scan(code)["code"] in ("carton_in_hand", "carton_stowed_whole")
    documents = {("carton", "unstow_all"): carton.id, ("booking", "unstow_all"): carton.booking_id}
    return Ask(documents, scan(tablet, "CMD-UNDO"))


# --- returns


def return_of(scene: Scene) -> ReturnOrder:
    order = scene.order_at("shipped")
    body = {"order": order.number, "reason": "changed_mind", "lines": [{"sku": MUG, "quantity": 2}]}
    return scene.do(returns.announce, scene.cast.acme, body)


def return_at(scene: Scene, state: str) -> ReturnOrder:
    found = return_of(scene)
    mug = scene.cast.ACME.products[MUG]
    if state in {"receiving", "completed"}:
        scene.do(returns.receive, scene.cast.picker, found.id, mug, 1)
        place = scene.cast.overseas.locations[BIN1]
        scene.do(returns.inspect, scene.cast.picker, found.id, mug, 1, returns.Disposition.RESTOCK, place)
    if state == "completed":
        scene.do(returns.close, scene.cast.picker, found.id)
    if state == "cancelled":
        scene.do(returns.cancel, scene.cast.acme, found.id, found.version)
    return scene.mine(ReturnOrder, ReturnOrder.id == found.id)  # type: ignore[no-any-return]


@way(("return", "cancel"), states="announced receiving completed cancelled")
def return_cancelled(scene: Scene, state: str) -> Ask:
    found = return_at(scene, state)
    send = api(scene, f"/api/v1/returns/{found.id}/cancel", {}, ReturnOrder, found.id)
    return Ask({("return", "cancel"): found.id}, send)


@way(("return", "cancel"), states="announced receiving completed cancelled")
def return_cancelled_on_its_page(scene: Scene, state: str) -> Ask:
    found = return_at(scene, state)
    send = form(scene.person("acme_person"), f"/portal/returns/{found.id}/cancel", version=found.version)
    return Ask({("return", "cancel"): found.id}, send)


@way(("return", "receive"), states="announced receiving")
def goods_came_back(scene: Scene, state: str) -> Ask:
    found = return_at(scene, state)
    return Ask({("return", "receive"): found.id}, scan(scene.tablet("return", found.number), CODES[MUG]))


@way(("return", "complete"), states="receiving")
def return_closed(scene: Scene, state: str) -> Ask:
    found = return_at(scene, state)
    return Ask({("return", "complete"): found.id}, scan(scene.tablet("return", found.number), "CMD-OK"))
