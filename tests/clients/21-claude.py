#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# programs: vite node claude
"""Claude Code."""

import agents
import harness
import models
import programs


class ClaudeCode(agents.AgentTest):
    programs = ("claude",)
    dialect = models.Anthropic
    install = ("--project", "claude")

    def configure(self, url):
        """It is told by the environment."""

    def command(self, prompt):
        # Named once more, as else it does not wait for its servers before it asks the model.
        return ([programs.executable("claude"), "-p", prompt, "--mcp-config", ".mcp.json",
                 "--strict-mcp-config", "--allowedTools", "mcp__sdbg", "--model", "claude-sonnet-4-5", "--output-format", "stream-json", "--verbose"],
                {"ANTHROPIC_BASE_URL": "URL", "ANTHROPIC_API_KEY": "none", "ENABLE_TOOL_SEARCH": "false",
                 "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1", "DISABLE_TELEMETRY": "1",
                 "DISABLE_ERROR_REPORTING": "1", "DISABLE_AUTOUPDATER": "1"})

    def test_from_start_to_stop(self):
        self.check_from_start_to_stop()


if __name__ == "__main__":
    harness.main()
