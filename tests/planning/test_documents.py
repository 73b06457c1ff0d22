"""docs/planning.md is true: its problems have its plans, and its rules are the rules there are."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.planning.commands import Standard
from wms.planning.__main__ import PLANNERS

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "planning.md").read_text()
PLACEHOLDER = '{"…": "…"}'


def examples(heading: str) -> list[Any]:
    """The JSON values of the first block under a heading, one after the other; the layout of the text put in."""
    section = TEXT.partition(f"\n## {heading}\n")[2]
    block = re.search(r"```json\n(.*?)```", section, re.DOTALL)
    assert block is not None
    text = block[1].replace(PLACEHOLDER, json.dumps(examples("Layout")[0])) if heading != "Layout" else block[1]
    found, decoder = [], json.JSONDecoder()
    while text := text.strip():
        value, end = decoder.raw_decode(text)
        found.append(value)
        text = text[end:]
    return found


@pytest.mark.parametrize("command", sorted(PLANNERS))
def test_the_examples_are_real(standard: Standard, command: str) -> None:
    problem, plan = examples(command)
    assert standard.plan(command, problem) == plan


def test_every_rule_is_named() -> None:
    sources = "".join(path.read_text() for path in (ROOT / "wms" / "planning" / "wire").glob("*.py"))
    raised = set(re.findall(r"""(?:wrong\(|InputError\([^"]*(?:"[^"]*", )?)["']([a-z_]+)["']""", sources)) - {
        "required"
    }
    raised |= {"too_many", "too_few", "required"}
    named = set(re.findall(r"`([a-z_]+)`", TEXT.partition("a stable word:")[2].partition("Fields not named")[0]))
    assert raised == named
