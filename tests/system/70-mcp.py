#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`sdbg mcp` as a client on stdio sees it: every tool, every error, and whatever a broken client sends."""

import json
import os
import pathlib
import shlex
import signal
import tempfile
import time

import harness
import mcp_client
from harness import sdbg, unique_name, wait_until
from mcp_client import Answer, RpcError


class McpTest(harness.SystemTest):
    def client(self, env=None, cwd=None, **options):
        process = harness.spawn("sdbg", "mcp", env=env, cwd=cwd, stderr=None)
        return mcp_client.Client(process, **options)

    def setUp(self):
        super().setUp()
        self.mcp = self.client()

    def call_fails(self, code, tool, **arguments):
        answer = self.mcp.call(tool, **arguments)
        self.assertTrue(answer.failed, answer)
        self.assertEqual(answer.error["code"], code, answer)
        # Both kinds of clients see it.
        self.assertIn(answer.error["message"], answer.text)
        return answer

    def told(self, method, client=None):
        """The next notification of that kind."""
        while True:
            message = (client or self.mcp).notifications.get(timeout=20)
            if message["method"] == method:
                return message

    def start(self, command, name=None, **arguments):
        name = name or unique_name("mcp")
        answer = self.mcp.call("job_start", command=command, name=name, yield_seconds=0, **arguments)
        self.assertFalse(answer.failed, answer)
        return name


class Protocol(McpTest):
    def test_versions(self):
        for asked, given in (("2024-11-05", "2024-11-05"), ("2025-03-26", "2025-03-26"),
                             ("2025-06-18", "2025-06-18"), ("2025-11-25", "2025-11-25"),
                             ("2030-01-01", "2025-11-25")):
            client = self.client(version=asked)
            self.assertEqual(client.greeting["protocolVersion"], given)
            self.assertEqual(client.greeting["serverInfo"]["name"], "sdbg")
            self.assertIn("job_start", client.greeting["instructions"])
            self.assertEqual(client.close(), 0)

    def test_ping_before_initialize(self):
        client = self.client(initialize=False)
        self.assertEqual(client.request("ping"), {})
        with self.assertRaises(RpcError) as refused:
            client.request("tools/list")
        self.assertEqual(refused.exception.code, -32602)

    def test_tools_are_described(self):
        tools = {tool["name"]: tool for tool in self.mcp.request("tools/list")["tools"]}
        for name in ("start", "list", "status", "logs", "wait", "send", "screen", "stop", "restart", "doctor"):
            tool = tools[f"job_{name}"]
            self.assertEqual(tool["inputSchema"]["type"], "object")
            self.assertEqual(tool["outputSchema"]["type"], "object")
            self.assertIs(tool["outputSchema"]["additionalProperties"], False)
            self.assertTrue(tool["description"] and tool["annotations"]["title"])
        self.assertTrue(tools["job_list"]["annotations"]["readOnlyHint"])
        self.assertTrue(tools["job_stop"]["annotations"]["destructiveHint"])
        self.assertEqual(tools["job_start"]["inputSchema"]["required"], ["command"])

    def test_unknown_tool_and_method(self):
        for method, params, code in (("tools/call", {"name": "job_strat"}, -32602),
                                     ("tools/call", {}, -32602),
                                     ("tools/run", {}, -32601)):
            with self.assertRaises(RpcError) as refused:
                self.mcp.request(method, params)
            self.assertEqual(refused.exception.code, code)

    def test_bad_lines(self):
        """Each gets an error, and the server goes on."""
        for line, code in ((b"{]", -32700), (b"\xff\xfe", -32700), (b"[" * 100000, -32700), (b"7", -32600),
                           (b'{"a":' * 5000, -32700), (b"\0", -32700), (b"[]", -32600)):
            self.mcp.send_bytes(line + b"\n")
            self.assertEqual(self.mcp.strays.get(timeout=10)["error"]["code"], code, line[:20])
        self.assertEqual(self.mcp.request("ping"), {})

    def test_huge_line(self):
        for _ in range(100):
            self.mcp.send_bytes(b"x" * 1000000)
        self.mcp.send_bytes(b"\n")
        self.assertEqual(self.mcp.strays.get(timeout=60)["error"]["code"], -32700)
        self.assertEqual(self.mcp.request("ping"), {})
        self.assertLess(resident(self.mcp), 8 << 20)

    def test_half_line(self):
        self.mcp.send_bytes(b'{"jsonrpc":"2.0","id":"h","me')
        self.assertEqual(self.client().request("ping"), {})
        self.mcp.send_bytes(b'thod":"ping"}\n')
        self.assertEqual(self.mcp.result("h"), {})
        self.mcp.send_bytes(b'{"jsonrpc":')
        self.assertEqual(self.mcp.close(), 0)

    def test_batch(self):
        client = self.client(version="2025-03-26")
        client.send([{"jsonrpc": "2.0", "id": "a", "method": "ping"},
                     {"jsonrpc": "2.0", "id": "b", "method": "tools/call", "params": {"name": "job_list"}}])
        answers = client.strays.get(timeout=10)
        self.assertEqual({answer["id"] for answer in answers}, {"a", "b"})

    def test_wrong_arguments(self):
        for tool, arguments in (("job_start", {"command": 7.5}), ("job_start", {"command": {}}),
                                ("job_start", {"command": "x", "env": 7}),
                                ("job_start", {"command": "x", "yield_seconds": "soon"}),
                                ("job_start", {"command": "x", "if_running": 1}),
                                ("job_start", {}), ("job_start", {"command": ""}),
                                ("job_start", {"command": "x", "name": "No Name"}),
                                ("job_start", {"command": "x", "cwd": "/nonexistent"}),
                                ("job_logs", {"name": "x", "lines": "many"}), ("job_logs", {}),
                                ("job_wait", {"name": []}), ("job_stop", {"name": True}),
                                ("job_list", {"cursor": "x"})):
            with self.subTest(tool=tool, arguments=arguments):
                self.call_fails("usage", tool, **arguments)

    def test_strings_are_not_cut_off(self):
        name = unique_name("mcp")
        with self.assertRaises(RpcError) as refused:
            self.mcp.call("job_start", command="echo a\0b", name=name)
        self.assertEqual(refused.exception.code, -32602)
        self.assertNotIn(name, self.mcp.call("job_list").text)

    def test_client_with_a_strange_name(self):
        client = self.client(name="x\x1b[31m\n" * 100)
        name = unique_name("mcp")
        answer = client.call("job_start", command="sleep 100", name=name)
        for text in (answer.text, sdbg("status", name).stdout):
            self.assertNotIn("\x1b", text)
            self.assertIn("agent=x", text)

    def test_wrong_type_of_each_parameter(self):
        for tool in self.mcp.request("tools/list")["tools"]:
            schema = tool["inputSchema"]
            for name, kind in schema["properties"].items():
                with self.subTest(tool=tool["name"], parameter=name):
                    required = {key: "x" for key in schema.get("required", [])}
                    wrong = 7 if kind["type"] == "object" else {"x": [{}]}
                    answer = self.call_fails("usage", tool["name"], **required | {name: wrong})
                    self.assertIn(name, answer.text)

    def test_unknown_parameter_names_the_near_ones(self):
        answer = self.call_fails("usage", "job_start", comand="x")
        self.assertIn("'comand'", answer.error["message"])
        self.assertIn("'command'", answer.error["hint"])


class Stateless(McpTest):
    """2026-07-28: no initialize, each request says in its _meta what it needs."""

    def setUp(self):
        super().setUp()
        self.mcp = self.client(version=mcp_client.STATELESS)

    def test_discover(self):
        found = self.mcp.request("server/discover")
        self.assertEqual(found["supportedVersions"], [mcp_client.STATELESS])
        self.assertIn("job_start", found["instructions"])
        self.assertIn("tools", found["capabilities"])

    def test_every_result_is_complete_and_says_who_made_it(self):
        name = self.start("echo hello; sleep 100")
        for method, params, kept in (("server/discover", {}, True), ("tools/list", {}, True),
                                     ("tools/call", {"name": "job_list"}, False),
                                     ("resources/list", {}, True), ("prompts/list", {}, True),
                                     ("resources/read", {"uri": f"sdbg://jobs/{name}/log"}, True),
                                     ("resources/templates/list", {}, True),
                                     ("prompts/get", {"name": "diagnose", "arguments": {"job": name}}, False)):
            with self.subTest(method=method):
                result = self.mcp.request(method, params)
                self.assertEqual(result["resultType"], "complete")
                self.assertEqual(result["_meta"][f"{mcp_client.META}serverInfo"]["name"], "sdbg")
                self.assertEqual("ttlMs" in result, kept)
                self.assertEqual(result.get("cacheScope"), "private" if kept else None)

    def test_refusals(self):
        other = {f"{mcp_client.META}protocolVersion": "2031-01-01"}
        for method, params, code in (("ping", {}, -32601), ("initialize", {"protocolVersion": "2025-11-25"}, -32601),
                                     ("tools/run", {}, -32601), ("tools/list", {"_meta": other}, -32022),
                                     ("resources/read", {"uri": "sdbg://jobs/nothing/log"}, -32602),
                                     ("subscriptions/listen", {}, -32602)):
            with self.subTest(method=method), self.assertRaises(RpcError) as refused:
                self.mcp.request(method, params)
            self.assertEqual(refused.exception.code, code)
        with self.assertRaises(RpcError) as refused:
            self.mcp.request("tools/list", {"_meta": other})
        self.assertEqual(refused.exception.data, {"supported": [mcp_client.STATELESS], "requested": "2031-01-01"})

    def test_beside_a_session(self):
        """Of one server, a client may ask in either way."""
        client = self.client()
        self.assertNotIn("resultType", client.request("tools/list"))
        self.assertEqual(client.request("tools/list", {"_meta": self.mcp.meta})["resultType"], "complete")
        self.assertEqual(client.request("ping"), {})

    def test_progress_and_cancel(self):
        name = self.start("sleep 100")
        wait = self.mcp.begin_call("job_wait", token="p", name=name)
        self.assertEqual(self.told("notifications/progress")["params"]["progressToken"], "p")
        self.mcp.notify("notifications/cancelled", {"requestId": wait})
        self.mcp.call("job_stop", name=name)
        self.assertNotIn(wait, self.mcp.answers)

    def listen(self, **notifications):
        number = self.mcp.begin("subscriptions/listen", {"notifications": notifications})
        acknowledged = self.told("notifications/subscriptions/acknowledged")["params"]
        self.assertEqual(self.subscription(acknowledged), number)
        return number, acknowledged["notifications"]

    def subscription(self, params):
        return params["_meta"][f"{mcp_client.META}subscriptionId"]

    def test_subscriptions(self):
        name = unique_name("mcp")
        log = f"sdbg://jobs/{name}/log"
        jobs, honoured = self.listen(resourceSubscriptions=["sdbg://jobs", "file:///etc/passwd"],
                                     resourcesListChanged=False, toolsListChanged=True)
        self.assertEqual(honoured, {"resourceSubscriptions": ["sdbg://jobs"]})
        both, honoured = self.listen(resourceSubscriptions=[log], resourcesListChanged=True)
        self.assertEqual(honoured, {"resourceSubscriptions": [log], "resourcesListChanged": True})
        self.start("sleep 0.5; echo hello; sleep 100", name=name)
        expected = {("resources/updated", jobs, "sdbg://jobs"), ("resources/updated", both, log),
                    ("resources/list_changed", both, None)}
        while expected:
            told = self.mcp.notifications.get(timeout=20)
            expected.discard((told["method"].removeprefix("notifications/"), self.subscription(told["params"]),
                              told["params"].get("uri")))
        self.mcp.notify("notifications/cancelled", {"requestId": both})
        self.mcp.call("job_stop", name=name)
        self.assertEqual(self.mcp.close(), 0)
        ended = self.mcp.result(jobs)
        self.assertEqual(self.subscription(ended), jobs)
        self.assertNotIn(both, self.mcp.answers)

    def test_user_is_asked(self):
        """The question is the answer to a first call; the client makes another with what the user said."""
        with tempfile.TemporaryDirectory() as directory:
            pathlib.Path(directory, "sdbg").mkdir()
            pathlib.Path(directory, "sdbg/sdbg.conf").write_text("[MCP]\nAskCommand=sleep *\n")
            environment = {"XDG_CONFIG_HOME": directory}
            name = unique_name("asked")
            call = {"name": "job_start", "arguments": {"command": "sleep 100", "name": name}}
            cannot = self.client(version=mcp_client.STATELESS, env=environment)
            self.assertTrue(Answer(cannot.request("tools/call", call)).failed)
            client = self.client(version=mcp_client.STATELESS, env=environment, capabilities={"elicitation": {}})
            asked = client.request("tools/call", call)
            self.assertEqual(asked["resultType"], "input_required")
            (key, question), = asked["inputRequests"].items()
            self.assertEqual(question["method"], "elicitation/create")
            self.assertIn("sleep 100", question["params"]["message"])
            self.assertNotIn(name, sdbg("list").stdout)
            for action, failed in (("decline", True), ("accept", False)):
                answer = Answer(client.request("tools/call", call | {"inputResponses": {key: {"action": action}}}))
                self.assertEqual(answer.failed, failed, answer)
            self.assertIn(name, sdbg("list").stdout)


class Tools(McpTest):
    def test_start_read_stop(self):
        name = unique_name("web")
        started = self.mcp.call("job_start", command="echo hello; exec sleep 100", name=name,
                                yield_seconds=0.5)
        self.assertEqual(started.facts["job"]["state"], "running")
        self.assertEqual(started.facts["output"], "hello\n")
        self.assertIn("hello", started.text)
        self.assertIn(f"[{name} running", started.state)
        self.assertEqual(started.text.rstrip().splitlines()[-1], started.state)
        self.assertEqual(started.facts["job"]["labels"]["agent"], "test-client")

        listed = self.mcp.call("job_list")
        self.assertIn(name, [job["name"] for job in listed.facts["jobs"]])
        self.assertIn(name, listed.text)
        self.assertEqual(self.mcp.call("job_status", bash_id=name).facts["job"]["name"], name)
        self.assertEqual(self.mcp.call("job_logs", name=name).facts["output"], "hello\n")

        stopped = self.mcp.call("job_stop", name=name)
        self.assertEqual(stopped.facts["jobs"][0]["result"], "stopped")
        self.assertEqual(sdbg("status", name, json=True).json[0]["state"], "exited")

    def test_who_asked_is_in_the_journal(self):
        client = self.client(env={"SDBG_SESSION": "s-7"}, name="some-agent")
        name = unique_name("web")
        client.call("job_start", command="sleep 100", name=name)
        entry = self.journal.wait(f"SDBG_JOB={name}", "SDBG_EVENT=start")
        asked = f"PID {os.getpid()} (python3) for some-agent, session s-7"
        self.assertEqual(json.loads(entry["SDBG_RECORD"])["asked_by"], asked)
        self.assertIn(asked, sdbg("status", name).stdout)
        self.assertIn(asked, client.call("job_stop", name=name).state)

    def test_reuse_of_a_made_up_name(self):
        """Only where it is the same command in the same directory."""
        first = self.mcp.call("job_start", command="sleep 100", yield_seconds=0)
        same = self.mcp.call("job_start", command="sleep 100", yield_seconds=0)
        self.assertTrue(same.facts["reused"])
        other = self.mcp.call("job_start", command="sleep 100", cwd="/", yield_seconds=0)
        self.assertFalse(other.facts["reused"])
        self.assertNotEqual(first.facts["job"]["name"], other.facts["job"]["name"])

    def test_arguments_reach_the_command(self):
        name = unique_name("args")
        answer = self.mcp.call("job_start", command="printf", args=["%s|", "a b", "$HOME", "*"], name=name,
                               yield_seconds=5)
        self.assertEqual(answer.facts["output"].rstrip("\n"), "a b|$HOME|*|")

    def test_environment_and_directory(self):
        answer = self.mcp.call("job_start", command="echo $A $B; pwd", env={"A": "x y", "B": "z"}, cwd="/usr",
                               yield_seconds=5)
        self.assertEqual(answer.facts["output"], "x y z\n/usr\n")

    def test_early_failure(self):
        answer = self.call_fails("ended-early", "job_start", command="echo oh no >&2; exit 3",
                                 yield_seconds=5)
        self.assertEqual(answer.facts["job"]["exit_code"], 3)
        self.assertIn("oh no", answer.facts["output"])
        self.assertIn("oh no", answer.text)

    def test_readiness_is_not_waited_for_longer_than_asked(self):
        name = unique_name()
        answer = self.mcp.call("job_start", name=name, command="sleep 100", ready={"log": "never"}, yield_seconds=0)
        self.assertIn(f"[{name} starting", answer.state)
        self.mcp.call("job_stop", name=name)

    def test_ready(self):
        name = unique_name()
        answer = self.mcp.call("job_start", name=name, command="sleep 0.2; exec python3 -m http.server --bind 127.0.0.1 23457",
                               ready_port=23457, ready_http=["http://127.0.0.1:23457/"], pty=True)
        self.assertIn("ready", answer.text)
        self.assertIn(":23457", answer.text.splitlines()[-1])
        for tool, arguments in (("job_start", {"command": "true"}), ("job_status", {}), ("job_logs", {}), ("job_screen", {}),
                                ("job_send", {"keys": ["Enter"]})):
            self.assertIn(" · :23457", self.mcp.call(tool, name=name, **arguments).state, tool)
        self.assertEqual(self.mcp.call("job_status", name=name).facts["job"]["ports"][0]["port"], 23457)
        answer = self.call_fails("port-in-use", "job_start", name=unique_name(), command="sleep 1000", ready_port="23457")
        self.assertIn("port 23457 is in use by job '", answer.text)
        answer = self.call_fails("ready-timeout", "job_start", name=unique_name(), command="echo hi; sleep 1000",
                                 ready_log="never", ready_timeout_seconds=0.3)
        self.assertIn("no line matches 'never'", answer.text)

    def test_ready_as_an_object(self):
        answer = self.mcp.call("job_start", command="sleep 0.2; echo listening; sleep 100",
                               ready={"log": "listening", "timeout_seconds": 20})
        self.assertEqual(answer.facts["job"]["state"], "ready", answer)
        answer = self.call_fails("ended-early", "job_start", command="echo 'Error: broken'; exit 4",
                                 ready={"log": "never"})
        self.assertEqual(answer.facts["job"]["exit_code"], 4)
        self.assertIn("exited with code 4", answer.facts["post_mortem"]["summary"])
        self.assertIn("Error: broken", answer.text)
        self.call_fails("usage", "job_start", command="x", ready={"prot": 80})
        self.call_fails("usage", "job_start", command="x", ready=80)

    def test_failures_are_looked_into(self):
        name = self.start("sleep 0.5; seq 5000; echo 'Error: no such module' >&2; exit 1")
        answer = self.mcp.call("job_wait", name=name)
        self.assertEqual(answer.facts["post_mortem"]["failed_in_a_row"], 1)
        self.assertIn("Error: no such module", answer.text)
        self.assertLess(len(json.dumps(answer.facts)), 10000)

    def test_command_that_is_not_there(self):
        answer = self.call_fails("exec-failed", "job_start", command="/nonexistent/program", args=["x"])
        self.assertIn("/nonexistent/program", answer.text)

    def test_reuse_is_the_default(self):
        name = self.start("sleep 100")
        again = self.mcp.call("job_start", command="sleep 100", name=name)
        self.assertTrue(again.facts["reused"])
        self.call_fails("job-running", "job_start", command="sleep 100", name=name, if_running="fail")

    def test_restart(self):
        name = self.start("sleep 100")
        before = self.mcp.call("job_status", name=name).facts["job"]["run"]
        after = self.mcp.call("job_restart", name=name, yield_seconds=0).facts["job"]["run"]
        self.assertNotEqual(before, after)

    def test_post_mortem(self):
        name = unique_name()
        self.mcp.call("job_start", name=name, command="echo 'No space left on device'; exit 3", yield_seconds=10)
        answer = self.mcp.call("job_status", name=name)
        self.assertIn("exited with code 3", answer.facts["post_mortem"]["summary"])
        self.assertIn("df -h", answer.facts["post_mortem"]["hints"][0])
        self.assertIn("df -h", answer.text)

    def test_wait_for_the_end(self):
        name = self.start("sleep 1; echo bye; exit 7")
        answer = self.mcp.call("job_wait", name=name)
        self.assertFalse(answer.failed)
        self.assertIs(answer.facts["timed_out"], False)
        self.assertEqual(answer.facts["job"]["exit_code"], 7)
        self.assertIn("bye", answer.facts["output"])
        self.assertIn("failed: exited with code 7", answer.state)

    def test_wait_for_a_line(self):
        name = self.start("sleep 0.5; echo listening on 3000; sleep 100")
        answer = self.mcp.call("job_wait", name=name, **{"for": "log=listening on \\d+"})
        self.assertFalse(answer.failed, answer)
        self.assertEqual(answer.facts["line"], "listening on 3000")
        self.call_fails("usage", "job_wait", name=name, **{"for": "something"})

    def test_end_before_it_happened(self):
        name = self.start("sleep 0.5; echo broken; exit 4")
        answer = self.call_fails("ended-early", "job_wait", name=name, **{"for": "log=ready"})
        self.assertEqual(answer.facts["job"]["exit_code"], 4)
        self.assertIn("broken", answer.facts["output"])

    def test_wait_is_bounded(self):
        name = self.start("sleep 100")
        answer = self.mcp.call("job_wait", name=name, timeout_ms=300)
        self.assertFalse(answer.failed)
        self.assertIs(answer.facts["timed_out"], True)

    def test_no_such_job(self):
        name = self.start("sleep 100")
        for tool in ("job_status", "job_logs", "job_wait", "job_stop", "job_restart"):
            with self.subTest(tool=tool):
                answer = self.call_fails("no-such-job", tool, name=name + "x")
                self.assertIn(name, answer.error["hint"])

    def test_answers_are_bounded(self):
        name = self.start("seq 100000; sleep 100")
        wait_until(lambda: self.mcp.call("job_status", name=name).facts["job"]["lines"] == 100000)
        answer = self.mcp.call("job_logs", name=name, lines=50000)
        self.assertLess(len(answer.text), 10000)
        self.assertLess(len(json.dumps(answer.facts)), 10000)
        self.assertTrue(answer.facts["output"].endswith("100000\n"))
        self.assertEqual(answer.facts["lines_left_out"] + answer.facts["output"].count("\n"), 50000)

    def test_grep(self):
        name = self.start("seq 1000; sleep 100")
        wait_until(lambda: self.mcp.call("job_status", name=name).facts["job"]["lines"] == 1000)
        self.assertEqual(self.mcp.call("job_logs", name=name, filter="^99.$").facts["output"].split(),
                         [str(n) for n in range(990, 1000)])
        self.call_fails("usage", "job_logs", name=name, grep="(")

    def test_new_lines(self):
        gate = pathlib.Path.home() / unique_name("gate")
        self.addCleanup(gate.unlink)
        name = self.start(f"seq 5; while ! [ -e {gate} ]; do sleep 0.05; done; seq 6 8; sleep 100")
        wait_until(lambda: self.mcp.call("job_status", name=name).facts["job"]["lines"] == 5)
        self.assertEqual(self.mcp.call("job_logs", name=name).facts["output"], "1\n2\n3\n4\n5\n")
        self.assertEqual(self.mcp.call("job_logs", name=name, new=True).facts["output"], "")
        gate.touch()
        wait_until(lambda: self.mcp.call("job_status", name=name).facts["job"]["lines"] == 8)
        self.assertIn("3 new lines", self.mcp.call("job_status", name=name).state)
        self.assertEqual(self.mcp.call("job_logs", name=name, new=True).facts["output"], "6\n7\n8\n")
        self.assertNotIn("new line", self.mcp.call("job_logs", name=name, new=True).state)
        # The next server of the same client goes on there; another client has read nothing.
        self.assertEqual(self.client().call("job_logs", name=name, new=True).facts["output"], "")
        other = self.client(name="other").call("job_logs", name=name, new=True)
        self.assertEqual(len(other.facts["output"].split()), 8)

    def test_pages_by_cursor(self):
        name = self.start("seq 10000; sleep 100")
        wait_until(lambda: self.mcp.call("job_status", name=name).facts["job"]["lines"] == 10000)
        answer, seen = self.mcp.call("job_logs", name=name, head=10), []
        while True:
            self.assertLess(len(json.dumps(answer.facts)), 10000)
            self.assertIn(answer.facts["cursor"], answer.state)
            lines = answer.facts["output"].split()
            if not lines:
                break
            seen += lines
            answer = self.mcp.call("job_logs", name=name, cursor=answer.facts["cursor"])
        self.assertEqual(seen, [str(n) for n in range(1, 10001)])
        self.call_fails("usage", "job_logs", name=name, cursor="nonsense")

    def test_errors_and_repeats(self):
        name = self.start("seq 50; echo 'error: it broke'; seq 50; yes same | head -30; sleep 100")
        wait_until(lambda: self.mcp.call("job_status", name=name).facts["job"]["lines"] == 131)
        found = self.mcp.call("job_logs", name=name, errors=True).facts["output"]
        self.assertIn("error: it broke", found)
        self.assertLess(found.count("\n"), 10)
        folded = self.mcp.call("job_logs", name=name, lines=2, collapse=True).facts["output"]
        self.assertIn("same (×30)", folded)

    def test_exploding_expressions(self):
        """Matching is bounded wherever a model gives an expression, and it is told."""
        bomb = "(a+)+$b|^(a|aa)+$c|(?:a*)*d"
        name = self.start(f"sleep 0.5; echo {'a' * 100}; sleep 100")
        for tool, arguments in (("job_wait", {"for": f"log={bomb}"}), ("job_logs", {"grep": bomb}),
                                ("job_wait", {"for": f"log={bomb}"})):
            answer = self.call_fails("usage", tool, name=name, **arguments)
            self.assertIn("takes too long", answer.text)
        answer = self.mcp.call("job_start", command=f"echo {'a' * 100}; sleep 100", ready_log=bomb,
                               ready_timeout_seconds=1)
        self.assertTrue(answer.failed)
        self.assertIn("takes too long", answer.text)

    def test_list_begins_with_what_is_near(self):
        """This session's jobs, this project's, those of the others; running ones first in each."""
        client = self.client(env={"SDBG_SESSION": "s-9"}, cwd="/usr")
        names = {}
        for kind, arguments in (("session-old", ["--cwd", "/", "-l", "session=s-9"]), ("project-old", ["--cwd", "/usr/share"]),
                                ("session", ["--cwd", "/", "-l", "session=s-9"]), ("project", ["--cwd", "/usr"]),
                                ("other", ["--cwd", "/"])):
            names[kind] = unique_name(kind)
            sdbg("start", "-n", names[kind], *arguments, "--", "sleep", "100")
            if "-old" in kind:
                sdbg("stop", names[kind])
        listed = [job["name"] for job in client.call("job_list").facts["jobs"]]
        order = sorted(names, key=lambda kind: listed.index(names[kind]))
        self.assertEqual(order, ["session", "session-old", "project", "project-old", "other"])

    def test_list_is_paged(self):
        names = {self.start("true", name=unique_name(f"page{n}")) for n in range(30)}
        seen, cursor = [], {}
        while True:
            answer = self.mcp.call("job_list", **cursor)
            self.assertLess(len(json.dumps(answer.facts)), 10000)
            seen += [job["name"] for job in answer.facts["jobs"]]
            if "next_cursor" not in answer.facts:
                break
            cursor = {"cursor": answer.facts["next_cursor"]}
        self.assertLessEqual(names, set(seen))
        self.assertEqual(len(seen), len(set(seen)))

    def test_send_and_screen(self):
        name = self.start("read -p 'name? ' x; echo hello $x; sleep 100", pty=True)
        wait_until(lambda: "name?" in self.mcp.call("job_screen", name=name).text)
        sent = self.mcp.call("job_send", name=name, chars="Ada")
        self.assertIn("hello Ada", sent.facts["output"])
        screen = self.mcp.call("job_screen", name=name)
        self.assertIn("hello Ada", screen.facts["screen"]["lines"])
        self.assertIn("hello Ada", screen.text)
        self.mcp.call("job_send", name=name, keys=["C-c"])
        self.assertEqual(self.mcp.call("job_wait", name=name).facts["job"]["state"], "failed")

    def test_send_to_a_stdin(self):
        name = self.start("cat; echo end", stdin=True)
        self.assertEqual(self.mcp.call("job_send", name=name, text="one\n").facts["output"], "one\n")
        self.assertEqual(self.mcp.call("job_send", name=name, eof=True).facts["output"], "end\n")
        self.call_fails("usage", "job_send", name=name)

    def test_send_where_nothing_listens(self):
        name = self.start("sleep 100")
        self.assertTrue(self.mcp.call("job_send", name=name, text="x").failed)
        self.assertTrue(self.mcp.call("job_screen", name=name).failed)

    def test_doctor(self):
        answer = self.mcp.call("job_doctor")
        self.assertIn("bus", [check["check"] for check in answer.facts["checks"]])
        self.assertIn("bus", answer.text)


class Calls(McpTest):
    def test_waits_hold_nothing_up(self):
        name = self.start("sleep 100")
        waits = [self.mcp.begin_call("job_wait", name=name) for _ in range(64)]
        self.assertIn(name, self.mcp.call("job_list").text)
        self.assertEqual(self.mcp.request("ping"), {})
        self.mcp.call("job_stop", name=name)
        for wait in waits:
            answer = Answer(self.mcp.result(wait))
            self.assertEqual(answer.facts["job"]["result"], "stopped")

    def test_cancel(self):
        """Twice, and after the end."""
        name = self.start("sleep 100")
        wait = self.mcp.begin_call("job_wait", name=name)
        for _ in range(2):
            self.mcp.notify("notifications/cancelled", {"requestId": wait})
        listed = self.mcp.begin_call("job_list")
        self.mcp.result(listed)
        self.mcp.notify("notifications/cancelled", {"requestId": listed, "reason": "it is over"})
        self.assertEqual(self.mcp.request("ping"), {})
        self.mcp.call("job_stop", name=name)
        self.assertNotIn(wait, self.mcp.answers)

    def test_a_cancelled_start_is_carried_out(self):
        name = unique_name("mcp")
        start = self.mcp.begin_call("job_start", command="sleep 100", name=name)
        self.mcp.notify("notifications/cancelled", {"requestId": start})
        wait_until(lambda: name in sdbg("list").stdout)
        self.assertNotIn(start, self.mcp.answers)

    def test_repeated_id(self):
        name = self.start("sleep 100")
        wait = self.mcp.begin_call("job_wait", name=name)
        self.mcp.begin("ping", number=wait)
        self.assertEqual(self.mcp.answer(wait)["error"]["code"], -32600)
        self.mcp.call("job_stop", name=name)
        self.assertEqual(Answer(self.mcp.result(wait)).facts["job"]["name"], name)

    def test_progress(self):
        name = self.start("sleep 100")
        self.mcp.begin_call("job_wait", token="p", name=name)
        told = self.told("notifications/progress")
        self.assertEqual(told["params"]["progressToken"], "p")

    def test_job_that_vanishes_in_a_wait(self):
        name = self.start("sleep 100")
        wait = self.mcp.begin_call("job_wait", name=name)
        harness.systemctl_user("kill", "--signal=KILL", harness.unit_of(name))
        harness.systemctl_user("stop", harness.unit_of(name), exits=None)
        self.assertIn(name, Answer(self.mcp.result(wait)).text)

    def test_no_process_is_left(self):
        for _ in range(20):
            self.mcp.call("job_list")
        children = f"/proc/{self.mcp.process.pid}/task/{self.mcp.process.pid}/children"
        with open(children, encoding="ascii") as file:
            self.assertEqual(file.read(), "")


class Policy(McpTest):
    def configured(self, text, **options):
        self.directory.joinpath("sdbg").mkdir(exist_ok=True)
        self.directory.joinpath("sdbg/sdbg.conf").write_text(text)
        self.mcp = self.client(env={"XDG_CONFIG_HOME": str(self.directory)}, **options)

    def test_read_only(self):
        name = self.start("sleep 100")
        self.configured("[MCP]\nReadOnly=yes\n")
        for tool, arguments in (("job_start", {"command": "x"}), ("job_stop", {"name": name}),
                                ("job_restart", {"name": name}), ("job_send", {"name": name, "text": "x"})):
            answer = self.call_fails("refused-by-policy", tool, **arguments)
            self.assertIn("ReadOnly=", answer.error["hint"])
        self.assertIn(name, self.mcp.call("job_list").text)

    def test_commands_and_directories(self):
        self.configured("[MCP]\nRefuseCommand=sudo *\nAllowDirectories=/usr\n")
        self.call_fails("refused-by-policy", "job_start", command="cd x && sudo true", cwd="/usr")
        self.call_fails("refused-by-policy", "job_start", command="true", cwd="/etc")
        self.start("sleep 100", cwd="/usr/share")

    def test_number_of_jobs(self):
        self.configured("[MCP]\nMaxJobs=1\n")
        name = self.start("sleep 100")
        self.call_fails("refused-by-policy", "job_start", command="sleep 100", name=name + "x")
        self.assertTrue(self.mcp.call("job_start", command="sleep 100", name=name).facts["reused"])
        self.mcp.call("job_stop", name=name)
        self.start("sleep 100", name=name + "x")

    def test_default_limits(self):
        self.configured("[MCP]\nTimeout=1s\n")
        name = self.start("sleep 100")
        self.assertEqual(self.mcp.call("job_wait", name=name).facts["job"]["result"], "timeout")

    def test_user_is_asked(self):
        self.configured("[MCP]\nAskCommand=sleep *\n")
        self.call_fails("refused-by-policy", "job_start", command="sleep 100")
        for action, failed in (("accept", False), ("decline", True)):
            client = self.client(env={"XDG_CONFIG_HOME": str(self.directory)},
                                 capabilities={"elicitation": {}})
            call = client.begin_call("job_start", command="sleep 100", name=unique_name("asked"))
            while (question := client.notifications.get(timeout=10))["method"] != "elicitation/create":
                pass
            self.assertIn("sleep 100", question["params"]["message"])
            client.send({"jsonrpc": "2.0", "id": question["id"], "result": {"action": action, "content": {}}})
            self.assertEqual(Answer(client.result(call)).failed, failed)

    def test_mistakes_in_the_file(self):
        self.configured("[MCP]\nReadonly=yes\n")
        name = self.start("sleep 100")
        path = self.directory / "sdbg/sdbg.conf"
        told = f"{path}:2: unknown key 'Readonly'"
        env = {"XDG_CONFIG_HOME": str(self.directory)}
        self.assertIn(told, sdbg("doctor", env=env, exits=None).stdout)
        self.assertIn(told, sdbg("restart", name, env=env).stderr)
        server = harness.run("sdbg", "mcp", env=env, input="")
        self.assertIn(told, server.stderr)

    def test_out_of_a_sandbox(self):
        for kind in (["--mount"], ["--pid", "--fork"], []):
            sandbox = ["unshare", "--user", "--map-current-user", *kind]
            name = unique_name("box")
            refused = harness.run(*sandbox, "sdbg", "start", "-n", name, "--", "sleep", "100", exits=7)
            self.assertIn("namespace", refused.stderr)
            self.assertIn("--outside-sandbox", refused.stderr)
            self.assertEqual(refused.stdout, "")
            harness.run(*sandbox, "sdbg", "start", "-n", name, "--outside-sandbox", "--", "sleep", "100")
            if "--fork" in kind:
                self.assertIn("asked by: a process outside of the PID namespace", sdbg("status", name).stdout)
            harness.run(*sandbox, "sdbg", "restart", name, exits=7)
            self.configured("[Start]\nOutsideSandbox=yes\n")
            harness.run(*sandbox, "sdbg", "restart", name, env={"XDG_CONFIG_HOME": str(self.directory)})


    def test_out_of_other_mounts(self):
        """A namespace that only root makes, as some sandboxes' helpers do."""
        name = unique_name("box")
        script, answer = (pathlib.Path.home() / file for file in ("in-other-mounts", "other-mounts-answer"))
        exports = "".join(f"export {key}={shlex.quote(os.environ[key])}\n"
                          for key in ("PATH", "HOME", "XDG_RUNTIME_DIR", harness.MARKER))
        script.write_text(f"#!/bin/sh\n{exports}sdbg start -n {name} -- sleep 100 2>{answer}\necho $? >>{answer}\n")
        script.chmod(0o755)
        self.addCleanup(script.unlink)
        harness.root("run-in-other-mounts")
        self.addCleanup(answer.unlink)
        refused = answer.read_text()
        self.assertIn("another mount namespace", refused)
        self.assertTrue(refused.endswith("\n7\n"), refused)
        self.assertNotIn(name, sdbg("list").stdout)


class News(McpTest):
    def test_what_ended_is_told_once(self):
        gate = unique_name("gate")
        name = self.start(f"while ! [ -e $HOME/{gate} ]; do sleep 0.05; done; exit 3")
        self.assertNotIn("notices", self.mcp.call("job_list").facts)
        pathlib.Path.home().joinpath(gate).touch()
        self.addCleanup(pathlib.Path.home().joinpath(gate).unlink)
        wait_until(lambda: sdbg("status", name, json=True).json[0]["state"] == "failed")
        answer = self.mcp.call("job_list")
        self.assertEqual(len(answer.facts["notices"]), 1)
        self.assertIn(f"{name} failed: exited with code 3", answer.facts["notices"][0])
        self.assertIn(answer.facts["notices"][0], answer.text)
        self.assertEqual(answer.text.rstrip().splitlines()[-1], answer.state)
        self.assertNotIn("notices", self.mcp.call("job_list").facts)

    def test_what_the_answer_says_is_no_news(self):
        name = self.start("sleep 100")
        self.assertNotIn("notices", self.mcp.call("job_stop", name=name).facts)
        self.assertNotIn("notices", self.mcp.call("job_list").facts)
        name = self.start("sleep 0.3")
        self.assertNotIn("notices", self.mcp.call("job_wait", name=name).facts)
        self.assertNotIn("notices", self.mcp.call("job_list").facts)

    def test_jobs_of_others_are_none_of_its_business(self):
        name = unique_name("other")
        sdbg("start", "-n", name, "--cwd", "/", "--", "sleep", "100")
        sdbg("stop", name)
        self.assertNotIn("notices", self.mcp.call("job_list").facts)

    def test_told_by_cwd_and_session(self):
        client = self.client(env={"SDBG_SESSION": "s-1"}, cwd="/usr")
        client.call("job_list")
        for arguments in (["--cwd", "/usr/share"], ["--cwd", "/", "-l", "session=s-1"]):
            name = unique_name("mine")
            sdbg("start", "-n", name, *arguments, "--", "sleep", "100")
            sdbg("stop", name)
            self.assertIn(name, str(client.call("job_list").facts["notices"]))


class Log(McpTest):
    """notifications/message, from the level on that the client asks for."""

    def logged(self, client=None):
        message = self.told("notifications/message", client)["params"]
        self.assertEqual(message["logger"], "sdbg")
        return message["level"], message["data"]

    def test_ends_and_readiness(self):
        self.mcp.request("logging/setLevel", {"level": "info"})
        name = self.start("sleep 0.3; echo here; sleep 0.3; exit 3", ready_log="here")
        level, text = self.logged()
        self.assertEqual((level, text.split(" (")[0]), ("info", f"{name} is ready"))
        level, text = self.logged()
        self.assertEqual((level, text.split(" (")[0]), ("error", f"{name} failed: exited with code 3"))
        # It is told to the model all the same.
        self.assertEqual(len(self.mcp.call("job_list").facts["notices"]), 2)

    def test_levels(self):
        """Without a word of the client's, from a warning on."""
        self.mcp.call("job_wait", name=self.start("sleep 0.3"))
        self.mcp.call("job_wait", name=self.start("sleep 0.3; exit 1"))
        self.assertEqual(self.logged()[0], "error")
        self.mcp.request("logging/setLevel", {"level": "critical"})
        self.mcp.call("job_wait", name=self.start("sleep 0.3; exit 2"))
        self.mcp.request("logging/setLevel", {"level": "info"})
        self.mcp.call("job_wait", name=self.start("sleep 0.3"))
        self.assertEqual(self.logged()[0], "info")

    def test_refusals(self):
        with tempfile.TemporaryDirectory() as directory:
            pathlib.Path(directory, "sdbg").mkdir()
            pathlib.Path(directory, "sdbg/sdbg.conf").write_text("[MCP]\nReadOnly=yes\n")
            for options in ({}, {"version": mcp_client.STATELESS, "log_level": "warning"}):
                client = self.client(env={"XDG_CONFIG_HOME": directory}, **options)
                client.call("job_start", command="true")
                level, text = self.logged(client)
                self.assertEqual(level, "warning")
                self.assertIn("refused by policy", text)
            client = self.client(env={"XDG_CONFIG_HOME": directory}, version=mcp_client.STATELESS)
            client.call("job_start", command="true")
            self.assertTrue(client.notifications.empty())


class Resources(McpTest):
    def contents(self, uri):
        (item,) = self.mcp.request("resources/read", {"uri": uri})["contents"]
        self.assertEqual(item["uri"], uri)
        return item

    def test_list_and_read(self):
        name = self.start("echo hello; sleep 100")
        uris = [item["uri"] for item in self.mcp.request("resources/list")["resources"]]
        self.assertEqual(uris[0], "sdbg://jobs")
        self.assertIn(f"sdbg://jobs/{name}/log", uris)
        self.assertEqual(self.contents(f"sdbg://jobs/{name}/log")["text"], "hello\n")
        self.assertEqual(json.loads(self.contents(f"sdbg://jobs/{name}")["text"])["name"], name)
        self.assertIn(name, [job["name"] for job in json.loads(self.contents("sdbg://jobs")["text"])])
        templates = self.mcp.request("resources/templates/list")["resourceTemplates"]
        self.assertIn("sdbg://jobs/{name}/log", [item["uriTemplate"] for item in templates])

    def test_unknown(self):
        for uri in ("sdbg://jobs/nothing/log", "sdbg://jobs/A B", "file:///etc/passwd", "", 7):
            for method in ("resources/read", "resources/subscribe"):
                if method == "resources/subscribe" and "nothing" in str(uri):
                    continue
                with self.subTest(uri=uri, method=method), self.assertRaises(RpcError) as refused:
                    self.mcp.request(method, {"uri": uri})
                self.assertIn(refused.exception.code, (-32002, -32602))

    def updated(self, uri):
        while self.told("notifications/resources/updated")["params"]["uri"] != uri:
            pass

    def test_subscriptions(self):
        self.mcp.request("resources/subscribe", {"uri": "sdbg://jobs"})
        name = self.start("echo $$; sleep 100")
        self.updated("sdbg://jobs")
        log = f"sdbg://jobs/{name}/log"
        self.mcp.request("resources/subscribe", {"uri": log})
        self.mcp.call("job_restart", name=name)
        self.updated(log)
        self.mcp.request("resources/unsubscribe", {"uri": log})
        self.assertEqual(self.mcp.request("ping"), {})

    def test_prompt(self):
        (prompt,) = self.mcp.request("prompts/list")["prompts"]
        self.assertEqual(prompt["name"], "diagnose")
        name = self.start("sleep 0.5; echo it broke; exit 3")
        self.mcp.call("job_wait", name=name)
        for arguments in ({"job": name}, {}):
            text = self.mcp.request("prompts/get", {"name": "diagnose", "arguments": arguments})["messages"][0][
                "content"]["text"]
            self.assertIn("it broke", text)
            self.assertIn("exited with code 3", text)
        for method, bad in (("prompts/get", {"name": "heal"}), ("resources/list", {"cursor": "x"}),
                            ("prompts/get", {"name": "diagnose", "arguments": {"job": "nothing"}})):
            with self.assertRaises(RpcError) as refused:
                self.mcp.request(method, bad)
            self.assertEqual(refused.exception.code, -32602)


class Ends(McpTest):
    def test_stdin_closed(self):
        name = self.start("sleep 100")
        self.mcp.begin_call("job_wait", name=name)
        self.assertEqual(self.mcp.close(), 0)
        self.assertEqual(sdbg("status", name, json=True).json[0]["state"], "running")

    def test_stdin_closed_in_a_call(self):
        """What was asked for is done and answered: `printf … | sdbg mcp` works."""
        name = unique_name("mcp")
        start = self.mcp.begin_call("job_start", command="sleep 100", name=name, yield_seconds=0.5)
        self.assertEqual(self.mcp.close(), 0)
        self.assertEqual(Answer(self.mcp.result(start)).facts["job"]["name"], name)

    def test_signals(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGKILL):
            client = self.client()
            name = unique_name("mcp")
            client.begin_call("job_start", command="sleep 100", name=name)
            client.request("ping")
            client.process.send_signal(number)
            client.process.wait(10)
            wait_until(lambda name=name: name in sdbg("list").stdout)

    def test_another_client_finds_the_jobs(self):
        name = self.start("echo first; sleep 100")
        self.mcp.process.kill()
        self.mcp.process.wait()
        client = self.client()
        self.assertIn(name, client.call("job_list").text)
        self.assertIn("first", client.call("job_logs", name=name).text)

    def test_bare_environment(self):
        bare = {key: None for key in os.environ if key not in ("PATH", "HOME", harness.MARKER)}
        client = self.client(env=bare)
        answer = client.call("job_start", command="echo $XDG_RUNTIME_DIR", yield_seconds=5)
        self.assertEqual(answer.facts["output"].strip(), str(harness.RUNTIME))

    def test_client_that_does_not_read(self):
        """What waits to be sent is bounded, and so is what is read."""
        client = harness.spawn("sdbg", "mcp", stderr=None)
        os.set_blocking(client.stdin.fileno(), False)
        sent, line = 0, b'{"jsonrpc":"2.0","id":1,"method":"server/discover"}\n' * 1000
        deadline = time.monotonic() + 5
        while sent < 64 << 20 and time.monotonic() < deadline:
            try:
                sent += os.write(client.stdin.fileno(), line)
            except BlockingIOError:
                break
        self.assertLess(sent, 64 << 20)
        with open(f"/proc/{client.pid}/status", encoding="ascii") as file:
            self.assertLess(rss(file.read()), 8 << 20)


def rss(status):
    return int(status.split("VmRSS:")[1].split()[0]) * 1024


def resident(client):
    with open(f"/proc/{client.process.pid}/status", encoding="ascii") as file:
        return rss(file.read())


class Many(McpTest):
    timeout = 300

    def test_ten_thousand_calls(self):
        name = self.start("echo x; sleep 100")
        before = None
        for number in range(1000):
            calls = [self.mcp.begin_call("job_list") if number % 2 else self.mcp.begin_call(tool, name=name)
                     for tool in ("job_status", "job_logs") for _ in range(5)]
            for call in calls:
                self.assertFalse(Answer(self.mcp.result(call)).failed)
            if number == 100:
                before = resident(self.mcp)
        self.assertLess(resident(self.mcp), before + (256 << 10))
        self.assertLess(resident(self.mcp), 8 << 20)


if __name__ == "__main__":
    harness.main()
