# SPDX-License-Identifier: MIT
"""Runs a command and writes how long it took, and its CPU time, to a file: timed.py FILE COMMAND..."""

import json
import os
import resource
import subprocess
import sys
import time


def main():
    file, *command = sys.argv[1:]
    begin = time.monotonic()
    subprocess.run(command, check=True)
    wall = time.monotonic() - begin
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    with open(f"{file}.new", "w") as stream:
        json.dump({"wall": wall, "cpu": used.ru_utime + used.ru_stime}, stream)
    os.rename(f"{file}.new", file)


if __name__ == "__main__":
    main()
