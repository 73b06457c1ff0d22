"""Every kind of label: its name, its content class, its sizes, and the template for each size.

`KINDS` is the list of the built-in ones. To add one: its content class in `content/`, a builder in
`builtin/`, its entry in that module's `KINDS`, samples in `samples/`. Nothing else knows kinds by name.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from labels.builtin import goods, papers, parcels, places, tests_and_cards
from labels.builtin.kind import Kind
from labels.content import Label
from labels.errors import LabelRefused
from labels.layouts import LAYOUTS, Layout
from labels.media import Resolution, Size
from labels.plan import Plan, compile_template
from labels.vocabulary import Template

KINDS: dict[str, Kind] = {
    kind.name: kind for kind in (*places.KINDS, *goods.KINDS, *parcels.KINDS, *papers.KINDS, *tests_and_cards.KINDS)
}
_KIND_OF = {kind.content: kind for kind in KINDS.values()}


def kind_named(name: str) -> Kind:
    """Raises LabelRefused("unknown_kind") with the names there are."""
    kind = KINDS.get(name)
    if kind is None:
        raise LabelRefused("unknown_kind", {"kind": str(name), "offered": ", ".join(KINDS)})
    return kind


def kind_of(label: Label) -> Kind:
    """Raises LabelRefused("unknown_label")."""
    kind = _KIND_OF.get(type(label))
    if kind is None:
        raise LabelRefused("unknown_label", {"kind": type(label).__name__})
    return kind


@lru_cache(maxsize=256)
def builtin_template(name: str, size: Size) -> Template:
    """The template a kind has at a size; what an operator starts from.

    Raises LabelRefused: unknown_kind, size_not_offered.
    """
    kind = kind_named(name)
    if size not in kind.every_size:
        offered = ", ".join(each.name for each in kind.every_size)
        raise LabelRefused(
            "size_not_offered", {"field": "size", "value": getattr(size, "name", str(size)), "offered": offered}
        )
    return kind.build(size)


@lru_cache(maxsize=512)
def _builtin_plan(name: str, size: Size, dpi: int) -> Plan:
    return compile_template(builtin_template(name, size), KINDS[name].content, Resolution(dpi))


def layouts_of(kind: Kind) -> tuple[Layout, ...]:
    """The sheets a kind can be printed on."""
    return tuple(LAYOUTS[name] for name in kind.layouts)


class Plans:
    """The plans of one bundle: built-in ones, unless a template was given for the kind and size."""

    def __init__(self, resolution: Resolution, templates: Sequence[Template]) -> None:
        self.resolution = resolution
        self._known: dict[tuple[type[Label], Size], Plan] = {}
        self._chosen: dict[int, tuple[Template, Plan]] = {}  # by identity: a template may hold a megabyte of pictures
        for template in templates:
            content = kind_named(template.kind).content
            self._known[content, template.size] = compile_template(template, content, resolution)

    def plan_of(self, chosen: Template, label: Label) -> Plan:
        """The plan of a template that was chosen for this label. Raises LabelRefused: size_not_offered, and as
        `compile_template`."""
        if chosen.kind != kind_of(label).name or chosen.size != label.size:
            facts = {"field": "size", "value": label.size.name, "offered": f"{chosen.kind} {chosen.size.name}"}
            raise LabelRefused("size_not_offered", facts)
        known = self._chosen.get(id(chosen))
        if known is None:
            known = self._chosen[id(chosen)] = (chosen, compile_template(chosen, type(label), self.resolution))
        return known[1]

    def plan_for(self, label: Label) -> Plan:
        """Raises LabelRefused: unknown_label, size_not_offered."""
        key = (type(label), label.size)
        plan = self._known.get(key)
        if plan is None:
            plan = self._known[key] = _builtin_plan(kind_of(label).name, label.size, self.resolution.dpi)
        return plan
