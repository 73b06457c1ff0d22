"""The labels of this package from the shell; `python -m labels --help` says how.

Exit status: 0 done, 1 a label was refused (the reason stands on standard error), 2 the call or the JSON
is wrong.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from labels.bundle import MOST_PAGES, Bundle, render_bundle, render_sheets
from labels.content import Label
from labels.content_data import read_content
from labels.errors import LabelRefused
from labels.kinds import KINDS, kind_named
from labels.layouts import LAYOUTS
from labels.media import SUPPORTED_DPI, Size
from labels.paging import pages_of
from labels.samples import samples, sheet_samples

LARGEST_INPUT = 20_000_000


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        if options.command == "samples":
            write_samples(options.out, options.dpi)
        elif options.command == "kinds":
            _print_kinds()
        else:
            return _render(options)
    except LabelRefused as refusal:
        sys.stderr.write(f"labels: refused: {refusal}\n")
        return 1
    except OSError as fault:
        sys.stderr.write(f"labels: {fault}\n")
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m labels", description="Labels as PDF.")
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("samples", help="one PDF per built-in label and size, and manifest.json")
    command.add_argument("--out", type=Path, required=True, metavar="DIR")
    command.add_argument("--dpi", type=int, choices=SUPPORTED_DPI, default=203)
    command = commands.add_parser(
        "render", help="a label from JSON on standard input to PDF on standard output",
        description="Reads one content, or a list of them, as a JSON object with the fields of the kind.",
    )  # fmt: skip
    command.add_argument("--kind", required=True, metavar="K", help="as `kinds` lists them")
    command.add_argument("--size", required=True, metavar="S", help="in mm, as 100x150, or a sheet, as a4-21")
    command.add_argument("--dpi", type=int, choices=SUPPORTED_DPI, default=203)
    commands.add_parser("kinds", help="the kinds with their sizes and sheets")
    return parser


def write_samples(folder: Path, dpi: int) -> None:
    """Write the PDFs, then the manifest that says what a reader must find in them.

    `codes` lists the symbols of all pages in page order, `codes_per_page` how many stand on each.
    """
    folder.mkdir(parents=True, exist_ok=True)
    bundles: dict[str, Bundle] = {name: render_bundle(labels, dpi=dpi) for name, labels in samples().items()}
    bundles |= {name: render_sheets(labels, layout, dpi=dpi) for name, (layout, labels) in sheet_samples().items()}
    manifest = []
    for name, bundle in bundles.items():
        (folder / f"{name}.pdf").write_bytes(bundle.pdf)
        manifest.append({"file": f"{name}.pdf", "dpi": dpi, **_described(bundle)})
    text = json.dumps(manifest, ensure_ascii=False, indent=2)
    (folder / "manifest.json").write_text(text + "\n", encoding="utf-8")


def _described(bundle: Bundle) -> dict[str, Any]:
    first = bundle.pages[0]
    return {
        "width_mm": first.width_mm,
        "height_mm": first.height_mm,
        "pages": len(bundle.pages),
        "codes": [
            {"symbology": code.symbology, "content": code.content} for page in bundle.pages for code in page.codes
        ],
        "codes_per_page": [len(page.codes) for page in bundle.pages],
    }


def _print_kinds() -> None:
    for kind in KINDS.values():
        sizes = [*(size.name for size in kind.sizes), *kind.layouts]
        sys.stdout.write(f"{kind.name:16} {' '.join(sizes)}\n")


def _render(options: argparse.Namespace) -> int:
    try:
        data = json.loads(_standard_input())
    except (ValueError, RecursionError) as fault:
        sys.stderr.write(f"labels: standard input is no JSON: {fault}\n")
        return 2
    kind = kind_named(options.kind)
    layout = LAYOUTS.get(options.size) if options.size in kind.layouts else None
    size = layout.cell if layout else _size_named(options.size, kind.sizes)
    given = data if isinstance(data, list) else [data]
    if len(given) > MOST_PAGES * (layout.cells if layout else 1):
        raise LabelRefused("too_many_pages", {"labels": len(given), "limit": MOST_PAGES})
    labels: list[Label] = []
    for place, each in enumerate(given):
        try:
            labels += pages_of(read_content(kind.content, size, each))
        except LabelRefused as refusal:
            raise refusal.within(label=place) from refusal
    bundle = render_sheets(labels, layout, dpi=options.dpi) if layout else render_bundle(labels, dpi=options.dpi)
    sys.stdout.buffer.write(bundle.pdf)
    return 0


def _standard_input() -> bytes:
    given = sys.stdin.buffer.read(LARGEST_INPUT + 1)
    if len(given) > LARGEST_INPUT:
        raise LabelRefused("input_too_large", {"limit": LARGEST_INPUT})
    return given


def _size_named(name: str, sizes: Iterable[Size]) -> Size:
    """A size by its name; what is offered is said when there is none."""
    offered = {size.name: size for size in sizes}
    if name not in offered:
        raise LabelRefused("size_not_offered", {"field": "size", "value": name[:40], "offered": ", ".join(offered)})
    return offered[name]


if __name__ == "__main__":
    sys.exit(main())
