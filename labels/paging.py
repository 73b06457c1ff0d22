"""Papers longer than a page: one content becomes several, each with its share of the list."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

from labels.content import Label
from labels.errors import LabelRefused
from labels.kinds import builtin_template, kind_of
from labels.vocabulary import Rows, Template

MOST_PAGES = 100


def pages_of(label: Label, template: Template | None = None) -> tuple[Label, ...]:
    """The pages of a content with `page` and `pages`; any other content is its own only page.

    Cut where the template's list is full. Raises LabelRefused: too_many_pages, unknown_label,
    size_not_offered.
    """
    if not {"page", "pages"} <= {each.name for each in fields(label)}:
        return (label,)
    rows = _list_of(template or builtin_template(kind_of(label).name, label.size))
    entries = getattr(label, rows.field) if rows else ()
    if rows is None or not isinstance(entries, tuple):
        return (label,)
    pages = max(1, -(-len(entries) // rows.capacity))
    if pages > MOST_PAGES:
        raise LabelRefused("too_many_pages", {"pages": pages, "limit": MOST_PAGES})
    shares = [entries[page * rows.capacity : (page + 1) * rows.capacity] for page in range(pages)]
    changes: list[dict[str, Any]] = [
        {rows.field: share, "page": page + 1, "pages": pages} for page, share in enumerate(shares)
    ]
    return tuple(replace(label, **each) for each in changes)


def _list_of(template: Template) -> Rows | None:
    """The list that a paper is made of: the one that refuses what has no room."""
    found = (each for each in template.elements if isinstance(each, Rows) and each.overflow == "refuse")
    return next(found, None)
