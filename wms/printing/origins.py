"""Where goods come from, as it is marked on them: in English, by the country's name and not its code.

Markets that want a mark want the name (United States: 19 CFR 134.11 and 134.45, the English name of the country); the two
forms for Chinese goods are those that overseas warehouses print (reference: overseas warehouse, section 4.1).
"""

from __future__ import annotations

from functools import cache

from babel import Locale

MOST = 40  # characters that a label has for it
# Where the usual name is no name that goods are marked with.
_MARKED = {"TW": "Taiwan,China", "HK": "Hong Kong,China", "MO": "Macao,China", "US": "USA", "GB": "United Kingdom"}


@cache
def made_in(country: str | None) -> str:
    """`Made in China` for CN; empty where nobody says. A country whose name is too long, or not known, goes by its code."""
    if not country:
        return ""
    mark = f"Made in {_MARKED.get(country) or Locale('en').territories.get(country, country)}"
    return mark if len(mark) <= MOST else f"Made in {country}"
