# SPDX-License-Identifier: MIT
"""What the system tests share. They run as the ordinary user of a bed that one file has to itself:

    import harness
    from harness import sdbg

    class Start(harness.SystemTest):
        def test_name_is_kept(self):
            name = harness.unique_name("web")
            job = sdbg("start", "--name", name, "sleep", "60", json=True).json
            self.assertEqual(job["name"], name)

    if __name__ == "__main__":
        harness.main()
"""

import faulthandler
import functools
import itertools
import json as jsonlib
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

ROOT_SOCKET = "/run/sdbg-root.sock"
CGROUPS = pathlib.Path("/sys/fs/cgroup")
MARKER = "SDBG_TEST"  # in the environment of all that a test starts: names the test
RUNTIME = pathlib.Path(os.environ.get("XDG_RUNTIME_DIR", "/nonexistent"))
UNITS = ("bgjob-*.service", "bgjob-*.scope")
SLOWER = int(os.environ.get("SDBG_SLOWER", "1"))  # than other machines: so much longer is waited for all
TEST_SECONDS = 120
CLEANUP_SECONDS = 30

_numbers = itertools.count(1)
_children = []
_undo = []


def unique_name(prefix="job"):
    """A name for a job or group that nothing in this bed has had."""
    return f"{prefix}{os.getpid()}.{next(_numbers)}"


def wait_until(predicate, timeout=10, what="condition"):
    """Polls; only for what gives no event. Return: what predicate() gave when it was true at last."""
    deadline = time.monotonic() + timeout * SLOWER
    while not (value := predicate()):
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} not met in {timeout} s")
        time.sleep(0.02)
    return value


# ------------------------------------------------------------------- commands

class Result:
    """How a command ended. Output that is no UTF-8 is kept as surrogates; `raw` is its bytes."""

    def __init__(self, command, code, stdout, stderr):
        self.command, self.code, self.raw = command, code, stdout
        self.stdout = stdout.decode(errors="surrogateescape")
        self.stderr = stderr.decode(errors="surrogateescape")

    @property
    def json(self):
        """The one JSON document that was printed."""
        return jsonlib.loads(self.stdout)

    @property
    def json_lines(self):
        return [jsonlib.loads(line) for line in self.stdout.splitlines()]

    def expect(self, code):
        if code is not None and self.code != code:
            raise AssertionError(f"{self.command} gave {self.code}, not {code}\n"
                                 f"stdout: {self.stdout}\nstderr: {self.stderr}")
        return self


def run(*command, exits=0, input=None, env=None, cwd=None, timeout=60):
    """Runs a command to its end. exits: the code it must end with, None: any. input: str or bytes, else
    stdin is empty. env: added to the environment; a variable that is None is taken out."""
    if isinstance(input, str):
        input = input.encode()
    done = subprocess.run([str(word) for word in command], input=input or b"", env=_environment(env),
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=cwd, timeout=timeout * SLOWER)
    return Result(command, done.returncode, done.stdout, done.stderr).expect(exits)


def sdbg(*arguments, json=False, **options):
    """Runs the CLI to its end; options as for run(). json: with --json, so that .json can be used."""
    return run("sdbg", *(["--json"] if json else []), *arguments, **options)


def spawn(*command, env=None, **options):
    """Starts a command that goes on meanwhile; killed at the end of the test.
    Return: subprocess.Popen with pipes of bytes, unless the options (Popen's) say something else."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    child = subprocess.Popen([str(word) for word in command], env=_environment(env), **pipes | options)
    _children.append(child)
    return child


def _environment(changes):
    merged = os.environ | (changes or {})
    return {name: value for name, value in merged.items() if value is not None}


# -------------------------------------------------------------------- systemd

def systemctl_user(*arguments, **options):
    """Options and result as for run()."""
    return run("systemctl", "--user", *arguments, **options)


def unit_of(name):
    return f"bgjob-{name}.service"


def unit_properties(unit, *names):
    """Return: a dict of all properties of a unit, or of those named, as `systemctl show` has them."""
    chosen = [f"--property={name}" for name in names]
    lines = systemctl_user("show", *chosen, unit).stdout.splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)


def job_units():
    """The units of all jobs that systemd knows, running or not."""
    lines = systemctl_user("list-units", "--all", "--plain", "--no-legend", *UNITS).stdout.splitlines()
    return [line.split()[0] for line in lines]


def root(action):
    """Has one of the actions of tests/lib/root-helper done by root; journald is set going again and
    the disk is freed at the end of the test."""
    if action == "journald-stop":
        _undo.append("journald-cont")
    elif action == "fill-journal-disk":
        _undo.append("free-journal-disk")
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as client:
        client.connect(ROOT_SOCKET)
        client.send(action.encode())
        answer = client.recv(4096).decode()
    if answer != "ok":
        raise AssertionError(f"{action}: {answer}")


# ------------------------------------------------------------------ processes

def alive(pid):
    """Whether a process is there and no zombie."""
    try:
        status = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return status.rpartition(")")[2].split()[0] not in "ZX"


def command_line(pid):
    return pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")[:-1]


def marked(variable, value):
    """The PIDs of the living processes that have variable=value in their environment."""
    found = []
    for entry in pathlib.Path("/proc").glob("[0-9]*/environ"):
        try:
            variables = entry.read_bytes().split(b"\0")
        except OSError:  # another user's, or just ended
            continue
        if f"{variable}={value}".encode() in variables:
            found.append(int(entry.parent.name))
    return [pid for pid in found if alive(pid)]


def unit_cgroup(unit):
    """The directory of a running unit's cgroup; None where it has none."""
    group = unit_properties(unit, "ControlGroup").get("ControlGroup")
    return CGROUPS / group.lstrip("/") if group else None


def cgroup_pids(directory):
    """The PIDs of a cgroup and all below it."""
    pids = []
    for file in pathlib.Path(directory).rglob("cgroup.procs"):
        try:
            pids += map(int, file.read_text().split())
        except OSError:  # just removed
            continue
    return pids


def job_cgroups():
    """The cgroups in which supervisors keep their jobs' processes."""
    return [d for d in CGROUPS.rglob("bgjob-*/job") if d.is_dir()]


# -------------------------------------------------------------------- journal

def octets(value):
    """A field of `journalctl -o json` as bytes: text comes as a string, all else as numbers."""
    return value.encode() if isinstance(value, str) else bytes(value or ())


class Journal:
    """The user's journal from where it was made on: each test's self.journal."""

    def __init__(self):
        newest = self._journalctl("--lines=1").json_lines
        self.begin = newest[0]["__CURSOR"] if newest else None
        # Not --after-cursor: with matches, systemd 252 leaves out one entry too many.
        self.since = [f"--cursor={self.begin}"] if newest else []

    def entries(self, *matches):
        """What journald has by now: a list of dicts of fields. matches: as journalctl's."""
        root("journal-sync")
        found = self._journalctl(*self.since, *matches).json_lines
        return [entry for entry in found if entry["__CURSOR"] != self.begin]

    def of_job(self, name, *matches):
        return self.entries(f"SDBG_JOB={name}", *matches)

    def wait(self, *matches, where=lambda entry: True, timeout=10):
        """Return: the first entry since the beginning, or still to come, for which where(entry) is true."""
        with subprocess.Popen(["timeout", str(timeout * SLOWER), *self._command(), *self.since, "--follow",
                               "--no-tail", *matches], stdout=subprocess.PIPE) as follower:
            try:
                for line in follower.stdout:
                    entry = jsonlib.loads(line)
                    if entry["__CURSOR"] != self.begin and where(entry):
                        return entry
            finally:
                follower.kill()
        raise AssertionError(f"no such entry in {timeout} s: {matches}")

    def text(self, lines=1000):
        """The last lines, as a person reads them, and without waiting for what journald has not read."""
        since = [f"--after-cursor={self.begin}"] if self.begin else []
        return run("journalctl", "--user", "--quiet", "--no-pager", f"--lines={lines}", *since).stdout

    @staticmethod
    def _command():
        # --all: fields of 4096 bytes and more would be null.
        return ["journalctl", "--user", "--quiet", "--no-pager", "--all", "--output=json"]

    @classmethod
    def _journalctl(cls, *arguments):
        return run(*cls._command(), *arguments)


# ---------------------------------------------------------------------- tests

class TookTooLong(Exception):
    pass


def _alarm(number, frame):
    raise TookTooLong


class SystemTest(unittest.TestCase):
    """The base of all tests: a time limit, a journal, and nothing left behind. Skip with self.skipTest(),
    in the test or in setUp(), not for a whole class; an own setUp() calls this one first."""

    timeout = TEST_SECONDS
    maxDiff = None
    noted = ""

    @functools.cached_property
    def directory(self):
        """A directory of the test's own, that is removed at its end."""
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        return pathlib.Path(directory.name)

    def note(self, text):
        """Tells a figure that is worth to be seen, and no condition; of a test that succeeds."""
        self.noted = f"{self.noted}; {text}" if self.noted else text

    def run(self, result=None):
        # The alarm ends the test, the other one the file where even that hangs.
        limit = self.timeout * SLOWER
        faulthandler.dump_traceback_later(limit + CLEANUP_SECONDS * SLOWER, exit=True)
        signal.setitimer(signal.ITIMER_REAL, limit)
        try:
            return super().run(result)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            faulthandler.cancel_dump_traceback_later()

    def setUp(self):
        os.environ[MARKER] = f"{os.getpid()}:{self.id()}"
        self.addCleanup(self._assert_nothing_left)
        self.addCleanup(_stop_all)
        self.journal = Journal()

    def _assert_nothing_left(self):
        left = {"units": job_units(), "cgroups": job_cgroups(),
                "processes": [command_line(pid) for pid in marked(MARKER, os.environ[MARKER])]}
        if any(left.values()):
            raise AssertionError(f"left when all jobs were stopped: {left}")


class JobTest(SystemTest):
    """The base of tests around one job."""

    def setUp(self):
        super().setUp()
        self.name = unique_name()

    def start(self, *arguments, name=None, **options):
        """Without waiting whether it stays; options as for run(). Return: the job."""
        return sdbg("start", "--name", name or self.name, "--settle=0", *arguments, json=True, **options).json

    def status(self, name=None):
        (job,) = sdbg("status", name or self.name, json=True).json
        return job


def _stop_all():
    while _undo:
        root(_undo.pop())
    while _children:
        _end_child(_children.pop())
    # Killed first: a test's job may ignore the signal of a stop, or never get to see it.
    systemctl_user("kill", "--signal=KILL", *UNITS, exits=None)
    systemctl_user("stop", "bgjob.slice", *UNITS, exits=None)
    systemctl_user("reset-failed", *UNITS, exits=None)
    shutil.rmtree(RUNTIME / "sdbg", ignore_errors=True)


def _end_child(child):
    child.kill()
    child.wait()
    for stream in (child.stdin, child.stdout, child.stderr):
        if stream:
            stream.close()


class Reporter(unittest.TestResult):
    """Tells tests/lib/suites.py, in lines of fields with tabs between: `plan` and `start` of a test, then
    `ok`, `FAIL` or `skip` with the seconds and the reason of a skip."""

    def __init__(self, stream):
        super().__init__()
        self.stream = stream
        self.verdict = self.reason = None
        self.started = 0

    def tell(self, *fields):
        self.stream.write("\t".join(fields) + "\n")
        self.stream.flush()

    def startTest(self, test):
        super().startTest(test)
        self.verdict, self.reason, self.started = "ok", "", time.monotonic()
        self.tell("start", test_name(test))

    def stopTest(self, test):
        super().stopTest(test)
        seconds = time.monotonic() - self.started
        if self.verdict == "ok":
            self.reason = getattr(test, "noted", "")
        sys.stdout.flush()
        self.tell(self.verdict, test_name(test), f"{seconds:.3f}", self.reason)

    def addError(self, test, err):
        super().addError(test, err)
        self._fail(test, self.errors)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._fail(test, self.failures)

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err:
            print(f"in {subtest}:")
            is_failure = issubclass(err[0], test.failureException)
            self._fail(test, self.failures if is_failure else self.errors)

    def addUnexpectedSuccess(self, test):
        super().addUnexpectedSuccess(test)
        self.verdict = "FAIL"
        print("succeeded, which was not expected")

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.verdict, self.reason = "skip", " ".join(reason.split())

    def _fail(self, test, faults):
        self.verdict, self.reason = "FAIL", ""
        _, text = faults[-1]
        print(text)
        journal = hasattr(test, "journal") and test.journal.text(lines=40)
        if journal:
            print("journal:", journal, sep="\n")


def test_name(test):
    return ".".join(test.id().split(".")[-2:])


def flatten(suite):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from flatten(test)
        else:
            yield test


def main():
    """Runs the file's tests, or those whose names begin with one of the arguments."""
    signal.signal(signal.SIGALRM, _alarm)
    # What tests print shall not get between the results.
    reporter = Reporter(os.fdopen(os.dup(sys.stdout.fileno()), "w"))
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    tests = flatten(unittest.defaultTestLoader.loadTestsFromModule(sys.modules["__main__"]))
    chosen = [t for t in tests if test_name(t).startswith(tuple(sys.argv[1:] or [""]))]
    for test in chosen:
        reporter.tell("plan", test_name(test))
    unittest.TestSuite(chosen).run(reporter)
    sys.exit(not reporter.wasSuccessful())
