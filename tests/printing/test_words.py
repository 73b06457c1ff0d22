"""Every code that `labels` can say has words, and no words stand for a code that nothing says."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from config import ROOT
from wms.printing import words

# Who makes a code: the first text given to one of these, what a few functions return, and what is put into `code`.
MAKERS = {"LabelRefused", "_WrongError", "Finding", "_found", "RefusedError"}
RETURNED_BY = {"_reason", "_on_area", "_why", "_try_code"}
OUR_SOURCES = ("wms/printing", "wms/inbound", "wms/outbound", "wms/shipping")


def texts(node: ast.AST) -> Iterator[str]:
    """The texts that an expression can be: itself, either end of a choice, the first of a pair."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from texts(node.body)
        yield from texts(node.orelse)
    elif isinstance(node, ast.Tuple) and node.elts:
        yield from texts(node.elts[0])


def codes_said() -> set[str]:
    found: set[str] = set()
    for folder in ("labels", *OUR_SOURCES):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call):
                    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                    if name in MAKERS and node.args:
                        found |= set(texts(node.args[0]))
                elif folder != "labels":
                    continue
                elif isinstance(node, ast.FunctionDef) and node.name in RETURNED_BY:
                    returned = (each.value for each in ast.walk(node) if isinstance(each, ast.Return) and each.value)
                    found |= {text for value in returned for text in texts(value)}
                elif isinstance(node, ast.Assign) and [getattr(each, "id", "") for each in node.targets] == ["code"]:
                    found |= set(texts(node.value))
    return found


def test_every_code_has_words_and_all_words_have_a_code():
    said = codes_said()
    assert {"overlap", "text_cut", "outside_printable", "wrong_pages", "missing_glyph", "source_gone"} <= said
    assert said - words.CODES.keys() == set()
    assert words.CODES.keys() - said == set()


def test_only_numbers_of_a_reason_are_kept():
    facts = {"position": 3, "character": "ß", "content": "Kim", "label": 7, "limit": 40.5}
    assert words.numbers_of(facts) == {"position": 3, "limit": 40.5}
