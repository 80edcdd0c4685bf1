#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""When a job is ready: each kind of check and all together, failures, whoever else has the port."""

import getpass
import http.server
import json
import os
import pathlib
import re
import signal
import socket
import textwrap
import threading

import harness
from harness import alive, sdbg, spawn, systemctl_user, unique_name, wait_until

NODE_MODULES = pathlib.Path("/var/cache/sdbg-tests/node_modules")
# Listens when it is told to: python3 LISTENER PIPE ADDRESS PORT
LISTENER = textwrap.dedent("""\
    import socket, sys, time
    open(sys.argv[1]).read()
    family = socket.AF_INET6 if ":" in sys.argv[2] else socket.AF_INET
    s = socket.create_server((sys.argv[2], int(sys.argv[3])), family=family)
    print("listening", flush=True)
    time.sleep(1000)
    """)
# Answers each connection with the next of its arguments, and then with the last one for ever.
ANSWERER = textwrap.dedent("""\
    import socket, sys
    family = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
    s = socket.create_server((sys.argv[1], int(sys.argv[2])), family=family)
    answers = [a.encode().decode("unicode_escape").encode("latin1") for a in sys.argv[3:]]
    while True:
        connection, _ = s.accept()
        print(connection.recv(4096), flush=True)
        connection.sendall(answers[0])
        connection.close()
        del answers[:len(answers) > 1]
    """)


class ReadyTest(harness.JobTest):
    def setUp(self):
        super().setUp()
        for name, text in (("listener.py", LISTENER), ("answerer.py", ANSWERER)):
            (self.directory / name).write_text(text)
        self.pipe = self.directory / "pipe"
        os.mkfifo(self.pipe)
        self.ports = iter(range(20000, 30000))

    def start(self, *arguments, **options):
        """Return: the job."""
        return sdbg("start", "--name", self.name, *arguments, json=True, **options).json

    def fail(self, *arguments, code, exits=5, **options):
        """Return: the error of a start that fails."""
        error = sdbg("start", "--name", self.name, *arguments, json=True, exits=exits, **options).json["error"]
        self.assertEqual(error["code"], code, error)
        return error

    def spawn_start(self, *arguments):
        return spawn("sdbg", "--json", "start", "--name", self.name, *arguments)

    def job(self, name=None):
        return sdbg("status", name or self.name, json=True).json[0]

    def await_state(self, state):
        return wait_until(lambda: (found := sdbg("status", self.name, json=True, exits=None)).code == 0
                          and found.json[0]["state"] == state and found.json[0])

    def let_go(self):
        self.pipe.write_text("")

    def listener(self, address, port):
        return ["python3", self.directory / "listener.py", self.pipe, address, port]

    def answerer(self, address, port, *answers):
        return ["python3", self.directory / "answerer.py", address, port, *answers]


class State(ReadyTest):
    def test_starting_then_ready(self):
        port = next(self.ports)
        start = self.spawn_start(f"--ready-port={port}", *self.listener("127.0.0.1", port))
        job = self.await_state("starting")
        self.assertEqual((job["ready_at"], job["ready_ms"], job["ports"]), (None, None, []))
        unit = harness.unit_of(self.name)
        self.assertEqual(harness.unit_properties(unit, "ActiveState", "SubState"),
                         {"ActiveState": "activating", "SubState": "start"})
        self.assertRegex(sdbg("list").stdout, rf"{re.escape(self.name)} +starting ")
        self.assertIsNone(start.poll())
        self.let_go()
        out, error = start.communicate()
        self.assertEqual((start.returncode, error), (0, b""))
        job = json.loads(out)
        self.assertEqual((job["state"], job["result"]), ("ready", None))
        self.assertEqual([(p["address"], p["port"], p["pid"]) for p in job["ports"]], [("127.0.0.1", port, job["pid"])])
        self.assertLess(job["started_at"], job["ready_at"])
        self.assertEqual(harness.unit_properties(unit, "ActiveState"), {"ActiveState": "active"})
        record = self.journal.wait(f"SDBG_JOB={self.name}", "SDBG_EVENT=ready")
        self.assertRegex(record["MESSAGE"], rf"^{re.escape(self.name)} ready after \d+ ms$")
        facts = json.loads(record["SDBG_RECORD"])
        self.assertEqual((facts["ready_at"], facts["ready_ms"], facts["state"]), (job["ready_at"], job["ready_ms"], "ready"))
        sdbg("stop", self.name)
        self.assertEqual(self.job()["ready_at"], job["ready_at"])

    def test_text(self):
        port = next(self.ports)
        shown = sdbg("start", "--name", self.name, f"--ready-port={port}", *self.answerer("127.0.0.1", port, "")).stdout
        self.assertRegex(shown, rf"^{re.escape(self.name)}: ready after [\d.]+m?s, PID \d+, listens on 127\.0\.0\.1:{port}\n$")

    def test_without_it_nothing_changes(self):
        job = self.start("sleep", "1000")
        self.assertEqual((job["state"], job["ready_at"], job["ready_ms"]), ("running", None, None))
        self.assertEqual(self.journal.of_job(self.name, "SDBG_EVENT=ready"), [])

    def test_no_wait(self):
        job = self.start("--no-wait", "--ready-log=listening", *self.listener("127.0.0.1", next(self.ports)))
        self.assertEqual(job["state"], "starting")
        self.let_go()
        self.assertGreater(self.await_state("ready")["ready_ms"], 0)

    def test_restart_without_waiting(self):
        self.start("--no-wait", "--ready-log=listening", *self.listener("127.0.0.1", next(self.ports)))
        self.let_go()
        self.await_state("ready")
        (job,) = sdbg("restart", "--no-wait", self.name, json=True).json
        self.assertEqual(job["state"], "starting")
        self.let_go()
        self.await_state("ready")

    def test_wait_for_ready(self):
        self.start("--no-wait", "--ready-log=listening", *self.listener("127.0.0.1", next(self.ports)))
        waiting = spawn("sdbg", "wait", "--for", "ready", self.name)
        self.let_go()
        waiting.communicate()
        self.assertEqual(waiting.returncode, 0)
        self.assertEqual(self.job()["state"], "ready")

    def test_stop_while_starting(self):
        start = self.spawn_start("--ready-log=never", "sleep", "1000")
        self.await_state("starting")
        stopped = sdbg("stop", self.name, json=True).json[0]
        self.assertEqual((stopped["result"], stopped["state"]), ("stopped", "exited"))
        out, _ = start.communicate()
        self.assertEqual(start.returncode, 5)
        error = json.loads(out)["error"]
        self.assertEqual(error["code"], "ended-early")
        self.assertIn("before it was ready: stopped", error["message"])

    def test_second_start_while_starting(self):
        port = next(self.ports)
        first = self.spawn_start(f"--ready-port={port}", *self.listener("127.0.0.1", port))
        self.await_state("starting")
        self.fail("sleep", "1000", code="job-running", exits=4)
        reused = self.spawn_start("--if-running=reuse", "sleep", "1000")
        self.let_go()
        for start in (first, reused):
            out, _ = start.communicate()
            self.assertEqual((start.returncode, json.loads(out)["state"]), (0, "ready"))

    def test_replaced_while_starting(self):
        first = self.spawn_start("--ready-log=never", "sleep", "1000")
        self.await_state("starting")
        job = self.start("--if-running=replace", "--ready-log=now", "-c", "echo now; exec sleep 1000")
        self.assertEqual(job["state"], "ready")
        first.communicate()
        self.assertEqual(first.returncode, 5)

    def test_manager_reloads(self):
        for action in ("daemon-reload", "daemon-reexec"):
            with self.subTest(action):
                port = next(self.ports)
                self.name = unique_name()
                start = self.spawn_start(f"--ready-port={port}", *self.listener("127.0.0.1", port))
                self.await_state("starting")
                systemctl_user(action)
                self.assertEqual(self.job()["state"], "starting")
                self.let_go()
                out, error = start.communicate()
                self.assertEqual((start.returncode, error), (0, b""))
                self.assertEqual(json.loads(out)["state"], "ready")
                self.assertEqual(harness.unit_properties(harness.unit_of(self.name), "ActiveState", "TimeoutStartUSec"),
                                 {"ActiveState": "active", "TimeoutStartUSec": "infinity"})

    def test_restart_verb(self):
        port = next(self.ports)
        first = self.start(f"--ready-port={port}", *self.answerer("127.0.0.1", port, ""))
        again = sdbg("restart", self.name, json=True).json
        if isinstance(again, list):
            again = again[0]
        self.assertEqual((again["state"], [p["port"] for p in again["ports"]]), ("ready", [port]))
        self.assertNotEqual(again["run"], first["run"])

    def test_each_run_becomes_ready(self):
        job = self.start("--restart=always", "--restart-delay=100ms", "--ready-log=now", "-c", "echo now; exec sleep 1000")
        os.kill(job["pid"], signal.SIGKILL)
        wait_until(lambda: (now := self.job())["state"] == "ready" and now["restarts"] == 1)
        self.assertGreater(self.job()["ready_at"], job["ready_at"])
        self.assertEqual(len(self.journal.of_job(self.name, "SDBG_EVENT=ready")), 2)

    def test_start_that_fails_is_not_restarted(self):
        self.fail("--restart=always", "--ready-log=never", "-c", "exit 3", code="ended-early")
        self.assertEqual((self.job()["restarts"], self.job()["exit_code"]), (0, 3))

    def test_command_that_goes_to_the_background(self):
        port = next(self.ports)
        listener = " ".join(map(str, self.listener("127.0.0.1", port)))
        start = self.spawn_start(f"--ready-port={port}", "-c", f"setsid {listener} &")
        self.await_state("lingering")
        self.assertIsNone(start.poll())
        self.let_go()
        out, _ = start.communicate()
        self.assertEqual(start.returncode, 0)
        job = json.loads(out)
        self.assertEqual((job["state"], job["result"], job["ports"][0]["port"]), ("lingering", "success", port))
        self.assertIsNotNone(job["ready_at"])

    def test_nothing_of_the_check_is_left(self):
        self.start("--ready-log=now", "--ready-exec=sleep 1000 & exit 0", "-c", "echo now; exec sleep 1001")
        cgroup = harness.unit_cgroup(harness.unit_of(self.name))
        self.assertEqual(sorted(harness.command_line(pid)[:2] for pid in harness.cgroup_pids(cgroup) if alive(pid))[-1],
                         ["sleep", "1001"])
        wait_until(lambda: len(harness.cgroup_pids(cgroup)) == 2)
        supervisor = int(harness.unit_properties(harness.unit_of(self.name), "MainPID")["MainPID"])
        targets = [os.readlink(fd) for fd in pathlib.Path(f"/proc/{supervisor}/fd").iterdir()]
        self.assertEqual(len([t for t in targets if t.startswith("pipe:")]), 2)  # the job's output


class Log(ReadyTest):
    def shell(self, expression, script, **options):
        return self.start(f"--ready-log={expression}", "-c", f"{script}; exec sleep 1000", **options)

    def test_streams_and_colours(self):
        for script in ("echo the server is up", "echo the server is up >&2", r"printf '\033[32mthe \033[1mserver\033[0m is up\r\n'",
                       "printf 'the server '; sleep 0.05; echo is up", "printf 'the server is up'", "seq 200000; echo the server is up"):
            with self.subTest(script):
                self.name = unique_name()
                self.assertEqual(self.shell("^the server is up$", script)["state"], "ready")

    def test_all_of_a_flood_is_seen(self):
        job = self.shell("^line 499999$", "seq -f 'line %.0f' 500000")
        self.assertEqual(job["state"], "ready")
        wait_until(lambda: self.job()["lines"] == 500000)
        self.assertEqual(sdbg("logs", "-n1", self.name).stdout, "line 500000\n")

    def test_other_lines_do_not_match(self):
        start = self.spawn_start("--ready-log=^up$", "-c", f"echo up.; echo not up; printf up; sleep 0.05; echo p; read x <{self.pipe}; "
                                 "echo up; exec sleep 1000")
        wait_until(lambda: "upp" in sdbg("logs", self.name, exits=None).stdout)
        self.assertEqual(self.job()["state"], "starting")
        self.let_go()
        start.communicate()
        self.assertEqual(start.returncode, 0)

    def test_of_a_terminal(self):
        job = self.start("--pty", "--ready-log=^ready for you$", "-c", r"printf '\033[1mready\033[0m for you\r\n'; exec sleep 1000")
        self.assertEqual(job["state"], "ready")
        self.name = unique_name()
        job = self.start("--pty", r"--ready-log=name\? $", "-c", "printf 'name? '; read name; exec sleep 1000")
        self.assertEqual(job["state"], "ready")

    def test_output_that_is_held_back(self):
        error = self.fail("--ready-log=up", "--ready-timeout=1s", "python3", "-c", "print('up'); import time; time.sleep(1000)",
                          code="ready-timeout")
        self.assertIn("--pty", error["hint"])

    def test_long_line(self):
        self.assertEqual(self.shell("end$", "head -c 1000000 /dev/zero | tr '\\0' x; echo end")["state"], "ready")

    def test_expression_that_explodes(self):
        # It is given up, and the job is not held up by it.
        job = self.start("--ready-log=^(a+)+$", "--ready-log=done", "--ready-timeout=5s", "-c",
                         "echo aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab; echo a; echo done; exec sleep 1000")
        self.assertEqual(job["state"], "ready")


class Port(ReadyTest):
    def test_hosts(self):
        for host, bound in (("", "127.0.0.1"), ("127.0.0.1:", "127.0.0.1"), ("127.0.0.1:", "0.0.0.0"), ("127.0.0.1:", "::"),
                            ("[::1]:", "::1"), ("localhost:", "::1"), ("localhost:", "127.0.0.1"), ("0.0.0.0:", "127.0.0.1")):
            with self.subTest(host=host, bound=bound):
                self.name, port = unique_name(), next(self.ports)
                job = self.start(f"--ready-port={host}{port}", *self.answerer(bound, port, ""))
                self.assertEqual([(p["address"], p["port"]) for p in job["ports"]], [(bound, port)])

    def test_of_a_process_below(self):
        port = next(self.ports)
        job = self.start(f"--ready-port={port}", "sh", "-c", '"$@" & wait', "sh", *self.answerer("127.0.0.1", port, ""))
        self.assertEqual(job["state"], "ready")

    def test_other_address_is_not_enough(self):
        port = next(self.ports)
        error = self.fail(f"--ready-port=127.0.0.2:{port}", "--ready-timeout=500ms", *self.answerer("127.0.0.1", port, ""),
                          code="ready-timeout")
        self.assertIn(f"127.0.0.2:{port}", error["message"])

    def test_of_somebody_else_is_not_enough(self):
        port = next(self.ports)
        start = self.spawn_start(f"--ready-port={port}", "--ready-timeout=1s", "sleep", "1000")
        self.await_state("starting")
        with socket.create_server(("127.0.0.1", port)):
            out, _ = start.communicate()
        error = json.loads(out)["error"]
        self.assertEqual((start.returncode, error["code"]), (5, "ready-timeout"))
        self.assertIn(f"port {port}: PID {os.getpid()} (", error["message"])
        self.assertIn("listens there, not this job", error["message"])
        self.assertIn(f"PID {os.getpid()}", error["hint"])


class Http(ReadyTest):
    OK = "HTTP/1.1 204 No Content\\r\\n\\r\\n"

    def url(self, port, path="/", host="127.0.0.1"):
        return f"--ready-http=http://{host}:{port}{path}"

    def test_status(self):
        for answer in (self.OK, "HTTP/1.0 200 OK\\r\\n\\r\\n", "HTTP/1.1 302 Found\\r\\nLocation: http://192.0.2.1/\\r\\n\\r\\n",
                       "HTTP/1.1 100 Continue\\r\\n\\r\\nHTTP/1.1 200 OK\\r\\n\\r\\n"):
            with self.subTest(answer):
                self.name, port = unique_name(), next(self.ports)
                self.assertEqual(self.start(self.url(port), *self.answerer("127.0.0.1", port, answer))["state"], "ready")

    def test_until_it_is_well(self):
        port = next(self.ports)
        self.start(self.url(port, "/health?a=b#c"), *self.answerer(
            "127.0.0.1", port, "HTTP/1.1 503 Service Unavailable\\r\\n\\r\\n", "", "garbage\\n", "HTTP/1.1 404 Not Found\\r\\n\\r\\n", self.OK))
        requests = wait_until(lambda: (lines := sdbg("logs", self.name).stdout.splitlines())[4:] and lines)
        self.assertEqual(len(requests), 5)
        for request in requests:
            self.assertTrue(request.startswith(f"b'GET /health?a=b HTTP/1.1\\r\\nHost: 127.0.0.1:{port}\\r\\n"), request)

    def test_why_not(self):
        for answer, why in (("HTTP/1.1 500 Oh\\r\\n\\r\\n", "it answers 500"), ("SSH-2.0-OpenSSH_9\\r\\n", "does not speak HTTP"),
                            ("", "no answer")):
            with self.subTest(answer):
                self.name, port = unique_name(), next(self.ports)
                error = self.fail(self.url(port), "--ready-timeout=1s", *self.answerer("127.0.0.1", port, answer), code="ready-timeout")
                self.assertRegex(error["message"], rf"not ready within 1(\.0)?s: http://127\.0\.0\.1:{port}/: .*{why}")

    def test_localhost_is_both_addresses(self):
        for bound in ("127.0.0.1", "::1"):
            with self.subTest(bound):
                self.name, port = unique_name(), next(self.ports)
                job = self.start(self.url(port, host="localhost"), *self.answerer(bound, port, self.OK))
                self.assertEqual(job["ports"][0]["address"], bound)

    def test_server_that_answers_nothing_at_first(self):
        # Its first connection is never answered; the next try gets through.
        port = next(self.ports)
        script = textwrap.dedent(f"""\
            import socket, time
            s = socket.create_server(("127.0.0.1", {port}))
            first, _ = s.accept()
            second, _ = s.accept()
            second.sendall(b"HTTP/1.1 200 OK\\r\\n\\r\\n")
            time.sleep(1000)""")
        self.assertEqual(self.start(self.url(port), "python3", "-c", script)["state"], "ready")

    def serve(self, port=0):
        """Return: the port of a server in this process, which answers all well."""
        server = http.server.HTTPServer(("127.0.0.1", port), http.server.SimpleHTTPRequestHandler)
        self.addCleanup(server.server_close)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.shutdown)
        return server.server_port

    def test_of_somebody_else_is_not_enough(self):
        port = next(self.ports)
        start = self.spawn_start(self.url(port), "--ready-timeout=2s", "sleep", "1000")
        self.await_state("starting")
        self.serve(port)
        out, _ = start.communicate()
        error = json.loads(out)["error"]
        self.assertEqual((start.returncode, error["code"]), (5, "ready-timeout"))
        self.assertRegex(error["message"], rf"http://127\.0\.0\.1:{port}/: PID {os.getpid()} \(.* listens there, not this job")
        self.assertIn(f"PID {os.getpid()} (", error["hint"])

    def test_somebody_elses_other_address(self):
        """Both answer, and only one is the job's."""
        port = next(self.ports)
        start = self.spawn_start(self.url(port, host="localhost"), *self.listener_then_answerer(port))
        self.await_state("starting")
        self.serve(port)
        self.let_go()
        out, _ = start.communicate()
        self.assertEqual((start.returncode, json.loads(out)["state"]), (0, "ready"))

    def listener_then_answerer(self, port):
        words = " ".join(map(str, self.answerer("::1", port, f"'{self.OK}'")))
        return ["-c", f"read x <{self.pipe}; exec {words}"]

    def test_anywhere(self):
        port = self.serve()
        error = self.fail(self.url(port), "sleep", "1000", code="port-in-use")
        self.assertIn("--ready-anywhere", error["hint"])
        self.assertEqual(self.start(self.url(port), "--ready-anywhere", "sleep", "1000")["state"], "ready")

    def test_vite(self):
        if not (NODE_MODULES / "vite").exists():
            self.skipTest(f"there is no {NODE_MODULES}/vite; 'npm install --prefix {NODE_MODULES.parent} vite' gets it")
        (self.directory / "node_modules").symlink_to(NODE_MODULES)
        port = next(self.ports)
        (self.directory / "package.json").write_text(json.dumps(
            {"name": "page", "private": True, "type": "module", "scripts": {"dev": f"vite --port {port} --strictPort"}}))
        (self.directory / "vite.config.js").write_text(f"export default {{ cacheDir: '{self.directory}/cache' }}\n")
        (self.directory / "index.html").write_text("<h1>from vite</h1>\n")
        job = self.start(self.url(port, host="localhost"), "npm", "run", "dev", cwd=self.directory)
        self.assertEqual((job["state"], job["ports"][0]["port"]), ("ready", port))
        self.assertIn("from vite", harness.run("curl", "-sS", f"http://localhost:{port}/").stdout)
        first, self.name = self.name, unique_name()
        for options in ([self.url(port, host="localhost")], ["--settle=30s"]):
            error = sdbg("start", "--name", self.name, *options, "npm", "run", "dev", cwd=self.directory, exits=5).stderr
            self.assertIn(f"port {port} is in use by job '{first}' (PID {job['ports'][0]['pid']}: node ", error)


class Exec(ReadyTest):
    def test_environment_and_directory(self):
        self.start("--cwd", self.directory, "-e", "A=b c", "--ready-exec", '[ "$A" = "b c" ] && [ -p pipe ] && [ -e up ]', "-c",
                   "sleep 0.2; touch up; exec sleep 1000")
        self.assertTrue((self.directory / "up").exists())
        self.assertIn("up", os.listdir(self.directory))

    def test_why_not(self):
        error = self.fail("--ready-exec=exit 7", "--ready-timeout=300ms", "sleep", "1000", code="ready-timeout")
        self.assertIn("'exit 7': it exits with code 7", error["message"])

    def test_check_that_hangs_is_ended_with_the_job(self):
        marker = str(next(self.ports) * 1000)
        self.fail(f"--ready-exec=sleep {marker}", "--ready-timeout=300ms", "sleep", "1000", code="ready-timeout")
        self.assertEqual([pid for pid in harness.marked(harness.MARKER, os.environ[harness.MARKER])
                          if marker in harness.command_line(pid)], [])


class Together(ReadyTest):
    def test_all_must_hold(self):
        port = next(self.ports)
        flag = self.directory / "flag"
        start = self.spawn_start("--ready-log=^listening$", f"--ready-port={port}", f"--ready-exec=[ -e {flag} ]",
                                 *self.listener("127.0.0.1", port))
        self.await_state("starting")
        self.let_go()
        wait_until(lambda: sdbg("logs", self.name).stdout == "listening\n")
        self.assertEqual(self.job()["state"], "starting")
        self.assertIsNone(start.poll())
        flag.touch()
        start.communicate()
        self.assertEqual((start.returncode, self.job()["state"]), (0, "ready"))

    def test_what_does_not_hold_is_named(self):
        port = next(self.ports)
        error = self.fail("--ready-log=here", "--ready-log=nowhere", f"--ready-port={port}", "--ready-exec=true", "--ready-timeout=500ms",
                          "-c", "echo here; exec sleep 1000", code="ready-timeout")
        self.assertIn(f"not ready within 500ms: no line matches 'nowhere'; port {port}: nothing listens there", error["message"])
        self.assertNotIn("'here'", error["message"])
        self.assertNotIn("true", error["message"])


class Failures(ReadyTest):
    def test_timeout(self):
        result = sdbg("start", "--name", self.name, "--ready-log=never", "--ready-timeout=300ms", "-c", "echo the last words; sleep 1000",
                      exits=5)
        self.assertTrue(result.stderr.startswith("the last words\n"), result.stderr)
        self.assertIn(f"sdbg: job '{self.name}' failed: not ready within 300ms: no line matches 'never'", result.stderr)
        job = self.job()
        self.assertEqual((job["state"], job["result"], job["ready_at"], job["ports"]), ("failed", "ready-timeout", None, []))
        self.assertIn("not ready within 300ms", job["reason"])
        record = json.loads(self.journal.of_job(self.name, "SDBG_EVENT=exit")[-1]["SDBG_RECORD"])
        self.assertEqual((record["result"], record["reason"]), ("ready-timeout", job["reason"]))
        self.assertEqual(self.journal.of_job(self.name, "SDBG_EVENT=ready"), [])
        code = sdbg("wait", self.name, exits=None).code
        self.assertEqual(code, 143)
        self.assertRegex(sdbg("list", "-a", self.name).stdout, "ready-timeout")

    def test_early_end(self):
        for script, code, text in (("echo the last words; exit 3", 3, "exited with code 3"), ("echo the last words", 0, "exited with code 0"),
                                   ("echo the last words; kill -SEGV $$", None, "SIGSEGV")):
            with self.subTest(script):
                self.name = unique_name()
                result = sdbg("start", "--name", self.name, "--ready-log=never", "-c", script, exits=5)
                self.assertTrue(result.stderr.startswith("the last words\n"))
                self.assertRegex(result.stderr, rf"ended after \d+ ms, before it was ready: .*{text}")
                self.assertEqual(self.job()["exit_code"], code)

    def test_early_end_takes_the_others_along(self):
        self.fail("--ready-log=never", "-c", "setsid sleep 1000 & exit 3", code="ended-early")
        self.assertEqual(harness.job_units(), [])
        self.assertEqual(self.job()["exit_code"], 3)

    def test_command_that_is_not_found(self):
        self.fail("--ready-log=never", "no-such-command", code="exec-failed")

    def test_check_that_is_killed(self):
        start = self.spawn_start("--ready-log=never", "sleep", "1000")
        self.await_state("starting")
        cgroup = harness.unit_cgroup(harness.unit_of(self.name)) / "ready"
        (pid,) = wait_until(lambda: [p for p in harness.cgroup_pids(cgroup) if "sdbg-ready" in harness.command_line(p)[0]])
        os.kill(pid, signal.SIGKILL)
        out, _ = start.communicate()
        self.assertEqual(start.returncode, 5)
        self.assertIn("what looks for it was killed", json.loads(out)["error"]["message"])
        self.assertEqual(self.job()["result"], "ready-timeout")

    def test_supervisor_that_is_killed(self):
        start = self.spawn_start("--ready-log=never", "sleep", "1000")
        wait_until(lambda: self.await_state("starting")["pid"])  # before, the supervisor may not have begun
        os.kill(int(harness.unit_properties(harness.unit_of(self.name), "MainPID")["MainPID"]), signal.SIGKILL)
        start.communicate()
        self.assertEqual(start.returncode, 5)
        self.assertEqual(self.job()["result"], "lost")

    def test_run(self):
        result = sdbg("run", "--name", self.name, "--ready-log=never", "--ready-timeout=300ms", "-c", "echo here; sleep 1000", exits=143)
        self.assertEqual(result.stdout, "here\n")
        self.assertEqual(self.job()["result"], "ready-timeout")


class Holder(ReadyTest):
    SAYINGS = ("Error: listen EADDRINUSE: address already in use :::{}", "Error: Port {} is already in use",
               "OSError: [Errno 98] Address already in use", "listen tcp :{}: bind: address already in use",
               "nginx: [emerg] bind() to 0.0.0.0:{} failed (98: Address already in use)")

    def test_of_another_job(self):
        port = next(self.ports)
        holder = unique_name("holder")
        job = sdbg("start", "--name", holder, f"--ready-port={port}", *self.answerer("127.0.0.1", port, ""), json=True).json
        for saying in self.SAYINGS:
            with self.subTest(saying):
                self.name = unique_name()
                error = self.fail("sh", "-c", f"echo '{saying.format(port)}' >&2; exit 1", "sh", port, code="ended-early")
                self.assertIn(f"port {port} is in use by job '{holder}' (PID {job['pid']}: python3 ", error["hint"])
                self.assertIn(f"sdbg stop {holder}", error["hint"])

    def test_before_the_start(self):
        port = next(self.ports)
        with socket.create_server(("127.0.0.1", port)):
            for option in (f"--ready-port={port}", f"--ready-port=127.0.0.1:{port}", f"--ready-port=localhost:{port}",
                           f"--ready-http=http://127.0.0.1:{port}/"):
                with self.subTest(option):
                    error = self.fail(option, "sleep", "1000", code="port-in-use")
                    self.assertIn(f"port {port} is in use by PID {os.getpid()} (", error["message"])
            # It is somewhere else.
            self.fail(f"--ready-port=[::1]:{port}", "--ready-timeout=200ms", "sleep", "1000", code="ready-timeout")
        self.assertEqual(harness.job_units(), [])

    def test_of_the_run_before(self):
        port = next(self.ports)
        for _ in range(3):
            job = self.start("--if-running=replace", f"--ready-port={port}", *self.answerer("127.0.0.1", port, ""))
            self.assertEqual(job["state"], "ready")

    def test_of_another_user(self):
        port = next(self.ports)
        # What cannot be looked at: a process that is not dumpable.
        script = f"import ctypes, socket, time; ctypes.CDLL(None).prctl(4, 0); s = socket.create_server(('127.0.0.1', {port})); time.sleep(1000)"
        spawn("python3", "-c", script)
        wait_until(lambda: socket.socket().connect_ex(("127.0.0.1", port)) == 0)
        error = self.fail(f"--ready-port={port}", "sleep", "1000", code="port-in-use")
        self.assertIn(f"a process of user {getpass.getuser()} ", error["message"])


class BadInput(ReadyTest):
    def test_refused(self):
        for options, text in (
                (["--ready-log=(a"], "missing closing parenthesis at position 2"), (["--ready-log=[a"], "position"),
                (["--ready-port=0"], "1 to 65535"), (["--ready-port=65536"], "1 to 65535"), (["--ready-port=-1"], "1 to 65535"),
                (["--ready-port="], "1 to 65535"), (["--ready-port=http"], "1 to 65535"), (["--ready-port=:80"], "no host"),
                (["--ready-port=::1:80"], "which of it is the port"), (["--ready-port=192.0.2.1:80"], "no address of this machine"),
                (["--ready-port=example.com:80"], "example.com"),
                (["--ready-http=localhost:80"], "not an URL"), (["--ready-http="], "not an URL"), (["--ready-http=http://"], "no host"),
                (["--ready-http=http://localhost:0/"], "1 to 65535"), (["--ready-http=http://localhost/a b"], "not an URL"),
                (["--ready-http=http://localhost/\r\nX: y"], "not an URL"), (["--ready-http=http://192.0.2.1/"], "not this machine"),
                (["--ready-http=http://u:p@localhost/"], "user or password"), (["--ready-http=ftp://localhost/"], "not an URL"),
                (["--ready-http=https://localhost/"], "not https"), (["--ready-exec="], "empty"),
                (["--ready-timeout=5"], "without anything"), (["--ready-log=a", "--ready-timeout=0"], "ready-timeout"),
                (["--ready-log=a", "--ready-timeout=x"], "ready-timeout"), (["--ready-anywhere", "--ready-log=a"], "without --ready-http"),
                (["--ready-exec=true"] * 33, "more than 32"), (["-p", "TimeoutStartSec=5", "--ready-log=a"], "TimeoutStartSec")):
            with self.subTest(options[:2]):
                error = self.fail(*options, "sleep", "1000", code="usage", exits=2)
                self.assertIn(text, error["message"])
        self.assertEqual(harness.job_units(), [])
        self.assertIn("--ready-anywhere", self.fail("--ready-http=http://192.0.2.1/", "true", code="usage", exits=2)["hint"])
        self.assertIn("curl", self.fail("--ready-http=https://localhost/", "true", code="usage", exits=2)["hint"])


class Many(ReadyTest):
    timeout = 300

    def check(self, options_of, command_of, count=100):
        names = [unique_name("r") for _ in range(count)]
        starts = [spawn("sdbg", "--json", "start", "--name", name, *options_of(i), *command_of(i)) for i, name in enumerate(names)]
        for name, start in zip(names, starts):
            out, error = start.communicate()
            self.assertEqual((start.returncode, error), (0, b""), out)
            self.assertEqual(json.loads(out)["state"], "ready")
        self.assertEqual({job["state"] for job in sdbg("list", json=True).json}, {"ready"})
        sdbg("stop", "--all", timeout=120)

    def test_log(self):
        self.check(lambda i: [f"--ready-log=^up {i}$"], lambda i: ["-c", f"echo up {i}; exec sleep 1000"])

    def test_port(self):
        self.check(lambda i: [f"--ready-port={20000 + i}"], lambda i: self.answerer("127.0.0.1", 20000 + i, ""))

    def test_http(self):
        self.check(lambda i: [f"--ready-http=http://localhost:{20000 + i}/"], lambda i: self.answerer("127.0.0.1", 20000 + i, Http.OK))

    def test_exec(self):
        self.check(lambda i: [f"--ready-exec=[ -e {self.directory}/{i} ]"], lambda i: ["-c", f"touch {self.directory}/{i}; exec sleep 1000"])


if __name__ == "__main__":
    harness.main()
