"""The portal's pages, one file per area, and the words of the states that sellers meet."""

from __future__ import annotations

from wms.platform.pages import lazy, state_labels
from wms.portal.pages import (
    age,
    appointments,
    arrivals,
    bookings,
    carton_services,
    differences,
    home,
    kits,
    labels,
    order_change,
    order_labels,
    order_papers,
    order_prints,
    order_routing,
    order_stops,
    order_terms,
    order_ways,
    orders,
    packing_lists,
    pictures,
    product_files,
    products,
    returns,
    serials,
    services,
    stock,
)

BLUEPRINTS = [
    home.blueprint,
    orders.blueprint,
    order_change.blueprint,
    order_labels.blueprint,
    order_papers.blueprint,
    order_prints.blueprint,
    order_routing.blueprint,
    order_stops.blueprint,
    order_terms.blueprint,
    order_ways.blueprint,
    bookings.blueprint,
    packing_lists.blueprint,
    pictures.blueprint,
    carton_services.blueprint,
    differences.blueprint,
    appointments.blueprint,
    arrivals.blueprint,
    stock.blueprint,
    age.blueprint,
    serials.blueprint,
    product_files.blueprint,
    products.blueprint,
    labels.blueprint,
    returns.blueprint,
    services.blueprint,
    kits.blueprint,
]

state_labels["order"] = {
    "short": (lazy("Waiting for stock"), "warn"),
    "awaiting_customs": (lazy("At customs"), "hold"),
    "promised": (lazy("Stock reserved"), "info"),
    "waved": (lazy("In a wave"), "info"),
    "picking": (lazy("Picking"), "info"),
    "picked": (lazy("Picked"), "info"),
    "packed": (lazy("Packed"), "info"),
    "shipped": (lazy("Shipped"), "ok"),
    "cancelled": (lazy("Cancelled"), "idle"),
}
state_labels["customs"] = {
    "none": (lazy("No customs"), "idle"),
    "waiting": (lazy("Waiting for customs"), "hold"),
    "released": (lazy("Released by customs"), "ok"),
    "refused": (lazy("Refused by customs"), "stop"),
}
state_labels["booking"] = {
    "draft": (lazy("Draft"), "idle"),
    "submitted": (lazy("Submitted"), "info"),
    "in_transit": (lazy("On the way"), "info"),
    "arrived": (lazy("Arrived"), "info"),
    "receiving": (lazy("Receiving"), "info"),
    "received": (lazy("Received"), "info"),
    "putaway": (lazy("Putting away"), "info"),
    "completed": (lazy("Complete"), "ok"),
    "cancelled": (lazy("Cancelled"), "idle"),
}
state_labels["carton"] = {
    "declared": (lazy("Announced"), "idle"),
    "arrived": (lazy("At the dock"), "info"),
    "counting": (lazy("Being counted"), "info"),
    "counted": (lazy("Counted through"), "info"),
    "stowing": (lazy("Putting away"), "info"),
    "stowed": (lazy("On the shelf"), "ok"),
    "missing": (lazy("Missing"), "stop"),
}
state_labels["difference"] = {
    "noted": (lazy("Still counting"), "idle"),
    "open": (lazy("Awaits your decision"), "warn"),
    "decided": (lazy("Decided"), "info"),
    "settled": (lazy("Settled"), "ok"),
}
state_labels["appointment"] = {
    "booked": (lazy("Appointed"), "info"),
    "kept": (lazy("Arrived"), "ok"),
    "cancelled": (lazy("Cancelled"), "idle"),
}
state_labels["unknown_arrival"] = {
    "waiting": (lazy("Waits for its seller"), "warn"),
    "claimed": (lazy("Claimed"), "info"),
    "closed": (lazy("Settled"), "ok"),
}
state_labels["inspection"] = {
    "open": (lazy("Being inspected"), "hold"),
    "passed": (lazy("Passed"), "ok"),
    "failed": (lazy("Failed in part"), "stop"),
    "dropped": (lazy("Counted again"), "idle"),
}
state_labels["return"] = {
    "announced": (lazy("Announced"), "idle"),
    "receiving": (lazy("Receiving"), "info"),
    "completed": (lazy("Complete"), "ok"),
    "cancelled": (lazy("Cancelled"), "idle"),
}
state_labels["service_request"] = {
    "requested": (lazy("To accept"), "warn"),
    "accepted": (lazy("To do"), "info"),
    "working": (lazy("In work"), "info"),
    "done": (lazy("Done"), "ok"),
    "rejected": (lazy("Rejected"), "stop"),
    "cancelled": (lazy("Cancelled"), "idle"),
}
state_labels["conversion"] = {
    "offered": (lazy("Waits for the other seller"), "warn"),
    "open": (lazy("Goods kept"), "info"),
    "short": (lazy("Goods missing"), "stop"),
    "done": (lazy("Done"), "ok"),
    "declined": (lazy("Declined"), "idle"),
    "cancelled": (lazy("Cancelled"), "idle"),
    "undone": (lazy("Taken back"), "idle"),
}
