"""What shipping asks of a carrier. Faults are values: a carrier's "no" is an everyday answer.

A connection that is `local` answers from our own database and may be called inside a transaction. One that is not
talks over a network and is called by a job, never inside the command that asks for it (law 8). Either way `create`
carries our own reference: asked again with the same one it gives the same waybill, so that nothing is bought twice.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
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

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Capabilities:
        known = {each.name for each in fields(cls)}
        return cls(**{key: bool(value) for key, value in data.items() if key in known})

    def as_data(self) -> dict[str, bool]:
        return {each.name: getattr(self, each.name) for each in fields(self)}


@dataclass(frozen=True)
class WaybillRequest:
    """A parcel that wants a waybill. Weight in g and size in mm where known."""

    client_reference: str
    warehouse_id: uuid.UUID
    service_code: str
    weight_g: int | None = None
    size_mm: tuple[int, int, int] | None = None


@dataclass(frozen=True)
class WaybillGranted:
    """The carrier's promise. `carrier_reference` is what it wants to hear when the waybill is voided."""

    tracking_number: str
    carrier_reference: str | None = None


@dataclass(frozen=True)
class CarrierFault:
    """Why not. `code` is stable; `retryable`: the same request may succeed later."""

    code: str
    retryable: bool
    params: Mapping[str, Any] = field(default_factory=dict)


class CarrierConnection(Protocol):
    @property
    def capabilities(self) -> Capabilities: ...

    def create(self, request: WaybillRequest) -> WaybillGranted | CarrierFault:
        """A waybill for this reference: a new one, or the one it already has."""

    def create_new(self, requests: Sequence[WaybillRequest]) -> list[WaybillGranted] | CarrierFault:
        """Waybills for references never told before, in their order; all or none. Asked of local carriers only."""

    def void(self, client_reference: str, tracking_number: str) -> CarrierFault | None:
        """Give a waybill back; None when the carrier agrees. Voiding twice is agreement."""
