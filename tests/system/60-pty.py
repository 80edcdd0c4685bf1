#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Jobs with a terminal or an open stdin: what they are given, what is typed, what they ask for."""

import hashlib
import os

import harness
from harness import sdbg, spawn, unique_name, wait_until


class InteractiveTest(harness.JobTest):
    def send(self, *arguments, **options):
        return sdbg("send", self.name, *arguments, **options)

    def wait_for_input(self):
        wait_until(lambda: self.status()["waiting_for_input"], what="a wait for input")

    def screen(self):
        return sdbg("screen", self.name, json=True).json

    def log(self):
        return sdbg("logs", self.name, "--all").stdout


class Pty(InteractiveTest):
    def test_what_it_is_given(self):
        self.start("--pty", "--size=90x20", "sh", "-c", "stty size; tty; echo $TERM; test -t 0 -a -t 1 -a -t 2 && echo all; ps -o tpgid=,pgid= -p $$")
        sdbg("wait", self.name)
        size, tty, term, all_of_them, groups = self.log().splitlines()
        self.assertEqual((size, term, all_of_them), ("20 90", "xterm-256color", "all"))
        self.assertTrue(tty.startswith("/dev/pts/"))
        self.assertEqual(*groups.split())

    def test_default_size(self):
        self.start("--pty", "stty", "size")
        sdbg("wait", self.name)
        self.assertEqual(self.log(), "40 120\n")

    def test_own_term(self):
        self.start("--pty", "-e", "TERM=vt100", "sh", "-c", "echo $TERM ${COLUMNS-none}", env={"COLUMNS": "33"})
        sdbg("wait", self.name)
        self.assertEqual(self.log(), "vt100 none\n")

    def test_bad_sizes(self):
        for size in ("0x0", "10000x10000", "80", "80x", "x24", "80x24x1", "-1x24", "axb", ""):
            with self.subTest(size):
                result = sdbg("start", "--pty", f"--size={size}", "true", exits=2)
                self.assertIn("size", result.stderr)
        self.assertIn("--pty", sdbg("start", "--size=80x24", "true", exits=2).stderr)

    def test_lines_are_those_that_were_written(self):
        """The terminal's \\r\\n is not the job's."""
        self.start("--pty", "printf", r"one\ntwo\r\n50%%\r100%%\nlast")
        sdbg("wait", self.name)
        raw = sdbg("logs", self.name, "--all", "--raw").raw
        self.assertEqual(raw, b"one\ntwo\r\n50%\r100%\nlast")
        self.assertEqual(self.log().splitlines(), ["one", "two", "100%", "last"])
        for entry in self.journal.of_job(self.name, "SDBG_STREAM=pty"):
            self.assertIn("MESSAGE", entry)

    def test_much_output(self):
        self.start("--pty", "seq", "300000")
        sdbg("wait", self.name)
        self.assertEqual(sdbg("logs", self.name, "--all").raw, "".join(f"{i}\n" for i in range(1, 300001)).encode())

    def test_stop_hangs_up(self):
        """An interactive shell ignores SIGTERM."""
        self.start("--pty", "bash", "--norc", "-i")
        self.wait_for_input()
        sdbg("stop", self.name)
        job = self.status()
        self.assertEqual(job["result"], "stopped")
        self.assertLess(job["duration_ms"], 9000)  # it was not killed after the time of grace

    def test_restart_keeps_the_terminal(self):
        self.start("--pty", "--restart=on-failure", "--restart-delay=100ms", "--restart-max=2", "sh", "-c", "stty size; exit 1")
        sdbg("wait", self.name, exits=1)
        self.assertEqual(self.log().splitlines(), ["40 120"] * 3)

    def test_python_prompt(self):
        self.start("--pty", "python3", "-i", "-q")
        self.wait_for_input()
        self.assertEqual(self.status()["prompt"], ">>> ")
        self.assertIn("42\n", self.send("--wait=10s", "6 * 7").stdout)
        self.send("--key", "C-d")
        sdbg("wait", self.name)

    def test_job_control(self):
        self.start("--pty", "bash", "--norc", "-i")
        self.wait_for_input()
        self.send("sleep 1000")
        wait_until(lambda: "sleep 1000" in str(sdbg("status", self.name).stdout))
        self.send("--key", "C-z")
        self.assertIn("Stopped", self.send("--wait=10s", "jobs").stdout)
        self.send("kill -KILL %1; fg; echo waited")
        sdbg("wait", self.name, "--for", "log=^waited")
        self.send("exit 3")
        sdbg("wait", self.name, exits=3)

    def test_interrupt(self):
        self.start("--pty", "sh", "-c", "trap 'echo caught; exit 5' INT; echo up; while :; do sleep 1; done")
        sdbg("wait", self.name, "--for", "log=up")
        self.send("--key", "C-c")
        sdbg("wait", self.name, exits=5)
        self.assertIn("caught", self.log())

    def test_large_paste_arrives_whole(self):
        """A terminal in raw mode: what is typed beyond its buffer waits, and none of it is lost."""
        data = bytes(os.urandom(700_000)).hex().encode()[:1_000_000]
        target = self.directory / "target"
        self.start("--pty", "sh", "-c", f"stty raw -echo; echo up; head -c {len(data)} | dd status=none of={target}; echo done")
        sdbg("wait", self.name, "--for", "log=up")
        self.send(input=data)
        sdbg("wait", self.name)
        self.assertEqual(hashlib.sha1(target.read_bytes()).digest(), hashlib.sha1(data).digest())

    def test_paste_is_marked_where_asked_for(self):
        self.start("--pty", "sh", "-c", "stty raw -echo; printf '\\033[?2004h'; echo up; head -c 17 | od -An -c; printf '\\033[?2004l'; echo plain; head -c 5 | od -An -c")
        sdbg("wait", self.name, "--for", "log=up")
        self.send("--paste", "--no-newline", "hello")
        sdbg("wait", self.name, "--for", "log=plain")
        self.assertIn("[   2   0   0   ~   h   e   l   l   o", self.log())
        self.send("--paste", "--no-newline", "world")
        sdbg("wait", self.name)
        self.assertIn("w   o   r   l   d", self.log())

    def test_arrow_keys_follow_the_mode(self):
        self.start("--pty", "sh", "-c", "stty raw -echo; echo up; head -c 3 | od -An -c; printf '\\033[?1h'; echo application; head -c 3 | od -An -c")
        sdbg("wait", self.name, "--for", "log=up")
        self.send("--key", "Up")
        sdbg("wait", self.name, "--for", "log=application")
        self.send("--key", "Up")
        sdbg("wait", self.name)
        self.assertIn("033   [   A", self.log())
        self.assertIn("033   O   A", self.log())


class Stdin(InteractiveTest):
    def test_text_and_end(self):
        self.start("--stdin", "cat")
        self.send("hello", "world")
        self.send("--no-newline", "no newline")
        self.send("--eof")
        sdbg("wait", self.name)
        self.assertEqual(sdbg("logs", self.name, "--raw").raw, b"hello world\nno newline")

    def test_bytes(self):
        data = bytes(range(256)) * 4000
        target = self.directory / "target"
        self.start("--stdin", "dd", "status=none", f"of={target}")
        self.send(input=data)
        self.send("--eof")
        sdbg("wait", self.name)
        self.assertEqual(target.read_bytes(), data)

    def test_keys_of_a_pipe(self):
        self.start("--stdin", "cat")
        self.send("--key", "a", "--key", "Enter")
        self.assertIn("terminal", self.send("--key", "Up", exits=2).stderr)
        self.send("--eof")
        sdbg("wait", self.name)
        self.assertEqual(self.log(), "a\n")

    def test_job_that_does_not_read(self):
        """What it does not take waits with the sender, and its end ends that."""
        self.start("--stdin", "sh", "-c", "read x; exit 4")
        child = spawn("sdbg", "send", self.name)
        child.stdin.write(b"y" * 500_000 + b"\n")
        child.stdin.close()
        self.assertIsNone(child.poll())
        sdbg("kill", "-s", "KILL", self.name)
        self.assertEqual(child.wait(timeout=30), 1)

    def test_closed_stdin(self):
        self.start("--stdin", "sh", "-c", "exec <&-; echo closed; sleep 1000")
        sdbg("wait", self.name, "--for", "log=closed")
        self.assertIn("closed its stdin", self.send("first", exits=1).stderr)
        self.assertIn("no input", self.send("second", exits=1).stderr)

    def test_no_input(self):
        self.start("sleep", "1000")
        result = self.send("x", exits=1)
        self.assertIn("--stdin", result.stderr)

    def test_bad_keys(self):
        self.start("--pty", "sleep", "1000")
        self.assertIn("'Enter'", self.send("--key", "Entre", exits=2).stderr)
        self.send("--key", "F99", exits=2)
        self.send("--key", "", exits=2)

    def test_nothing_to_send_to(self):
        self.assertIn("no job", sdbg("send", "nothing", "x", exits=3).stderr)
        self.start("true")
        sdbg("wait", self.name)
        self.assertIn("not running", self.send("x", exits=1).stderr)


class Waiting(InteractiveTest):
    def test_password(self):
        self.start("--pty", "bash", "-c", "read -s -p 'Password: ' x; echo; echo got ${#x}")
        self.wait_for_input()
        self.assertEqual(self.status()["prompt"], "Password: ")
        self.assertIn("waits: for input: Password:", sdbg("status", self.name).stdout)
        self.assertIn("asks", sdbg("list", self.name).stdout)
        (record,) = self.journal.of_job(self.name, "SDBG_EVENT=input")
        self.assertIn("Password:", record["MESSAGE"])
        self.send("secret")
        sdbg("wait", self.name)
        self.assertIn("got 6", self.log())
        self.assertNotIn("secret", self.journal.text())
        self.assertFalse(self.status()["waiting_for_input"])

    def test_wait_for_input(self):
        self.start("--pty", "bash", "-c", "sleep 0.5; read -p 'Go on? [y/N] ' x; echo answer $x")
        sdbg("wait", self.name, "--for", "input", "--timeout=20s")
        self.assertIn("answer y", self.send("--wait=10s", "y").stdout)

    def test_ended_job_waits_no_more(self):
        for end in ["stop", "kill"]:
            self.start("--pty", "bash", "-c", "read -p 'Go on? ' x")
            self.wait_for_input()
            sdbg(end, self.name)
            sdbg("wait", self.name, exits=None)
            job = self.status()
            self.assertEqual((job["waiting_for_input"], job["prompt"]), (False, None), end)
            self.assertNotIn("asks", sdbg("list", "-a", self.name).stdout, end)

    def test_pipe(self):
        self.start("--stdin", "sh", "-c", "printf 'name? '; read x; echo hello $x")
        self.wait_for_input()
        self.assertEqual(self.status()["prompt"], "name? ")
        self.send("you")
        sdbg("wait", self.name)
        self.assertIn("hello you", self.log())

    def test_servers_do_not_wait(self):
        """It polls its stdin beside other things."""
        script = ("import select, socket, sys\ns = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen()\n"
                  "print('up', end='', flush=True)\nwhile True: select.select([sys.stdin, s], [], [])\n")
        self.start("--pty", "python3", "-c", script)
        other = unique_name()
        sdbg("start", "-n", other, "--stdin", "--settle=0", "bash", "-c", "read -p 'really? ' x")
        wait_until(lambda: sdbg("status", other, json=True).json[0]["waiting_for_input"])
        wait_until(lambda: self.status()["last_line"] == "up")
        self.assertFalse(self.status()["waiting_for_input"])


class Screen(InteractiveTest):
    def test_vim(self):
        file = self.directory / "file.txt"
        self.start("--pty", "--size=80x24", "vim", "-u", "NONE", "-N", str(file))
        wait_until(lambda: self.screen()["alternate"] and "~" in self.screen()["lines"])
        self.send("--no-newline", "ihello from here")
        self.send("--key", "Esc")
        wait_until(lambda: self.screen()["lines"][0] == "hello from here")
        wait_until(lambda: self.screen()["cursor"] == {"x": 14, "y": 0, "visible": True})
        self.send(":wq")
        sdbg("wait", self.name)
        self.assertEqual(file.read_text(), "hello from here\n")

    def test_less(self):
        self.start("--pty", "--size=40x10", "sh", "-c", "seq 1000 | less")
        wait_until(lambda: self.screen()["lines"][:2] == ["1", "2"])
        self.send("--no-newline", "G")
        wait_until(lambda: "1000" in self.screen()["lines"])
        self.send("--key", "q")
        sdbg("wait", self.name)

    def test_htop(self):
        self.start("--pty", "--size=100x30", "htop", "--delay=2")

        def uptime():
            return next((line for line in self.screen()["lines"] if "Uptime:" in line), None)

        wait_until(uptime)
        first = uptime()
        wait_until(lambda: uptime() != first, what="another time up")
        lines = self.screen()["lines"]
        self.assertTrue([line for line in lines if "PID" in line and "Command" in line], lines)
        self.assertIn("F10Quit", lines[-1].replace(" ", ""))
        self.send("--key", "F10")
        sdbg("wait", self.name)

    def test_spinner_and_title(self):
        self.start("--pty", "sh", "-c", r"printf '\033]2;building\007'; for i in 1 2 3; do printf '\r%s/3' $i; done; sleep 1000")
        wait_until(lambda: self.screen()["lines"] == ["3/3"])
        self.assertEqual(self.screen()["title"], "building")

    def test_color(self):
        self.start("--pty", "sh", "-c", r"printf '\033[31mred\033[0m'; sleep 1000")
        wait_until(lambda: "red" in sdbg("screen", self.name).stdout)
        self.assertIn("\033[0;31mred", sdbg("screen", "--color", self.name).stdout)

    def test_no_terminal(self):
        self.start("sleep", "1000")
        self.assertIn("logs -f", sdbg("screen", self.name, exits=1).stderr)


if __name__ == "__main__":
    harness.main()
