"""The states of a shipment, a parcel, a bag, a manifest, and of what a remote carrier is asked to do."""

from __future__ import annotations

from wms.core.workflow import Workflow, move
from wms.shipping.models import (
    BagState,
    CollectionState,
    ManifestState,
    ParcelState,
    QuoteState,
    ShipmentState,
    TaskState,
)

S, P, M, T, B, Q, C = ShipmentState, ParcelState, ManifestState, TaskState, BagState, QuoteState, CollectionState

SHIPMENT = Workflow(
    "shipment",
    ShipmentState,
    S.OPEN,
    {
        "await": move([S.OPEN, S.NUMBERED, S.LABELLED], S.OPEN),  # a number is on its way from a remote carrier
        "number": move(S.OPEN, S.NUMBERED),
        "label": move(S.NUMBERED, S.LABELLED),
        "hand_over": move(S.LABELLED, S.HANDED_OVER),
        "void": move([S.OPEN, S.NUMBERED, S.LABELLED], S.VOIDED),
        "take_off": move(S.HANDED_OVER, S.LABELLED),  # a parcel is off the load, before the truck left
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
        "take_off": move(P.HANDED_OVER, P.CLOSED),
    },
)
BAG = Workflow(
    "bag",
    BagState,
    B.OPEN,
    {
        "close": move(B.OPEN, B.CLOSED),
        "reopen": move(B.CLOSED, B.OPEN),
        "load": move(B.CLOSED, B.LOADED),
        "drop": move([B.OPEN, B.LOADED], B.DROPPED),
    },
)
MANIFEST = Workflow("manifest", ManifestState, M.OPEN, {"close": move(M.OPEN, M.CLOSED)})
CARRIER_TASK = Workflow(
    "carrier_task",
    TaskState,
    T.WAITING,
    {
        "ask": move([T.WAITING, T.ASKING], T.ASKING),  # from asking: whoever asked has died over it
        "finish": move(T.ASKING, T.DONE),
        "bring": move(T.WAITING, T.DONE),  # a person did, from the carrier's file
        "postpone": move(T.ASKING, T.WAITING),
        "refuse": move(T.ASKING, T.REFUSED),
        "give_up": move(T.ASKING, T.FAILED),
        "again": move([T.REFUSED, T.FAILED], T.WAITING),
        "drop": move([T.WAITING, T.ASKING, T.REFUSED, T.FAILED], T.DROPPED),
    },
)
QUOTE = Workflow(
    "carrier_quote",
    QuoteState,
    Q.WANTED,
    {
        "quote": move(Q.WANTED, Q.QUOTED),
        "refuse": move(Q.WANTED, Q.REFUSED),
        "miss": move(Q.WANTED, Q.SILENT),
        "want": move([Q.WANTED, Q.QUOTED, Q.REFUSED, Q.SILENT], Q.WANTED),  # other goods, or the word no longer holds
    },
)
COLLECTION = Workflow(
    "collection",
    CollectionState,
    C.WANTED,
    {
        "confirm": move(C.WANTED, C.CONFIRMED),  # by the carrier, or by a person who has its word
        "refuse": move(C.WANTED, C.REFUSED),
        "drop": move(C.WANTED, C.CALLED_OFF),  # before anybody was asked
        "call_off": move([C.WANTED, C.CONFIRMED], C.CALLING_OFF),
        "agree": move(C.CALLING_OFF, C.CALLED_OFF),
        "keep": move(C.CALLING_OFF, C.CONFIRMED),  # it comes all the same
        "collect": move(C.CONFIRMED, C.COLLECTED),
        "miss": move(C.CONFIRMED, C.MISSED),
    },
)
WORKFLOWS = (SHIPMENT, PARCEL, BAG, MANIFEST, CARRIER_TASK, QUOTE, COLLECTION)
