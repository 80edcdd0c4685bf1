#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What happened to jobs, told once to each reader."""

import json
import os
import pathlib
import subprocess

import harness
from harness import root, sdbg, spawn, unique_name, wait_until

TIME = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}[+-]\d\d:\d\d$"


class EventsTest(harness.SystemTest):
    def setUp(self):
        super().setUp()
        self.name = unique_name()
        self.reader = unique_name("reader")

    def run_job(self, script="exit 0", *options, name=None):
        """Returns when also the unit is gone, and all that is done for a job has been done."""
        name = name or self.name
        sdbg("start", "--name", name, "--settle=0", *options, "-c", script, exits=None)
        sdbg("wait", name, exits=None)
        wait_until(lambda: not harness.job_units(), timeout=30)

    def events(self, *options):
        return sdbg("events", *options, json=True).json_lines

    def kinds(self, *options):
        return [(event["job"], event["event"]) for event in self.events(*options)]

    def new(self, *options, reader=None):
        return self.kinds(f"--new={reader or self.reader}", *options)


class Shown(EventsTest):
    def test_json(self):
        self.run_job("echo x; exit 3", "--label", "a=b")
        start, end = self.events(self.name)
        for event, kind in ((start, "start"), (end, "exit")):
            self.assertEqual(list(event)[:5], ["time", "event", "job", "run", "message"])
            self.assertEqual((event["event"], event["job"], event["name"]), (kind, self.name, self.name))
            self.assertRegex(event["time"], TIME)
            self.assertEqual(event["labels"], {"a": "b"})
        self.assertEqual((end["run"], end["exit_code"], end["state"]), (start["run"], 3, "failed"))
        self.assertLessEqual(start["time"], end["time"])

    def test_text(self):
        self.run_job("exit 3")
        start, end = sdbg("events", self.name).stdout.splitlines()
        when = r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d  "
        self.assertRegex(start, when + rf"start    {self.name}: started, PID \d+$")
        self.assertRegex(end, when + rf"exit     {self.name}: exited with code 3$")

    def test_stop_tells_who_asked(self):
        sdbg("start", "--name", self.name, "sleep", "1000")
        sdbg("stop", self.name)
        self.assertEqual([kind for _, kind in self.kinds(self.name)], ["start", "stop", "exit"])
        self.assertIn("PID", self.events(self.name)[1]["message"])

    def test_selection(self):
        other, group = unique_name(), unique_name("g")
        self.run_job("exit 0", "--group", group, "--label", f"x={self.name}")
        self.run_job("exit 0", name=other)
        both = [(self.name, "start"), (self.name, "exit")]
        self.assertEqual(self.kinds(self.name), both)
        self.assertEqual(self.kinds(self.name + "*", other), both + [(other, "start"), (other, "exit")])
        self.assertEqual(self.kinds("--group", group), both)
        self.assertEqual(self.kinds("--label", f"x={self.name}"), both)
        self.assertEqual(self.kinds("--label", f"x={self.name}", other), [])
        self.assertEqual(self.kinds("--lines=3", self.name, other), [both[1], (other, "start"), (other, "exit")])
        self.assertEqual(self.kinds("--lines=0"), [])

    def test_since(self):
        self.run_job()
        end = self.events(self.name)[-1]["time"]
        other = unique_name()
        self.run_job(name=other)
        wanted = {(other, "start"), (other, "exit")}
        self.assertLessEqual(wanted, set(self.kinds("--since", end)))
        self.assertNotIn((self.name, "start"), self.kinds("--since", end))
        self.assertLessEqual(wanted | {(self.name, "start")}, set(self.kinds("--since", "10min")))
        self.assertEqual(self.kinds("--since", "tomorrow"), [])

    def test_outlives_the_runtime_files(self):
        self.run_job()
        sdbg("clean")
        self.assertEqual(self.kinds(self.name), [(self.name, "start"), (self.name, "exit")])

    def test_not_in_the_journal_yet(self):
        root("journald-stop")
        sdbg("start", "--name", self.name, "sleep", "1000")
        self.assertEqual(self.kinds(self.name), [(self.name, "start")])
        root("journald-cont")

    def test_bad_input(self):
        for option in ("--since=whenever", "--new=a/b", "--new=..%", "--lines=x"):
            with self.subTest(option):
                sdbg("events", option, exits=2)
        self.assertIn("no slash", sdbg("events", "--new=a/b", exits=2).stderr)
        sdbg("events", "--new=a", "--lines=3", exits=2)
        self.run_job(name="eventful")
        self.assertIn("did you mean 'eventful'", sdbg("events", "eventfull", exits=3).stderr)
        sdbg("events", "Bad Name", "--follow", exits=2)

    def test_reader_that_goes_away(self):
        for _ in range(3):
            self.run_job()
        with subprocess.Popen(["sdbg", "events"], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
            child.stdout.close()
            self.assertEqual(child.stderr.read(), b"")


class Followed(EventsTest):
    def follow(self, *options):
        """Returns when it watches."""
        child = spawn("sdbg", "--json", "events", "-f", *options)
        wait_until(lambda: self.watches(child), what="a command that follows")
        return child

    @staticmethod
    def watches(child):
        """Whether it sleeps with a watch on the jobs."""
        directory = pathlib.Path(f"/proc/{child.pid}")
        try:
            asleep = (directory / "stat").read_text().rpartition(")")[2].split()[0] == "S"
            return asleep and any("inotify" in os.readlink(link) for link in (directory / "fd").iterdir())
        except FileNotFoundError:  # a descriptor closed meanwhile
            return False

    def next(self, child):
        event = json.loads(child.stdout.readline())
        return event["job"], event["event"]

    def test_from_now_on(self):
        self.run_job()
        other = unique_name()
        child = self.follow()
        self.run_job(name=other)
        self.assertEqual([self.next(child) for _ in range(2)], [(other, "start"), (other, "exit")])

    def test_each_once_whatever_the_way(self):
        child = self.follow(self.name)
        for _ in range(5):
            self.run_job()
            root("journal-rotate")
        root("journald-restart")
        sdbg("start", "--name", self.name, "sleep", "1000")
        sdbg("stop", self.name)
        wanted = ["start", "exit"] * 5 + ["start", "stop", "exit"]
        self.assertEqual(sorted(self.next(child)[1] for _ in wanted), sorted(wanted))
        root("journal-sync")
        child.terminate()
        self.assertEqual(child.stdout.read(), b"")

    def test_at_once_without_journald(self):
        child = self.follow()
        root("journald-stop")
        sdbg("start", "--name", self.name, "sleep", "1000")
        self.assertEqual(self.next(child), (self.name, "start"))
        root("journald-cont")

    def test_with_history(self):
        self.run_job()
        child = self.follow("--since=10min", self.name)
        self.run_job()
        self.assertEqual([self.next(child)[1] for _ in range(4)], ["start", "exit"] * 2)
        child = self.follow("-n1", self.name)
        self.run_job()
        self.assertEqual([self.next(child)[1] for _ in range(3)], ["exit", "start", "exit"])


class New(EventsTest):
    def test_each_reader_once(self):
        one, other = unique_name("r"), unique_name("r")
        self.run_job()
        self.assertEqual(self.new(self.name, reader=one), [(self.name, "start"), (self.name, "exit")])
        self.assertEqual(self.new(self.name, reader=one), [])
        self.assertEqual(self.new(self.name, reader=other), [(self.name, "start"), (self.name, "exit")])
        self.run_job("exit 2")
        for reader in (one, other):
            self.assertEqual(self.new(self.name, reader=reader), [(self.name, "start"), (self.name, "exit")])
            self.assertEqual(self.new(self.name, reader=reader), [])

    def test_while_the_job_runs(self):
        sdbg("start", "--name", self.name, "sleep", "1000")
        self.assertIn((self.name, "start"), self.new())
        self.assertEqual(self.new(), [])
        sdbg("stop", self.name)
        self.assertEqual(sorted(self.new()), [(self.name, "exit"), (self.name, "stop")])
        self.assertEqual(self.new(), [])

    def test_over_rotation_and_restarts(self):
        wanted, given = [], []
        self.new()
        for i in range(6):
            name = unique_name()
            self.run_job(name=name)
            wanted += [(name, "start"), (name, "exit")]
            if i % 2:
                given += self.new()
            root(("journal-rotate", "journald-restart", "journald-kill")[i % 3])
            given += self.new()
            if i == 3:
                sdbg("clean")
        root("journal-sync")
        given += self.new()
        self.assertEqual(given, wanted)

    def test_given_from_the_ring_first(self):
        self.new()
        root("journald-stop")
        sdbg("start", "--name", self.name, "sleep", "1000")
        self.assertEqual(self.new(), [(self.name, "start")])
        self.assertEqual(self.new(), [])
        root("journald-cont")
        root("journal-sync")
        self.assertEqual(self.new(), [])
        sdbg("stop", self.name)
        self.assertEqual(sorted(self.new()), [(self.name, "exit"), (self.name, "stop")])

    def test_selections_do_not_consume_for_each_other(self):
        other = unique_name()
        self.new()
        self.run_job()
        self.run_job(name=other)
        self.assertEqual(self.new(other), [(other, "start"), (other, "exit")])
        self.assertEqual(len(self.new()), 4)
        self.assertEqual(self.new(other), [])

    def test_not_shown_is_not_lost(self):
        """Who cannot be written to gets it again."""
        self.run_job()
        with open("/dev/full", "w") as full:
            result = subprocess.run(["sdbg", "events", f"--new={self.reader}", self.name], stdout=full,
                                    stderr=subprocess.PIPE)
        self.assertEqual(result.returncode, 1)
        self.assertEqual(self.new(self.name), [(self.name, "start"), (self.name, "exit")])

    def test_several_calls_at_once(self):
        for _ in range(3):
            self.run_job()
        children = [spawn("sdbg", "--json", "events", f"--new={self.reader}", self.name) for _ in range(10)]
        given = [line for child in children for line in child.communicate(timeout=60)[0].splitlines()]
        self.assertEqual(sorted(json.loads(line)["event"] for line in given), ["exit"] * 3 + ["start"] * 3)

    def test_session_of_an_agent(self):
        env = {"CLAUDE_CODE_SESSION_ID": self.reader}
        self.run_job()
        self.assertEqual(len(sdbg("events", "--new", self.name, env=env).stdout.splitlines()), 2)
        self.assertEqual(sdbg("events", "--new", self.name, env=env).stdout, "")
        self.assertEqual(self.new(self.name, reader=f"claude:{self.reader}"), [])

    def test_followed(self):
        self.run_job()
        child = spawn("sdbg", "--json", "events", "-f", f"--new={self.reader}", self.name)
        self.assertEqual([json.loads(child.stdout.readline())["event"] for _ in range(2)], ["start", "exit"])
        self.run_job()
        self.assertEqual([json.loads(child.stdout.readline())["event"] for _ in range(2)], ["start", "exit"])
        wait_until(lambda: self.new(self.name) == [], what="a mark behind all that was shown")
        child.terminate()
        child.wait()
        self.assertEqual(self.new(self.name), [])


class Reader(harness.SystemTest):
    def test_following_ends_with_its_reader(self):
        """Not only at the next event, which may be days away."""
        name = harness.unique_name()
        follower = harness.spawn("sdbg", "events", "-f", "--lines", "1", "--json")
        sdbg("start", "-n", name, "true")
        follower.stdout.readline()
        follower.stdout.close()
        self.assertEqual(follower.wait(30), 0)


if __name__ == "__main__":
    harness.main()
