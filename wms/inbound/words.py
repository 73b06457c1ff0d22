"""Words for what inbound says in codes; shown by pages of several features."""

from __future__ import annotations

from flask_babel import lazy_gettext as lazy

DIFFERENCE_WORDS = {
    "over": lazy("Too many"), "short": lazy("Missing"), "wrong": lazy("Wrong product"), "damaged": lazy("Damaged"),
    "unlabelled": lazy("Unlabelled"), "mixed": lazy("Mixed"), "other_lot": lazy("Other batch or days"),
    "other_serial": lazy("Other serial number"),
}  # fmt: skip
DECISION_WORDS = {
    "accept": lazy("Accept as received"), "relabel": lazy("Relabel"), "return": lazy("Send back"),
    "destroy": lazy("Destroy"), "recount": lazy("Count again"),
}  # fmt: skip
COUNTING_WORDS = {"guided": lazy("Guided"), "blind": lazy("Blind")}
FILE_WORDS = {
    "photo": lazy("Photo"), "packing_list": lazy("Packing list"), "invoice": lazy("Invoice"),
    "customs": lazy("Customs papers"), "other": lazy("Other"),
}  # fmt: skip
TRANSPORT_WORDS = {
    "express": lazy("Express"), "air": lazy("Air"), "sea": lazy("Sea"), "sea_fcl": lazy("Sea, full container (FCL)"),
    "sea_lcl": lazy("Sea, part of a container (LCL)"), "rail": lazy("Rail"), "road": lazy("Road"),
}  # fmt: skip
