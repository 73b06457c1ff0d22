"""Words of what is shown of an order by several faces: what stops it, and what it does without stock."""

from __future__ import annotations

from wms.platform.pages import lazy

HOLD_WORDS = {
    "address": lazy("The address is in doubt"), "payment": lazy("Not paid yet"), "fraud": lazy("It may be fraud"),
    "buyer_asks": lazy("The buyer asks to wait"), "documents": lazy("A document is missing"),
    "dangerous": lazy("Dangerous goods to be checked"), "stock_check": lazy("The goods are being checked"),
    "no_waybill": lazy("The carrier gives no waybill"),
    "label_missing": lazy("The seller's label is missing"), "other": lazy("Another reason"),
}  # fmt: skip
KIND_WORDS = {
    "dropship": lazy("Dropship to a buyer"), "b2b": lazy("To a business"), "return_to_seller": lazy("Back to the seller"),
    "destruction": lazy("To be destroyed"), "transfer": lazy("To another warehouse"),
    "pick_up": lazy("Picked up at the counter"),
    "fba": lazy("To Amazon (FBA)"),
}  # fmt: skip
FILL_WORDS = {
    "fill_all": lazy("Wait until all of it is there"), "fill_or_kill": lazy("All at once or not at all"),
    "partial": lazy("Send what is there, the rest later"),
}  # fmt: skip
SIDE_WORDS = {"seller": lazy("Seller"), "warehouse": lazy("Warehouse"), "system": lazy("System")}
INTERCEPT_WORDS = {
    "buyer_cancelled": lazy("The buyer cancelled"), "duplicate": lazy("It is a duplicate"),
    "address_problem": lazy("The address is wrong"), "billing": lazy("Billing"), "other": lazy("Another reason"),
}  # fmt: skip
REFUSAL_WORDS = {
    "truck_left": lazy("The truck has left"), "not_found": lazy("It could not be found in time"),
    "other": lazy("Another reason"),
}  # fmt: skip
DAMAGE_WORDS = {
    "broken": lazy("Broken"), "wet": lazy("Wet"), "dirty": lazy("Dirty"), "package": lazy("Its package is damaged"),
    "expired": lazy("Expired"), "other": lazy("Another reason"),
}  # fmt: skip
