"""What shipping may refuse, in words."""

from __future__ import annotations

from wms.platform.i18n import N_

TEXTS = {
    "service_closed": N_("The service %(service)s is not offered here."),
    "carrier_refused": N_("The carrier refused: %(reason)s."),
    "carrier_later": N_("The carrier does not answer. Try again."),
    "numbers_used_up": N_("No waybill numbers are left for %(carrier)s."),
    "one_parcel_only": N_("%(carrier)s takes one parcel a shipment."),
    "weigh_first": N_("Weigh the parcel first."),
    "size_missing": N_("Measure the parcel first."),
    "number_missing": N_("The parcel has no waybill number yet."),
    "waybill_differs": N_("This waybill belongs to another parcel."),
    "waybill_voided": N_("This waybill is void. Do not ship it."),
    "parcel_needed": N_("A shipment keeps one parcel."),
    "parcel_is_closed": N_("The parcel is closed."),
    "parcel_open": N_("The parcel is not closed yet."),
    "parcel_gone": N_("The parcel has been handed over."),
    "other_carrier": N_("This parcel goes with %(carrier)s."),
    "manifest_closed": N_("The manifest %(number)s is closed."),
    "carrier_code_taken": N_("There is already a carrier %(code)s."),
    "service_code_taken": N_("There is already a service %(code)s here."),
    "range_prefix": N_("The prefix does not suit the scheme."),
    "range_country": N_("S10 numbers end with a country of two letters."),
    "range_extension": N_("An SSCC begins with an extension digit."),
    "range_serials": N_("The serials do not fit this form of number."),
    "range_overlaps": N_("Some of these numbers are already in a range."),
}
