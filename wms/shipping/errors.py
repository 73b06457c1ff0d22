"""What shipping may refuse, in words."""

from __future__ import annotations

from wms.platform.i18n import N_

TEXTS = {
    "service_closed": N_("The service %(service)s is not offered here."),
    "carrier_refused": N_("The carrier refused: %(reason)s."),
    "carrier_later": N_("The carrier does not answer. Try again."),
    # What a remote carrier's answer was, as the office reads it.
    "carrier_away": N_("The carrier's server cannot be reached."),
    "carrier_slow": N_("The carrier's server took too long."),
    "carrier_busy": N_("The carrier's server is busy or broken (%(status)s)."),
    "carrier_broken_off": N_("The carrier's server broke off in the middle."),
    "carrier_not_json": N_("The carrier's server answered with something that is not its protocol."),
    "carrier_wrong_shape": N_("The carrier's answer lacks or garbles “%(field)s”."),
    "carrier_too_much": N_("The carrier's answer is longer than any answer may be."),
    "carrier_redirects": N_("The carrier's server points elsewhere. Ask the carrier for the right address."),
    "carrier_certificate": N_("The certificate of %(host)s is not valid."),
    "carrier_not_allowed": N_("%(host)s stands in a network that is not allowed (WMS_CARRIER_NETWORKS)."),
    "carrier_credentials": N_("The carrier does not accept our credentials."),
    "carrier_says_no": N_("The carrier says no: %(reason)s."),
    "carrier_other_parcel": N_("The carrier answered about another parcel."),
    "carrier_number_taken": N_("The carrier gave the number %(number)s, which another parcel has."),
    "carrier_several": N_("The carrier has %(waybills)s waybills for this parcel. Have it void all but one."),
    "carrier_label": N_("The carrier's label cannot be used: %(label)s."),
    "carrier_no_account": N_("The carrier's address and credentials are not set."),
    "carrier_address": N_("The carrier's address is not valid."),
    "carrier_no_recipient": N_("The buyer's address has been erased."),
    # Rates and the choice between services.
    "rate_row": N_("Row %(row)s: the column %(column)s is not right."),
    "rate_setting": N_("The table lacks the setting %(name)s."),
    "rule_candidates": N_("One to twenty different services, by code. There is none called: %(codes)s"),
    # Setting one up.
    "carrier_address_wrong": N_("Give an https address, without login or query, outside private networks."),
    "carrier_token_wrong": N_("A token is 8 to 400 characters without blanks."),
    "carrier_kind_local": N_("This carrier is not asked over a network."),
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
