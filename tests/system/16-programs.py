#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# programs: vite
"""Programs as people run them."""

import json
import os
import pathlib
import re
import shutil
import urllib.error
import urllib.request

import harness
import programs
from harness import sdbg, wait_until

CHECKOUT = pathlib.Path(__file__).resolve().parents[2]


class ProgramTest(harness.JobTest):
    def need(self, *commands):
        for command in commands:
            if not shutil.which(command):
                self.skipTest(f"{command} is not installed")

    def processes(self):
        return [harness.command_line(pid) for pid in harness.marked(harness.MARKER, os.environ[harness.MARKER])]

    def printed(self, pattern):
        """What the expression's first group has matched in the job's output."""
        return wait_until(lambda: re.search(pattern, sdbg("logs", "--all", self.name).stdout), timeout=60).group(1)

    def fetch(self, url):
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(url, timeout=30) as page:
            return page.read().decode()


class Node(ProgramTest):
    def test_vite(self):
        self.need("node", "npm")
        if not programs.complete("vite").exists():
            self.skipTest("vite could not be had from npm")
        (self.directory / "node_modules").symlink_to(programs.modules("vite"))
        (self.directory / "package.json").write_text(json.dumps(
            {"name": "page", "private": True, "type": "module", "scripts": {"dev": "vite --host 127.0.0.1 --port 0"}}))
        (self.directory / "vite.config.js").write_text(
            f"export default {{ cacheDir: '{self.directory}/cache' }}\n")
        (self.directory / "index.html").write_text("<h1>from vite</h1><script type=module src=/main.js></script>\n")
        (self.directory / "main.js").write_text("console.log('main')\n")
        job = sdbg("start", "--name", self.name, "npm", "run", "dev", cwd=self.directory, json=True).json
        self.assertEqual(job["command"], "npm run dev")
        url = self.printed(r"(http://[^/\s]+)")
        page = self.fetch(url)
        self.assertIn("from vite", page)
        self.assertIn("/@vite/client", page)
        self.assertNotIn("\x1b", sdbg("logs", self.name).stdout)
        status = sdbg("status", self.name).stdout
        self.assertIn("vite", status)
        self.assertGreater(sdbg("status", self.name, json=True).json[0]["tasks"], 1)
        self.assertTrue([p for p in self.processes() if "node" in p[0]])
        sdbg("stop", self.name)
        self.assertEqual(self.processes(), [])
        with self.assertRaises(urllib.error.URLError):
            self.fetch(url)


class Build(ProgramTest):
    def prepare(self):
        self.need("meson", "ninja", "cc")
        shutil.copytree(CHECKOUT, self.directory, symlinks=True, dirs_exist_ok=True,
                        ignore=shutil.ignore_patterns(".git", "build*"))
        result = sdbg("run", "--name", self.name, "meson", "setup", "build", cwd=self.directory, exits=None)
        self.assertEqual(result.code, 0, result.stdout + result.stderr)
        self.assertIn("Build targets in project", result.stdout)

    def test_of_this_project(self):
        self.prepare()
        result = sdbg("run", "--name", self.name, "ninja", "-C", "build", "src/sdbg-supervisor", cwd=self.directory)
        self.assertIn("Linking target src/sdbg-supervisor", result.stdout)
        self.assertTrue(os.access(self.directory / "build/src/sdbg-supervisor", os.X_OK))
        self.assertEqual(sdbg("logs", "--raw", "--all", self.name).raw, result.raw)

        with (self.directory / "src/supervisor/main.c").open("a") as file:
            file.write("#error this is on purpose\n")
        result = sdbg("run", "--name", self.name, "ninja", "-C", "build", "src/sdbg-supervisor", cwd=self.directory, exits=1)
        self.assertIn("this is on purpose", result.stdout)
        job = sdbg("status", self.name, json=True).json[0]
        self.assertEqual((job["exit_code"], job["result"]), (1, "exit-code"))
        self.assertIn("on purpose", sdbg("logs", "-g", "error:", self.name).stdout)


class Servers(ProgramTest):
    def test_http_server_of_python(self):
        (self.directory / "page.txt").write_text("the page\n")
        sdbg("start", "--name", self.name, "python3", "-u", "-m", "http.server", "--bind", "127.0.0.1", "0", cwd=self.directory)
        port = self.printed(r"port (\d+)")
        self.assertEqual(self.fetch(f"http://127.0.0.1:{port}/page.txt"), "the page\n")
        wait_until(lambda: "GET /page.txt" in sdbg("logs", "--stream=stderr", self.name).stdout)
        sdbg("stop", self.name)
        with self.assertRaises(urllib.error.URLError):
            self.fetch(f"http://127.0.0.1:{port}/page.txt")

    def test_program_that_replaces_itself(self):
        sdbg("start", "--name", self.name, "-c", "exec sh -c 'exec sleep 1000'")
        wait_until(lambda: self.processes()[-1:] == [["sleep", "1000"]] or ["sleep", "1000"] in self.processes())
        self.assertIn(["sleep", "1000"], self.processes())
        sdbg("stop", self.name)
        self.assertEqual(self.processes(), [])

    def test_git(self):
        self.need("git")
        script = "git init -q . && git -c user.name=a -c user.email=a@b commit -q --allow-empty -m 'the message' && git log --format=%s"
        self.assertEqual(sdbg("run", "--name", self.name, "-c", script, cwd=self.directory).stdout, "the message\n")


if __name__ == "__main__":
    harness.main()
