"""Words for what the tables of services say in codes; shown by pages of several features."""

from __future__ import annotations

from flask_babel import lazy_gettext as lazy

WORK_WORDS = {
    "label": lazy("Labelling"), "photo": lazy("Photos"), "pack": lazy("Packing"), "kit": lazy("Kits"),
    "split": lazy("Splitting cartons"), "count": lazy("Counting"), "check": lazy("Checking"),
    "other": lazy("Other work"),
}  # fmt: skip
UNIT_WORDS = {
    "unit": lazy("unit"), "carton": lazy("carton"), "pallet": lazy("pallet"), "request": lazy("request"),
}  # fmt: skip
EFFECT_WORDS = {
    "none": lazy("The stock stays as it is"), "relabel": lazy("The goods become another product"),
    "grade": lazy("Goods of another quality become a product that sells"),
    "kit": lazy("Parts become a kit"), "unkit": lazy("A kit becomes its parts"),
}  # fmt: skip
PROOF_WORDS = {"photo": lazy("Photo"), "count": lazy("Number counted"), "weight": lazy("Weight")}
