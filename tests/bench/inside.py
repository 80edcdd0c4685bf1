# SPDX-License-Identifier: MIT
"""Runs measures as the user of a bed and prints rows, one JSON document a line. Called by tests/bench/run."""

import dataclasses
import json
import sys

import agents
import capture
import interactive
import jobs
import reading
import ready


def measures(rounds, count, other):
    return {
        "start": lambda: jobs.start(rounds * 10),
        "agents": lambda: agents.calls(rounds * 5),
        "ready": lambda: ready.all_measures(rounds),
        "list": lambda: jobs.list_many(rounds * 3, count),
        "capture": lambda: capture.floods(rounds),
        "rate": lambda: capture.steady_kept(),
        "entries": lambda: capture.against_one_entry_a_line(),
        "interactive": lambda: interactive.all_measures(rounds),
        "reading": lambda: reading.all_measures(rounds * 3, other),
    }


def main():
    rounds, count, other, *chosen = sys.argv[1:]
    known = measures(int(rounds), int(count), int(other))
    for name in chosen:
        print(f"measuring {name} …", file=sys.stderr)
        for row in known[name]():
            print(json.dumps(dataclasses.asdict(row)), flush=True)


if __name__ == "__main__":
    main()
