/* SPDX-License-Identifier: MIT */
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sdbg/ops/agents.h"
#include "sdbg/probe/project.h"
#include "sdbg/runtime/installed.h"

const Param agents_params[] = {
        { "project", 0, PARAM_FLAG, offsetof(AgentsRequest, project), NULL,
          "the project's file, for all who work on it, instead of yours", NULL },
        { "dry-run", 0, PARAM_FLAG, offsetof(AgentsRequest, dry_run), NULL, "only show what would be changed",
          NULL },
        {},
};

void agents_result_done(AgentsResult *r) {
        agent_config_done(&r->config);
        agent_config_done(&r->plugin);
        free(r->after);
        *r = (AgentsResult){};
}

/* Return: whether the shell's `sdbg` is this very program. */
static bool is_in_path(const char *self) {
        const char *path = strempty(getenv("PATH"));
        struct stat a, b;

        if (stat(self, &a) < 0)
                return false;
        while (*path) {
                char file[PATH_MAX];
                size_t len = strcspn(path, ":");

                snprintf(file, sizeof(file), "%.*s/sdbg", (int) len, path);
                if (len > 0 && access(file, X_OK) >= 0)
                        return stat(file, &b) >= 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
                path += len + (path[len] == ':');
        }
        return false;
}

/* How the client is to call sdbg: by its name where the user's PATH leads to it, and in what others share. */
static int own_command(bool project, char **ret) {
        _cleanup_free_ char *self = NULL;
        int r = installed_self(&self);

        if (r < 0)
                return r;
        *ret = strdup(project || is_in_path(self) ? "sdbg" : self);
        return *ret ? 0 : -ENOMEM;
}

/* Finds out what is to be done. */
static int plan(AgentClient client, bool install, const char *command, const char *project, AgentsResult *ret,
                Error *reterr) {
        int r = agent_config_read(client, project, &ret->config, reterr);

        if (r >= 0)
                r = (install ? agent_config_add : agent_config_remove)(&ret->config, command, &ret->after,
                                                                       reterr);
        if (r < 0)
                return r;
        ret->changed = r > 0;
        r = agent_plugin_read(client, project, &ret->plugin, reterr);
        if (r > 0)
                ret->plugin_changed = install ? !agent_plugin_is_ours(&ret->plugin) : !!ret->plugin.text;
        return r;
}

int op_agents(AgentClient client, bool install, const AgentsRequest *q, AgentsResult *ret, Error *reterr) {
        _cleanup_agents_result_ AgentsResult result = {};
        _cleanup_free_ char *command = NULL, *project = NULL;
        int r = own_command(q->project, &command);

        if (r >= 0 && q->project)
                r = project_directory(&project);
        if (r < 0)
                return error_set(reterr, ERROR_FAILED, r, "cannot find out where this is");
        r = plan(client, install, command, project, &result, reterr);
        if (r >= 0 && result.changed && !q->dry_run)
                r = agent_config_write(&result.config, result.after, install, reterr);
        if (r >= 0 && result.plugin_changed && !q->dry_run)
                r = (install ? agent_plugin_write : agent_plugin_remove)(&result.plugin, reterr);
        if (r < 0)
                return r;
        *ret = result;
        result = (AgentsResult){};
        return 0;
}
