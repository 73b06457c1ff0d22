"""English and Simplified Chinese are complete: every text of code and templates, every refusal, every state."""

from __future__ import annotations

import ast
import importlib
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from config import ROOT
from wms.core.workflow import Workflow
from wms.platform.i18n import CATALOGUES, refusal_texts
from wms.platform.pages import state_labels

WMS = ROOT / "wms"
METHODS = [("**.py", "python"), ("**/templates/**.html", "jinja2")]
KEYWORDS = {"_": None, "N_": None, "lazy": None, "gettext": None, "lazy_gettext": None, "ngettext": (1, 2)}
PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]|%%")
MsgId = str | tuple[str, ...]


@pytest.fixture(scope="module")
def wanted() -> dict[MsgId, str]:
    """Every text to translate, and a file it stands in."""
    found: dict[MsgId, str] = {}
    rows = extract_from_dir(str(WMS), METHODS, {"**/templates/**.html": {"trimmed": "true"}}, KEYWORDS)
    for name, _line, text, _comments, _context in rows:
        found.setdefault(text if isinstance(text, str) else tuple(text), name)
    return found


@pytest.fixture(scope="module")
def chinese() -> dict[MsgId, Message]:
    path = CATALOGUES / "zh_CN" / "LC_MESSAGES" / "messages.po"
    with path.open("rb") as source:
        return {message.id: message for message in read_po(source, locale="zh_CN") if message.id}


def texts_of(message: Message) -> list[str]:
    return [message.string] if isinstance(message.string, str) else list(message.string)


def test_every_text_is_in_chinese(wanted, chinese):
    lacking = {text: place for text, place in wanted.items() if text not in chinese or not all(texts_of(chinese[text]))}
    assert lacking == {}


def test_no_text_is_translated_that_nobody_says(wanted, chinese):
    assert sorted(map(str, chinese.keys() - wanted.keys())) == []


def test_english_is_in_the_code_and_nowhere_else():
    path = CATALOGUES / "en" / "LC_MESSAGES" / "messages.po"
    with path.open("rb") as source:
        assert [message.id for message in read_po(source, locale="en") if message.id] == []


def test_a_translation_has_the_placeholders_of_its_text(chinese):
    wrong = {}
    for text, message in chinese.items():
        of_text = Counter(PLACEHOLDER.findall(text if isinstance(text, str) else text[-1]))
        for translated in texts_of(message):
            if Counter(PLACEHOLDER.findall(translated)) != of_text:
                wrong[text] = translated
    assert wrong == {}


def test_no_translation_is_a_guess(chinese):
    assert [text for text, message in chinese.items() if message.fuzzy] == []


def test_no_text_is_translated_twice():
    source = (CATALOGUES / "zh_CN" / "LC_MESSAGES" / "messages.po").read_text(encoding="utf-8")
    ids = re.findall(r'^msgid ("(?:[^"\\]|\\.)*"(?:\n"(?:[^"\\]|\\.)*")*)', source, flags=re.MULTILINE)
    assert [text for text, times in Counter(ids).items() if times > 1] == []


def test_every_refusal_has_a_text(app):
    lacking = sorted({code for _place, code in refusal_codes() if code not in refusal_texts.texts})
    assert lacking == []


def refusal_codes() -> Iterator[tuple[Path, str]]:
    """(file, code) of every refusal that the code raises under a literal name."""
    for path in sorted(WMS.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            place = {"Refused": 0, "invalid": 1, "FieldError": 1}.get(node.func.id)
            if place is None or len(node.args) <= place:
                continue
            for value in ast.walk(node.args[place]):
                if isinstance(value, ast.Constant) and isinstance(value.value, str) and value.value:
                    yield path, value.value


def test_the_search_for_refusals_finds_some():
    codes = {code for _place, code in refusal_codes()}
    assert {"stock_short", "sku_taken", "order_unknown"} <= codes


def workflows() -> list[Workflow]:
    found: dict[str, Workflow] = {}
    for path in sorted(WMS.glob("*/workflow.py")):
        module = importlib.import_module(f"wms.{path.parent.name}.workflow")
        found.update({each.name: each for each in vars(module).values() if isinstance(each, Workflow)})
    return list(found.values())


def test_every_state_has_words_and_a_tone(app):
    lacking = []
    for workflow in workflows():
        for state in workflow.states:
            label = state_labels.get(workflow.name, {}).get(state.value)
            if label is None or label[1] not in {"idle", "info", "ok", "warn", "stop", "hold"}:
                lacking.append((workflow.name, state.value))
    assert lacking == []
    assert len(workflows()) > 8
