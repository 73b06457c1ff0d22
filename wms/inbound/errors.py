"""What inbound may refuse, in words."""

from wms.platform.i18n import N_

TEXTS = {
    "reference_taken": N_("This reference already belongs to %(number)s."),
    "carton_numbers_gap": N_("Carton numbers count from 1 without a gap; %(expected)s is next."),
    "product_unknown": N_("There is no product with the SKU %(sku)s."),
    "product_inactive": N_("This product is not active."),
    "warehouse_unknown": N_("There is no such warehouse."),
    "warehouse_closed": N_("This warehouse takes no bookings."),
    "carton_unknown": N_("No booking announces this carton."),
    "product_not_of_owner": N_("That belongs to another seller."),
    "item_needs_serials": N_("%(sku)s: scan %(wanted)s serial numbers, %(given)s given."),
    "serials_not_kept": N_("%(sku)s has no serial numbers."),
    "nothing_to_undo": N_("Nothing to take back."),
    "nothing_to_put_away": N_("Nothing of it is left in the carton."),
    "too_many_to_put_away": N_("Only %(left)s are left in the carton."),
    "carton_not_empty": N_("%(left)s are still in the carton."),
    "lot_needed": N_("Several batches are in there. Choose one."),
    "nothing_left_to_count": N_("All that was announced is counted."),
    "carton_not_here": N_("That carton has not arrived."),
    "nothing_missing": N_("No carton of it is awaited."),
    "arrival_closed": N_("This was settled before."),
    "condition_unknown": N_("Good or damaged?"),
    "too_many_files": N_("A booking has at most %(most)s files."),
    "cartons_begun": N_("Carton %(number)s has been dealt with already. The set cannot be replaced any more."),
    "check_digit_wrong": N_("The check digit is wrong. Please read the number again."),
    "not_by_transport": N_("Goods that travel so have no such number."),
    "not_on_the_quarter": N_("Only whole quarters of an hour."),
    "not_in_the_time": N_("Choose a time within the next %(days)s days."),
    "docks_taken": N_("No dock is free then. The next free time is %(free_from)s."),
    "no_dock": N_("This warehouse has no such dock."),
    "no_appointment": N_("There is no appointment."),
    "finding_unknown": N_("Unlabelled or mixed?"),
    "decision_impossible": N_("That cannot be done with such a difference."),
    "relabel_only": N_("Only relabelled goods become another product."),
    "difference_goods_away": N_(
        "Only %(left)s of %(wanted)s are still in the carton. Those put away may be promised to orders."
    ),
    "carton_partly_settled": N_("Goods of this carton have left already. It cannot be counted again."),
}
