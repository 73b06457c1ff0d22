"""What transfers may refuse, in words."""

from __future__ import annotations

from wms.platform.i18n import N_

TEXTS = {
    "nothing_lost": N_("Nothing of it is lost that is not entered already."),
}
