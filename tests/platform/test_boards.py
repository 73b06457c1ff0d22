"""The board and the alerts speak of metrics that exist, and the operator's guide of all of them and of every alert."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
import yaml

from config import ROOT
from wms.platform import metrics
from wms.platform.metrics import Histogram

GUIDE = (ROOT / "docs" / "operating.md").read_text()
RULES = yaml.safe_load((ROOT / "deploy" / "prometheus" / "wms.rules.yml").read_text())["groups"]
BOARD = json.loads((ROOT / "deploy" / "grafana" / "wms.json").read_text())
ALERTS = [rule for group in RULES for rule in group["rules"]]
PARTS = re.compile(r"_(bucket|sum|count)$")
# A name, with the label matchers that stand behind it.
USE = re.compile(r"\b(wms_[a-z_]+)(?:\{([^}]*)\})?")
GROUPING = re.compile(r"by \(([a-z, ]+)\)")
OF_PROMETHEUS = {"instance", "job", "le"}


def panels() -> Iterator[dict]:
    for panel in BOARD["panels"]:
        if panel["type"] != "row":
            yield panel


def expressions() -> list[str]:
    """Every expression of the board and of the alerts."""
    return [target["expr"] for panel in panels() for target in panel["targets"]] + [rule["expr"] for rule in ALERTS]


def metric_of(name: str) -> metrics.Metric | None:
    """The metric behind a series: a histogram has its buckets, sum and count only."""
    found = metrics.ALL.get(PARTS.sub("", name))
    return found if found is not None and isinstance(found, Histogram) == bool(PARTS.search(name)) else None


@pytest.mark.parametrize("expression", expressions())
def test_what_is_asked_for_exists(expression):
    used = USE.findall(expression)
    assert used or expression.startswith("up{")
    labels = set(OF_PROMETHEUS)
    for name, matchers in used:
        metric = metric_of(name)
        assert metric is not None, name
        labels |= set(metric.labels)
        assert set(re.findall(r"(\w+)\s*[=!]", matchers)) <= set(metric.labels), expression
    for group in GROUPING.findall(expression):
        assert set(group.split(", ")) <= labels, expression


def test_every_metric_is_on_the_board():
    shown = {PARTS.sub("", name) for panel in panels() for target in panel["targets"]
             for name, _ in USE.findall(target["expr"])}  # fmt: skip
    assert metrics.ALL.keys() - shown == set()


def test_every_metric_stands_in_the_guide():
    assert [name for name in metrics.ALL if f"| `{name}` |" not in GUIDE] == []


def test_every_alert_has_its_paragraph_and_no_other_has():
    told = re.findall(r"^\| `(Wms\w+)` \|", GUIDE, flags=re.MULTILINE)
    assert sorted(told) == sorted(rule["alert"] for rule in ALERTS)
    assert {rule["labels"]["severity"] for rule in ALERTS} == {"page", "warn"}


def test_routes_and_topics_that_are_named_exist(app):
    from wms.platform.outbox import jobs

    rules = [rule.rule for rule in app.url_map.iter_rules()]
    for expression in expressions():
        for pattern in re.findall(r'route=~"([^"]+)"', expression):
            assert any(re.fullmatch(pattern, rule) for rule in rules), pattern
        for topic in re.findall(r'topic="([^"]+)"', expression):
            assert topic in jobs.handlers


def test_panels_stand_side_by_side():
    assert len({panel["id"] for panel in BOARD["panels"]}) == len(BOARD["panels"])
    taken: set[tuple[int, int]] = set()
    for panel in BOARD["panels"]:
        place = panel["gridPos"]
        cells = {(place["x"] + dx, place["y"] + dy) for dx in range(place["w"]) for dy in range(place["h"])}
        assert place["x"] + place["w"] <= 24
        assert not cells & taken, panel["title"]
        taken |= cells
