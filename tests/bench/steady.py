# SPDX-License-Identifier: MIT
"""Prints numbered lines, each with a write of its own, at an even rate: steady.py LINES_A_SECOND SECONDS"""

import os
import sys
import time


def main():
    rate, seconds = map(int, sys.argv[1:])
    begin = time.monotonic()
    for number in range(rate * seconds):
        ahead = begin + number / rate - time.monotonic()
        if ahead > 0.001:
            time.sleep(ahead)
        os.write(1, b"line %d of those printed at an even rate\n" % number)


if __name__ == "__main__":
    main()
