"""The command line in this process: a problem in, the exit status, the plan or the error out."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from wms.planning.__main__ import main


class Standard:
    """Standard input, output and error of one run."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.monkeypatch, self.capsys = monkeypatch, capsys

    def run(self, command: str, problem: Any) -> tuple[int, dict[str, Any]]:
        text = problem if isinstance(problem, bytes) else json.dumps(problem).encode()
        self.monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text)))
        status = main([command])
        out, err = self.capsys.readouterr()
        assert (status, bool(out), bool(err)) in ((0, True, False), (2, False, True))
        assert (out or err).count("\n") == 1
        return status, json.loads(out or err)

    def plan(self, command: str, problem: Any) -> dict[str, Any]:
        status, plan = self.run(command, problem)
        assert status == 0, plan
        return plan

    def error(self, command: str, problem: Any) -> tuple[str, str]:
        status, error = self.run(command, problem)
        assert status == 2, error
        assert error["error"]["message"]
        return error["error"]["field"], error["error"]["rule"]
