"""The office's pages, one file per area, and the words of the states that the warehouse meets."""

from __future__ import annotations

from wms.office.pages import (
    arrivals,
    bins,
    board,
    customs,
    docks,
    exceptions,
    inbound,
    inspections,
    orders,
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
    inbound.blueprint,
    docks.blueprint,
    inspections.blueprint,
    arrivals.blueprint,
    bins.blueprint,
    stock.blueprint,
    customs.blueprint,
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
