"""One module per built-in label; `TEMPLATES` is the list of them.

To add a label: its content class in `labels/content.py`, a module here with a `TEMPLATE`, its entry
below, and samples in `labels/samples.py`. Nothing else knows the labels by name.
"""

from __future__ import annotations

from typing import Any

from labels.content import Label
from labels.errors import LabelRefused
from labels.templates import carton, location, product, waybill
from labels.templates.template import Template

TEMPLATES: dict[type[Label], Template[Any]] = {
    template.content: template for template in (location.TEMPLATE, product.TEMPLATE, carton.TEMPLATE, waybill.TEMPLATE)
}


def template_for(label: Label) -> Template[Any]:
    """Raises LabelRefused: unknown_label, size_not_offered."""
    template = TEMPLATES.get(type(label))
    if template is None:
        raise LabelRefused("unknown_label", {"kind": type(label).__name__})
    if label.size not in template.sizes:
        raise LabelRefused(
            "size_not_offered",
            {
                "field": "size",
                "value": getattr(label.size, "name", str(label.size)),
                "offered": ", ".join(size.name for size in template.sizes),
            },
        )
    return template


__all__ = ["TEMPLATES", "Template", "template_for"]
