"""Words of what is agreed with a seller, shown by several faces."""

from __future__ import annotations

from wms.platform.pages import lazy

ROTATION_WORDS = {
    "fefo": lazy("Earliest expiry first"), "fifo": lazy("Oldest arrival first"), "lefo": lazy("Latest expiry first"),
}  # fmt: skip
ROTATION_NOTES = {
    "fefo": lazy("Of goods that expire on one day, or never, those that came first."),
    "fifo": lazy("Whatever the expiry; of goods that came on one day, those that expire first."),
    "lefo": lazy("The buyer gets what keeps longest; of goods that expire on one day, those that came first."),
}
