/* SPDX-License-Identifier: MIT */
#include "sdbg/base/strv.h"
#include "sdbg/json/json.h"
#include "sdbg/ops/agents.h"
#include "sdbg/output/show.h"

#include "cli/verbs.h"

static Json *result_to_json(const AgentsResult *a) {
        return json_object("client", json_new_string(agent_client_to_string(a->config.client)), "file",
                           json_new_string(a->config.path), "changed",
                           json_new_bool(a->changed || a->plugin_changed), "plugin",
                           json_new_string(a->plugin.path), NULL);
}

static void show_result(const AgentsResult *a, bool install, bool dry_run) {
        const char *title = agent_client_title(a->config.client);

        if (!a->changed && !a->plugin_changed) {
                printf("%s: %s in %s\n", title, install ? "is set up already" : "has no entry of sdbg",
                       a->config.path);
                return;
        }
        if (a->changed)
                show_change(stdout, a->config.path, a->config.text, a->after);
        if (a->plugin_changed)
                printf("%s %s, the plugin that tells a session when a job ends\n",
                       !install         ? "removed:"
                       : a->plugin.text ? "replaced:"
                                        : "added:",
                       a->plugin.path);
        if (dry_run)
                printf("%s: nothing was changed\n", title);
        else if (install)
                printf("%s: set up; start it again to have sdbg's tools ('sdbg agents uninstall %s' takes it "
                       "back)\n",
                       title, agent_client_to_string(a->config.client));
        else
                printf("%s: taken back\n", title);
}

static int change(Cli *cli, const AgentsRequest *q, bool install, const char *name, Json *list) {
        _cleanup_agents_result_ AgentsResult result = {};
        int r = op_agents(agent_client_from_string(name), install, q, &result, &cli->error);

        if (r < 0)
                return r;
        if (list)
                return json_append(list, result_to_json(&result));
        if (!cli->quiet)
                show_result(&result, install, q->dry_run);
        return 0;
}

static int run_agents(Cli *cli, void *request, char **operands) {
        _cleanup_json_ Json *list = NULL;
        bool install = streq(operands[0], "install");

        if (!install && !streq(operands[0], "uninstall") && !streq(operands[0], "undo"))
                return error_set(&cli->error, ERROR_USAGE, 0, "'%s' is neither install nor uninstall",
                                 operands[0]);
        STRV_FOREACH (name, operands + 1)
                if (agent_client_from_string(*name) < 0)
                        return error_set(&cli->error, ERROR_USAGE, 0,
                                         "'%s' is none of opencode, claude, codex, gemini", *name);
        if (cli->json && !(list = json_new_array()))
                return error_oom(&cli->error);
        STRV_FOREACH (name, operands + 1) {
                int r = change(cli, request, install, *name, list);

                if (r < 0)
                        return r;
        }
        return list ? show_json(stdout, TAKE_PTR(list)) : 0;
}

const Verb verb_agents = {
        .name = "agents",
        .usage = "[OPTION…] install|uninstall opencode|claude|codex|gemini…",
        .summary = "set coding agents up to use sdbg, or take that back",
        .params = agents_params,
        .operands_min = 2,
        .operands_max = SIZE_MAX,
        .request_size = sizeof(AgentsRequest),
        .run = run_agents,
};
