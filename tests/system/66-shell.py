#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Ctrl+B on the command line of interactive shells: what is typed runs on as a job."""

import os
import pathlib
import re
import shutil
import tempfile
import time

import harness
from harness import run, sdbg, wait_until
from terminal import Terminal

KEY = "\x02"
UP = "\x1b[A"
UNUSUAL = "a  b 'c' \"d\" $e `f` \\g * ? é 🎉 ; & | # !"


def quoted(text):
    """As all of the shells read it: in single quotes, but for those and backslashes."""
    return "".join({"'": "\"'\"", "\\": "\\\\"}.get(c, c if c.isalnum() else f"'{c}'") for c in text)


class Shell:
    """What holds for each of them; the classes below say how their shell is called and how it writes things."""

    prompt = "ready> "
    answer = re.escape(prompt)

    def setUp(self):
        super().setUp()
        if not shutil.which(self.command[0]):
            self.skipTest(f"no {self.command[0]}")
        self.home = pathlib.Path(tempfile.mkdtemp(dir=os.environ["HOME"]))
        self.addCleanup(shutil.rmtree, self.home)
        self.write_config(self.config)

    def write_config(self, text):
        file = self.home / self.config_file
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def start(self, *lines):
        """Return: a shell that has run these lines and shows its prompt."""
        terminal = Terminal(*self.command, cwd=self.home, env={
            "HOME": str(self.home), "ZDOTDIR": str(self.home), "XDG_CONFIG_HOME": str(self.home / ".config"),
            "XDG_DATA_HOME": str(self.home / ".local/share")})
        self.addCleanup(terminal.close)
        terminal.expect(self.answer)
        for line in lines:
            terminal.type(line + "\r")
            terminal.expect(self.answer)
        return terminal

    def press(self, terminal, line, key=KEY):
        """Types a command and the key. Return: the job's name, with the prompt back."""
        terminal.type(line + key)
        name = terminal.expect(r"([a-z0-9.-]+): running, PID \d+ \(read it: sdbg logs -f (\S+)\)")
        self.assertEqual(name[1], name[2])
        terminal.expect(self.answer)
        return name[1]

    def log_of(self, terminal, line):
        """What a command that the key was pressed for has printed: it says `end` when it is done."""
        name = self.press(terminal, line)
        log = wait_until(lambda: (text := sdbg("logs", name).stdout).endswith("end\n") and text)
        return log.removesuffix("end\n")

    def runs(self):
        return [job["run"] for job in sdbg("list", "-a", json=True).json]

    def jobs(self):
        return [job["name"] for job in sdbg("list", json=True).json]

    def test_runs_on_and_prompt_is_back(self):
        terminal = self.start()
        self.assertEqual(self.press(terminal, "sleep 1000"), "sleep-1000")
        self.assertEqual(self.jobs(), ["sleep-1000"])
        terminal.type("echo still 'he're\r")
        terminal.expect("\nstill here")
        terminal.expect(self.answer)
        terminal.type("exit 0\r")
        self.assertEqual(terminal.wait(), 0)
        self.assertEqual(self.jobs(), ["sleep-1000"])

    def test_attach_returns_to_it(self):
        terminal = self.start()
        name = self.press(terminal, "read answer; echo got $answer; sleep 1000")
        terminal.type(f"sdbg attach {name}\r")
        wait_until(lambda: sdbg("status", name, json=True).json[0]["attached"])
        terminal.type("this\r")
        terminal.expect("\ngot this")
        terminal.type(KEY)
        terminal.expect("goes on in the background")
        terminal.expect(self.answer)
        self.assertEqual(self.jobs(), [name])

    def test_history_is_kept(self):
        terminal = self.start("echo before")
        self.press(terminal, "sleep 1000")
        self.assertEqual(self.press(terminal, UP), "sleep-1000-2")
        terminal.type("echo after\r")
        terminal.expect("\nafter")
        terminal.expect(self.answer)
        terminal.type(UP * 4)
        terminal.expect("echo before")

    def test_directory_and_environment(self):
        place = self.home / "a  'place' é"
        place.mkdir()
        terminal = self.start(f"cd {quoted(str(place))}", self.export("GREETING", quoted(UNUSUAL)), "umask 077")
        log = self.log_of(terminal, 'pwd; echo "$GREETING"; umask -S; echo end; sleep 1000')
        self.assertEqual(log, f"{place}\n{UNUSUAL}\nu=rwx,g=,o=\n")

    def test_unusual_characters(self):
        terminal = self.start()
        log = self.log_of(terminal, f"printf '%s\\n' {quoted(UNUSUAL)} | cat; echo end; sleep 1000")
        self.assertEqual(log, UNUSUAL + "\n")

    def test_several_lines(self):
        terminal = self.start()
        lines = "echo one\necho two\necho end; sleep 1000"
        # As a terminal pastes it, so that the line's end does not run it.
        self.assertEqual(self.log_of(terminal, f"\x1b[200~{lines}\x1b[201~"), "one\ntwo\n")

    def test_alias(self):
        terminal = self.start("alias greet='echo good  morning'")
        log = self.log_of(terminal, "greet 'to  you'; echo end; sleep 1000")
        self.assertEqual(log, "good morning to  you\n")

    def test_function_and_what_it_calls(self):
        terminal = self.start(self.function("inner", "echo inner $argv[1] $1"),
                              self.function("outer-one", "inner of; echo outer"))
        log = self.log_of(terminal, "outer-one; echo end; sleep 1000")
        self.assertEqual(log, "inner of\nouter\n")
        job = sdbg("list", json=True).json[0]
        self.assertTrue(job["name"].startswith("outer-one-echo"), job["name"])
        self.assertNotIn("inner", job["command"])

    def test_function_is_not_left_in_the_environment(self):
        terminal = self.start(self.function("inner", "echo inner"))
        log = self.log_of(terminal, "inner; env | grep -c SDBG_FUNCTIONS; echo end; sleep 1000")
        self.assertEqual(log, "inner\n0\n")

    def test_syntax_error_starts_nothing(self):
        before = self.runs()
        terminal = self.start()
        terminal.type(f"echo one | | cat{KEY}")
        terminal.expect(self.complaint)
        terminal.expect(self.answer + r"echo one \| \| cat")
        terminal.type("\x15echo goes on\r")
        terminal.expect("\ngoes on")
        self.assertEqual(self.runs(), before)

    def test_unfinished_command_starts_nothing(self):
        before = self.runs()
        terminal = self.start()
        terminal.type(f"{self.unfinished}{KEY}")
        terminal.expect(self.complaint)
        terminal.expect(self.answer)
        self.assertEqual(self.runs(), before)

    def test_empty_line_does_nothing(self):
        before = self.runs()
        terminal = self.start()
        terminal.type(f"{KEY}  {KEY}echo goes on\r")
        terminal.expect("\ngoes on")
        self.assertEqual(self.runs(), before)
        self.assertNotIn("running", terminal.seen)

    def test_early_failure_is_told(self):
        terminal = self.start()
        terminal.type(f"nosuchcommand --now{KEY}")
        terminal.expect("nosuchcommand.*not found|(not found|Unknown command): nosuchcommand")
        terminal.expect("exited with code 127")
        terminal.expect(self.answer)
        terminal.type(UP)
        terminal.expect("nosuchcommand --now")

    def test_line_stays_where_sdbg_is_missing(self):
        terminal = self.start(self.export("PATH", "/nonexistent"))
        terminal.type(f"sleep 1000{KEY}")
        terminal.expect("sdbg.*not found|not found.*sdbg|Unknown command.*sdbg")
        terminal.expect(self.answer + "sleep 1000")

    def test_status_of_the_last_command_stays(self):
        terminal = self.start("false")
        self.press(terminal, "sleep 1000")
        terminal.type(f"echo status {self.last_status}.\r")
        terminal.expect("status 1\\.")

    def test_another_key(self):
        for key, typed in (("C-o", "\x0f"), ("M-b", "\x1bb")):
            with self.subTest(key):
                self.write_config(f"{self.set_key(key)}\n{self.config}")
                self.press(self.start(), "sleep 1000", typed)
        self.write_config(f"{self.set_key('Hyper-b')}\n{self.config}")
        self.assertIn("SDBG_KEY is 'Hyper-b'", self.start().seen)

    def test_count_in_the_prompt(self):
        terminal = self.start()
        terminal.type("echo \"<$(sdbg_prompt)>\"\r")
        terminal.expect("\n<>")
        terminal.expect(self.answer)
        self.press(terminal, "sleep 1000")
        self.press(terminal, "sleep 2000")
        terminal.type("echo \"<$(sdbg_prompt)>\" \"<$(sdbg_prompt '%d jobs')>\"\r")
        terminal.expect(r"\n<\[2\] > <2 jobs>")


class Posix(Shell):
    unfinished = "while true; do echo x"
    last_status = "$?"

    def export(self, name, value):
        return f"export {name}={value}"

    def function(self, name, body):
        return f"{name} () {{ {body.replace('$argv[1] ', '')}; }}"

    def set_key(self, key):
        return f"SDBG_KEY={key}"

    def test_here_document(self):
        terminal = self.start()
        lines = "cat <<EOF\nthe  'text'\nEOF\necho end; sleep 1000"
        self.assertEqual(self.log_of(terminal, f"\x1b[200~{lines}\x1b[201~"), "the  'text'\n")

    def test_alias_with_here_document(self):
        terminal = self.start("alias c='cat -n'")
        lines = "c <<EOF | tr t T\nthe  'text'\nEOF\necho end; sleep 1000"
        self.assertEqual(self.log_of(terminal, f"\x1b[200~{lines}\x1b[201~"), "     1\tThe  'TexT'\n")

    def test_history_is_expanded(self):
        terminal = self.start("echo expanded")
        log = self.log_of(terminal, "!!; echo end; sleep 1000")
        self.assertEqual(log, "expanded\n")

    def test_shell_of_the_line(self):
        terminal = self.start()
        log = self.log_of(terminal, "echo ${BASH_VERSION:+bash}${ZSH_VERSION:+zsh}; echo end; sleep 1000")
        self.assertEqual(log, self.command[0] + "\n")


class Bash(Posix, harness.SystemTest):
    command = ("bash", "-i")
    config_file = ".bashrc"
    config = "PS1='first row\\nready> '\neval \"$(sdbg shell-init bash)\"\n"
    complaint = "syntax error"

    def test_options_of_the_shell(self):
        terminal = self.start("shopt -s extglob nullglob; set -o pipefail", "touch a1 a2")
        log = self.log_of(terminal, "echo +(a|1|2) none*; false | true; echo $?; echo end; sleep 1000")
        self.assertEqual(log, "a1 a2\n1\n")


class Zsh(Posix, harness.SystemTest):
    command = ("zsh", "-i")
    config_file = ".zshrc"
    config = ("PROMPT='first row\nready> '\nHISTSIZE=100\nbindkey -e\n"
              "eval \"$(sdbg shell-init zsh)\"\n")
    complaint = "parse error|invalid function definition"

    def test_continued_line(self):
        terminal = self.start()
        terminal.type("for i in 1 2; do\r")
        terminal.expect("for> ")
        log = self.log_of(terminal, "echo $i; done; echo end; sleep 1000")
        self.assertEqual(log, "1\n2\n")

    def test_global_alias_and_autoloaded_function(self):
        (self.home / "greet").write_text("echo from a file\n")
        terminal = self.start("alias -g UPPER='| tr a-z A-Z'", "fpath=($HOME); autoload -U greet")
        log = self.log_of(terminal, "greet UPPER; echo end; sleep 1000")
        self.assertEqual(log, "FROM A FILE\n")

    def test_options_of_the_shell(self):
        terminal = self.start("setopt extendedglob shwordsplit", "touch a1 a2; export TWO='a1 a2'")
        log = self.log_of(terminal, "ls -1d a1 a^1; ls -1 $TWO; echo end; sleep 1000")
        self.assertEqual(log, "a1\na2\na1\na2\n")


class Fish(Shell, harness.SystemTest):
    command = ("fish",)
    config_file = ".config/fish/config.fish"
    config = ("function fish_prompt; echo first row; echo 'ready> '; end\nset -g fish_greeting\n"
              "sdbg shell-init fish | source\n")
    complaint = r"(?i)\n(fish: )?(.*error|.*missing|.*expected|.*unexpected|.*only have an effect)"
    unfinished = "while true; echo x"
    last_status = "$status"

    def export(self, name, value):
        return f"set -x {name} {value}"

    def function(self, name, body):
        return f"function {name}; {body.replace(' $1', '')}; end"

    def set_key(self, key):
        return f"set -g SDBG_KEY {key}"

    def start(self, *lines):
        started = time.time()
        terminal = super().start(*lines)
        # fish takes nothing into its history from outside in the second in which it was started.
        wait_until(lambda: int(time.time()) > int(started) + 1)
        return terminal

    def test_abbreviation(self):
        terminal = self.start("abbr -a gr 'sleep 1000'")
        self.assertEqual(self.press(terminal, "gr"), "sleep-1000")


class Command(harness.SystemTest):
    def test_scripts_are_printed(self):
        for shell in ("bash", "zsh", "fish"):
            self.assertIn("sdbg_prompt", sdbg("shell-init", shell).stdout)
        refused = sdbg("shell-init", "tcsh", exits=2)
        self.assertIn("bash, zsh or fish", refused.stderr)

    def test_script_is_quiet_without_a_terminal(self):
        done = run("bash", "-c", 'eval "$(sdbg shell-init bash)"; sdbg_prompt')
        self.assertEqual((done.stdout, done.stderr), ("", ""))


if __name__ == "__main__":
    harness.main()
