"""Refusals of the ledger and its claims."""

from wms.platform.i18n import N_

TEXTS = {
    "not_enough_stock": N_("Only %(on_hand)s there, %(wanted)s wanted."),
    "stock_is_allocated": N_("%(allocated)s of %(on_hand)s are kept for orders."),
    "allocation_changed": N_("The pick has changed. Look again."),
    "conversion_does_not_balance": N_("%(consumed)s in and %(yielded)s out do not match the recipe."),
    "customs_permit_needed": N_("Customs has not released this."),
    "permit_used_up": N_("The permit covers %(left)s, %(wanted)s wanted."),
    "permit_does_not_fit": N_("The permit is for other goods."),
    "stock_short": N_("Not enough stock to promise."),
    "stock_is_held": N_("This is frozen. Ask the supervisor."),
    "stock_is_promised": N_("Only %(free)s are free, the rest is promised."),
    "not_reversible": N_("This cannot be reversed any more."),
    "already_reversed": N_("This was reversed before."),
    "promise_gone": N_("The stock is no longer promised."),
    "short_line": N_("%(free)s free, %(wanted)s wanted."),
    "location_foreign": N_("That place is in another warehouse."),
    "location_closed": N_("That place is closed."),
    "hold_ended": N_("The hold was ended before."),
    "expiry_required": N_("This product needs an expiry date."),
    "lot_required": N_("This product needs a batch."),
    "book_item_missing": N_("This product has no customs item number."),
    "not_booked_enough": N_("Only %(unbooked)s wait to be booked."),
    "nothing_there": N_("Nothing of it is there."),
}
