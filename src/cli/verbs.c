/* SPDX-License-Identifier: MIT */
#include "cli/verbs.h"

/* In the order of `sdbg help`. */
/* clang-format off */
const Verb *const verbs[] = {
        &verb_start,
        &verb_run,
        &verb_list,
        &verb_status,
        &verb_logs,
        &verb_clear,
        &verb_wait,
        &verb_events,
        &verb_stop,
        &verb_kill,
        &verb_pause,
        &verb_resume,
        &verb_adopt,
        &verb_enable,
        &verb_disable,
        &verb_restart,
        &verb_send,
        &verb_attach,
        &verb_screen,
        &verb_top,
        &verb_clean,
        &verb_doctor,
        &verb_mcp,
        &verb_agents,
        &verb_completion,
        &verb_shell_init,
        &verb_version,
        &verb_help,
        NULL,
};
/* clang-format on */

const Verb *verb_find(const char *name) {
        for (size_t i = 0; verbs[i]; i++)
                if (streq(verbs[i]->name, name) || streq_ptr(verbs[i]->alias, name))
                        return verbs[i];
        return NULL;
}
