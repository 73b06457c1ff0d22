"""What belongs to somebody else, by every word that names it, in every field of every body, form and query.

RIVAL says it twice: once a word of ACME's, once one of nobody's in the same form. Where the two are refused, they are refused
with the same words and nothing changes; where they are taken, because the word is only RIVAL's own for it, the same is written.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from flask.sessions import SecureCookieSessionInterface
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from tests.abuse.belongings import NAMES_NOTHING, Named, last, named_by_fields
from tests.abuse.test_fields import bodies, operations, put
from tests.abuse.test_pages import Walk, noting_requests, pages
from tests.abuse.test_tenants import WORDS, named, told, valid
from tests.abuse.values import fields_of, pointer
from tests.abuse.world import Caller, World, furnished
from tests.cast import Cast
from tests.engines import Databases
from tests.outbound.stage import body as order_body
from tests.sent import statements
from wms.core.ids import new_id
from wms.identity import authentication
from wms.platform.api_document import description

# Numbers are handed out by blocks, and a product's sums begin with its first order.
NOW_AND_THEN = {"counter", "summary"}
MINE = "MUG-450-BLUE"  # both sellers have it
OWN_NUMBERS = re.compile(r"\b[A-Z]{2,3}RIVAL-\d{6}-\d+\b|\bX[0-9a-f]{10}\b")


@pytest.fixture
def world(engines: Databases, cast: Cast) -> Iterator[World]:
    """One for each test: what RIVAL was allowed to take in another is found by a search."""
    with furnished(engines, cast) as made, noting_requests(made.app):
        yield made


@pytest.fixture
def document(world: World) -> dict[str, Any]:
    with world.app.test_request_context():
        return description()


@pytest.fixture
def belongings(world: World, document: dict[str, Any]) -> dict[str, Named]:
    return named_by_fields(world, document)


class Listener:
    """Hears what RIVAL is told of ACME's word and of nobody's, and notes where the two differ."""

    def __init__(self, world: World, caller: Caller) -> None:
        self.world, self.caller = world, caller
        self.wrong: list[str] = []
        self.statuses: Counter[int] = Counter()
        authentication.tried.clear()
        world.changes()

    def both(self, where: str, word: Named, sent: list[tuple[str, str, dict[str, Any]]]) -> None:
        """`sent`: method, path and options of the two requests, ACME's word first."""
        heard = []
        for (method, path, options), said in zip(sent, (word.acmes, word.nobodys), strict=True):
            with statements() as asked:
                answer = self.caller.send(method, path, match=1, **options)
            self.statuses[answer.status_code] += 1
            refused = answer.status_code >= 400
            changed = [name for name in self.world.changes() if name not in NOW_AND_THEN]
            heard.append((what_was_said(self.world, answer, said), changed, asked if refused else None))
            if changed and refused:
                self.wrong.append(f"{where}: {told(answer)}, yet changed {changed}")
        (first, changed, asked), (second, others, asked_too) = heard
        if first != second:
            at = next(
                (at for at, pair in enumerate(zip(first, second, strict=False)) if len(set(pair)) > 1), len(second)
            )
            self.wrong.append(f"{where}: …{first[at - 60 : at + 200]!r} instead of …{second[at - 60 : at + 200]!r}")
        if changed != others:
            self.wrong.append(f"{where}: changed {changed} instead of {others}")
        if asked != asked_too:
            self.wrong.append(f"{where}: other statements: {sorted(set(asked or []) ^ set(asked_too or []))[:3]}")


def what_was_said(world: World, answer: TestResponse, word: str) -> str:
    """Status and words without what is of this one request; of what was taken, only that it was, and what the page says."""
    kept = f"{answer.headers.get('Location', '')} {flashes(world, answer)}"
    results = (answer.get_json(silent=True) or {}).get("results") if answer.status_code == 200 else None
    if results is not None:
        kept += str([(each["status"], each.get("problem")) for each in results])
    elif answer.status_code >= 400 or answer.request.method == "GET":
        kept += answer.text
    for spelt in {word, word.lower(), word.upper()}:
        kept = kept.replace(spelt, "")
    return f"{answer.status_code} {OWN_NUMBERS.sub('', WORDS.sub('', kept))}"


def flashes(world: World, answer: TestResponse) -> list[Any]:
    """What the next page will say."""
    found = re.search(r"(?:^|\s)session=([^;]+)", answer.headers.get("Set-Cookie", ""))
    serializer = SecureCookieSessionInterface().get_signing_serializer(world.app)
    return list(serializer.loads(found[1]).get("_flashes", [])) if found and serializer is not None else []


def positions(document: dict[str, Any]) -> Iterator[tuple[str, str, tuple[Any, ...], Any]]:
    """Every text in every body: (path, method, steps, example of the body)."""
    for template, method, schema, example in bodies(document):
        for steps, kind in fields_of(document, schema):
            if kind in {"string", "any"}:
                yield template, method, steps, example


def sound(template: str, example: Any, steps: tuple[Any, ...]) -> Any:
    """A body that RIVAL could send, new each time, so that nothing but the tried field is refused."""
    if template.endswith("/bulk"):
        return {name: [sound(template.removesuffix("/bulk"), items[0], steps[2:])] for name, items in example.items()}
    made = {name: value for name, value in valid(example).items() if name != "seller"}
    new = f"X{new_id().hex[-10:]}"
    match template.removeprefix("/api/v1"):
        case "/products":
            return {**made, "sku": new, "barcodes": [{"barcode": new}]}
        case "/orders":
            return order_body({MINE: 1}, reference=new)
        case "/bookings":
            line = {"sku": MINE, "quantity": 1, **({"lots": [{"quantity": 1}]} if "lots" in steps else {})}
            return {"warehouse": "DE1", "reference": new, "transport": "air" if steps == ("air_waybill",) else "sea",
                    "cartons": [{"number": 1, "lines": [line]}]}  # fmt: skip
        case "/added-services/requests":
            return {"warehouse": "DE1", "service": "PHOTO", "sku": MINE, "quantity": 1}
        case "/added-services/offers":
            return {"warehouse": "DE1", "sku": MINE, "quantity": 1, "to_seller": "RIVAL"}
        case "/arrivals/{arrival_id}/claim":
            return {**made, "code": "LABEL-OF-NOBODY"}
    return made


def test_every_text_of_a_body(world: World, document: dict[str, Any], belongings: dict[str, Named]) -> None:
    rival = Listener(world, world.cast.api(world.client, "RIVAL"))
    mine = str(world.cast.RIVAL.products[MINE])
    unknown, walked = set(), Counter[str]()
    # Products last: once RIVAL has one of that name, the name is RIVAL's own.
    for template, method, steps, example in sorted(positions(document), key=lambda each: "/products" in each[0]):
        name = last(steps)
        if name not in belongings:
            unknown |= {name} - NAMES_NOTHING
            continue
        walked[name] += 1
        path = world.path(template.replace("{", "<").replace("}", ">"), product_id=mine)
        word = belongings[name]
        pair = [put(sound(template, example, steps), steps, said) for said in (word.acmes, word.nobodys)]
        rival.both(f"{method} {template} {pointer(steps)}", word, [(method, path, {"json": each}) for each in pair])
    assert not rival.wrong, "\n".join(rival.wrong)
    assert unknown == set(), "say in tests/abuse/belongings.py what these name"
    assert walked.keys() >= {
        "sku",
        "reference",
        "seller",
        "barcode",
        "order",
        "tracking_number",
        "relabel_to",
        "container",
    }
    assert min(rival.statuses[status] for status in (201, 422)) > 10  # neither all refused nor all taken


def test_every_query_of_the_api(world: World, document: dict[str, Any], belongings: dict[str, Named]) -> None:
    rival = Listener(world, world.cast.api(world.client, "RIVAL"))
    mine = str(world.cast.RIVAL.products[MINE])
    of_a_list = {
        "/api/v1/bags": Named("BAG-ABUSE-1", "BAG-ABUSE-9"),
        "/api/v1/stock/serials": belongings["serial_numbers"],
    }
    unknown, walked = set(), 0
    for template, method, operation in operations(document):
        path = world.path(template.replace("{", "<").replace("}", ">"), product_id=mine)
        queries = [each for each in operation["parameters"] if each["in"] == "query"]
        needed = {
            each["name"]: each["schema"].get("example", each.get("example")) for each in queries if each.get("required")
        }
        for name in (each["name"] for each in queries):
            word = of_a_list.get(template) if name == "number" else belongings.get(name)
            if word is None:
                unknown |= {name} - NAMES_NOTHING
                continue
            walked += 1
            sent = [(method, path, {"query_string": {**needed, name: said}}) for said in (word.acmes, word.nobodys)]
            rival.both(f"{method} {template} ?{name}", word, sent)
    assert not rival.wrong, "\n".join(rival.wrong)
    assert unknown == set(), "say in tests/abuse/belongings.py what these name"
    assert walked > 15


def test_a_cursor_of_anothers_list(world: World, document: dict[str, Any]) -> None:
    """It says where to go on, not whose: every list that goes on by cursors shows its own, and nothing of ACME's."""
    acme, rival = world.cast.api(world.client), world.cast.api(world.client, "RIVAL")
    walked = 0
    for template, _method, operation in operations(document):
        if "cursor" not in {each["name"] for each in operation["parameters"]} or "{" in template:
            continue
        theirs = acme.get(f"{template}?limit=1").get_json()
        if theirs["next_cursor"] is not None:
            walked += 1
            shown = rival.get(template, query_string={"cursor": theirs["next_cursor"]})
            assert shown.status_code == 200, template
            assert str(world.cast.ACME.id) not in shown.text, template
            assert not [row for row in theirs["data"] if row in shown.get_json()["data"]], template
    assert walked > 3


def looks_first(page: tuple[Rule, str, Any]) -> tuple[bool, bool]:
    """What only looks, then what takes, then what takes a name that forms offer from then on."""
    rule, method, _permission = page
    return method == "POST", "/products" in rule.rule


def test_every_field_of_the_portal(world: World, belongings: dict[str, Named]) -> None:
    """What a seller's people type into forms and searches that are not about one document of theirs."""
    caller = world.cast.sign_in(world.client, world.cast.rival_person)
    rival = Listener(world, caller)
    unknown, walked = set(), Counter[str]()
    for rule, method, _permission in sorted(pages(world), key=looks_first):
        if not rule.rule.startswith("/portal") or named(rule.rule):
            continue
        walk = Walk(world, rule, method, caller)
        fields = walk.names()
        for field in sorted(fields):
            name = field.rpartition(".")[2]
            words = belongings.values() if field == "q" else [belongings[name]] if name in belongings else []
            unknown |= {name} - NAMES_NOTHING - belongings.keys() - {"q"}
            for word in words:
                walked[name] += 1
                sent = []
                for said in (word.acmes, word.nobodys):
                    values = walk.base(fields) | {field: said}
                    options = {"query_string": values} if method == "GET" else {"data": values}
                    sent.append((method, walk.path, options))
                rival.both(f"{method} {rule.rule} {field}", word, sent)
    assert not rival.wrong, "\n".join(rival.wrong)
    assert unknown == set(), "say in tests/abuse/belongings.py what these name"
    assert walked.keys() >= {
        "q",
        "sku",
        "seller",
        "to_sku",
        "order",
        "reference",
        "container",
        "batch",
        "container_number",
    }
