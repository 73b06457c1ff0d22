"""Refusals of returns."""

from wms.platform.i18n import N_

TEXTS = {
    "return_reference_taken": N_("This reference already belongs to %(number)s."),
    "order_not_shipped": N_("That order has not been shipped."),
    "order_unknown": N_("No such order."),
    "not_in_return": N_("Not part of this return."),
    "more_than_shipped": N_("Only %(left)s can still come back."),
    "nothing_to_inspect": N_("Nothing of it waits to be inspected."),
    "still_to_inspect": N_("%(left)s units are still to be inspected."),
    "serial_other": N_("%(number)s did not leave with this order."),
    "serial_back": N_("%(number)s is back already."),
    "return_closed": N_("This return is finished."),
    "permit_for_bond": N_("Going back into bond needs a permit."),
}
