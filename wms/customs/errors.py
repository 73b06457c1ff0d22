"""What customs may refuse, in words."""

from __future__ import annotations

from wms.platform.i18n import N_

TEXTS = {
    "not_bonded": N_("%(warehouse)s is not a bonded warehouse."),
    "book_item_unknown": N_("No goods of item %(item)s have arrived here."),
    "document_recorded": N_("Document %(document)s is already recorded for item %(item)s."),
    "document_taken": N_("Document %(document)s already released something else."),
    "gate_pass_taken": N_("Pass %(number)s is recorded for a load already."),
    "document_missing": N_("Type the number of the document."),
    "already_released": N_("Customs already released this under %(document)s."),
    "not_unaccounted": N_("%(left)s are unaccounted and not declared yet, %(wanted)s wanted."),
    "unaccounted_gone": N_("Only %(left)s of these %(wanted)s are still unaccounted. Withdraw what else was declared."),
    "surplus_declared": N_("Customs was told of this surplus under %(number)s. Withdraw that first."),
    "bin_needed": N_("Say which bin they are put into."),
    "unknown_bin": N_("No bin has the code %(place)s here."),
    "list_filed": N_("List %(document)s is filed for it already."),
    "list_out_first": N_("The list of the warehouse that sends has to be filed first."),
    "list_not_linked": N_("The outbound list of this transfer is %(document)s."),
    "lists_missing": N_("Both entry lists of the transfer must be filed first. See Transfers in bond."),
    "release_empty": N_("A release names at least one product."),
}
