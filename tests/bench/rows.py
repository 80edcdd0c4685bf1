# SPDX-License-Identifier: MIT
"""What was measured, as rows of a table."""

import dataclasses


@dataclasses.dataclass
class Row:
    measure: str
    unit: str
    sdbg: float
    peer_name: str = ""
    peer: float = None
    # One of: the largest ratio of sdbg to peer; the largest, or the smallest value of sdbg's own.
    ratio_max: float = None
    at_most: float = None
    at_least: float = None

    @property
    def ratio(self):
        return self.sdbg / self.peer if self.peer else None

    @property
    def target(self):
        if self.ratio_max is not None:
            return f"ratio <= {self.ratio_max:.3g}"
        if self.at_most is not None:
            return f"<= {self.at_most:g} {self.unit}"
        if self.at_least is not None:
            return f">= {self.at_least:g} {self.unit}"
        return ""

    @property
    def met(self):
        """None where there is no target, or no peer to hold against."""
        if self.ratio_max is not None:
            return self.ratio <= self.ratio_max if self.peer else None
        if self.at_most is not None:
            return self.sdbg <= self.at_most
        if self.at_least is not None:
            return self.sdbg >= self.at_least
        return None

    def as_json(self):
        return {**dataclasses.asdict(self), "ratio": self.ratio, "target": self.target, "met": self.met}


def number(value):
    return "" if value is None else f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def cells(row):
    verdict = {None: "", True: "yes", False: "NO"}[row.met]
    peer = f"{row.peer_name} {number(row.peer)}".strip()
    return f"{row.measure}, {row.unit}", number(row.sdbg), peer, number(row.ratio), row.target, verdict


def table(rows):
    lines = [("measure", "sdbg", "peer", "ratio", "target", "met"), *map(cells, rows)]
    widths = [max(map(len, column)) for column in zip(*lines)]
    return "\n".join("  ".join(cell.ljust(w) for cell, w in zip(line, widths)).rstrip() for line in lines)
