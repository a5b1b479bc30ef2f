"""``make bench`` or ``python -m bench [FIGURE…]``: the figures of speed, measured, as a table beside their budgets."""

from __future__ import annotations

import sys

from bench.figures import FIGURES


def main(wanted: list[str]) -> int:
    unknown = [name for name in wanted if name not in FIGURES]
    if unknown:
        print(f"there is no figure {', '.join(unknown)}; there are {', '.join(FIGURES)}", file=sys.stderr)
        return 2
    print("Seconds are processor time: what a command takes on a core of its own.\n")
    print(_line("what", "budget", "measured", "of budget"))
    for name in wanted or FIGURES:
        for row in FIGURES[name]():
            budget = f"{row.budget:g} {row.unit}" if row.budget else ""
            share = f"{row.measured / row.budget:.0%}" if row.budget else ""
            print(_line(row.what, budget, f"{row.measured:.{row.places}f} {row.unit}", share), flush=True)
    return 0


def _line(what: str, budget: str, measured: str, share: str) -> str:
    return f"{what:<56}{budget:>10}{measured:>12}{share:>12}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
