#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The list of jobs as a table: columns, order, width, colours, characters."""

import fcntl
import os
import pty
import re
import struct
import termios

import harness
from harness import sdbg, unique_name, wait_until

TITLES = "NAME STATE AGE PID MEMORY CPU PORTS COMMAND".split()
SGR = re.compile(r"\033\[[0-9;]*m")


class ListTest(harness.SystemTest):
    def setUp(self):
        super().setUp()
        self.names = []

    def start(self, *command, name=None, options=()):
        name = name or unique_name()
        sdbg("start", "--name", name, "--settle=0", *options, *command, exits=None)
        self.names.append(name)
        return name

    def rows(self, *options, **more):
        return [line.split() for line in sdbg("list", *options, **more).stdout.splitlines()]

    def on_terminal(self, *options, width=80, env=None):
        """What is printed where stdout is a terminal of that width."""
        leader, follower = pty.openpty()
        fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 25, width, 0, 0))
        variables = {"TERM": "xterm-256color", "NO_COLOR": None, "LC_ALL": "C.UTF-8"} | (env or {})
        child = harness.spawn("sdbg", "list", *options, stdout=follower, env=variables)
        os.close(follower)
        text = b""
        while True:
            try:
                block = os.read(leader, 65536)
            except OSError:  # the other end was closed
                break
            text += block
        os.close(leader)
        self.assertEqual(child.wait(timeout=30), 0)
        return text.decode().replace("\r\n", "\n")


class Columns(ListTest):
    def test_default(self):
        name = self.start("sleep", "1000")
        titles, row = self.rows()
        self.assertEqual(titles, TITLES)
        self.assertEqual((row[0], row[1], row[-2:]), (name, "running", ["sleep", "1000"]))

    def test_wide(self):
        self.start("sleep", "1000", options=("--label", "a=b", "--cwd", "/"))
        titles, row = self.rows("-w")
        self.assertIn("DIRECTORY", titles)
        self.assertIn("a=b", row)
        self.assertIn("/", row)

    def test_format(self):
        name = self.start("-c", "echo x; exit 7")
        sdbg("wait", name, exits=7)
        self.assertEqual(self.rows("-a", "--format=name,state,code,lines", name),
                         [["NAME", "STATE", "CODE", "LINES"], [name, "exit-code", "7", "1"]])
        self.assertEqual(self.rows("-a", "--quiet", "--format=name", name), [[name]])

    def test_every_column(self):
        self.start("sleep", "1000")
        hint = sdbg("list", "--format=", exits=2).stderr.splitlines()[1]
        columns = hint.removeprefix("hint: columns are ").split(", ")
        self.assertGreater(len(columns), 20)
        for column in columns:
            self.assertEqual(len(self.rows(f"--format={column}")), 2, column)
            sdbg("list", f"--sort={column}")
            sdbg("list", f"--sort=-{column}", json=True)

    def test_no_such_column(self):
        for option in ("--format=name,colour", "--format=name,", "--sort=size", "--sort=", "--sort=-"):
            self.assertIn("there is no column", sdbg("list", option, exits=2).stderr)
        sdbg("list", "--format=" + ",".join(["name"] * 33), exits=2)


class Order(ListTest):
    def test_by_time(self):
        for name in ("b", "c", "a"):
            self.start("sleep", "1000", name=name)
        self.assertEqual(self.rows("-q", "--format=name"), [["a"], ["b"], ["c"]])
        self.assertEqual(self.rows("-q", "--format=name", "--sort=started"), [["b"], ["c"], ["a"]])
        self.assertEqual(self.rows("-q", "--format=name", "--sort=age"), [["a"], ["c"], ["b"]])
        self.assertEqual(self.rows("-q", "--format=name", "--sort=-name"), [["c"], ["b"], ["a"]])
        self.assertEqual([job["name"] for job in sdbg("list", "--sort=started", json=True).json], ["b", "c", "a"])

    def test_unknown_comes_last(self):
        self.start("exit", name="a", options=("-c",))
        self.start("sleep", "1000", name="b")
        sdbg("wait", "a")
        for order in ("pid", "-pid"):
            self.assertEqual(self.rows("-a", "-q", "--format=name", f"--sort={order}", "a", "b"), [["b"], ["a"]])


class Terminal(ListTest):
    def test_width(self):
        self.start("sh", "-c", "sleep 1000; : " + "x" * 300)
        for width in (1, 2, 10, 40, 79, 80, 200):
            lines = SGR.sub("", self.on_terminal(width=width)).splitlines()
            self.assertEqual(len(lines), 2)
            self.assertLessEqual(max(map(len, lines)), width)
            if width in (1, 80):
                self.assertTrue(lines[1].endswith("…"))
        self.assertIn("x" * 300, self.on_terminal("--wide", width=10))
        self.assertIn("x" * 300, sdbg("list").stdout)

    def test_colours(self):
        name = self.start("sleep", "1000")
        failed = self.start("-c", "exit 3")
        sdbg("wait", failed, exits=3)
        text = self.on_terminal("-a")
        self.assertIn("\033[32mrunning\033[0m", text)
        self.assertIn("\033[31mexit-code\033[0m", text)
        for options, env in ((["--no-color"], {}), ([], {"NO_COLOR": "1"}), ([], {"TERM": "dumb"})):
            self.assertNotIn("\033", self.on_terminal("-a", *options, env=env))
        self.assertIn("\033", self.on_terminal("-a", env={"NO_COLOR": ""}))
        self.assertNotIn("\033", sdbg("list", "-a").stdout)
        self.assertIn(name, text)

    def test_characters(self):
        self.start("sh", "-c", "sleep 1000; : 日本語 שלום")
        self.assertIn("日本語 שלום", self.on_terminal("--wide"))
        plain = self.on_terminal("--wide", env={"LC_ALL": "C"})
        self.assertIn("??? ????", plain)
        self.assertTrue(plain.isascii())
        self.assertTrue(self.on_terminal(width=60, env={"LC_ALL": "C"}).isascii())

    def test_help(self):
        for command in (["help"], ["list", "--help"], ["start", "--help"]):
            self.assertIn("…", sdbg(*command, env={"LC_ALL": "C.UTF-8"}).stdout)
            self.assertTrue(sdbg(*command, env={"LC_ALL": "C"}).stdout.isascii())

    def test_right_to_left(self):
        self.start("sleep", "1000", options=("--label", "who=שלום"))
        self.assertIn("who=שלום\u200e  ", self.on_terminal("--format=labels,name"))


class Many(ListTest):
    timeout = 300

    def test_near_names(self):
        self.start("sleep", "1000", name="backend")
        result = sdbg("list", "backen", exits=3)
        self.assertIn("did you mean 'backend'", result.stderr)

    def test_completion(self):
        running, ended = self.start("sleep", "1000"), self.start("true")
        sdbg("wait", ended)
        for verb, names in (("stop", {running}), ("logs", {running, ended}), ("restart", {running, ended}), ("agents", set())):
            words = set(sdbg("completion", "words", verb).stdout.split())
            self.assertEqual(words & {running, ended}, names, verb)  # beside those of other tests that have ended

    def test_nothing_that_fits(self):
        self.assertIn("No such jobs are running", sdbg("list", "no-such-*").stderr)

    def test_nothing(self):
        self.assertEqual(sdbg("list").stdout, "")
        self.assertEqual(sdbg("list", json=True).json, [])

    def test_reader_that_goes_away(self):
        for i in range(3):
            self.start("sleep", "1000", name=f"j{i}")
        wait_until(lambda: len(self.rows("-q", "--format=name")) == 3)
        result = harness.run("sh", "-c", "sdbg list | :")
        self.assertEqual(result.stderr, "")


if __name__ == "__main__":
    harness.main()
