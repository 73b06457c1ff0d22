"""What the documents repeat from the code, written from the code: state diagrams, settings, permissions, metrics.

`flask write-docs` renews the blocks between `<!-- generated: NAME -->` and `<!-- end -->`; a test fails when one is old.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from config import config_table
from wms.app import FEATURES, ROOT
from wms.core.permissions import ROLE_PERMISSIONS, Permission
from wms.core.workflow import Workflow
from wms.platform import metrics

DOCUMENTS = ("README.md", "ARCHITECTURE.md", "docs/operating.md")
_BLOCK = re.compile(r"(<!-- generated: ([a-z-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def workflows() -> list[Workflow[Any]]:
    """Every state table of the house, in tier order."""
    found: list[Workflow[Any]] = []
    for feature in FEATURES:
        if (ROOT / "wms" / feature / "workflow.py").exists():
            module = importlib.import_module(f"wms.{feature}.workflow")
            found += [value for value in vars(module).values() if isinstance(value, Workflow)]
    return list({workflow.name: workflow for workflow in found}.values())


def state_diagrams() -> str:
    parts = [f"### {each.name}\n\n```mermaid\n{each.as_mermaid()}\n```\n" for each in workflows()]
    return "\n".join(parts)


def settings() -> str:
    rows = [f"| `{row.variable}` | {row.default} | {row.meaning} |" for row in config_table()]
    return "\n".join(["| setting | default | meaning |", "|---|---|---|", *rows]) + "\n"


def permission_matrix() -> str:
    roles = list(ROLE_PERMISSIONS)
    head = f"| permission | {' | '.join(roles)} |\n|---|{'---|' * len(roles)}"
    rows = [
        f"| `{permission.value}` | "
        + " | ".join("✓" if permission in ROLE_PERMISSIONS[role] else "" for role in roles)
        + " |"
        for permission in Permission
    ]
    return "\n".join([head, *rows]) + "\n"


def metric_table() -> str:
    rows = [
        f"| `{each.name}` | {each.kind} | {', '.join(each.labels) or '–'} | {each.help} |"
        for each in metrics.ALL.values()
    ]
    return "\n".join(["| metric | kind | labels | what it says |", "|---|---|---|---|", *rows]) + "\n"


BLOCKS: dict[str, Callable[[], str]] = {
    "state-diagrams": state_diagrams,
    "settings": settings,
    "permissions": permission_matrix,
    "metrics": metric_table,
}


def renewed(text: str) -> str:
    """The document with every generated block as the code now says."""
    return _BLOCK.sub(lambda match: match.group(1) + BLOCKS[match.group(2)]() + match.group(3), text)


def write() -> list[Path]:
    """Renew all documents; returns those that changed."""
    changed = []
    for name in DOCUMENTS:
        path = ROOT / name
        before = path.read_text()
        after = renewed(before)
        if after != before:
            path.write_text(after)
            changed.append(path)
    return changed
