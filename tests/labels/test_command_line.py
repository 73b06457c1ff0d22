"""The shell: samples with a manifest that is true, one label from JSON, clear errors."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pypdfium2
import pytest

import labels
from labels.__main__ import main
from labels.kinds import KINDS
from labels.samples import samples, sheet_samples

POINTS_PER_MM = 72 / 25.4
LOCATION = {"code": "A-03-12-2", "barcode": "L-A-03-12-2-K", "arrow": "up"}


def run(
    monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes], arguments: list[str], given: object
) -> tuple[int, bytes, str]:
    text = given if isinstance(given, bytes) else json.dumps(given).encode()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text)))
    status = main(["render", *arguments])
    sys.stdout.flush()
    out, err = capfdbinary.readouterr()
    return status, out, err.decode()


def test_samples_and_their_manifest(tmp_path: Path) -> None:
    assert main(["samples", "--out", str(tmp_path / "new"), "--dpi", "300"]) == 0
    manifest = json.loads((tmp_path / "new" / "manifest.json").read_text(encoding="utf-8"))
    assert {entry["file"] for entry in manifest} == {path.name for path in (tmp_path / "new").glob("*.pdf")}
    assert {Path(entry["file"]).stem for entry in manifest} == {*samples(), *sheet_samples()}
    for entry in manifest:
        document = pypdfium2.PdfDocument(tmp_path / "new" / entry["file"])
        assert len(document) == entry["pages"] == len(entry["codes_per_page"])
        for page in document:
            assert abs(page.get_width() / POINTS_PER_MM - entry["width_mm"]) < 0.05
            assert abs(page.get_height() / POINTS_PER_MM - entry["height_mm"]) < 0.05
        document.close()
        assert sum(entry["codes_per_page"]) == len(entry["codes"]) > 0
        assert all(set(code) == {"symbology", "content"} and all(code.values()) for code in entry["codes"])


def test_one_label_through_real_pipes() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "labels", "render", "--kind", "location", "--size", "60x40"],
        input=json.dumps(LOCATION).encode(),
        capture_output=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    document = pypdfium2.PdfDocument(done.stdout)
    assert len(document) == 1
    document.close()
    assert done.stderr == b""


def test_a_list_fills_a_sheet_and_a_long_paper_takes_pages(
    monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    product = {"barcode": "100200345671", "sku": "TS-1"}
    for arguments, given, pages in (
        (["--kind", "product", "--size", "a4-21"], [product] * 22, 2),
        (["--kind", "product", "--size", "60x40"], [product] * 3, 3),
        (
            ["--kind", "manifest", "--size", "210x297"],
            {
                "number": "M-1",
                "barcode": "M-1",
                "carrier": "A",
                "lines": [{"tracking_number": str(n)} for n in range(70)],
            },
            3,
        ),
    ):
        status, out, err = run(monkeypatch, capfdbinary, arguments, given)
        assert (status, err) == (0, "")
        document = pypdfium2.PdfDocument(out)
        assert len(document) == pages
        document.close()


@pytest.mark.parametrize(
    ("arguments", "given", "status", "said"),
    [
        (["--kind", "nothing", "--size", "60x40"], LOCATION, 1, "unknown_kind"),
        (["--kind", "location", "--size", "61x40"], LOCATION, 1, "size_not_offered"),
        (["--kind", "location", "--size", "a4-21"], LOCATION, 1, "size_not_offered"),
        (["--kind", "location", "--size", "60x40"], b"{", 2, "no JSON"),
        (["--kind", "location", "--size", "60x40"], b"[" * 100_000, 2, "no JSON"),
        (["--kind", "location", "--size", "60x40"], b"\xff\xfe", 2, "no JSON"),
        (["--kind", "location", "--size", "60x40"], 7, 1, "not_an_object"),
        (["--kind", "location", "--size", "60x40"], {}, 1, "missing_field"),
        (["--kind", "location", "--size", "60x40"], {**LOCATION, "colour": "red"}, 1, "unknown_field"),
        (["--kind", "location", "--size", "60x40"], {**LOCATION, "code": 7}, 1, "not_text"),
        (["--kind", "location", "--size", "60x40"], {**LOCATION, "arrow": "sideways"}, 1, "bad_choice"),
        (["--kind", "location", "--size", "60x40"], {**LOCATION, "arrow": ["up"]}, 1, "bad_choice"),
        (["--kind", "location", "--size", "60x40"], [LOCATION] * 101, 1, "too_many_pages"),
        (["--kind", "location", "--size", "60x40"], [], 1, "no_labels"),
        (["--kind", "carton", "--size", "100x150"], {"contents": {}}, 1, "not_a_list"),
        (["--kind", "carton", "--size", "100x150"], {"contents": [7]}, 1, "not_an_object"),
        (
            ["--kind", "carton", "--size", "100x150"],
            {"contents": [{"sku": "1", "quantity": "1", "x": 1}]},
            1,
            "contents[0].x",
        ),
        (
            ["--kind", "pick-list", "--size", "210x297"],
            {"number": "1", "barcode": "1", "lines": [{"location": "1", "sku": "1", "quantity": "1"}] * 10_000},
            1,
            "too_many",
        ),
    ],
)
def test_what_is_wrong_is_said(
    arguments: list[str],
    given: Any,
    status: int,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    answer, out, err = run(monkeypatch, capfdbinary, arguments, given)
    assert (answer, out) == (status, b"")
    assert said in err
    assert err.count("\n") == 1, "one line, no traceback"


def test_a_folder_that_cannot_be_written(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["samples", "--out", "/dev/null/labels"]) == 2
    assert "/dev/null" in capsys.readouterr().err


def test_the_table_of_labels_has_a_row_for_each_kind() -> None:
    text = (Path(labels.__file__).parent / "README.md").read_text(encoding="utf-8")
    rows = [row for row in text.splitlines() if row.startswith("| `")]
    assert [name for name in KINDS if not any(f"`{name}`" in row for row in rows)] == []
    classes = {kind.content.__name__ for kind in KINDS.values()}
    assert [name for name in classes if not any(f"`{name}`" in row for row in rows)] == []
