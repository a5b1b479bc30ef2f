"""What is built before what: cycles, late grants, and an order that follows the file wherever it may."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise


class Order:
    """A graph of names that grows edge by edge: ``add(a, b)`` says that ``a`` is built after ``b``."""

    def __init__(self, names: Iterable[str]) -> None:
        self.after: dict[str, dict[str, str]] = {name: {} for name in names}

    def add(self, later: str, earlier: str, why: str) -> None:
        """``later`` is built after ``earlier``, because of ``why`` (for the message of a cycle)."""
        self.after[later].setdefault(earlier, why)

    def path(self, start: str, goal: str) -> list[str] | None:
        """The names on a way from ``start`` back to what it is built after, ending at ``goal``; None without one."""
        previous: dict[str, str | None] = {start: None}
        waiting = [start]
        while waiting:
            name = waiting.pop(0)
            if name == goal:
                way: list[str] = []
                step: str | None = name
                while step is not None:
                    way.append(step)
                    step = previous[step]
                return way[::-1]
            for earlier in self.after[name]:
                if earlier not in previous:
                    previous[earlier] = name
                    waiting.append(earlier)
        return None

    def reaches(self, start: str) -> set[str]:
        """Everything that ``start`` is built after, itself included."""
        found, waiting = {start}, [start]
        while waiting:
            for earlier in self.after[waiting.pop()]:
                if earlier not in found:
                    found.add(earlier)
                    waiting.append(earlier)
        return found

    def cycles(self) -> list[list[tuple[str, str, str]]]:
        """One cycle for each knot, as steps ``(later, earlier, why)``; empty if there is none."""
        found, seen = [], set()
        for name in self.after:
            if name in seen:
                continue
            for earlier in self.after[name]:
                way = self.path(earlier, name)
                if way is not None:
                    seen.update(way)
                    ring = [name, *way]
                    found.append([(a, b, self.after[a][b]) for a, b in pairwise(ring)])
                    break
        return found

    def sorted(self, ranks: Mapping[str, int]) -> Sequence[str]:
        """All names, each after what it is built after; among equals by rank, then as they were given.

        The graph has no cycle.
        """
        place = {name: (ranks[name], index) for index, name in enumerate(self.after)}
        left = {name: len(earlier) for name, earlier in self.after.items()}
        followers: dict[str, list[str]] = {name: [] for name in self.after}
        for name, earlier in self.after.items():
            for other in earlier:
                followers[other].append(name)
        ready = [(place[name], name) for name, count in left.items() if not count]
        heapq.heapify(ready)
        result = []
        while ready:
            _, name = heapq.heappop(ready)
            result.append(name)
            for follower in followers[name]:
                left[follower] -= 1
                if not left[follower]:
                    heapq.heappush(ready, (place[follower], follower))
        return result
