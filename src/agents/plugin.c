/* SPDX-License-Identifier: MIT */
#include <unistd.h>

#include "sdbg/agents/agents.h"

extern const char opencode_plugin[];

bool agent_plugin_is_ours(const AgentConfig *p) {
        return streq_ptr(p->text, opencode_plugin);
}

int agent_plugin_write(const AgentConfig *p, Error *reterr) {
        return agent_config_write(p, opencode_plugin, false, reterr);
}

int agent_plugin_remove(const AgentConfig *p, Error *reterr) {
        _cleanup_free_ char *directory = NULL;
        int r = agent_config_write(p, NULL, false, reterr);

        if (r < 0)
                return r;
        directory = strndup(p->path, strrchr(p->path, '/') - p->path);
        if (!directory)
                return error_oom(reterr);
        (void) rmdir(directory); /* where it holds no others */
        return 0;
}
