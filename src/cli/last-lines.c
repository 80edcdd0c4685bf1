/* SPDX-License-Identifier: MIT */
#include "sdbg/ops/logs.h"
#include "sdbg/output/show.h"

#include "cli/last-lines.h"

typedef struct Target {
        FILE *file;
        LogStyle style;
} Target;

static int show_line(void *userdata, const LogLine *line) {
        Target *t = userdata;

        return show_log_line(t->file, &t->style, line);
}

void show_last_lines(FILE *f, const Job *j, uint64_t max) {
        Target t = { .file = f };

        if (!j->run)
                return;
        (void) op_tail(j->name, j->run, max, show_line, &t, NULL);
        show_log_end(f, &t.style);
}
