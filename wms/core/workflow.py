"""State tables: which action leads from which states to which. Nothing else may change a status."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from wms.core.refusals import Refused


@dataclass(frozen=True)
class Move:
    """One action: allowed in `sources`, leads to `target`."""

    sources: frozenset[str]
    target: str


State = TypeVar("State", bound=StrEnum)


class Workflow(Generic[State]):
    """A named table of moves. `permitted` is pure; `apply` answers the next state or refuses."""

    def __init__(self, name: str, states: type[State], initial: State, moves: Mapping[str, Move]) -> None:
        self.name = name
        self.states = states
        self.initial = initial
        self.moves = dict(moves)
        known = {state.value for state in states}
        for action, move in self.moves.items():
            strangers = (set(move.sources) | {move.target}) - known
            if strangers:
                raise ValueError(f"{name}.{action} names unknown states {sorted(strangers)}")

    def permitted(self, action: str, state: str) -> bool:
        return state in self.moves[action].sources

    def apply(self, action: str, state: str) -> State:
        """The state after `action`, or ``Refused('not_allowed_now')`` with the actions that are possible."""
        move = self.moves[action]
        if state not in move.sources:
            possible = sorted(name for name in self.moves if self.permitted(name, state))
            raise Refused(
                "not_allowed_now",
                {"document": self.name, "action": action, "state": state, "possible": possible},
            )
        return self.states(move.target)

    def final_states(self) -> set[str]:
        """States no action leaves."""
        left = {source for move in self.moves.values() for source in move.sources}
        return {state.value for state in self.states} - left

    def as_mermaid(self) -> str:
        """A Mermaid state diagram of this table (ARCHITECTURE.md shows these)."""
        lines = ["stateDiagram-v2", f"    [*] --> {self.initial}"]
        for action, move in self.moves.items():
            lines += [f"    {source} --> {move.target}: {action}" for source in sorted(move.sources)]
        lines += [f"    {state} --> [*]" for state in sorted(self.final_states())]
        return "\n".join(lines)


def move(sources: Iterable[StrEnum] | StrEnum, target: StrEnum) -> Move:
    """`move(A, B)` or `move([A, B], C)`: the entries of a workflow table."""
    if isinstance(sources, StrEnum):
        sources = [sources]
    return Move(frozenset(source.value for source in sources), target.value)
