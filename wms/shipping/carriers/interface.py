"""What shipping asks of a carrier. Faults are values: a carrier's "no" is an everyday answer.

A connection that is `local` answers from our own database and may be called inside a transaction
(`CarrierConnection`). One that is not talks over a network or is a person with a file (`RemoteConnection`): a job calls
it, never the command that asks for it (law 8). Either way a waybill is asked for under our own reference: a local
connection gives the same one again, a remote one is asked for it by that reference before anything is tried again.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date, datetime, time
from typing import Any, Protocol


@dataclass(frozen=True)
class Capabilities:
    """What a carrier can do and wants, as data of the carrier's row; missing entries mean these defaults."""

    local: bool = False
    can_void: bool = False
    can_manifest: bool = False
    needs_weight_before_label: bool = False
    needs_size_before_label: bool = False
    many_parcels: bool = False
    can_track: bool = False
    can_find: bool = True  # asked for a waybill by our reference; else a person looks before anything is tried again
    can_sign: bool = False  # hands over against a signature
    can_insure: bool = False
    can_rate: bool = False  # says what goods would cost before they go
    can_collect: bool = False  # sends a lorry when it is asked to
    can_collect_money: bool = False  # the driver collects what an order costs
    can_check_age: bool = False
    can_lift: bool = False  # lorries with a tail lift
    can_deliver_on: bool = False  # on a named day, in named hours

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Capabilities:
        known = {each.name for each in fields(cls)}
        return cls(**{key: bool(value) for key, value in data.items() if key in known})

    def lacking(self, wants: Collection[str]) -> list[str]:
        """What of it (`WISHES`) this carrier does not do, in their order."""
        return [name for name, ability in WISHES.items() if name in wants and not getattr(self, ability)]

    def as_data(self) -> dict[str, bool]:
        return {each.name: getattr(self, each.name) for each in fields(self)}


# What an order may want of its carrier, and what a carrier has to be able to do for it.
WISHES = {
    "signature": "can_sign", "insurance": "can_insure", "cod": "can_collect_money", "age_check": "can_check_age",
    "liftgate": "can_lift", "delivery": "can_deliver_on",
}  # fmt: skip


@dataclass(frozen=True)
class AtTheDoor:
    """What the driver does besides. `cod_minor`: collected, in minor units of its currency. `age_check`: the least age of who
    takes it. Hours are of that day, by the recipient's clock.
    """

    cod_minor: int | None = None
    cod_currency: str | None = None
    age_check: int | None = None
    liftgate: bool = False
    day: date | None = None
    begins: time | None = None
    ends: time | None = None

    @property
    def wants(self) -> list[str]:
        """What of `WISHES` it is."""
        said = {"cod": self.cod_minor, "age_check": self.age_check, "liftgate": self.liftgate, "delivery": self.day}
        return [name for name, value in said.items() if value]

    @property
    def delivery(self) -> dict[str, str | None] | None:
        """Its `day`, `from` and `until` as they are written: 2026-12-01, 14:00."""
        if self.day is None:
            return None
        begins, ends = (None if at is None else f"{at:%H:%M}" for at in (self.begins, self.ends))
        return {"day": self.day.isoformat(), "from": begins, "until": ends}


@dataclass(frozen=True)
class Party:
    """Who sends or receives. Never printed in a log: a fault that quotes a request shows no person."""

    name: str = field(repr=False)
    country: str = ""
    company: str = field(default="", repr=False)
    phone: str = field(default="", repr=False)
    state: str = field(default="", repr=False)
    city: str = field(default="", repr=False)
    postcode: str = field(default="", repr=False)
    address1: str = field(default="", repr=False)
    address2: str = field(default="", repr=False)
    address3: str = field(default="", repr=False)
    district: str = field(default="", repr=False)


@dataclass(frozen=True)
class Content:
    """Units of one product in a parcel; the value in minor units of the currency, where it was declared."""

    description: str
    quantity: int
    weight_g: int | None = None
    value_minor: int | None = None
    currency: str | None = None
    hs_code: str | None = None
    origin: str | None = None  # ISO 3166-1 alpha-2


@dataclass(frozen=True)
class Duties:
    """What customs asks of a parcel that crosses a border. Ids name persons too: none is ever printed in a log."""

    contents: str  # goods, gift, documents, sample, returned, other
    ioss: str | None = field(default=None, repr=False)
    sender_vat_id: str | None = field(default=None, repr=False)
    sender_eori: str | None = field(default=None, repr=False)
    recipient_vat_id: str | None = field(default=None, repr=False)
    recipient_eori: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class WaybillRequest:
    """A parcel that wants a waybill. Weight in g and size in mm where known; people and contents for remote carriers."""

    client_reference: str
    warehouse_id: uuid.UUID
    service_code: str
    weight_g: int | None = None
    size_mm: tuple[int, int, int] | None = None
    label_mm: tuple[int, int] = (100, 150)
    sender: Party | None = None
    recipient: Party | None = None
    contents: tuple[Content, ...] = ()
    signature: str | None = None  # anybody, recipient, adult
    insured_minor: int | None = None  # of this parcel, in `insured_currency`
    insured_currency: str | None = None
    duties: Duties | None = None
    door: AtTheDoor = AtTheDoor()


@dataclass(frozen=True)
class CarrierFault:
    """Why not. `code` is stable; `retryable`: the same request may succeed later."""

    code: str
    retryable: bool
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Charged:
    """What a carrier charges for a waybill, in minor units; `surcharges` are in the total."""

    currency: str
    total_minor: int
    surcharges: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class WaybillGranted:
    """The carrier's promise. `carrier_reference` is what it wants to hear when the waybill is voided.

    `label_pdf`: the carrier's own label, which is checked before it is used; None where we draw it. `charged`: what it costs; a
    fault where that was said and cannot be read, None where it was not said.
    """

    tracking_number: str
    carrier_reference: str | None = None
    label_pdf: bytes | None = field(default=None, repr=False)
    charged: Charged | CarrierFault | None = None


@dataclass(frozen=True)
class TrackedEvent:
    """What a carrier says happened to a parcel. `code` and `text` are the carrier's, `place` without an address."""

    code: str
    happened_at: datetime
    text: str = ""
    place: str = ""


@dataclass(frozen=True)
class RateRequest:
    """Goods that want to go somewhere, and the services that might take them. Of who receives them only where they live."""

    services: tuple[str, ...]
    weight_g: int
    size_mm: tuple[int, int, int] | None
    sender: Party
    recipient: Party
    signed: bool = False
    insured_minor: int | None = None
    insured_currency: str | None = None
    door: AtTheDoor = AtTheDoor()


@dataclass(frozen=True)
class Rate:
    """What a service would cost by its carrier's word. Money in minor units; `surcharges` are in the total.

    `days`, `valid_until` None: the carrier does not say.
    """

    service: str
    currency: str
    base_minor: int
    surcharges: tuple[tuple[str, int], ...]
    days: int | None
    valid_until: datetime | None = None

    @property
    def total_minor(self) -> int:
        return self.base_minor + sum(minor for _, minor in self.surcharges)


@dataclass(frozen=True)
class NotRated:
    """A service that does not take these goods. `code` is the carrier's."""

    service: str
    code: str


@dataclass(frozen=True)
class CollectionRequest:
    """A lorry that is wanted at a warehouse: on this day of its calendar, between these local times."""

    client_reference: str
    sender: Party
    place: str  # the dock, as its sign says; empty: no dock in particular
    day: date
    ready_at: time
    close_at: time
    time_zone: str
    parcels: int
    bags: int
    pallets: int
    weight_g: int
    remark: str = ""


@dataclass(frozen=True)
class CollectionGranted:
    """The carrier will come. `between`: local times, where it named its own."""

    carrier_reference: str
    between: tuple[time, time] | None = None


class CarrierConnection(Protocol):
    @property
    def capabilities(self) -> Capabilities: ...

    def create(self, request: WaybillRequest) -> WaybillGranted | CarrierFault:
        """A waybill for this reference: a new one, or the one it already has."""

    def create_new(self, requests: Sequence[WaybillRequest]) -> list[WaybillGranted] | CarrierFault:
        """Waybills for references never told before, in their order; all or none. Asked of local carriers only."""

    def void(self, client_reference: str, tracking_number: str) -> CarrierFault | None:
        """Give a waybill back; None when the carrier agrees. Voiding twice is agreement."""


class RemoteConnection(Protocol):
    """A carrier behind a network. Every method may take as long as its deadline: call none inside a transaction."""

    @property
    def capabilities(self) -> Capabilities: ...

    def find(self, client_reference: str) -> WaybillGranted | CarrierFault | None:
        """The waybill the carrier made for our reference and has not voided; None when there is none."""

    def create(self, request: WaybillRequest) -> WaybillGranted | CarrierFault:
        """A new waybill. After any earlier try the caller has asked `find` first."""

    def void(self, carrier_reference: str) -> CarrierFault | None:
        """Give a waybill back; None when the carrier agrees, or knows it no more."""

    def manifest(self, client_reference: str, carrier_references: Sequence[str]) -> str | CarrierFault:
        """Tell the carrier which waybills a lorry took; the carrier's number of that list. Again gives the same."""

    def track(self, tracking_number: str) -> list[TrackedEvent] | CarrierFault:
        """What happened to a parcel so far."""

    def rate(self, request: RateRequest) -> list[Rate | NotRated] | CarrierFault:
        """What the goods would cost with each of these services, in their order. Asked of who `can_rate`."""

    def collect(self, request: CollectionRequest) -> CollectionGranted | CarrierFault:
        """Order a lorry. After any earlier try the caller has asked `find_collection` first. Asked of who `can_collect`."""

    def find_collection(self, client_reference: str) -> CollectionGranted | CarrierFault | None:
        """The lorry that was ordered under our reference and not called off; None when there is none."""

    def call_off(self, carrier_reference: str, day: date) -> CarrierFault | None:
        """The lorry of this day need not come; None when the carrier agrees, or knows of none."""
