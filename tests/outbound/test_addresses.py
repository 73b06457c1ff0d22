"""The address of a buyer as it stands on a label."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from labels import missing_glyphs
from wms.outbound.addresses import MOST_LINES, address_lines, country_line


def buyer(**changes: str) -> SimpleNamespace:
    facts = dict.fromkeys(("company", "address1", "address2", "address3", "district", "postcode", "city", "state"), "")
    facts |= {
        "address1": "1 rue de l'Exemple",
        "postcode": "69002",
        "city": "Lyon",
        "country": "FR",
        "from_country": "DE",
    }
    return SimpleNamespace(**(facts | changes))


@pytest.mark.parametrize(("country", "other", "line"), [
    ("FR", "DE", "FRANCE"), ("CI", "DE", "CÔTE D’IVOIRE"), ("DE", "DE", "DE"), ("TW", "CN", "TAIWAN, CHINA"), ("QX", "DE", "QX"),
])  # fmt: skip
def test_a_country_is_written_out_where_another_posts_it(country: str, other: str, line: str):
    """A sorter abroad reads CH as China."""
    assert country_line(country, other) == line
    assert not missing_glyphs(line)


def test_the_country_is_the_last_line_and_shares_it_where_lines_are_short():
    assert address_lines(buyer()) == ("1 rue de l'Exemple", "69002 Lyon", "FRANCE")
    full = buyer(company="Exemple SA", address2="Bât. C", address3="2e étage", state="Rhône")
    assert address_lines(full)[-1] == "Rhône FRANCE"
    assert len(address_lines(full)) == MOST_LINES
