"""Every refusal of this feature with its text."""

from __future__ import annotations

from wms.platform.i18n import N_

TEXTS = {
    "sheet_rows_differ": N_("An earlier line of this order says something else."),
    "sheet_country": N_("No country is called so. Write its two letters, like DE."),
    "sheet_kind": N_("No kind of order is called so. One of: %(choices)s."),
    "sheet_kind_elsewhere": N_("A row cannot say all of such an order. Make it on its page or by API."),
    "sheet_no_orders": N_("No order of this file can be made."),
    "import_gone": N_("The file is not kept any more. Upload it again."),
    "too_many_imports": N_("%(most)s files are open already. Make or drop their orders first."),
}
