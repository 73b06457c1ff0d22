"""The ways out of a shortage in words: what each does, how it is taken back, and why it is closed."""

from __future__ import annotations

from flask_babel import gettext as _

from wms.outbound.ways import Offer, Way
from wms.platform.pages import lazy

TITLES = {
    Way.BINS: lazy("Take it from other bins"),
    Way.FACE: lazy("Fill the pick face first"),
    Way.SPLIT: lazy("Send what is there"),
    Way.HOLD: lazy("Hold the order"),
}
BACK = {
    Way.BINS: lazy("Taken back by filling the pick face first."),
    Way.FACE: lazy("Taken back by taking it from other bins."),
    Way.SPLIT: lazy("Taken back on the back order's page, as long as nobody works on either part."),
    Way.HOLD: lazy("Taken back by ending the hold."),
}
WHY = {
    "walk_in_hand": lazy("Somebody is bringing it to the pick face already."),
    "no_other_bins": lazy("No other bins have enough of it."),
    "no_pick_face": lazy("Its products have no pick face."),
    "already_coming": lazy("It is being brought already."),
    "nothing_in_reserve": lazy("Nothing free is in reserve."),
    "goes_whole": lazy("This order goes whole or not at all."),
    "no_part_there": lazy("Nothing of it is there."),
    "all_there": lazy("All of it is there."),
    "line_is_pinned": lazy("The line asks for a batch, a day or a quality."),
    "already_held": lazy("It is on hold. End the hold first."),
}


def explained(offer: Offer) -> str:
    """What the way does, with its figures; or why it is closed."""
    if offer.why:
        return str(WHY[offer.why])
    if offer.way is Way.BINS:
        if offer.params.get("coming"):
            return _("Do not wait for the walk to the pick face: pick from reserve. The walk is dropped.")
        return _("%(free)s units are free elsewhere. They are claimed at once.", free=offer.params["free"])
    if offer.way is Way.FACE:
        return _(
            "%(reserve)s units are in reserve. A walk is planned before all others; the order waits.", **offer.params
        )
    if offer.way is Way.SPLIT:
        return _("%(now)s units go now, %(later)s follow as a back order.", **offer.params)
    return _("No work on it, and its stock stays, until somebody ends the hold.")
