#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Logs of real builds, with colours and progress redrawn on a terminal: against the bytes that were printed, and
against what journalctl has."""

import base64
import datetime

import harness
from harness import sdbg, wait_until

# Runs a command on a terminal of its own; what it prints goes to stdout and, the same bytes, to a file.
ON_TERMINAL = """
import os, pty, sys
with open(sys.argv[1], "wb") as file:
    def read(fd):
        data = os.read(fd, 65536)
        file.write(data)
        return data
    sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[2:], read)))
"""
BUILD = """
rule cc
  command = sleep 0.01; cc -fdiagnostics-color=always -Wall -c -o $out $in
  description = Compiling $in
"""
SOURCES = 60


class BuildTest(harness.JobTest):
    def write_sources(self, bad=()):
        rules = [BUILD]
        for i in range(SOURCES):
            body = f"int f{i}(void) {{ int unused; return {'missing' if i in bad else i}; }}\n"
            (self.directory / f"s{i}.c").write_text(body)
            rules.append(f"build s{i}.o: cc s{i}.c\n")
        (self.directory / "build.ninja").write_text("".join(rules))

    def build(self, *command):
        """Return: the bytes that were printed."""
        printed = self.directory / "printed"
        sdbg("start", "--name", self.name, "--settle=0", "--cwd", self.directory, "-e", "TERM=xterm-256color", "--",
             "python3", "-c", ON_TERMINAL, printed, *command)
        sdbg("wait", self.name, exits=None)
        return printed.read_bytes()

    def check_logs(self, printed):
        """What is read is what was printed, from the ring and from the journal."""
        self.assertEqual(sdbg("logs", "--raw", "--all", self.name).raw, printed)
        lines = sdbg("logs", "--all", self.name, json=True).json_lines
        raw = [base64.b64decode(line["raw"]) if "raw" in line else line["text"].encode() for line in lines]
        self.assertEqual(b"\n".join(raw), printed.removesuffix(b"\n"))
        self.assertEqual([line["seq"] for line in lines], list(range(1, len(lines) + 1)))
        wait_until(lambda: not harness.job_units())
        sdbg("clean", self.name)
        self.assertEqual(sdbg("logs", "--all", self.name, json=True).json_lines, lines)
        return lines

    def check_journal(self, printed, lines):
        """journalctl has the same bytes in the same order, the same text, and the same times."""
        entries = [e for e in self.journal.of_job(self.name) if "SDBG_STREAM" in e and "SDBG_REPAIRED" not in e]
        exact = b"".join(harness.octets(e.get("SDBG_RAW")) or
                         e["MESSAGE"].encode() + (b"" if "SDBG_PARTIAL" in e else b"\n") for e in entries)
        self.assertEqual(exact.removesuffix(b"\n"), printed.removesuffix(b"\n"))
        begun = 0  # lines, the last of which may go on in the next entry
        for entry in entries:
            first, count = int(entry["SDBG_SEQ"]), int(entry["SDBG_LINES"])
            self.assertIn(first, (begun, begun + 1))
            if first == begun + 1:
                time = datetime.datetime.fromisoformat(lines[first - 1]["time"]).timestamp()
                self.assertAlmostEqual(time, int(entry["SDBG_TIME"]) / 1e6, places=5)
                # journald's own time is that of its writing.
                self.assertLessEqual(time, int(entry["__REALTIME_TIMESTAMP"]) / 1e6)
                if "SDBG_PARTIAL" not in entry:
                    shown = [line["text"] for line in lines[first - 1:first - 1 + count]]
                    self.assertEqual(entry["MESSAGE"].split("\n"), shown)
            begun = first + count - 1
        self.assertEqual(begun, len(lines))

    def test_ninja_that_succeeds(self):
        self.write_sources()
        printed = self.build("ninja", "-j2")
        self.assertIn(b"\r", printed)
        lines = self.check_logs(printed)
        self.check_journal(printed, lines)
        folded = sdbg("logs", "--collapse", "--errors", self.name).stdout
        self.assertEqual(folded, "")

    def test_ninja_that_fails(self):
        self.write_sources(bad={40})
        printed = self.build("ninja", "-j2")
        self.assertIn(b"\x1b[", printed)
        lines = self.check_logs(printed)
        self.check_journal(printed, lines)
        shown = sdbg("logs", "--errors", "--max-bytes", "2000", self.name).stdout
        self.assertIn("s40.c:1:36: error:", shown)
        self.assertIn("ninja: build stopped", shown)
        self.assertNotIn("\x1b", shown)
        self.assertIn(b"\x1b[", sdbg("logs", "--errors", "--color", self.name).raw)

    def test_make_and_both_streams(self):
        self.write_sources(bad={3})
        (self.directory / "Makefile").write_text(
            f"all: {' '.join(f's{i}.o' for i in range(SOURCES))}\n%.o: %.c\n\tcc -fdiagnostics-color=always -c -o $@ $<\n")
        sdbg("start", "--name", self.name, "--settle=0", "--cwd", self.directory, "--", "sh", "-c",
             "make -k -j2 >out 2>err; cat out; cat err >&2")
        sdbg("wait", self.name, exits=None)
        for stream, file in ("stdout", "out"), ("stderr", "err"):
            printed = (self.directory / file).read_bytes()
            self.assertEqual(sdbg("logs", "--raw", "--all", f"--stream={stream}", self.name).raw, printed)
        self.assertIn("error:", sdbg("logs", "--errors", self.name).stdout)


if __name__ == "__main__":
    harness.main()
