"""Words of what is agreed with a seller, shown by several faces."""

from __future__ import annotations

from wms.platform.pages import lazy

# What an API key may do, in the order in which a seller meets them.
SCOPE_WORDS = {
    "products.read": lazy("Read products"), "products.write": lazy("Create and change products"),
    "bookings.read": lazy("Read bookings, receipts and differences"),
    "bookings.write": lazy("Book shipments, decide about differences"),
    "stock.read": lazy("Read stock and its history"),
    "orders.read": lazy("Read orders and shipments"), "orders.write": lazy("Create, change and cancel orders"),
    "returns.read": lazy("Read returns"), "returns.write": lazy("Announce and withdraw returns"),
    "labels.read": lazy("Ask for labels and fetch them"),
    "services.read": lazy("Read services and requests"), "services.write": lazy("Ask for services"),
    "facility.read": lazy("Read warehouses, bins and boxes"),
}  # fmt: skip
ROTATION_WORDS = {
    "fefo": lazy("Earliest expiry first"), "fifo": lazy("Oldest arrival first"), "lefo": lazy("Latest expiry first"),
}  # fmt: skip
ROTATION_NOTES = {
    "fefo": lazy("Of goods that expire on one day, or never, those that came first."),
    "fifo": lazy("Whatever the expiry; of goods that came on one day, those that expire first."),
    "lefo": lazy("The buyer gets what keeps longest; of goods that expire on one day, those that came first."),
}
