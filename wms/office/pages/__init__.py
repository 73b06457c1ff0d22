"""The office's pages, one file per area, and the words of the states that the warehouse meets."""

from __future__ import annotations

from wms.office.pages import (
    adjustments,
    aisles,
    arrivals,
    bins,
    board,
    conversions,
    counts,
    customs,
    cut_offs,
    designs,
    destructions,
    docks,
    exceptions,
    holds,
    houses,
    inbound,
    inspections,
    interceptions,
    manifests,
    orders,
    packaging,
    places,
    printers,
    prints,
    putaway,
    recall,
    replenishment,
    services,
    stock,
    system,
    wave_rules,
    wave_settings,
    waves,
)
from wms.platform.pages import lazy, state_labels

BLUEPRINTS = [
    board.blueprint,
    orders.blueprint,
    waves.blueprint,
    wave_settings.blueprint,
    wave_rules.blueprint,
    aisles.blueprint,
    exceptions.blueprint,
    interceptions.blueprint,
    destructions.blueprint,
    cut_offs.blueprint,
    inbound.blueprint,
    docks.blueprint,
    inspections.blueprint,
    arrivals.blueprint,
    manifests.blueprint,
    bins.blueprint,
    places.blueprint,
    houses.blueprint,
    putaway.blueprint,
    replenishment.blueprint,
    packaging.blueprint,
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
    services.blueprint,
    conversions.blueprint,
]

state_labels["wave"] = {"released": (lazy("Released"), "info"), "done": (lazy("Done"), "ok")}
state_labels["batch"] = {
    "open": (lazy("Free"), "idle"),
    "picking": (lazy("Picking"), "info"),
    "done": (lazy("Done"), "ok"),
}
state_labels["pick_task"] = {
    "open": (lazy("To pick"), "idle"),
    "set_aside": (lazy("Waits for customs"), "warn"),
    "done": (lazy("Picked"), "ok"),
    "held": (lazy("Waiting"), "hold"),
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
state_labels["replenishment"] = {
    "open": (lazy("To fetch"), "idle"),
    "walking": (lazy("Being fetched"), "info"),
    "done": (lazy("Done"), "ok"),
    "short": (lazy("Short"), "stop"),
    "cancelled": (lazy("Cancelled"), "idle"),
}
