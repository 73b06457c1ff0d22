"""Printing into a folder: PDF and JSON. For tests, demonstrations, and programs that watch a folder."""

from __future__ import annotations

import json
import os
from pathlib import Path

from .backend import Came, Look, Noting, Result, Stage, Target


class Folder:
    """`uri` names a folder under the agent's own: the server cannot make it write anywhere else."""

    def __init__(self, target: Target, root: Path) -> None:
        if target.uri != Path(target.uri).name or target.uri in ("", ".", ".."):
            raise ValueError(f"not a folder's name: {target.uri}")
        self._target, self._folder = target, root / target.uri

    def look(self) -> Look:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as fault:
            return Look("stopped", type(fault).__name__)
        return Look("ready")

    def prepare(self, pdf: bytes) -> bytes:
        return pdf

    def send(self, name: str, prepared: bytes, note_spool: Noting) -> Result:  # noqa: ARG002 - known from the start
        about = {"name": name, "printer": self._target.name, "bytes": len(prepared)}
        try:
            self._write(f"{name}.json", json.dumps(about).encode())
            self._write(f"{name}.pdf", prepared)
        except OSError as fault:
            return self.look_up(name, type(fault).__name__)
        return Result(Came.SENT, spool_id=name)

    def look_up(self, name: str, spool_id: str | None) -> Result:  # noqa: ARG002 - the name says all
        """A file has its name only when it is whole."""
        if (self._folder / f"{name}.pdf").exists():
            return Result(Came.SENT, spool_id=name)
        return Result(Came.UNSENT, "no file")

    def stage(self, name: str, spool_id: str) -> Stage:  # noqa: ARG002 - what is there is done
        return Stage.COMPLETED

    def give_up(self, name: str, spool_id: str) -> None:
        """Nothing waits here."""

    def _write(self, name: str, content: bytes) -> None:
        partial = self._folder / f".{name}.part"
        with partial.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.rename(self._folder / name)
