"""README and ARCHITECTURE are true of today's code where they repeat it."""

from __future__ import annotations

import pytest

from wms import documentation


@pytest.mark.parametrize("name", documentation.DOCUMENTS)
def test_generated_blocks_are_current(name: str) -> None:
    text = (documentation.ROOT / name).read_text()
    assert documentation.renewed(text) == text, f"run `flask write-docs`: {name} is old"


def test_every_workflow_is_drawn() -> None:
    text = (documentation.ROOT / "ARCHITECTURE.md").read_text()
    for workflow in documentation.workflows():
        assert workflow.as_mermaid() in text
