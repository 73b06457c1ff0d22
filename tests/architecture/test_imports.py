"""The house's shape as executable rules (DESIGN.md section 2): imports go down only, pure files stay pure."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

TIERS: dict[str, int] = {
    "core": 0, "planning": 0, "platform": 0,
    "identity": 1, "catalog": 1, "facility": 1,
    "inventory": 2,
    "customs": 3, "shipping": 3, "printing": 3, "added_services": 3,
    "inbound": 4, "outbound": 4, "returns": 4,
    "transfers": 5,
    "floor": 5, "portal": 5, "office": 5, "billing": 5, "exchange": 5, "reports": 5,
}  # fmt: skip
# What composes the whole: may import everything.
COMPOSITION = {"app", "cli", "reactions", "schedule", "supervisor", "worker", "seed", "demo", "simulation", "recovery",
               "documentation", "__init__"}  # fmt: skip
# Within one tier nothing imports sideways, except these arrows (DESIGN.md section 2).
SIDEWAYS_ALLOWED = {
    ("returns", "outbound"): {"wms.outbound.queries"},
    ("platform", "core"): None,
    ("catalog", "identity"): None,
    ("facility", "identity"): None,
}
PURE_NAMES = {"rules.py", "workflow.py"}
IMPURE = ("flask", "sqlalchemy", "rq", "redis", "marshmallow", "flask_smorest", "psycopg")


def modules() -> list[Path]:
    return sorted(path for folder in ("wms", "labels") for path in (ROOT / folder).rglob("*.py"))


def imports_of(path: Path) -> Iterator[tuple[str, int]]:
    """Every module a file imports, type-checking imports included, with the line."""
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for name in node.names:
                yield name.name, node.lineno
        elif isinstance(node, ast.ImportFrom) and node.module is not None and node.level == 0:
            yield node.module, node.lineno
            for name in node.names:
                yield f"{node.module}.{name.name}", node.lineno


def feature_of(module: str) -> str | None:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 and parts[0] == "wms" else None


def wrong_arrows(path: Path) -> Iterator[str]:
    mine = path.relative_to(ROOT / "wms").parts[0].removesuffix(".py")
    if mine in COMPOSITION:
        return
    for module, line in imports_of(path):
        other = feature_of(module)
        if other is None or other == mine:
            continue
        where = f"{path.relative_to(ROOT)}:{line} imports {module}"
        if other not in TIERS:
            yield f"{where}: composition is above everything"
        elif TIERS[other] > TIERS[mine]:
            yield f"{where}: that is upwards"
        elif TIERS[other] == TIERS[mine]:
            allowed = SIDEWAYS_ALLOWED.get((mine, other), set())
            if allowed is not None and not _allows(allowed, module):
                yield f"{where}: that is sideways"


def _allows(allowed: set[str], module: str) -> bool:
    """Whether a sideways import is one of those: the module itself, a name of it, or the package on the way to it."""
    named = any(module == name or module.startswith(f"{name}.") for name in allowed)
    on_the_way = any(name.startswith(f"{module}.") for name in allowed) and module.count(".") == 1
    return named or on_the_way


def test_every_feature_has_a_tier() -> None:
    packages = {path.name for path in (ROOT / "wms").iterdir() if (path / "__init__.py").exists()}
    assert packages - COMPOSITION <= TIERS.keys()


@pytest.mark.parametrize("path", [p for p in modules() if p.is_relative_to(ROOT / "wms")], ids=str)
def test_imports_go_down_only(path: Path) -> None:
    assert list(wrong_arrows(path)) == []


def is_pure(path: Path) -> bool:
    inside = path.relative_to(ROOT)
    return (
        inside.parts[0] == "labels"
        or inside.parts[:2] in {("wms", "core"), ("wms", "planning")}
        or (inside.name in PURE_NAMES)
    )


@pytest.mark.parametrize("path", [p for p in modules() if is_pure(p)], ids=str)
def test_pure_files_know_no_framework(path: Path) -> None:
    found = [module for module, _ in imports_of(path) if module.split(".")[0] in IMPURE]
    assert found == []
    if path.is_relative_to(ROOT / "labels"):
        assert [module for module, _ in imports_of(path) if module.split(".")[0] == "wms"] == []


def test_the_wrong_arrow_would_be_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rule can fail: an upward and a sideways import in a made-up tree are both named."""
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    (tmp_path / "wms" / "inventory").mkdir(parents=True)
    file = tmp_path / "wms" / "inventory" / "x.py"
    file.write_text("from wms.outbound.models import Order\nfrom wms.platform.database import session\n")
    assert [arrow.rpartition(": ")[2] for arrow in wrong_arrows(file)] == ["that is upwards"] * 2
    (tmp_path / "wms" / "returns").mkdir()
    file = tmp_path / "wms" / "returns" / "x.py"
    file.write_text("from wms.outbound import queries\nfrom wms.outbound.service import orders\n")
    assert {arrow.partition(": ")[2] for arrow in wrong_arrows(file)} == {"that is sideways"}
