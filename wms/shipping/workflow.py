"""The states of a shipment, a parcel and a manifest."""

from __future__ import annotations

from wms.core.workflow import Workflow, move
from wms.shipping.models import ManifestState, ParcelState, ShipmentState

S, P, M = ShipmentState, ParcelState, ManifestState

SHIPMENT = Workflow(
    "shipment",
    ShipmentState,
    S.OPEN,
    {
        "number": move(S.OPEN, S.NUMBERED),
        "label": move(S.NUMBERED, S.LABELLED),
        "hand_over": move(S.LABELLED, S.HANDED_OVER),
        "void": move([S.OPEN, S.NUMBERED, S.LABELLED], S.VOIDED),
        "take_back": move(S.HANDED_OVER, S.VOIDED),  # off the load, before the truck left
    },
)
PARCEL = Workflow(
    "parcel",
    ParcelState,
    P.OPEN,
    {
        "close": move(P.OPEN, P.CLOSED),
        "reopen": move(P.CLOSED, P.OPEN),
        "hand_over": move(P.CLOSED, P.HANDED_OVER),
        "void": move([P.OPEN, P.CLOSED], P.VOIDED),
        "take_back": move(P.HANDED_OVER, P.VOIDED),
    },
)
MANIFEST = Workflow("manifest", ManifestState, M.OPEN, {"close": move(M.OPEN, M.CLOSED)})
WORKFLOWS = (SHIPMENT, PARCEL, MANIFEST)
