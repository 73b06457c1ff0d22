"""Words and tones of shipping's states, and the one page of its own: where a parcel is, for whoever has its address.

Its other screens stand with the orders, in the office and on the floor.
"""

from __future__ import annotations

import uuid

from flask import Blueprint, Response, current_app, make_response, render_template, request, url_for
from flask_babel import force_locale

from wms.core.refusals import not_found
from wms.platform.access import public
from wms.platform.i18n import choose_language
from wms.platform.pages import lazy, state_labels
from wms.shipping import queries, tracking_words
from wms.shipping.tracking import parcel_of_key, public_key

blueprint = Blueprint("tracking", __name__, url_prefix="/t", template_folder="templates")
BLUEPRINTS = [blueprint]


@blueprint.get("/<parcel_key>")
@public
def show(parcel_key: str) -> Response:
    """Where a parcel is, in the language of the reader's browser or the one that was tapped (`?language=`): no name, no
    address, no order. The address cannot be guessed; who asks without a login has the requests of their network address
    (`platform.limits`).
    """
    parcel_id = parcel_of_key(parcel_key, current_app.config["SECRET_KEY"])
    way = next(iter(queries.ways([parcel_id])), None) if parcel_id is not None else None
    if way is None:
        raise not_found("parcel")
    language = tracking_words.choose(request.args.get("language", ""), request.accept_languages, choose_language())
    words = tracking_words.WORDS.get(language)
    states = dict(zip(tracking_words.STATES, words.states, strict=True)) if words else {}
    with force_locale(language):
        page = render_template(
            "shipping/tracking.html", way=way, words=words, states=states, languages=tracking_words.LANGUAGES,
            lang=language.replace("_", "-"),
        )  # fmt: skip
    response = make_response(page)
    response.headers["Vary"] = "Accept-Language, Cookie"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "private, max-age=60"
    return response


def page_of(parcel_id: uuid.UUID) -> str:
    """The public address of a parcel's page."""
    return url_for("tracking.show", parcel_key=public_key(parcel_id, current_app.config["SECRET_KEY"]), _external=True)


state_labels["shipment"] = {
    "open": (lazy("No number yet"), "idle"),
    "numbered": (lazy("Number drawn"), "info"),
    "labelled": (lazy("Labelled"), "info"),
    "handed_over": (lazy("Handed over"), "ok"),
    "voided": (lazy("Void"), "stop"),
}
state_labels["parcel"] = {
    "open": (lazy("To be packed"), "idle"),
    "closed": (lazy("Packed"), "info"),
    "handed_over": (lazy("Handed over"), "ok"),
    "voided": (lazy("Void"), "stop"),
}
state_labels["bag"] = {
    "open": (lazy("Being filled"), "info"),
    "closed": (lazy("Bag closed"), "warn"),
    "loaded": (lazy("On a load"), "ok"),
    "dropped": (lazy("Given up"), "idle"),
}
state_labels["manifest"] = {
    "open": (lazy("Loading"), "info"),
    "closed": (lazy("Closed"), "ok"),
}
state_labels["carrier_task"] = {
    "waiting": (lazy("Waits"), "idle"),
    "asking": (lazy("Being asked"), "info"),
    "done": (lazy("Done"), "ok"),
    "refused": (lazy("Refused"), "stop"),
    "failed": (lazy("No answer"), "stop"),
    "dropped": (lazy("Not wanted any more"), "idle"),
}
state_labels["tracking"] = {
    "pending": (lazy("Not with the carrier yet"), "idle"),
    "picked_up": (lazy("With the carrier"), "info"),
    "in_transit": (lazy("On its way"), "info"),
    "out_for_delivery": (lazy("Out for delivery"), "info"),
    "ready_for_pickup": (lazy("Ready to be collected"), "warn"),
    "delivered": (lazy("Delivered"), "ok"),
    "delivery_failed": (lazy("Could not be delivered"), "stop"),
    "delivery_delayed": (lazy("Delayed"), "warn"),
    "on_hold": (lazy("Held on its way"), "warn"),
    "return_to_sender": (lazy("Going back to the sender"), "stop"),
    "cancelled": (lazy("Not sent"), "idle"),
    "unknown": (lazy("Noted by the carrier"), "idle"),
}
# Why a service could not be chosen.
state_labels["no_quote"] = {
    "no_card": (lazy("has no rates"), "idle"),
    "no_zone": (lazy("does not go there"), "idle"),
    "too_heavy": (lazy("does not carry so much"), "idle"),
    "too_long": (lazy("does not carry anything so long"), "idle"),
    "other_currency": (lazy("is priced in another currency"), "idle"),
    "no_signature": (lazy("hands over without a signature"), "idle"),
    "no_insurance": (lazy("does not insure"), "idle"),
    "no_cod": (lazy("collects no money"), "idle"),
    "no_age_check": (lazy("does not check ages"), "idle"),
    "no_liftgate": (lazy("has no tail lifts"), "idle"),
    "no_delivery": (lazy("does not deliver on a named day"), "idle"),
    "says_no": (lazy("does not take these goods, by its carrier’s word"), "idle"),
    "silent": (lazy("its carrier did not say a price"), "warn"),
}
state_labels["collection"] = {
    "wanted": (lazy("Ordered, not confirmed"), "info"),
    "confirmed": (lazy("The lorry comes"), "ok"),
    "refused": (lazy("Turned down"), "stop"),
    "calling_off": (lazy("Being called off"), "info"),
    "called_off": (lazy("Called off"), "idle"),
    "collected": (lazy("Collected"), "ok"),
    "missed": (lazy("Nobody came"), "stop"),
}
state_labels["carrier_quote"] = {
    "wanted": (lazy("Is being asked"), "info"),
    "quoted": (lazy("Said a price"), "ok"),
    "refused": (lazy("Said no"), "idle"),
    "silent": (lazy("Did not answer"), "warn"),
}
