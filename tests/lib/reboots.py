# SPDX-License-Identifier: MIT
"""What the tests share that are about a machine that has gone down. prepare() of such a file runs before, and ends with
note_jobs()."""

import json
import pathlib

import harness
from harness import sdbg

NOTE = pathlib.Path.home() / "before-reboot.json"


def note_jobs(**more):
    """Keeps how the jobs are, and what else is to be known, for `before` of the tests."""
    jobs = {job["name"]: job for job in sdbg("list", json=True).json}
    NOTE.write_text(json.dumps(jobs | more))


class RebootTest(harness.SystemTest):
    timeout = 240

    def setUp(self):
        super().setUp()
        self.before = json.loads(NOTE.read_text())

    def status(self, name):
        (job,) = sdbg("status", name, json=True).json
        return job

    def assert_back(self, name):
        """The job must have been started again, as it was before."""
        sdbg("wait", "--for", "ready", name, timeout=100)
        job, before = self.status(name), self.before[name]
        self.assertEqual((job["state"], job["command"]), ("ready", before["command"]))
        self.assertNotEqual(job["run"], before["run"])
