"""Setting up carriers, their services and number ranges: the operator's work."""

from __future__ import annotations

import re
import uuid

from sqlalchemy import select

from wms.core import clock
from wms.core.actor import Actor
from wms.core.ids import new_id
from wms.core.permissions import Permission
from wms.core.refusals import Refused, invalid, not_found
from wms.platform.database import session
from wms.platform.locks import Rank, lock_one
from wms.platform.secrecy import seal
from wms.shipping import rules
from wms.shipping.carriers import ASKED_BY_JOBS, HTTP, KARRIO, allowed_networks
from wms.shipping.carriers.addresses import read_address, resolve_literal
from wms.shipping.carriers.interface import Capabilities, CarrierFault
from wms.shipping.carriers.karrio_bridge import CONNECTOR, settings_of
from wms.shipping.models import Carrier, CarrierAccount, NumberAt, NumberRange, NumberScheme, Service

HOUSE = Capabilities(local=True, can_void=True, can_manifest=True, many_parcels=True)

_LONGEST_SETTINGS = 4000
_TOKEN = re.compile(r"[\x21-\x7e]{8,400}")  # what may stand in a header


def create_carrier(
    actor: Actor,
    code: str,
    name: str,
    *,
    kind: str = "house",
    capabilities: Capabilities = HOUSE,
    number_format: str | None = None,
) -> Carrier:
    """A carrier. `number_format`: of `number_formats.FORMATS`, or None. Refuses `carrier_code_taken`."""
    _require_operator(actor)
    if session().scalar(select(Carrier.id).where(Carrier.code == code)) is not None:
        raise Refused("carrier_code_taken", {"code": code})
    carrier = Carrier(
        code=code, name=name, kind=kind, capabilities=capabilities.as_data(), number_format=number_format,
        created_at=clock.now(),
    )  # fmt: skip
    session().add(carrier)
    session().flush()
    return carrier


def set_abilities(
    actor: Actor, carrier_id: uuid.UUID, *, can_sign: bool, can_insure: bool, can_rate: bool = False,
    can_collect: bool = False, can_collect_money: bool = False, can_check_age: bool = False, can_lift: bool = False,
    can_deliver_on: bool = False,
) -> Carrier:  # fmt: skip
    """What a carrier does for an order that wants it (`WISHES`): orders that want what it does not do are refused. And
    whether it says its prices, and sends lorries, when its server is asked. Refuses `carrier_kind_local` where there is none,
    and `carrier_not_told` of what the SDK has no word for.
    """
    _require_operator(actor)
    carrier = lock_one(Rank.DOCUMENT, Carrier, carrier_id)
    if carrier is None:
        raise not_found("carrier")
    if (can_rate or can_collect) and carrier.kind not in ASKED_BY_JOBS:
        raise Refused("carrier_kind_local", {})
    if carrier.kind == KARRIO and (can_check_age or can_lift or can_deliver_on):
        raise Refused("carrier_not_told", {})
    carrier.capabilities = {
        **carrier.capabilities, "can_sign": can_sign, "can_insure": can_insure, "can_rate": can_rate,
        "can_collect": can_collect, "can_collect_money": can_collect_money, "can_check_age": can_check_age,
        "can_lift": can_lift, "can_deliver_on": can_deliver_on,
    }  # fmt: skip
    session().flush()
    return carrier


def connect_carrier(actor: Actor, carrier_id: uuid.UUID, base_url: str, token: str) -> CarrierAccount:
    """How a remote carrier is reached: its address and the operator's token, which is sealed and never shown again.

    An empty token keeps the one there is, at the same address only: at another, it would be told to strangers.
    Refuses `carrier_address_wrong`, `carrier_connector_wrong`, `carrier_settings_wrong`, `carrier_token_wrong`,
    `carrier_kind_local`; 404 for who is no administrator.
    """
    if not (actor.is_staff and actor.may(Permission.OPERATE)):
        raise not_found("carrier")
    carrier = lock_one(Rank.DOCUMENT, Carrier, carrier_id)
    if carrier is None:
        raise not_found("carrier")
    if carrier.kind not in (HTTP, KARRIO):
        raise Refused("carrier_kind_local", {})
    _check_way(carrier, base_url, token)
    account = session().scalar(select(CarrierAccount).where(CarrierAccount.carrier_id == carrier_id))
    if not token and account is not None and account.base_url == base_url:
        return account
    if carrier.kind == KARRIO and len(token) <= _LONGEST_SETTINGS and settings_of(token) is not None:
        pass  # never a header of ours
    elif not _TOKEN.fullmatch(token):
        raise invalid("/token", "carrier_token_wrong")
    if account is None:
        account = CarrierAccount(id=new_id(), carrier_id=carrier_id)
        session().add(account)
    sealed = seal(token, str(account.id))
    account.base_url, account.updated_at = base_url, clock.now()
    account.token_sealed, account.token_key = sealed.content, sealed.key_id
    session().flush()
    return account


def _check_way(carrier: Carrier, base_url: str, token: str) -> None:
    """An address that may be asked; for the SDK the name of a connector, and its settings as a JSON object."""
    if carrier.kind == KARRIO:
        if not CONNECTOR.fullmatch(base_url):
            raise invalid("/base_url", "carrier_connector_wrong")
        if token and settings_of(token) is None:
            raise invalid("/token", "carrier_settings_wrong")
        return
    address = read_address(base_url)
    if address is None or isinstance(resolve_literal(address, allowed_networks()), CarrierFault):
        raise invalid("/base_url", "carrier_address_wrong")


def add_number_range(
    actor: Actor,
    carrier_id: uuid.UUID,
    form: rules.NumberForm,
    *,
    first_serial: int = 0,
    last_serial: int | None = None,
    low_water: int = 1000,
) -> NumberRange:
    """Numbers to draw from, a closed range of serials. One that shares a number with another range is refused."""
    _require_operator(actor)
    if lock_one(Rank.DOCUMENT, Carrier, carrier_id) is None:
        raise not_found("carrier")
    fault = rules.form_fault(form)
    if fault is not None:
        raise invalid("/prefix", fault)
    last = rules.capacity(form) - 1 if last_serial is None else last_serial
    if not 0 <= first_serial <= last < rules.capacity(form):
        raise invalid("/last_serial", "range_serials")
    overlapping = select(NumberRange.id).where(
        NumberRange.carrier_id == carrier_id, NumberRange.scheme == form.scheme, NumberRange.prefix == form.prefix,
        NumberRange.country.is_not_distinct_from(form.country),
        NumberRange.extension.is_not_distinct_from(form.extension),
        NumberRange.first_serial <= last, NumberRange.last_serial >= first_serial,
    )  # fmt: skip
    if session().scalar(overlapping.limit(1)) is not None:
        raise Refused("range_overlaps", {})
    added = NumberRange(
        carrier_id=carrier_id, scheme=NumberScheme(form.scheme).value, prefix=form.prefix, country=form.country,
        extension=form.extension, first_serial=first_serial, last_serial=last, low_water=low_water,
        created_at=clock.now(),
    )  # fmt: skip
    session().add(added)
    session().flush()
    return added


def add_service(
    actor: Actor,
    carrier_id: uuid.UUID,
    code: str,
    name: str,
    *,
    warehouse_id: uuid.UUID | None = None,
    number_at: NumberAt = NumberAt.WAVE,
    label_mm: tuple[int, int] = (100, 150),
) -> Service:
    """A service of a carrier, of one warehouse or (None) all. Refuses `service_code_taken`."""
    _require_operator(actor)
    if session().get(Carrier, carrier_id) is None:
        raise not_found("carrier")
    same = select(Service.id).where(Service.code == code, Service.warehouse_id.is_not_distinct_from(warehouse_id))
    if session().scalar(same) is not None:
        raise Refused("service_code_taken", {"code": code})
    service = Service(
        carrier_id=carrier_id, code=code, name=name, warehouse_id=warehouse_id, number_at=number_at.value,
        label_width_mm=label_mm[0], label_height_mm=label_mm[1], created_at=clock.now(),
    )  # fmt: skip
    session().add(service)
    session().flush()
    return service


def ensure_house_carrier(actor: Actor) -> Service:
    """The house carrier with a plain number range and a standard service, made when missing; for seeds and tests."""
    found = session().scalar(select(Service).where(Service.code == "HOUSE-STD", Service.warehouse_id.is_(None)))
    if found is not None:
        return found
    carrier = create_carrier(actor, "HOUSE", "House carrier")
    add_number_range(actor, carrier.id, rules.NumberForm(NumberScheme.PLAIN.value, "HC"))
    return add_service(actor, carrier.id, "HOUSE-STD", "House standard")


def _require_operator(actor: Actor) -> None:
    if not (actor.is_staff and actor.may(Permission.FACILITY_WRITE)):
        raise not_found("carrier")
