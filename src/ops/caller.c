/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <stdio.h>

#include "sdbg/base/fd.h"
#include "sdbg/ops/caller.h"
#include "sdbg/text/quote.h"

#define NAME_MAX_SHOWN 64

const char *caller_session(void) {
        static const char *const names[] = { "SDBG_SESSION", "CLAUDE_CODE_SESSION_ID", "OPENCODE_SESSION_ID",
                                             "CODEX_SESSION_ID", "CODEX_THREAD_ID" };

        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                const char *id = getenv(names[i]);

                if (id && *id)
                        return id;
        }
        return NULL;
}

char *caller_describe(pid_t pid, const char *agent) {
        _cleanup_free_ char *comm = NULL, *program = NULL, *name = NULL, *session = NULL;
        const char *id = caller_session();
        char path[64], who[NAME_MAX_SHOWN + 32] = "a process outside of the PID namespace", *text;

        snprintf(path, sizeof(path), "/proc/%d/comm", (int) pid);
        (void) read_file_at(AT_FDCWD, path, 4096, &comm, NULL);
        /* All come from outside, and stand in a line of text. */
        program = printable_line(strempty(comm), strcspn(strempty(comm), "\n"), NAME_MAX_SHOWN);
        name = printable_line(strempty(agent), strlen(strempty(agent)), NAME_MAX_SHOWN);
        session = printable_line(strempty(id), strlen(strempty(id)), NAME_MAX_SHOWN);
        if (!program || !name || !session)
                return NULL;
        if (pid > 0) /* getppid(2) */
                snprintf(who, sizeof(who), "PID %d (%s)", (int) pid, program);
        return asprintf(&text, "%s%s%s%s%s", who, *name ? " for " : "", name, *session ? ", session " : "",
                        session) < 0
                       ? NULL
                       : text;
}
