"""What the facility may refuse, in words."""

from __future__ import annotations

from wms.platform.i18n import N_

TEXTS = {
    "site_code_taken": N_("This site code is taken."),
    "warehouse_code_taken": N_("This warehouse code is taken."),
    "zone_code_taken": N_("This zone code is taken."),
    "station_code_taken": N_("This station code is taken."),
    "unit_code_taken": N_("This container code is taken."),
    "time_zone_unknown": N_("There is no such time zone."),
    "regime_needed": N_("A bonded warehouse needs its customs regime."),
    "regime_not_bonded": N_("Only a bonded warehouse has a customs regime."),
    "label_prefix_taken": N_("Another warehouse prints this prefix."),
    "code_not_printable": N_("Codes have A-Z, 0-9, hyphen and point only."),
    "pattern_unreadable": N_("The pattern cannot be read at “%(part)s”."),
    "pattern_needs": N_("The pattern must name {%(field)s}."),
    "range_empty": N_("The range ends before it begins."),
    "too_many_locations": N_("At most %(max)s locations at once."),
    "location_exists": N_("Location %(code)s is already there."),
    "location_barcode_taken": N_("The label of %(code)s is in use elsewhere."),
    "packaging_code_taken": N_("There is already a box or bag %(code)s here."),
    "packaging_outer": N_("The outside is no smaller than the inside."),
    "packaging_max": N_("It must carry more than it weighs."),
    "depot_not_there": N_("There are %(rows)s cross aisles and %(aisles)s aisles."),
    "aisle_not_there": N_("There are %(aisles)s aisles in %(blocks)s blocks."),
    "aisle_both_ways": N_("Aisle %(aisle)s cannot lead both up and down. Leave it out: then it is walked both ways."),
    "one_way_form": N_("Not understood: “%(part)s”. Write 3 up, or 5@2 down for aisle 5 in block 2."),
    "depot_form": N_(
        "Not understood: “%(part)s”. Write the cross aisle and the aisle, as 1:12; at most %(most)s of them."
    ),
    "aisle_cut_off": N_("Aisle %(aisle)s could not be walked to and left again."),
}
