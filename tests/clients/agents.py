# SPDX-License-Identifier: MIT
"""Coding agents as their users run them, with a scripted model, and what each of them is to do with sdbg."""

import contextlib
import json
import os
import pathlib
import re
import shutil
import tempfile
import urllib.request

import harness
import programs
from harness import sdbg, wait_until
from models import Call, Model, Silence
from terminal import Terminal

AGENT_SECONDS = 240
PORT = 5173  # a bed has a network of its own

SKILL = pathlib.Path(__file__).resolve().parents[2] / "packaging/agents/skill/sdbg"
PAGE = "<h1>from vite</h1><script type=module src=/main.js></script>\n"
PACKAGE = {"name": "page", "private": True, "type": "module",
           "scripts": {"dev": f"vite --host 127.0.0.1 --strictPort --port {PORT}", "build": "vite build"}}


def fetch(url):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=30) as page:
        return page.read().decode()


class ClientTest(harness.SystemTest):
    """A project with a dev server, and a home directory."""

    timeout = 600
    programs = ()

    def setUp(self):
        super().setUp()
        for name in ("vite", "node", *self.programs):
            if not programs.complete(name).exists():
                self.skipTest(f"{name} could not be had from npm")
        directory = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.addCleanup(directory.cleanup)
        self.home = pathlib.Path(directory.name, "home")
        self.project = pathlib.Path(directory.name, "project")
        self.home.mkdir()
        self.project.mkdir()
        (self.project / "node_modules").symlink_to(programs.modules("vite"))
        (self.project / "package.json").write_text(json.dumps(PACKAGE))
        self.configure_vite("first")
        (self.project / "index.html").write_text(PAGE)
        (self.project / "main.js").write_text("import './missing.js'\n")

    def configure_vite(self, note):
        """Vite says when this file has changed."""
        config = self.home / "vite.config.js"
        config.write_text(f"export default {{ cacheDir: '{self.home}/vite' }} // {note}\n")
        config.rename(self.project / "vite.config.js")

    def environment(self):
        path = f"{programs.executable('node').parent}:{os.environ['PATH']}"
        return {"PATH": path, "HOME": str(self.home), "TERM": "dumb", "LANG": "C.UTF-8",
                "XDG_RUNTIME_DIR": os.environ["XDG_RUNTIME_DIR"], harness.MARKER: os.environ[harness.MARKER]}

    def only(self, **extra):
        """For harness.spawn(): the environment above, and nothing of the test's own."""
        return dict.fromkeys(os.environ) | self.environment() | extra


class AgentTest(ClientTest):
    """One agent; a subclass says how it is set up and run. It has sdbg from `sdbg agents install`."""

    dialect = None
    skills = None  # where it looks for them, in the home directory
    install = ()  # what follows that

    def configure(self, url):
        """Writes what is needed to have the agent use the model at that URL."""
        raise NotImplementedError

    def command(self, prompt):
        """Return: the command and the variables that it needs."""
        raise NotImplementedError

    @contextlib.contextmanager
    def model(self, script):
        """What an agent needs. Return: its model, and the model's URL."""
        model = Model(self.dialect, script)
        with model.serving() as url:
            self.configure(url)
            shutil.copytree(SKILL, self.home / self.skills / "sdbg", dirs_exist_ok=True)
            sdbg("agents", "install", *self.install, cwd=self.project, env=self.only())
            try:
                yield model, url
            finally:
                model.check()

    @contextlib.contextmanager
    def agent(self, script, prompt="Do what there is to do."):
        """An agent in the middle of its turn. Return: its process and its model."""
        with self.model(script) as (model, url):
            command, extra = self.command(prompt)
            with tempfile.TemporaryFile() as output, open(os.devnull, "rb") as nothing:
                process = harness.spawn(*command, env=self.only(**{k: v.replace("URL", url) for k, v in extra.items()}),
                                        cwd=self.project, stdin=nothing, stdout=output, stderr=output)
                try:
                    yield process, model
                except Exception:
                    model.check()
                    output.seek(0)
                    print(output.read().decode(errors="replace")[-8000:])
                    raise

    @contextlib.contextmanager
    def agent_in_terminal(self, script, *command, **variables):
        """An agent as people use it. Return: the terminal."""
        with self.model(script) as (_, url):
            wanted = {name: value.replace("URL", url) for name, value in variables.items()}
            everything = self.environment() | {"TERM": "xterm-256color"} | wanted
            terminal = Terminal("env", "-i", *(f"{name}={value}" for name, value in everything.items()),
                                *map(str, command), cwd=self.project)
            try:
                yield terminal
            finally:
                terminal.close()

    def converse(self, script):
        """Runs the agent until it ends by itself."""
        with self.agent(script) as (process, model):
            self.assertEqual(process.wait(AGENT_SECONDS), 0)
            self.assertTrue(model.talk, "the model was asked nothing that offers sdbg's tools")
        self.assertTrue(model.over, "the script was not heard to its end")

    def converse_until_killed(self, script):
        """The agent is killed where the script is silent."""
        with self.agent(script) as (process, model):
            wait_until(lambda: model.silent.is_set() or process.poll() is not None or model.fault, AGENT_SECONDS)
            model.check()
            self.assertTrue(model.silent.is_set(), "the agent ended before its script was heard")
            process.kill()
            process.wait()

    # ------------------------------------------------------------- the scripts

    def serve_and_fail_to_build(self, seen):
        assert "job_start" in seen.everything and "job_list first" in seen.everything, "no instructions"
        assert "background jobs that outlive the session" in seen.everything, "it is not told of the skill"
        seen = yield Call("job_start", name="web", command="npm run dev", ready={"port": PORT})
        assert "[web ready" in seen.text and f":{PORT}" in seen.text, "the server is not said to be ready on its port"
        assert "from vite" in fetch(f"http://127.0.0.1:{PORT}/")
        seen = yield Call("job_logs", name="web")
        assert "VITE" in seen.text, "vite's first lines are not shown"
        self.configure_vite("second")
        seen = yield Call("job_wait", name="web", **{"for": "log=server restarted"}, timeout_seconds=60)
        assert "server restarted" in seen.text, "what was waited for is not shown"
        self.configure_vite("third")
        wait_until(lambda: sdbg("logs", "web").stdout.count("server restarted") == 2, 60)
        seen = yield Call("job_logs", name="web", new=True)
        assert "server restarted" in seen.text and "VITE" not in seen.text, "not only what is new is shown"
        seen = yield Call("job_start", name="build", command="npm run build")
        seen = yield Call("job_wait", name="build", timeout_seconds=60)
        assert re.search(r"exited with code 1", seen.text), "no reason"
        assert "missing.js" in seen.text, "the post-mortem does not show what was wrong"
        yield Silence()

    def find_and_stop(self, seen):
        seen = yield Call("job_list")
        assert "web" in seen.text and "build" in seen.text, "the jobs of the client before are not found"
        seen = yield Call("job_logs", name="web", grep="server restarted")
        assert "server restarted" in seen.text
        seen = yield Call("job_wait", name="web", **{"for": f"port={PORT}"}, timeout_seconds=60)
        assert "[web ready" in seen.text
        seen = yield Call("job_start", name="chat", command="cat; echo over", stdin=True)
        seen = yield Call("job_send", name="chat", text="hello there")
        seen = yield Call("job_wait", name="chat", **{"for": "log=hello"}, timeout_seconds=60)
        assert "hello there" in seen.text
        seen = yield Call("job_send", name="chat", eof=True)
        seen = yield Call("job_wait", name="chat", timeout_seconds=60)
        assert "over" in seen.text
        seen = yield Call("job_stop", name="web")
        assert "stopped" in seen.text
        return "all is done"

    @staticmethod
    def list_jobs(seen):
        seen = yield Call("job_list")
        assert "[0 running" in seen.text, "no answer"
        return "that is all"

    def check_install(self, *arguments):
        """That the agent has the tools by `sdbg agents install` with these arguments, too."""
        self.install = arguments
        self.converse(self.list_jobs)

    def check_from_start_to_stop(self):
        self.converse_until_killed(self.serve_and_fail_to_build)
        self.assertIn("from vite", fetch(f"http://127.0.0.1:{PORT}/"))
        jobs = {job["name"]: job for job in sdbg("list", "-a", json=True).json}
        self.assertEqual(jobs["web"]["state"], "ready")
        self.assertEqual(jobs["build"]["exit_code"], 1)
        self.converse(self.find_and_stop)
        self.assertEqual(sdbg("list", json=True).json, [])
        with self.assertRaises(OSError):
            fetch(f"http://127.0.0.1:{PORT}/")
