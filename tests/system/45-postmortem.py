#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What status says of a run that is over: why, how it compares, what it printed last, what to try."""

import re

import harness
from harness import sdbg, unique_name, wait_until

GOLDEN = """\
{name} - sh -c {command}
      state: failed
     result: exit-code, exited with code 127
   duration: SPAN
       unit: bgjob-{name}.service, run RUN
  directory: /
    started: TIME
      ended: TIME
  resources: cpu SPAN
     output: 2 lines, 53B
        try: something it needs is not installed, or it was started in another directory
         or: a command was not found: check its spelling, and PATH where it was started

"""


class PostMortemTest(harness.JobTest):
    def run_job(self, script, *options):
        """Returns when also the unit is gone."""
        sdbg("start", "--name", self.name, "--settle=0", *options, "sh", "-c", script, exits=None)
        sdbg("wait", self.name, exits=None)
        wait_until(lambda: not harness.job_units(), timeout=30)

    def post_mortem(self):
        return self.status()["post_mortem"]

    def text(self):
        return sdbg("status", self.name).stdout


class Reason(PostMortemTest):
    def test_running_has_none(self):
        sdbg("start", "--name", self.name, "sleep", "1000")
        job = self.status()
        self.assertNotIn("post_mortem", job)

    def test_keys(self):
        self.run_job("echo one; echo two >&2; exit 3")
        found = self.post_mortem()
        self.assertEqual(list(found), ["summary", "runs", "successes", "usual_duration_ms", "last_success_at",
                                       "failed_in_a_row", "memory_percent", "error_lines", "last_lines", "hints"])
        self.assertRegex(found["summary"], r"^exited with code 3; it ran \S+$")
        self.assertEqual((found["runs"], found["usual_duration_ms"], found["failed_in_a_row"]), (0, None, 1))
        lines = found["last_lines"]
        self.assertEqual(sorted((line["stream"], line["text"]) for line in lines), [("stderr", "two"), ("stdout", "one")])
        self.assertEqual([line["seq"] for line in lines], [1, 2])

    def test_success(self):
        self.run_job("echo fine")
        found = self.post_mortem()
        self.assertEqual((found["failed_in_a_row"], found["hints"], found["error_lines"]), (0, [], []))
        self.assertIn("fine", self.text())

    def test_text(self):
        script = "echo \"Cannot find module 'x'\"; echo 'the last words, with no error'; exit 127"
        self.run_job(script, "--cwd=/")
        text = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "TIME", self.text())
        text = re.sub(r"run [0-9a-f]{32}", "run RUN", text)
        text = re.sub(r"(duration: |cpu )[0-9].*", r"\1SPAN", text)
        text = re.sub(r"^ +(waited for|limits|asked by|warning): .*\n", "", text, flags=re.M)
        command = text.splitlines()[0].partition(" - sh -c ")[2]
        self.assertTrue(text.startswith(GOLDEN.format(name=self.name, command=command)), text)
        self.assertIn("    Cannot find module 'x'\n", text)

    def test_errors_with_context(self):
        self.run_job("seq 20000; echo 'a.c: In function f:'; echo 'a.c:3:1: error: expected ;'; echo '    3 | int x';"
                     "seq 20000; echo 'make: *** [all] Error 2'; seq 5; exit 2")
        found = self.post_mortem()
        self.assertEqual(found["last_lines"], [])
        self.assertEqual([(line["seq"], line["text"]) for line in found["error_lines"]], [
            (20001, "a.c: In function f:"), (20002, "a.c:3:1: error: expected ;"), (20003, "    3 | int x"),
            (20004, "1"), (40003, "20000"), (40004, "make: *** [all] Error 2"), (40005, "1"), (40006, "2")])
        _, _, shown = self.text().partition("what looks like errors:\n")
        self.assertEqual(shown.splitlines()[:6], ["    a.c: In function f:", "    a.c:3:1: error: expected ;",
                                                  "        3 | int x", "    1", "    --", "    20000"])

    def test_errors_of_a_success_are_none(self):
        self.run_job("echo 'error: harmless'; exit 0")
        self.assertEqual(self.post_mortem()["error_lines"], [])

    def test_job_without_output(self):
        self.run_job("exit 1")
        self.assertEqual(self.post_mortem()["last_lines"], [])

    def test_long_lines_are_cut(self):
        self.run_job("for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do head -c 5000 /dev/zero | tr '\\0' x; echo; done; exit 1")
        lines = self.post_mortem()["last_lines"]
        self.assertLess(sum(len(line["text"]) for line in lines), 4100)
        self.assertEqual(lines[-1]["seq"], 15)

    def test_outlives_the_runtime_files(self):
        self.run_job("echo gone; exit 1")
        before = self.post_mortem()
        sdbg("clean")
        self.assertEqual(self.post_mortem(), before)


class Comparison(PostMortemTest):
    def test_usual_duration(self):
        script = "sleep 0.1"
        for _ in range(3):
            self.run_job(script)
        found = self.post_mortem()
        self.assertEqual((found["runs"], found["successes"], found["failed_in_a_row"]), (2, 2, 0))
        self.assertGreaterEqual(found["usual_duration_ms"], 100)
        self.assertIn(", usually ", found["summary"])
        self.assertRegex(self.text(), r"compared: 2 runs before, usually \d+ms")

    def test_failures_in_a_row(self):
        """The same command, which does not always do the same."""
        script = f"[ $(sdbg events {self.name} | grep -c ' start ') -lt 3 ] && exit 0; exit 2"
        for _ in range(4):
            self.run_job(script)
        found = self.post_mortem()
        self.assertEqual((found["runs"], found["failed_in_a_row"]), (3, 2))
        self.assertIsNotNone(found["last_success_at"])
        self.assertIn("failed 2 times in a row", found["summary"])
        self.assertIn("2 failures in a row, the last success", self.text())

    def test_other_commands_do_not_count(self):
        self.run_job("exit 0")
        self.run_job("exit 4")
        self.assertEqual(self.post_mortem()["runs"], 0)


class Hints(PostMortemTest):
    def hints(self, script, *options):
        self.run_job(script, *options)
        return "\n".join(self.post_mortem()["hints"])

    def test_by_end(self):
        for script, word in (("exit 127", "spelling"), ("exit 126", "mode"), ("exit 137", "SIGKILL"),
                             ("ulimit -c 0; kill -SEGV $$", "crashed"), ("kill -KILL $$", "oom")):
            with self.subTest(script):
                self.name = unique_name()
                self.assertIn(word, self.hints(script))

    def test_by_text(self):
        for line, word in (("Error: listen EADDRINUSE: address already in use :::3000", "ss -ltnp"),
                           ("sh: write error: No space left on device", "df -h"),
                           ("ModuleNotFoundError: No module named 'x'", "not installed"),
                           ("the input device is not a TTY", "--pty")):
            with self.subTest(line):
                self.name = unique_name()
                self.assertIn(word, self.hints(f"echo \"{line}\" >&2; exit 1"))

    def test_stopped(self):
        sdbg("start", "--name", self.name, "sleep", "1000")
        sdbg("stop", self.name)
        self.assertEqual(self.post_mortem()["hints"], [f"'sdbg restart {self.name}' starts it again"])

    def test_timeout(self):
        self.assertIn("--timeout", self.hints("sleep 1000", "--timeout=0.2"))


if __name__ == "__main__":
    harness.main()
