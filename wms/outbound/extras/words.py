"""Words of what an order says besides, for all faces."""

from __future__ import annotations

from wms.platform.pages import lazy

# Names of marketplaces are names; only these two have words.
PLATFORM_WORDS = {"own_shop": lazy("Own shop"), "other": lazy("Another platform")}
PLATFORM_NAMES = {
    "aliexpress": "AliExpress", "allegro": "Allegro", "amazon": "Amazon", "cdiscount": "Cdiscount", "ebay": "eBay",
    "etsy": "Etsy", "kaufland": "Kaufland", "lazada": "Lazada", "mercadolibre": "Mercado Libre", "otto": "OTTO",
    "shein": "SHEIN", "shopee": "Shopee", "shopify": "Shopify", "temu": "Temu", "tiktok": "TikTok Shop",
    "walmart": "Walmart", "wayfair": "Wayfair",
}  # fmt: skip
SIGNATURE_WORDS = {
    "anybody": lazy("Of anybody at the address"), "recipient": lazy("Of the recipient"),
    "adult": lazy("Of an adult, with proof of age"),
}  # fmt: skip
AGE_WORDS = {16: lazy("16 or older"), 18: lazy("18 or older")}
PACKING_WORDS = {
    "carton": lazy("In a carton"), "courier_bag": lazy("In a courier bag"), "bubble_bag": lazy("In a bubble bag"),
    "eco_bag": lazy("In a bag that composts"), "gift_wrap": lazy("Wrapped as a gift"),
    "no_prices": lazy("No prices in the parcel"), "neutral": lazy("Nothing of us outside"),
    "cushioned": lazy("Cushioned on all sides"), "upright": lazy("Upright"),
    "packing_slip": lazy("With a packing slip"),
}  # fmt: skip
CONTENTS_WORDS = {
    "goods": lazy("Goods that were sold"), "gift": lazy("A gift"), "documents": lazy("Documents"),
    "sample": lazy("A sample"), "returned": lazy("Goods that go back"), "other": lazy("Something else"),
}  # fmt: skip


def platform_name(code: str) -> str:
    return PLATFORM_NAMES.get(code) or str(PLATFORM_WORDS[code])


def platforms() -> list[tuple[str, str]]:
    """To choose from, by name, what has none last."""
    return [*PLATFORM_NAMES.items(), *[(code, str(words)) for code, words in PLATFORM_WORDS.items()]]
