"""Words and tones of shipping's states. Its screens stand with the orders and on the floor."""

from __future__ import annotations

from flask import Blueprint

from wms.platform.pages import lazy, state_labels

BLUEPRINTS: list[Blueprint] = []

state_labels["shipment"] = {
    "open": (lazy("Open"), "idle"),
    "numbered": (lazy("Number drawn"), "info"),
    "labelled": (lazy("Labelled"), "info"),
    "handed_over": (lazy("Handed over"), "ok"),
    "voided": (lazy("Void"), "stop"),
}
state_labels["parcel"] = {
    "open": (lazy("Open"), "idle"),
    "closed": (lazy("Closed"), "info"),
    "handed_over": (lazy("Handed over"), "ok"),
    "voided": (lazy("Void"), "stop"),
}
state_labels["manifest"] = {
    "open": (lazy("Loading"), "info"),
    "closed": (lazy("Closed"), "ok"),
}
state_labels["carrier_task"] = {
    "waiting": (lazy("Waits"), "idle"),
    "asking": (lazy("Being asked"), "info"),
    "done": (lazy("Done"), "ok"),
    "refused": (lazy("Refused"), "stop"),
    "failed": (lazy("No answer"), "stop"),
    "dropped": (lazy("Not wanted any more"), "idle"),
}
