# SPDX-License-Identifier: MIT
"""Builds sdbg, runs the suites and counts; tests/run calls it."""

import argparse
import collections
import concurrent.futures
import contextlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

import programs

TOP = pathlib.Path(__file__).resolve().parents[2]
SUITES = ("lint", "unit", "manager", "system", "clients", "vm")
SKIPPED = 77  # exit status, as meson and automake have it
MUST = os.environ.get("SDBG_MUST") == "1"

MESON_OUTCOMES = {"OK": "ok", "EXPECTEDFAIL": "ok", "SKIP": "skip"}


class Report:
    """Prints each result as it comes, and the sum."""

    def __init__(self):
        self.counts = collections.Counter()
        self.remarks = []
        self.lock = threading.Lock()

    def add(self, name, outcome, seconds, output="", note=""):
        """output: of a failure, or the reason of a skip."""
        if outcome == "skip" and MUST:
            outcome = "FAIL"
            output = f"skipped, though SDBG_MUST=1 is set: {output}"
        with self.lock:
            self.counts[outcome] += 1
            reason = " ".join((output if outcome == "skip" else note).split())
            reason = f": {reason}" if reason else ""
            print(f"{outcome} {name} ({seconds:.1f} s){reason}", flush=True)
            if outcome == "FAIL":
                self.show(output)

    def show(self, output):
        for line in output.splitlines():
            print(f"    {line}")
        sys.stdout.flush()

    def remark(self, text):
        """Says something about all of it, at its end."""
        self.remarks.append(text)

    def close(self):
        """Return: the exit status."""
        for text in self.remarks:
            print(text)
        passed, failed = self.counts["ok"], self.counts["FAIL"]
        print(f"{passed} passed, {failed} failed, {self.counts['skip']} skipped")
        return 0 if passed and not failed else 1


def run(*command, **options):
    """Runs a command and takes its output, both streams together."""
    return subprocess.run(command, cwd=TOP, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace", **options)


# ---------------------------------------------------------------------- build

def build_steps(build):
    werror = os.environ.get("CI") == "true"
    if not (build / "build.ninja").exists():
        yield ["meson", "setup", "-Dtests=enabled", *(["--werror"] if werror else []), build]
    elif werror:
        yield ["meson", "configure", "-Dwerror=true", build]
    yield ["ninja", "--quiet", "-C", build]


def make(build, report):
    """Return: whether there is something to test."""
    start = time.monotonic()
    for step in build_steps(build):
        try:
            done = run(*step)
        except FileNotFoundError as error:
            report.add(f"build/{step[0]}", "FAIL", 0, str(error))
            return False
        if done.returncode != 0:
            report.add(f"build/{step[0]}", "FAIL", time.monotonic() - start, done.stdout)
            return False
    return True


# ------------------------------------------------------------- lint and meson

def run_lint(test, report):
    start = time.monotonic()
    done = run(test)
    outcome = {0: "ok", SKIPPED: "skip"}.get(done.returncode, "FAIL")
    report.add(f"lint/{test.name}", outcome, time.monotonic() - start, done.stdout)


def lint(wanted, options, report):
    tests = [t for t in sorted((TOP / "tests/lint").glob("[0-9][0-9]-*"))
             if wanted(t.name) and os.access(t, os.X_OK)]
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        list(pool.map(lambda test: run_lint(test, report), tests))


def read_meson_log(path):
    for line in path.read_text(errors="replace").splitlines():
        test = json.loads(line)
        # "sdbg:unit / wire/coalescer", or only the name where there is but one project and suite.
        name = test["name"].rpartition(" / ")[2]
        output = test.get("stdout", "") + test.get("stderr", "")
        yield name, test["result"], test["duration"], output


def meson(suite, wanted, options, report):
    log = options.build / "meson-logs/testlog.json"
    log.unlink(missing_ok=True)
    done = run("meson", "test", "-C", options.build, "--no-rebuild", "--suite", suite)
    if not log.exists():
        if done.returncode != 0:
            report.add(f"{suite}/meson", "FAIL", 0, done.stdout)
        return
    for name, result, seconds, output in read_meson_log(log):
        if wanted(name):
            outcome = MESON_OUTCOMES.get(result, "FAIL")
            report.add(f"{suite}/{name}", outcome, seconds, f"{result}\n{output}")


# --------------------------------------------------------------------- system

def become_root():
    """Return: what to put before a command; nothing also where there is no way."""
    sudo = ["sudo", "--non-interactive"]
    if os.geteuid() == 0 or not shutil.which("sudo") or run(*sudo, "true").returncode != 0:
        return []
    return sudo


class Beds:
    """The beds that are up, so that an interrupted run leaves none."""

    def __init__(self):
        self.sudo = become_root()
        self.command = [*self.sudo, TOP / "tests/bed"]
        self.up = set()
        self.closed = False

    def missing(self):
        """Return: why there can be no bed here; empty where there can."""
        done = run(*self.command, "check")
        return done.stdout if done.returncode != 0 else ""

    @contextlib.contextmanager
    def boot(self, *boot_options):
        done = subprocess.run([*self.command, "boot", *boot_options], stdin=subprocess.DEVNULL, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
        if done.returncode != 0:
            raise RuntimeError(done.stderr)
        bed = done.stdout.strip()
        self.up.add(bed)
        try:
            if self.closed:
                raise RuntimeError("interrupted")
            yield bed
        finally:
            self.end(bed)

    def start(self, bed, *arguments, **options):
        """A signal from the terminal is for this program, which then ends the bed."""
        return subprocess.Popen([*self.command, "run", bed, *arguments], stdin=subprocess.DEVNULL,
                                text=True, errors="replace", start_new_session=True, **options)

    def end(self, bed):
        run(*self.command, "end", bed, start_new_session=True)
        self.up.discard(bed)

    def close(self):
        self.closed = True
        for bed in list(self.up):
            self.end(bed)


class Results:
    """What harness.main() tells about one file: tab-separated lines, see harness.Reporter."""

    def __init__(self, name, log, report):
        self.name, self.log, self.report = name, log, report
        self.planned = []
        self.told = False
        self.running = None
        self.shown = os.fstat(log.fileno()).st_size

    def take(self, line):
        verb, test, *rest = line.rstrip("\n").split("\t")
        self.told = True
        if verb == "plan":
            self.planned.append(test)
        elif verb == "start":
            self.running = test
        else:
            seconds, said = rest
            output = self.new_output()
            self.tell(test, verb, float(seconds), said or output, said)

    def tell(self, test, outcome, seconds, output, note=""):
        self.planned.remove(test)
        self.running = None
        self.report.add(f"{self.name}/{test}", outcome, seconds, output, note)

    def new_output(self):
        """What came to the log since the last call; it has no end for one that writes to it."""
        start, self.shown = self.shown, os.fstat(self.log.fileno()).st_size
        return os.pread(self.log.fileno(), self.shown - start, start).decode(errors="replace")

    def finish(self, status):
        """All that was planned and did not report has failed."""
        output = f"{self.new_output().rstrip()}\nthe file ended with status {status}"
        if not self.told and status != 0:
            self.report.add(self.name, "FAIL", 0, output)
        for test in list(self.planned):
            self.tell(test, "FAIL", 0, f"{output} {'in' if test == self.running else 'before'} this test")


@contextlib.contextmanager
def root_helper(beds, bed):
    with beds.start(bed, "--root", "--", "python3", TOP / "tests/lib/root-helper",
                    stdout=subprocess.PIPE) as helper:
        try:
            if helper.stdout.readline() != "ready\n":
                raise RuntimeError("tests/lib/root-helper did not start")
            yield
        finally:
            beds.end(bed)


def run_in_bed(beds, bed, file, names, options, results):
    binaries = options.build / "src"
    path = f"{binaries}:/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"
    environment = {"PATH": path, "SDBG_BED": bed, "SDBG_BUILD": options.build,
                   "PYTHONPATH": TOP / "tests/lib", "PYTHONDONTWRITEBYTECODE": "1"}
    settings = [part for item in environment.items() for part in ("--env", "=".join(map(str, item)))]
    with beds.start(bed, *settings, "--", "python3", file, *names,
                    stdout=subprocess.PIPE, stderr=results.log) as tests:
        for line in tests.stdout:
            results.take(line)
    results.finish(tests.returncode)


def said(file, what):
    """What a file asks for among its first lines: "# bed: --volatile", "# programs: vite"."""
    for line in file.read_text().splitlines()[:6]:
        if line.startswith(f"# {what}:"):
            return line.removeprefix(f"# {what}:").split()
    return []


def run_file(file, names, beds, options, report):
    name = f"{file.parent.name}/{file.stem}"
    try:
        root = ["--root", options.root] if options.root else []
        with tempfile.TemporaryFile() as log, beds.boot(*root, *said(file, "bed")) as bed:
            with root_helper(beds, bed):
                run_in_bed(beds, bed, file, names, options, Results(name, log, report))
    except Exception as error:  # a bed that does not boot is this file's failure, not the run's
        report.add(name, "FAIL", 0, str(error))


# Of the suite that takes hours in an emulated machine.
ESSENTIAL = ("10-start", "12-end", "46-list", "53-results")


def instead_of_beds(suite, files, missing, wanted, options, report):
    """Runs in the virtual machine what can be run there: of a suite named as a whole, the essential files."""
    why_not = "; ".join(missing.splitlines())
    chosen = []
    for file in files:
        if suite != "system" or said(file, "bed") or file.stem == "05-bed":
            report.add(f"{suite}/{file.stem}", "skip", 0, why_not)
        elif wanted.is_whole and file.stem not in ESSENTIAL:
            report.add(f"{suite}/{file.stem}", "skip", 0, f"slow in the virtual machine; tests/run {suite}/{file.stem}")
        else:
            chosen.append(file.stem)
    if not chosen:
        return
    report.remark(f"There can be no bed here ({why_not}): of {suite}, {', '.join(chosen)} were run in the virtual machine "
                  f"of tests/vm{', and the other files skipped' if wanted.is_whole else ''}.")
    in_machine(suite, chosen, wanted, options, report)


def in_beds(suite, wanted, options, report):
    """The suites of files that run in a bed each."""
    files = [f for f in sorted((TOP / "tests" / suite).glob("[0-9][0-9]-*.py")) if wanted(f.stem)]
    beds = Beds()
    missing = files and beds.missing()
    if missing:
        instead_of_beds(suite, files, missing, wanted, options, report)
        return
    programs.fetch(sorted({name for file in files for name in said(file, "programs")}), beds.sudo)
    pool = concurrent.futures.ThreadPoolExecutor(options.jobs)
    try:
        runs = [pool.submit(run_file, f, wanted.within(f.stem), beds, options, report) for f in files]
        concurrent.futures.wait(runs)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        beds.close()
        pool.shutdown()


# ------------------------------------------------------------------------- vm

MACHINE = TOP / "tests/vm/machine"
MACHINE_SECONDS = 4 * 3600


class Machine:
    """Takes what tests/vm/suite tells, and times the machine's own steps."""

    def __init__(self, log, report):
        self.log, self.report = log, report
        self.file = None
        self.step, self.begun = "boot", time.monotonic()

    def take(self, line):
        verb, *rest = line.rstrip("\n").split("\t")
        if verb == "booted":
            self.report.add(f"vm/{self.step}", "ok", time.monotonic() - self.begun)
        elif verb == "reboot":
            self.step, self.begun = "reboot", time.monotonic()
        elif verb == "file":
            self.file = Results(rest[0], self.log, self.report)
        elif verb == "end":
            self.file.finish(int(rest[0]))
            self.file = None
        else:
            self.file.take(line)

    def finish(self, status):
        """The machine has ended; where that was in the middle of a file, the rest of it has failed."""
        if self.file:
            self.file.finish(status)
        if status != 0:
            self.log.seek(0)
            output = "\n".join(self.log.read().decode(errors="replace").splitlines()[-60:])
            self.report.add("vm/machine", "FAIL", time.monotonic() - self.begun, output)


def make_image(report):
    """Return: whether there is a disk to boot, made now or before."""
    start = time.monotonic()
    done = run(TOP / "tests/vm/image")
    outcome = "ok" if done.returncode == 0 else "FAIL"
    report.add("vm/image", outcome, time.monotonic() - start, done.stdout)
    return outcome == "ok"


def run_machine(tests, options, report):
    command = [MACHINE, "with", "--timeout", str(MACHINE_SECONDS), "--build", options.build, "--", "tests/vm/suite", *tests]
    with tempfile.TemporaryFile() as log, \
            subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True,
                             errors="replace", start_new_session=True) as process:
        machine = Machine(log, report)
        try:
            for line in process.stdout:
                machine.take(line)
        except BaseException:  # also when interrupted: it does not get the terminal's signals
            process.terminate()
            raise
        machine.finish(process.wait())


def in_machine(suite, files, wanted, options, report):
    missing = run(MACHINE, "check")
    if missing.returncode != 0:
        for file in files:
            report.add(f"{suite}/{file}", "skip", 0, "; ".join(missing.stdout.splitlines()))
    elif make_image(report):
        tests = [f"{suite}/{file}/{name}" for file in files for name in wanted.within(file) or [""]]
        run_machine(tests, options, report)


def vm(wanted, options, report):
    files = [f.stem for f in sorted((TOP / "tests/vm").glob("[0-9][0-9]-*.py")) if wanted(f.stem)]
    if files:
        in_machine("vm", files, wanted, options, report)


# ----------------------------------------------------------------------- main

class Wanted:
    """Which tests of a suite were named: all, or those that begin with one of some prefixes."""

    def __init__(self, suite, selections):
        self.prefixes = [s.partition("/")[2] for s in selections if s.split("/")[0] == suite]
        self.is_whole = "" in self.prefixes

    def __call__(self, name):
        return any(name.startswith(p) or p.startswith(f"{name}/") for p in self.prefixes)

    def within(self, name):
        return [p.removeprefix(f"{name}/") for p in self.prefixes if p.startswith(f"{name}/")]


def parse(arguments):
    parser = argparse.ArgumentParser(prog="tests/run", add_help=False)
    parser.add_argument("-C", dest="build", type=pathlib.Path, default=TOP / "build")
    parser.add_argument("-j", dest="jobs", type=int, default=2)
    parser.add_argument("--root", type=pathlib.Path)
    parser.add_argument("selections", nargs="*", default=SUITES)
    options = parser.parse_args(arguments)
    for selection in options.selections:
        if selection.split("/")[0] not in SUITES:
            parser.error(f"no such suite: {selection} (there are {', '.join(SUITES)})")
    options.build = options.build.absolute()
    return options


def run_suites(options, report):
    suites = {selection.split("/")[0] for selection in options.selections}
    wanted = {suite: Wanted(suite, options.selections) for suite in SUITES}
    if "lint" in suites:
        lint(wanted["lint"], options, report)
    if suites == {"lint"} or not make(options.build, report):
        return
    for suite in ("unit", "manager"):
        if suite in suites:
            meson(suite, wanted[suite], options, report)
    for suite in ("system", "clients"):
        if suite in suites:
            in_beds(suite, wanted[suite], options, report)
    if "vm" in suites:
        vm(wanted["vm"], options, report)


def interrupt(number, frame):
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt


def main():
    options = parse(sys.argv[1:])
    report = Report()
    signal.signal(signal.SIGINT, interrupt)
    signal.signal(signal.SIGTERM, interrupt)
    try:
        run_suites(options, report)
    except KeyboardInterrupt:
        report.add("interrupted", "FAIL", 0)
    return report.close()


if __name__ == "__main__":
    sys.exit(main())
