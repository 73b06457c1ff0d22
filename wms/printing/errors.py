"""What printing may refuse, in words."""

from __future__ import annotations

from wms.platform.i18n import N_, refusal_texts
from wms.printing import words

TEXTS = {
    **words.TEXTS,
    "not_ready": N_("The label is still being made. Wait a moment."),
    "label_refused": N_("The label cannot be printed. %(field)s: %(reason)s."),
    "label_file_refused": N_("The label file cannot be used: %(reason)s."),
    "product_unknown": N_("There is no product with the SKU %(sku)s."),
    "sku_or_id": N_("Name the product once: by its SKU or by its id."),
    "label_voided": N_("This label is void. Do not use it."),
    "label_superseded": N_("There is a newer label. Use that one."),
    "label_erased": N_("This label has been erased."),
    "bundle_failed": N_("None of these labels can be printed."),
    "sent_before": N_("This label was already sent to print. Scan it, or say that none came out."),
    "printed_before": N_("This label was already printed. A reprint needs a reason."),
    "arm_first": N_("Print this label from the bench."),
    "reprint_reason_missing": N_("Say why it is printed again."),
    "not_printed_yet": N_("This label was never printed."),
    "no_label": N_("There is no label of this."),
    "too_many_labels": N_("At most %(limit)s labels in one request."),
    "at_a_printer": N_("This label waits at a printer."),
    "still_sending": N_("This label is being sent to its printer right now. Wait a minute."),
    "reprint_not_permitted": N_("A supervisor has to do this."),
    "print_expired": N_("This print has waited too long. Ask for it again."),
    "claim_lost": N_("This job is not with this agent any more."),
    "media_differs": N_("%(printer)s has labels of another size loaded."),
    "code_unknown": N_("This code is not known, was used before, or is too old. Make a new one."),
    "agent_name_taken": N_("There is an agent called %(name)s already."),
    "printer_name_taken": N_("There is a printer called %(name)s already."),
    "printer_address": N_("Not an address of that kind of printer."),
    "printer_language": N_("Port 9100 wants a label printer's own language."),
    "same_printer": N_("The second printer must be another one."),
    "size_unknown": N_("This size is not offered."),
    "design_changed": N_(
        "Somebody has saved version %(number)s since you opened this. Open it, then make your change again."
    ),
    "design_elsewhere": N_("This design is for another label: %(kind)s, %(size)s mm."),
    "design_has_faults": N_("Faults stop this version from being published: %(count)s. The editor names them."),
    "design_not_published": N_("No version of this design is in force."),
    "design_of_house_only": N_("This kind of label belongs to the house, not to a seller."),
}
refusal_texts.explain("label_refused", "reason", words.PREFIX)
refusal_texts.explain("label_file_refused", "reason", words.PREFIX)
