# SPDX-License-Identifier: MIT
"""Starting and listing jobs, and what an idle one takes."""

import pathlib

from harness import job_units, run, sdbg, systemctl_user, unique_name, wait_until
from measuring import interleaved, seconds
from rows import Row

PSS_MAX = 300  # KiB


def stop_all():
    systemctl_user("kill", "--signal=KILL", "bgjob-*", "bench-*", exits=None)
    systemctl_user("stop", "bgjob-*", "bench-*", exits=None, timeout=300)
    wait_until(lambda: not job_units(), timeout=300)


def start(rounds):
    def by_sdbg():
        return seconds(lambda: sdbg("start", "--name", unique_name(), "--settle=0", "sleep", "1000"))

    def by_systemd_run():
        unit = f"--unit={unique_name('bench-')}"
        return seconds(lambda: run("systemd-run", "--user", "-q", "-p", "Type=exec", unit, "sleep", "1000"))

    own, peer = interleaved(rounds, by_sdbg, by_systemd_run)
    stop_all()
    yield Row("start", "ms", own * 1e3, "systemd-run", peer * 1e3, ratio_max=1.25)


def supervisors():
    for comm in pathlib.Path("/proc").glob("[0-9]*/comm"):
        if comm.read_text() == "sdbg-supervisor\n":
            yield comm.parent


def pss(process):
    """KiB of a process's memory, shared pages counted by their share."""
    lines = (process / "smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def list_many(rounds, count):
    for _ in range(count):
        sdbg("start", "--name", unique_name("idle"), "--settle=0", "sleep", "100000")
    own, peer = interleaved(rounds, lambda: seconds(lambda: sdbg("list")),
                            lambda: seconds(lambda: systemctl_user("list-units")))
    yield Row(f"list of {count} jobs", "ms", own * 1e3, "list-units", peer * 1e3, ratio_max=3)
    sizes = [pss(process) for process in supervisors()]
    yield Row(f"memory of an idle job's supervisor, of {len(sizes)}", "KiB", sum(sizes) / len(sizes), at_most=PSS_MAX)
    stop_all()
