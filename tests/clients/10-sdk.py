#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# programs: vite node sdk inspector conformance
"""The TypeScript SDK's client, the MCP inspector and the conformance suite: what strict clients see."""

import json
import pathlib

import agents
import bridge
import harness
import mcp_client
import programs
from harness import run, sdbg

CLIENT = pathlib.Path(__file__).with_name("sdk-client.mjs")
# What a tool needs to be called in earnest; a tool that is not here is called with a job's name.
NO_NAME = {"job_list", "job_doctor"}
# Of the protocol, as the inspector calls them: until 2025-11-25, whichever it finds, from 2026-07-28 on.
ERAS = ("legacy", "auto", "modern")
NO_SUCH_TOOL = 5  # an exit code of the inspector's


class SdkTest(agents.ClientTest):
    version = ()  # of the protocol, as sdk-client takes it

    def connect(self):
        client = harness.spawn(programs.executable("node"), CLIENT, programs.modules(self.programs[0]), *self.version,
                               env=self.only(), cwd=self.project, stderr=None)
        self.notifications = []
        return client, self.answer(client)

    def read(self, client):
        line = client.stdout.readline()
        self.assertTrue(line, "the client ended")
        return json.loads(line)

    def answer(self, client):
        """The next answer; what comes before it is kept."""
        while "notification" in (message := self.read(client)):
            self.notifications.append(message["notification"])
        return message

    def ask(self, client, method, **params):
        client.stdin.write(json.dumps({"method": method, "params": params}).encode() + b"\n")
        client.stdin.flush()
        return self.answer(client)

    def call(self, client, tool, **arguments):
        """What a model gets to see of a tool's answer."""
        answer = self.ask(client, "tools/call", name=tool, arguments=arguments)
        self.assertIn("result", answer, answer)
        return answer["result"]

    def succeeds(self, client, tool, **arguments):
        result = self.call(client, tool, **arguments)
        self.assertFalse(result.get("isError"), result)
        return result["content"][0]["text"], result["structuredContent"]

    def check_from_start_to_stop(self):
        first, greeting = self.connect()
        self.assertEqual(greeting["result"]["server"]["name"], "sdbg")
        self.assertIn("job_list first", greeting["result"]["instructions"])
        self.assertGreaterEqual(len(self.ask(first, "tools/list")["result"]["tools"]), 8)

        self.succeeds(first, "job_start", name="web", command="npm run dev")
        self.succeeds(first, "job_wait", name="web", **{"for": "log=Local:.*:[0-9]+/"}, timeout_seconds=45)
        page = f"http://127.0.0.1:{agents.PORT}/"
        self.assertIn("from vite", agents.fetch(page))
        self.assertIn("VITE", self.succeeds(first, "job_logs", name="web")[1]["output"])
        self.configure_vite("second")
        self.succeeds(first, "job_wait", name="web", **{"for": "log=server restarted"}, timeout_seconds=45)
        self.assertIn("server restarted", self.succeeds(first, "job_logs", name="web")[0])

        self.succeeds(first, "job_start", name="build", command="npm run build", yield_seconds=0)
        text, facts = self.succeeds(first, "job_wait", name="build", timeout_seconds=45)
        self.assertEqual(facts["job"]["exit_code"], 1)
        self.assertIn("missing.js", facts["output"])
        self.assertIn("missing.js", text)

        first.kill()
        first.wait()
        self.assertIn("from vite", agents.fetch(page))
        second, _ = self.connect()
        text, facts = self.succeeds(second, "job_list")
        self.assertGreaterEqual({job["name"] for job in facts["jobs"]}, {"web", "build"})
        self.succeeds(second, "job_restart", name="web")
        self.succeeds(second, "job_stop", name="web")
        self.assertEqual(sdbg("list", json=True).json, [])
        second.stdin.close()
        self.assertEqual(second.wait(60), 0)

    def check_schemas(self):
        """The SDK refuses an answer that is not as the tool's output schema says, also of a failure."""
        client, _ = self.connect()
        self.succeeds(client, "job_start", name="one", command="echo hello; exec sleep 600")
        for tool in self.ask(client, "tools/list")["result"]["tools"]:
            name = tool["name"]
            if name not in NO_NAME:
                answer = self.call(client, name, **({"command": "true"} if name == "job_start" else {}),
                                   name="No Job")
                self.assertTrue(answer["isError"], answer)
                self.assertTrue(answer["structuredContent"]["error"]["message"])
            answer = self.call(client, name, no_such_parameter=1)
            self.assertTrue(answer["isError"], answer)
            self.assertEqual(answer["structuredContent"]["error"]["code"], "usage")
        for name in ("job_list", "job_doctor"):
            self.assertIn("structuredContent", self.call(client, name))
        for name in ("job_status", "job_logs"):
            self.assertIn("hello", self.succeeds(client, name, name="one")[0])
        self.assertEqual(self.ask(client, "tools/call", name="job_none")["error"]["code"], -32602)
        return client


class Sdk(SdkTest):
    programs = ("sdk",)

    def test_from_start_to_stop(self):
        self.check_from_start_to_stop()

    def test_every_tool_answers_by_its_schema(self):
        client = self.check_schemas()
        self.assertEqual(self.ask(client, "job/none")["error"]["code"], -32601)
        self.assertEqual(self.ask(client, "ping")["result"], {})


class StatelessSdk(SdkTest):
    """The second line of the SDK, which the inspector brings along."""

    programs = ("inspector",)
    version = (mcp_client.STATELESS,)

    def test_from_start_to_stop(self):
        self.check_from_start_to_stop()

    def test_every_tool_answers_by_its_schema(self):
        self.check_schemas()

    def test_subscriptions(self):
        client, _ = self.connect()
        offered = {"resourcesListChanged": True, "resourceSubscriptions": ["sdbg://jobs/one/log"]}
        honoured = self.ask(client, "subscriptions/listen", toolsListChanged=True, **offered)
        self.assertEqual(honoured["result"], offered)
        self.succeeds(client, "job_start", name="one", command="echo hello; sleep 600")
        wanted = {"notifications/resources/list_changed", "notifications/resources/updated"}
        while not wanted <= {told["method"] for told in self.notifications}:
            self.notifications.append(self.read(client)["notification"])
        self.assertEqual(self.ask(client, "subscriptions/close")["result"], "local")

    def test_user_is_asked(self):
        (self.home / ".config/sdbg").mkdir(parents=True)
        (self.home / ".config/sdbg/sdbg.conf").write_text("[MCP]\nAskCommand=sleep *\n")
        client, _ = self.connect()
        self.succeeds(client, "job_start", name="one", command="sleep 600")
        (question,) = self.notifications
        self.assertIn("sleep 600", question["params"]["message"])
        refused = self.call(client, "job_start", command="sleep 600; : no, thanks")
        self.assertEqual(refused["structuredContent"]["error"]["code"], "refused-by-policy")


class Inspector(agents.ClientTest):
    programs = ("inspector",)

    def inspect(self, era, *arguments, exits=0):
        node, inspector = programs.executable("node"), programs.executable("inspector")
        return run(node, inspector, "--cli", "sdbg", "mcp", "--protocol-era", era, *arguments, env=self.only(),
                   cwd=self.project, exits=exits, timeout=120)

    def call(self, era, tool, **arguments):
        """What the inspector prints of a tool's answer, also of one that tells of a failure."""
        return self.inspect(era, "--method", "tools/call", "--tool-name", tool,
                            *(word for pair in arguments.items() for word in ("--tool-arg", "=".join(pair))),
                            exits=None).stdout

    def test_tools_are_portable(self):
        for era in ERAS:
            with self.subTest(era=era):
                done = self.inspect(era, "--strict", "--method", "tools/list", "--format", "json")
                self.assertIn("job_start", done.stdout)

    def test_every_tool(self):
        for era in ("legacy", "modern"):
            with self.subTest(era=era):
                self.check_every_tool(era)

    def check_every_tool(self, era):
        name = f"one-{era}"
        answers = {
            "job_start": self.call(era, "job_start", name=name, command="read x; echo got $x; exec sleep 600",
                                   pty="true"),
            "job_list": self.call(era, "job_list"),
            "job_status": self.call(era, "job_status", name=name),
            "job_send": self.call(era, "job_send", name=name, text="hello\n"),
            "job_screen": self.call(era, "job_screen", name=name),
            "job_logs": self.call(era, "job_logs", name=name),
            "job_wait": self.call(era, "job_wait", name=name, timeout_seconds="0.1"),
            "job_restart": self.call(era, "job_restart", name=name),
            "job_stop": self.call(era, "job_stop", name=name),
            "job_doctor": self.call(era, "job_doctor"),
        }
        tools = json.loads(self.inspect(era, "--method", "tools/list", "--format", "json").stdout)
        self.assertEqual({tool["name"] for tool in tools["result"]["tools"]}, set(answers))
        for tool, answer in answers.items():
            self.assertIn("bus" if tool == "job_doctor" else name, answer, tool)
        self.assertIn("got hello", answers["job_logs"])
        self.assertIn("stopped", answers["job_stop"])
        self.assertIn("no-such-job", self.call(era, "job_status", name="nothing"))
        unknown = self.inspect(era, "--method", "tools/call", "--tool-name", "job_none", exits=None)
        self.assertEqual(unknown.code, NO_SUCH_TOOL, unknown)

    def test_resources_and_prompts(self):
        sdbg("start", "-n", "one", "--cwd", self.project, "--", "sleep", "600")
        for era in ERAS:
            with self.subTest(era=era):
                self.assertIn("sdbg://jobs/one/log", self.inspect(era, "--method", "resources/list").stdout)
                self.assertIn("sleep 600", self.inspect(era, "--method", "resources/read", "--uri",
                                                        "sdbg://jobs/one").stdout)
                self.assertIn("diagnose", self.inspect(era, "--method", "prompts/list").stdout)


class Conformance(agents.ClientTest):
    """The scenarios that need no tools made for them; the others call fixtures."""

    programs = ("conformance",)

    def test_scenarios(self):
        for scenario in ("server-initialize", "ping", "tools-list", "resources-list", "prompts-list", "logging-set-level"):
            client = mcp_client.Client(harness.spawn("sdbg", "mcp", stderr=None), initialize=False)
            with self.subTest(scenario=scenario), bridge.serving(client) as url:
                done = run(programs.executable("node"), programs.executable("conformance"), "server", "--url", url,
                           "--scenario", scenario, env=self.only(), cwd=self.project, timeout=120)
                self.assertIn("0 failed", done.stdout)
            self.assertEqual(client.close(), 0)


if __name__ == "__main__":
    harness.main()
