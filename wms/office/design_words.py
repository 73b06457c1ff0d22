"""What the design editor says and offers: the vocabulary of `labels` in the reader's words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from labels import KINDS, Label, Size, builtin_template, template_data
from labels.content.rules import EntriesRule, TextRule, rules_of
from labels.fields import field_names, field_rule
from labels.values import compiled, plain
from labels.vocabulary import SYMBOLOGY_NAMES, WORDS, Number, Words
from wms.platform.pages import lazy
from wms.printing.designs.choice import with_pictures
from wms.printing.designs.models import LabelDesignVersion

KIND_WORDS = {
    "location": lazy("Bin label"), "zone": lazy("Zone sign"), "station": lazy("Station sign"), "tote": lazy("Tote label"),
    "cart": lazy("Cart label"), "put-wall": lazy("Put-wall slot"), "command": lazy("Command card"), "badge": lazy("Badge"),
    "product": lazy("Product label"), "carton": lazy("Carton label"), "fba-carton": lazy("FBA carton label"),
    "pallet": lazy("Pallet label"), "waybill": lazy("Waybill"), "waybill-customs": lazy("Waybill with customs form"),
    "bag": lazy("Bag label"), "return": lazy("Return label"), "packing-slip": lazy("Packing slip"), "pick-list": lazy("Pick list"),
    "manifest": lazy("Manifest"), "gate-pass": lazy("Gate pass"), "self-test": lazy("Scanner test card"),
    "printer-test": lazy("Printer test label"),
}  # fmt: skip
ELEMENT_WORDS = {
    "text": lazy("Text"), "code": lazy("Bar code"), "line": lazy("Line"), "box": lazy("Box"), "image": lazy("Picture"),
    "condition": lazy("Only if"), "rows": lazy("List"),
}  # fmt: skip
ATTRIBUTE_WORDS = {
    "box": lazy("Place in mm: left, top, width, height"), "value": lazy("Shows"), "largest_pt": lazy("Largest type, pt"),
    "smallest_pt": lazy("Smallest type, pt"), "lines": lazy("At most so many lines"), "align": lazy("Aligned"),
    "top": lazy("Begins at the top"), "bold": lazy("Bold"), "white": lazy("White on black"),
    "overflow": lazy("When it does not fit"), "symbology": lazy("Kind of bar code"),
    "preferred_mm": lazy("Width of the thinnest bar, mm"), "fallbacks": lazy("When it is too wide, instead"),
    "start": lazy("From, mm: left, top"), "end": lazy("To, mm: left, top"), "thickness_mm": lazy("Thickness, mm"),
    "head_mm": lazy("Length of the arrow head, mm"), "filled": lazy("Filled"), "image": lazy("Picture"),
    "field": lazy("Field"), "values": lazy("Is one of (with commas); empty: it is filled in"),
    "more_than": lazy("Has more entries than"), "row_mm": lazy("Height of a row, mm"), "columns": lazy("Columns"),
    "elements": lazy("Then"), "otherwise": lazy("Otherwise"),
}  # fmt: skip
CHOICE_WORDS = {
    "left": lazy("Left"), "center": lazy("Centred"), "right": lazy("Right"), "cut": lazy("Cut it with “…”"),
    "refuse": lazy("Refuse the label"), "ellipsis": lazy("End with “…”"),
}  # fmt: skip
EDITOR_WORDS = {
    "label": lazy("The label"), "insert": lazy("Insert a field"),
    "edge": lazy("White edge, mm"), "add_otherwise": lazy("Add under “Otherwise”"),
    "add_fallback": lazy("Another bar code"), "remove": lazy("Remove"),
    "drawing": lazy("Drawing…"), "clean": lazy("No faults: it can be published."),
    "lost": lazy("No preview: the server does not answer."),
    "stale": lazy("The picture is of before: this cannot be drawn."),
    "more": lazy("and more"), "raw_broken": lazy("This is no design in JSON. Nothing was taken over."),
    "not_png": lazy("Choose a PNG file of at most 1 MB."), "too_many_pictures": lazy("A design holds at most four pictures."),
    "nothing_selected": lazy("Choose an element in the picture or in the list."),
}  # fmt: skip


def kind_name(kind: str) -> str:
    return str(KIND_WORDS.get(kind, kind))


def starting_data(kind: str, size: Size) -> dict[str, Any]:
    """What an operator starts from: the built-in template."""
    return template_data(builtin_template(kind, size))


def opened_data(version: LabelDesignVersion) -> dict[str, Any]:
    """A stored version with its pictures, as the editor and the validator read it."""
    return with_pictures(version.data)


def setup(kind: str, samples: Sequence[Label]) -> dict[str, Any]:
    """What the editor's script needs to know: words of the vocabulary with their attributes, fields, and texts."""
    content = KINDS[kind].content
    return {
        "words": {name: {"name": str(ELEMENT_WORDS[name]), "attributes": _attributes(word)} for name, word in WORDS.items()},
        "symbologies": list(SYMBOLOGY_NAMES),
        "fields": _fields(content, samples),
        "lists": {
            name: _fields(rule.entry, [entry for each in samples for entry in getattr(each, name)])
            for name, rule in rules_of(content).items() if isinstance(rule, EntriesRule)
        },
        "texts": {name: str(text) for name, text in EDITOR_WORDS.items()},
    }  # fmt: skip


def _attributes(word: type[Any]) -> list[dict[str, Any]]:
    found = []
    for each in fields(word):
        rule = each.metadata["rule"]
        about: dict[str, Any] = {"name": each.name, "label": str(ATTRIBUTE_WORDS[each.name])}
        if isinstance(rule, Number):
            about |= {"type": "number", "least": rule.least, "most": rule.most, "whole": rule.whole}
        elif isinstance(rule, Words):
            about |= {"type": "choice", "choices": [(name, str(CHOICE_WORDS[name])) for name in rule.allowed]}
        else:
            about |= {"type": rule.name}
        if each.default is each.default_factory:
            about["required"] = True
        else:
            about["default"] = each.default
        found.append(about)
    return found


def _fields(content: type[Any], samples: Sequence[Any]) -> list[dict[str, Any]]:
    """The fields of a content, each with what a sample says: that tells more than a name."""
    found = []
    for name in field_names(content):
        rule = field_rule(content, name)
        is_list = isinstance(rule, EntriesRule)
        example = "" if is_list else _example(name, samples)
        many = isinstance(rule, TextRule) and rule.most_entries > 1
        found.append({"name": name, "example": example, "list": is_list, "lines": many})
    return found


def _example(name: str, samples: Sequence[Any]) -> str:
    get = compiled("{" + name + "}")
    return next((said[:40] for each in samples if (said := plain(get(each)))), "")


def sample_name(sample: Label) -> str:
    """A sample by the first thing it says."""
    for name, rule in rules_of(type(sample)).items():
        said = plain(getattr(sample, name)) if isinstance(rule, TextRule) else ""
        if said:
            return said[:40]
    return "–"
