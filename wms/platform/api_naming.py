"""Names of the public API's operations (`operationId`), by method and path: what a generated client calls its functions.

They are a promise like the paths are: a name that was given stays. Pure.
"""

from __future__ import annotations

import re

ROOT = "/api/v1/"
# Where the path alone would not say what is done.
_NAMED = {
    "get recalls": "traceBatch",
    "get arrivals": "findArrivals",
    "get stock/serials": "findSerials",
    "post bookings/{}/in-transit": "departBooking",
    "post bookings/{}/carton-labels": "createBookingCartonLabels",
    "post bookings/{}/appointment": "makeBookingAppointment",
    "post differences/{}/decision": "decideDifference",
    "post labels/products": "createProductLabels",
    "post orders/{}/intercept/withdraw": "withdrawOrderInterception",
    "post orders/{}/labels": "replaceOrderLabels",
    "post order-imports/{}/create": "createOrdersOfImport",
}
_VERBS = {"get": "get", "post": "create", "patch": "update", "put": "replace", "delete": "delete"}
_ACTIONS = {"agree", "cancel", "claim", "decline", "drop", "end", "intercept", "submit", "withdraw"}


def operation_id(method: str, path: str) -> str:
    """`listOrders`, `getOrder`, `createOrder`, `cancelOrder`, … for `get /api/v1/orders`, … Every name is of one operation."""
    steps = path.removeprefix(ROOT).split("/")
    known = _NAMED.get(f"{method} {re.sub(r'{[a-z_]+}', '{}', path.removeprefix(ROOT))}")
    if known is not None:
        return known
    words = [step for step in steps if not step.startswith("{")]
    verb, last = _VERBS[method], words[-1]
    if last in _ACTIONS:
        verb, words = last, words[:-1]
        return verb + _joined(words, plural=False)
    if last == "bulk":
        return "bulk" + verb.capitalize() + _joined(words[:-1], plural=True)
    is_collection = not steps[-1].startswith("{")
    if method == "get" and is_collection and last.endswith("s"):
        verb = "list"
    return verb + _joined(words, plural=method == "get" and is_collection)


def _joined(words: list[str], *, plural: bool) -> str:
    """All in the singular, but for the last where several are meant: `added-services/requests` → `AddedServiceRequests`."""
    singular = [_singular(word) for word in words]
    if plural:
        singular[-1] = words[-1]
    return "".join(part.capitalize() for word in singular for part in word.split("-"))


def _singular(word: str) -> str:
    return word[:-1] if word.endswith("s") and word != "customs" else word
