"""The print agent as a Python wheel, made from its own files: `pip install https://…/agent/wms_print_agent-….whl`."""

from __future__ import annotations

import base64
import hashlib
import zipfile
from functools import cache
from io import BytesIO
from pathlib import Path

from wms.printing import agent
from wms.printing.agent import VERSION

NAME = f"wms_print_agent-{VERSION}-py3-none-any.whl"
_ABOUT = f"wms_print_agent-{VERSION}.dist-info"
_NEEDS = ("pypdfium2>=5.15,<6", "pillow>=11")
_SAME_DAY = (2026, 1, 1, 0, 0, 0)  # so that the same program is the same file


@cache
def wheel() -> bytes:
    """The file (PEP 427): the program, its console script, and what it needs."""
    folder = Path(agent.__file__).parent
    files = {f"wms_print_agent/{path.name}": path.read_bytes() for path in sorted(folder.glob("*.py"))}
    needs = "".join(f"Requires-Dist: {each}\n" for each in _NEEDS)
    files[f"{_ABOUT}/METADATA"] = (
        f"Metadata-Version: 2.1\nName: wms-print-agent\nVersion: {VERSION}\nRequires-Python: >=3.11\n{needs}"
    ).encode()
    files[f"{_ABOUT}/WHEEL"] = b"Wheel-Version: 1.0\nGenerator: wms\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    files[f"{_ABOUT}/entry_points.txt"] = b"[console_scripts]\nwms-print-agent = wms_print_agent.__main__:main\n"
    record = "".join(f"{name},sha256={_digest(content)},{len(content)}\n" for name, content in files.items())
    files[f"{_ABOUT}/RECORD"] = f"{record}{_ABOUT}/RECORD,,\n".encode()
    written = BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, _SAME_DAY), content, zipfile.ZIP_DEFLATED)
    return written.getvalue()


def _digest(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
