"""What the catalog may refuse, in words."""

from __future__ import annotations

from wms.platform.i18n import N_

TEXTS = {
    "level_quantity": N_("Each means one unit; an inner, a case or a pallet more than one."),
    "sku_taken": N_("There is already a product with the SKU %(sku)s."),
    "sku_form": N_("A SKU has letters, digits and - _ # * / & + ? . ( ) @ only."),
    "code_is_ours": N_("%(code)s is a code of the warehouse."),
    "gtin_check_digit": N_("The check digit of %(code)s is wrong; it would be %(expected)s."),
    "gtin_form": N_("A GTIN has 8, 12, 13 or 14 digits."),
    "barcode_form": N_("A barcode has printable ASCII characters without blanks."),
    "product_file_gone": N_("The products of the file did not come through. Choose the file again."),
    "barcode_twice": N_("%(code)s appears more than once."),
    "barcode_taken": N_("%(code)s already means the product %(sku)s."),
    "control_in_stock": N_("Units of it are in stock. This changes when none are left."),
    "last_barcode": N_("A product needs at least one barcode."),
    "picture_there": N_("%(sku)s has a picture already. Its seller can change it."),
    "measured_incomplete": N_("Measure weight, length, width and height."),
    "value_without_currency": N_("A declared value needs its currency."),
    "unit_without_factor": N_("A customs unit needs its factor."),
}
