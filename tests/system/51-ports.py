#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Where jobs listen, and what they use: in list, status and JSON."""

import os
import pathlib
import socket
import textwrap

import harness
from harness import sdbg, unique_name, wait_until

SERVER = textwrap.dedent("""\
    import socket, sys, time
    sockets = []
    for kind, address, port in (word.split(",") for word in sys.argv[1:]):
        family = socket.AF_UNIX if kind == "unix" else socket.AF_INET6 if ":" in address else socket.AF_INET
        s = socket.socket(family, socket.SOCK_DGRAM if kind == "udp" else socket.SOCK_STREAM)
        s.bind(address.replace("@", chr(0)) if kind == "unix" else (address, int(port)))
        if kind != "udp":
            s.listen()
        sockets.append(s)
    print("bound", flush=True)
    time.sleep(1000)
    """)


class PortsTest(harness.JobTest):
    def setUp(self):
        super().setUp()
        (self.directory / "server.py").write_text(SERVER)

    def serve(self, *sockets, name=None, before=()):
        """Starts a job that listens. sockets: "tcp,127.0.0.1,3000"."""
        name = name or self.name
        job = sdbg("start", "--settle=0", "--name", name, *before, "python3", self.directory / "server.py", *sockets,
                   json=True).json
        wait_until(lambda: sdbg("logs", name).stdout == "bound\n")
        return job

    def job(self, name=None):
        return sdbg("status", name or self.name, json=True).json[0]

    def ports(self, name=None):
        return [(p["protocol"], p["address"], p["port"]) for p in self.job(name)["ports"]]


class Ports(PortsTest):
    def test_all_kinds(self):
        path = f"{self.directory}/a socket"
        started = self.serve("tcp,127.0.0.1,3000", "tcp,::1,3000", "tcp,0.0.0.0,2999", "udp,127.0.0.1,3001", "udp,::1,53530",
                             f"unix,{path},", "unix,@name,")
        self.assertEqual(self.ports(), [("tcp", "0.0.0.0", 2999), ("tcp", "127.0.0.1", 3000), ("tcp", "::1", 3000),
                                        ("udp", "127.0.0.1", 3001), ("udp", "::1", 53530),
                                        ("unix", path, None), ("unix", "@name", None)])
        self.assertEqual({p["pid"] for p in self.job()["ports"]}, {started["pid"]})
        row = sdbg("list", self.name).stdout.splitlines()[1]
        self.assertIn(" :2999 :3000 ", row)
        self.assertNotIn("3001", row.partition("python3")[0])
        status = sdbg("status", self.name).stdout
        for text in ("listens: tcp 0.0.0.0:2999 (PID", "tcp [::1]:3000 (PID", "udp 127.0.0.1:3001", f"unix {path} (PID", "unix @name"):
            self.assertIn(text, status)

    def test_none_is_not_unknown(self):
        sdbg("start", "--name", self.name, "sleep", "1000")
        self.assertEqual(self.job()["ports"], [])
        self.assertEqual(sdbg("list", json=True).json[0]["ports"], [])
        sdbg("stop", self.name)
        self.assertEqual(self.job()["ports"], [])

    def test_process_below_the_main_one(self):
        job = self.serve("tcp,127.0.0.1,3000", before=("sh", "-c", '"$@" & wait', "sh"))
        ports = self.job()["ports"]
        self.assertEqual(ports[0]["port"], 3000)
        self.assertNotEqual(ports[0]["pid"], job["pid"])
        self.assertIn("server.py", " ".join(harness.command_line(ports[0]["pid"])))

    def test_each_job_has_its_own(self):
        other = unique_name()
        self.serve("tcp,127.0.0.1,3000")
        self.serve("tcp,127.0.0.1,3001", name=other)
        with socket.create_server(("127.0.0.1", 3002)):
            jobs = {job["name"]: job["ports"] for job in sdbg("list", json=True).json}
        self.assertEqual({name: [p["port"] for p in ports] for name, ports in jobs.items()},
                         {self.name: [3000], other: [3001]})

    def test_closed_port_is_gone(self):
        self.serve("tcp,127.0.0.1,3000", before=("sh", "-c", '"$@" & wait; sleep 1000', "sh"))
        pid = self.job()["ports"][0]["pid"]
        os.kill(pid, 9)
        wait_until(lambda: not harness.alive(pid))
        wait_until(lambda: self.ports() == [])

    def test_connections_and_clients_are_no_ports(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            sdbg("start", "--name", self.name, "python3", "-c", textwrap.dedent(f"""\
                import socket, time
                tcp = socket.create_connection(("127.0.0.1", {port}))
                udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                udp.connect(("127.0.0.1", {port}))
                print("connected", flush=True)
                time.sleep(1000)"""))
            wait_until(lambda: sdbg("logs", self.name).stdout == "connected\n")
            self.assertEqual(self.ports(), [])

    def test_network_of_its_own(self):
        self.serve("tcp,0.0.0.0,3000", before=("unshare", "-rn"))
        with socket.create_server(("127.0.0.1", 3000)):
            ports = self.job()["ports"]
        self.assertEqual([(p["address"], p["port"]) for p in ports], [("0.0.0.0", 3000)])

    def test_multipath_tcp(self):
        # What Go's servers listen with.
        try:
            socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_MPTCP).close()
        except OSError:
            self.skipTest("this kernel has no multipath TCP")
        text = SERVER.replace("socket.SOCK_STREAM)", "socket.SOCK_STREAM, socket.IPPROTO_MPTCP)")
        (self.directory / "server.py").write_text(text)
        job = self.serve("tcp,127.0.0.1,3000")
        self.assertEqual(job["pid"], self.job()["ports"][0]["pid"])
        self.assertEqual(self.ports(), [("tcp", "127.0.0.1", 3000)])
        self.assertIn(" :3000 ", sdbg("list", self.name).stdout)

    def test_process_that_cannot_be_looked_at(self):
        (self.directory / "server.py").write_text("import ctypes\nctypes.CDLL(None).prctl(4, 0)\n" + SERVER)
        self.serve("tcp,127.0.0.1,3000")
        ports = self.job()["ports"]
        self.assertEqual([(p["port"], p["pid"]) for p in ports], [(3000, None)])
        self.assertIn(" :3000 ", sdbg("list", self.name).stdout)

    def test_100_jobs(self):
        prefix = unique_name("p")
        for i in range(100):
            sdbg("start", "--quiet", "--settle=0", "--name", f"{prefix}-{i}", "python3", self.directory / "server.py",
                 f"tcp,127.0.0.1,{4000 + i}")
        expected = {f"{prefix}-{i}": [4000 + i] for i in range(100)}
        wait_until(lambda: {j["name"]: [p["port"] for p in j["ports"]] for j in sdbg("list", json=True).json} == expected,
                   timeout=60)
        rows = sdbg("list").stdout.splitlines()[1:]
        self.assertEqual({row.split()[0]: row.split(" :")[1].split()[0] for row in rows},
                         {name: str(ports[0]) for name, ports in expected.items()})


class Figures(PortsTest):
    def test_pressure(self):
        if not pathlib.Path("/proc/pressure/cpu").exists():
            self.skipTest("this kernel counts no pressure (PSI)")
        workers = os.cpu_count() * 2
        sdbg("start", "--name", self.name, "-c", f"for i in $(seq {workers}); do (while :; do :; done) & done; wait")
        wait_until(lambda: self.job()["cpu_stall_ms"] > 100, timeout=30)
        self.assertIn("waited for: cpu ", sdbg("status", self.name).stdout)
        for key in ("memory_stall_ms", "io_stall_ms"):
            self.assertGreaterEqual(self.job()[key], 0)
        sdbg("stop", self.name)
        ended = self.job()
        self.assertGreater(ended["cpu_stall_ms"], 100)
        record = self.journal.of_job(self.name, "SDBG_EVENT=exit")[-1]["SDBG_RECORD"]
        self.assertIn(f'"cpu_stall_ms":{ended["cpu_stall_ms"]}', record)

    def test_figures_are_the_kernels(self):
        sdbg("start", "--name", self.name, "-c", "head -c 50000000 /dev/zero | sha256sum >/dev/null; echo done; sleep 1000 & sleep 1000")
        wait_until(lambda: "done" in sdbg("logs", self.name).stdout)
        cgroup = harness.unit_cgroup(harness.unit_of(self.name))

        def usage():
            return int((cgroup / "cpu.stat").read_text().split()[1]) / 1e3

        before, job, after = usage(), self.job(), usage()
        self.assertTrue(before - 1 <= job["cpu_ms"] <= after + 1, (before, job["cpu_ms"], after))
        wait_until(lambda: self.job()["tasks"] == 3)
        for key, file in (("memory_bytes", "memory.current"), ("memory_peak_bytes", "memory.peak"),
                          ("memory_max_bytes", "memory.max"), ("io_read_bytes", "io.stat"), ("io_write_bytes", "io.stat")):
            exists = (cgroup / file).exists()
            if not exists or key != "memory_max_bytes":
                self.assertEqual(job[key] is not None, exists, key)


if __name__ == "__main__":
    harness.main()
