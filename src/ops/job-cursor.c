/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "sdbg/probe/machine.h"

#include "ops/job-cursor.h"

void cursor_of_run(Cursor *ret, const char *job, const char *run, usec_t started) {
        *ret = (Cursor){ .started = started };
        snprintf(ret->machine, sizeof(ret->machine), "%s", machine_tag());
        snprintf(ret->run, sizeof(ret->run), "%s", run);
        snprintf(ret->job, sizeof(ret->job), "%s", job);
}

/* Whether what was printed last has no newline yet. */
static bool ends_unfinished(const Ring *ring) {
        uint64_t at = ring->header.last;
        Batch b;

        return ring->header.lines > 0 && ring_read(ring, &at, &b, NULL, NULL) > 0 &&
               b.stream != STREAM_RECORD && b.partial && b.seq + b.lines - 1 == ring->header.lines;
}

int job_add_cursor(Job *j, const Ring *ring) {
        char text[CURSOR_TEXT_MAX];
        Cursor c;

        if (!j->name || !j->run || strlen(j->run) != RUN_ID_LEN || j->lines == UINT64_MAX)
                return 0;
        cursor_of_run(&c, j->name, j->run, j->started_at);
        c.seq = j->lines;
        if (ring && ends_unfinished(ring)) {
                c.open[0].seq = j->lines;
                c.n_open = 1;
        }
        free(j->cursor);
        j->cursor = strdup(cursor_to_string(&c, text, sizeof(text)));
        return j->cursor ? 0 : -ENOMEM;
}
