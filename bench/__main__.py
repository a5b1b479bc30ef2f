"""``make bench`` or ``python -m bench [FIGURE…]``: every figure of speed, measured, as a table of medians."""

from __future__ import annotations

import sys

from bench.figures import FIGURES


def main(wanted: list[str]) -> int:
    unknown = [name for name in wanted if name not in FIGURES]
    if unknown:
        print(f"there is no figure {', '.join(unknown)}; there are {', '.join(FIGURES)}", file=sys.stderr)
        return 2
    print(f"{'figure':<44}{'median':>10}{'budget':>10}")
    for name in wanted or FIGURES:
        for row in FIGURES[name]():
            print(f"{row.what:<44}{row.measured:>10}{row.budget:>10}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
