"""python -m labels samples --out DIR [--dpi 203|300|600]"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from labels.bundle import render_bundle
from labels.errors import LabelRefused
from labels.media import SUPPORTED_DPI
from labels.samples import samples


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m labels", description="Labels as PDF.")
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("samples", help="one PDF per built-in label and size, and manifest.json")
    command.add_argument("--out", type=Path, required=True, metavar="DIR")
    command.add_argument("--dpi", type=int, choices=SUPPORTED_DPI, default=203)
    options = parser.parse_args(arguments)
    try:
        write_samples(options.out, options.dpi)
    except LabelRefused as refusal:
        sys.stderr.write(f"{refusal}\n")
        return 1
    return 0


def write_samples(folder: Path, dpi: int) -> None:
    """Write the PDFs, then the manifest that says what a reader must find in them.

    `codes` lists the symbols of all pages in page order; `page` is 0-based.
    """
    folder.mkdir(parents=True, exist_ok=True)
    manifest = []
    for name, labels in samples().items():
        bundle = render_bundle(labels, dpi=dpi)
        (folder / f"{name}.pdf").write_bytes(bundle.pdf)
        first = bundle.pages[0]
        manifest.append(
            {
                "file": f"{name}.pdf",
                "width_mm": first.width_mm,
                "height_mm": first.height_mm,
                "dpi": dpi,
                "pages": len(bundle.pages),
                "codes": [
                    {"page": page, "symbology": code.symbology, "content": code.content}
                    for page, info in enumerate(bundle.pages)
                    for code in info.codes
                ],
            }
        )
    text = json.dumps(manifest, ensure_ascii=False, indent=2)
    (folder / "manifest.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
