"""The office's pages, one file per area, and the words of the states that the warehouse meets."""

from __future__ import annotations

from wms.office.pages import (
    adjustments,
    arrivals,
    bins,
    board,
    carriers,
    counts,
    customs,
    designs,
    docks,
    exceptions,
    holds,
    inbound,
    inspections,
    orders,
    places,
    printers,
    prints,
    putaway,
    rates,
    recall,
    stock,
    system,
    waves,
)
from wms.platform.pages import lazy, state_labels

BLUEPRINTS = [
    board.blueprint,
    orders.blueprint,
    waves.blueprint,
    exceptions.blueprint,
    carriers.blueprint,
    rates.blueprint,
    inbound.blueprint,
    docks.blueprint,
    inspections.blueprint,
    arrivals.blueprint,
    bins.blueprint,
    places.blueprint,
    putaway.blueprint,
    counts.blueprint,
    adjustments.blueprint,
    stock.blueprint,
    holds.blueprint,
    recall.blueprint,
    customs.blueprint,
    designs.blueprint,
    printers.blueprint,
    prints.blueprint,
    system.blueprint,
]

state_labels["wave"] = {"released": (lazy("Released"), "info"), "done": (lazy("Done"), "ok")}
state_labels["batch"] = {
    "open": (lazy("Free"), "idle"),
    "picking": (lazy("Picking"), "info"),
    "done": (lazy("Done"), "ok"),
}
state_labels["pick_task"] = {
    "open": (lazy("To pick"), "idle"),
    "done": (lazy("Picked"), "ok"),
    "short": (lazy("Short"), "stop"),
    "cancelled": (lazy("Cancelled"), "idle"),
}
state_labels["count"] = {
    "open": (lazy("To count"), "idle"),
    "counting": (lazy("Being counted"), "info"),
    "review": (lazy("To decide"), "warn"),
    "done": (lazy("Counted through"), "ok"),
    "cancelled": (lazy("Cancelled"), "idle"),
}
state_labels["adjustment"] = {
    "requested": (lazy("To approve"), "warn"),
    "posted": (lazy("Posted"), "ok"),
    "rejected": (lazy("Rejected"), "idle"),
    "reversed": (lazy("Taken back"), "idle"),
}
