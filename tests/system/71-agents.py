#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`sdbg agents`: sdbg's entry in the configuration of coding agents, and nothing else of it, is changed."""

import json
import os
import pathlib
import re
import tomllib

import harness
from harness import sdbg

PLUGIN = pathlib.Path(__file__).resolve().parents[2] / "packaging/agents/opencode/sdbg.js"
FILES = {"opencode": (".config/opencode/opencode.json", "opencode.json"),
         "claude": (".claude.json", ".mcp.json"),
         "codex": (".codex/config.toml", ".codex/config.toml"),
         "gemini": (".gemini/settings.json", ".gemini/settings.json")}

# {s} is the section's name.
JSON = [
    '{}', '{}\n', '{\n}\n', '{ }', '{"a":1}', '{ "a": [1, {"b": "}"}] }\n', '{\n\t"a": 1\n}\n', '{\r\n  "a": 1\r\n}\r\n',
    '{\n    "model": "x",\n    "list": [\n        "a"\n    ]\n}\n',
    '{"{s}":{}}', '{\n  "{s}": {}\n}\n', '{ "{s}": { "other": { "command": "x" } }, "z": 0 }',
    '{\n  "{s}": {\n    "other": {\n      "command": "x"\n    }\n  },\n  "z": "\\"{s}\\": {"\n}\n',
    '{\n  "nested": { "{s}": { "sdbg": 1 } },\n  "{s}": {\n  }\n}',
]
COMMENTED = [
    '// first\n{\n  // "{s}": {}\n  "a": "http://x/*y*/", /* two\n lines */\n  "{s}": { // here\n    "other": {},\n  },\n}\n',
    '{\n  /* } */\n}\n', '{ "a": 1, // all\n}\n',
]
TOML = [
    '', 'a = 1\n', 'a = 1', '# only a comment\n', '\n\n',
    'a = """\n[mcp_servers.sdbg]\n"""\n[b]\nc = [\n  "[mcp_servers.sdbg]", # x\n]\n',
    '[mcp_servers.other]\ncommand = "x"\n\n[mcp_servers.other.env]\nA = "b"\n\n[z]\ny = \'\'\'\n"\'\'\'\n',
    "a = 'it\"s'\nb = \"#\"\n",
]
BROKEN = ['{', '[]', '{"a": }', '{"a" 1}', '{} {}', '7', '{"{s}": []}', '{"{s}": 7}', 'null', '{"a": "\n']


class Agents(harness.SystemTest):
    def setUp(self):
        super().setUp()
        self.home, self.project = self.directory / "home", self.directory / "project"
        (self.project / ".git").mkdir(parents=True)
        (self.project / "below").mkdir()
        self.home.mkdir()

    def agents(self, *arguments, **options):
        return sdbg("agents", *arguments, cwd=self.project / "below",
                    env={"HOME": str(self.home), "XDG_CONFIG_HOME": None}, **options)

    def entry(self, client, text):
        """sdbg's entry, as another parser sees it; None where there is none."""
        if client == "codex":
            return tomllib.loads(text).get("mcp_servers", {}).get("sdbg")
        plain = re.sub(r'("(?:\\.|[^"\\])*")|//[^\n]*|/\*.*?\*/', lambda m: m[1] or "", text, flags=re.S)
        plain = re.sub(r'("(?:\\.|[^"\\])*")|,(?=\s*[}\]])', lambda m: m[1] or "", plain)
        return json.loads(plain or "{}").get("mcp" if client == "opencode" else "mcpServers", {}).get("sdbg")

    def texts(self, client):
        if client == "codex":
            return TOML
        section = "mcp" if client == "opencode" else "mcpServers"
        return [text.replace("{s}", section) for text in JSON + COMMENTED]

    def check(self, client, before):
        file = self.home / FILES[client][0]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(before.encode())
        file.chmod(0o664)
        os.utime(file, (1, 1))
        shown = self.agents("install", client).stdout
        after = file.read_bytes().decode()
        entry = self.entry(client, after)
        command = entry["command"]
        self.assertEqual(command if client == "opencode" else [command, *entry["args"]], ["sdbg", "mcp"])
        self.assertEqual(file.stat().st_mode & 0o777, 0o664)
        # What was there is there still, in its order.
        rest = iter(after)
        self.assertTrue(all(character in rest for character in before))
        for line in set(after.splitlines()) - set(before.splitlines()):
            self.assertIn(f"+{line}", shown)
        # A second time it does nothing.
        self.assertIn("already", self.agents("install", client).stdout)
        self.assertEqual(file.read_bytes().decode(), after)
        return file, after

    def test_install_and_undo(self):
        for client in FILES:
            for before in self.texts(client):
                with self.subTest(client=client, before=before):
                    file, _ = self.check(client, before)
                    self.agents("uninstall", client)
                    self.assertEqual(file.read_bytes().decode(), before)
                    self.assertEqual(os.listdir(file.parent).count(f"{file.name}.before-sdbg"), 0)
                    self.assertIn("no entry", self.agents("uninstall", client).stdout)

    def test_undo_after_other_changes(self):
        for client in FILES:
            for before in self.texts(client):
                with self.subTest(client=client, before=before):
                    file, after = self.check(client, before)
                    file.write_text(after + "\n" + ("# more\n" if client == "codex" else ""))
                    self.agents("undo", client)
                    text = file.read_bytes().decode()
                    self.assertIsNone(self.entry(client, text))
                    for line in before.splitlines():
                        if client == "codex" or "{" not in line:
                            self.assertIn(line, text)

    def test_file_that_was_not_there(self):
        for client, (user, project) in FILES.items():
            with self.subTest(client=client):
                for options, file in (((), self.home / user), (("--project",), self.project / project)):
                    self.agents("install", *options, client)
                    self.assertTrue(self.entry(client, file.read_text()))
                    self.agents("uninstall", *options, client)
                    self.assertFalse(file.exists())

    def test_plugin(self):
        for options, directory in (((), self.home / ".config/opencode/plugin"),
                                   (("--project",), self.project / ".opencode/plugin")):
            with self.subTest(options=options):
                file = directory / "sdbg.js"
                self.agents("install", *options, "--dry-run", "opencode")
                self.assertFalse(directory.exists())
                self.assertIn(f"added: {file}", self.agents("install", *options, "opencode").stdout)
                self.assertEqual(file.read_bytes(), PLUGIN.read_bytes())
                self.assertIn("already", self.agents("install", *options, "opencode").stdout)
                # As a former version left it.
                file.write_text("old")
                self.assertIn(f"replaced: {file}", self.agents("install", *options, "opencode").stdout)
                self.assertEqual(file.read_bytes(), PLUGIN.read_bytes())
                self.assertIn(f"removed: {file}", self.agents("uninstall", *options, "opencode").stdout)
                self.assertFalse(directory.exists())
                # Other plugins stay, and the other name of the directory is used where it is there.
                directory = directory.with_name("plugins")
                directory.mkdir()
                (directory / "other.js").touch()
                (directory / "sdbg.js").touch()
                self.agents("install", *options, "opencode")
                self.assertEqual((directory / "sdbg.js").read_bytes(), PLUGIN.read_bytes())
                self.agents("undo", *options, "opencode")
                self.assertEqual(os.listdir(directory), ["other.js"])

    def test_plugin_that_cannot_be_written(self):
        directory = self.home / ".config/opencode"
        directory.mkdir(parents=True)
        (directory / "plugin").touch()
        self.assertIn("plugin/sdbg.js", self.agents("install", "opencode", exits=1).stderr)

    def test_doctor_tells_of_the_plugin(self):
        def doctor():
            shown = sdbg("doctor", env={"HOME": str(self.home), "XDG_CONFIG_HOME": None}, exits=None).stdout
            return next(line for line in shown.splitlines() if "OpenCode" in line)
        self.agents("install", "opencode")
        self.assertTrue(doctor().endswith("OpenCode uses sdbg"))
        file = self.home / ".config/opencode/plugin/sdbg.js"
        file.write_text("old")
        self.assertRegex(doctor(), "warn.*another version")
        file.unlink()
        self.assertIn("'sdbg agents install opencode' adds it", doctor())

    def test_dry_run(self):
        result = self.agents("install", "--dry-run", "gemini")
        self.assertIn('+  "mcpServers"', result.stdout)
        self.assertEqual(os.listdir(self.home), [])

    def test_symlink_stays(self):
        (self.home / ".codex").mkdir()
        (self.home / "dotfiles").write_text("a = 1\n")
        (self.home / ".codex/config.toml").symlink_to("../dotfiles")
        self.agents("install", "codex")
        self.assertTrue((self.home / ".codex/config.toml").is_symlink())
        self.assertTrue(self.entry("codex", (self.home / "dotfiles").read_text()))

    def test_jsonc_is_found(self):
        file = self.home / ".config/opencode/opencode.jsonc"
        file.parent.mkdir(parents=True)
        file.write_text("{ // mine\n}\n")
        self.agents("install", "opencode")
        self.assertTrue(self.entry("opencode", file.read_text()))
        self.assertFalse(file.with_suffix(".json").exists())

    def test_what_is_broken_is_left_alone(self):
        for client, texts in (("opencode", [t.replace("{s}", "mcp") for t in BROKEN]),
                              ("codex", ['a = "x\n', 'a = """\n', "a = [1\n", "a = 1]\n",
                                         "mcp_servers = { other = { command = 'x' } }\n"])):
            file = self.home / FILES[client][0]
            file.parent.mkdir(parents=True)
            for text in texts:
                with self.subTest(text=text):
                    file.write_text(text)
                    result = self.agents("install", client, exits=1)
                    self.assertIn(str(file), result.stderr)
                    self.assertIn("nothing was changed", result.stderr)
                    self.assertEqual(file.read_text(), text)
                    self.assertEqual(os.listdir(file.parent), [file.name])

    def test_entry_of_others_is_kept(self):
        file = self.home / ".gemini/settings.json"
        file.parent.mkdir()
        file.write_text('{"mcpServers": {"sdbg": {"command": "/opt/sdbg", "args": ["mcp"]}}}')
        self.assertIn("already", self.agents("install", "gemini").stdout)
        self.assertIn("/opt/sdbg", file.read_text())

    def test_doctor(self):
        """It tells of the clients that the user has."""
        (self.home / ".codex").mkdir()
        (self.home / ".gemini").mkdir()
        (self.home / ".gemini/settings.json").write_text("{")
        self.agents("install", "codex")
        shown = sdbg("doctor", env={"HOME": str(self.home), "XDG_CONFIG_HOME": None}, exits=None).stdout
        self.assertIn("Codex uses sdbg", shown)
        self.assertRegex(shown, "warn.*gemini.*no JSON")
        self.assertNotIn("Claude", shown)
        (self.home / ".gemini/settings.json").write_text("{}")
        shown = sdbg("doctor", env={"HOME": str(self.home), "XDG_CONFIG_HOME": None}, exits=None).stdout
        self.assertIn("sdbg agents install gemini", shown)

    def test_usage(self):
        for arguments in (("install",), ("install", "emacs"), ("put", "codex"), ()):
            self.agents(*arguments, exits=2)

    def test_json(self):
        changes = self.agents("install", "codex", "gemini", json=True).json
        self.assertEqual([(c["client"], c["changed"]) for c in changes], [("codex", True), ("gemini", True)])


if __name__ == "__main__":
    harness.main()
