"""A disk that can be made full."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from tests.faults.patience import eventually


class Disk:
    """A small file system of its own for one folder (tmpfs, so as root only), which can be made full at any moment."""

    ROOM = "size=1g"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.is_own = os.geteuid() == 0 and self._mount("-t", "tmpfs", "-o", f"{self.ROOM},mode=755", "tmpfs")

    def _mount(self, *arguments: str) -> bool:
        done = subprocess.run(["mount", *arguments, str(self.folder)], capture_output=True, check=False)
        return done.returncode == 0

    def fill(self) -> None:
        """From now on every byte more is one too many: the file system is made as small as what is in it."""

        def shrink() -> bool:
            state = os.statvfs(self.folder)
            used = (state.f_blocks - state.f_bfree) * state.f_frsize
            return self._mount("-o", f"remount,size={used}")  # refused when somebody was quicker

        eventually(shrink, "the disk is full")

    def free(self) -> None:
        assert self._mount("-o", f"remount,{self.ROOM}")

    def remove(self) -> None:
        if self.is_own:
            subprocess.run(["umount", "-l", str(self.folder)], check=True)
