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
<<<<<<< HEAD
    "location_wrong_kind": N_("%(code)s is no place to put goods away."),
    "location_other_status": N_("%(code)s holds goods of another customs status."),
    "location_other_product": N_("%(code)s holds another product."),
    "location_full": N_("%(code)s takes only %(fits)s more."),
    "serial_known": N_("The serial number %(number)s is in stock already."),
    "serials_moving": N_("Scan the %(wanted)s serial numbers that go."),
    # reasons of a putaway suggestion
    "putaway_same_lot": N_("%(quantity)s of the same are there."),
    "putaway_same_product": N_("%(quantity)s of the same product are there."),
    "putaway_pick_face": N_("A free pick face."),
    "putaway_empty_bin": N_("The first empty bin on the walk."),
    "putaway_bulk": N_("An empty bulk place."),
    "putaway_shared_bin": N_("A bin for mixed products with room."),
    "putaway_not_good": N_("Not good: it waits for a decision."),
=======
    "serial_known": N_("That serial number was used before."),
    "serial_unknown": N_("That serial number was never received."),
>>>>>>> tier1
}
