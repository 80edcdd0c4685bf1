/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <unistd.h>

#include "sdbg/base/fd.h"
#include "sdbg/ops/jobs.h"

#include "cli/status-line.h"

#define TICK_USEC USEC_PER_SEC
#define MINUTE (60 * USEC_PER_SEC)

bool status_line_is_on(const StatusLine *l) {
        return l->job;
}

/* In whole seconds at first, then in minutes: what changes each second is looked at each second. */
static const char *running_for(const Job *j, char *buf, size_t size) {
        usec_t t = usec_sub(now_usec(CLOCK_REALTIME), j->started_at);

        if (t >= MINUTE)
                return format_duration(buf, size, t - t % MINUTE);
        snprintf(buf, size, "%us", (unsigned) (t / USEC_PER_SEC));
        return buf;
}

static void describe(StatusLine *l) {
        _cleanup_job_ Job j = JOB_INIT;
        char time[64];

        /* Of a job that is just over, what it was stays. */
        if (job_read_state(l->job, &j) > 0)
                snprintf(l->left, sizeof(l->left), " %s  %s  %s", l->job, job_state_to_string(j.state),
                         running_for(&j, time, sizeof(time)));
}

void status_line_begin(StatusLine *l, const char *job, const char *keys, bool read_only) {
        *l = (StatusLine){ .job = job };
        snprintf(l->right, sizeof(l->right), "%s%s%s ", read_only ? "read-only  " : "", keys,
                 *keys ? " leaves it" : "");
        describe(l);
}

static int draw(StatusLine *l, usec_t now) {
        int r;

        (void) status_row_draw(&l->row, l->left, l->right, now, &l->out);
        r = l->out.oom ? -ENOMEM : write_all(STDOUT_FILENO, l->out.data, l->out.len);
        l->out.len = 0;
        return r;
}

int status_line_resize(StatusLine *l, int cols, int rows) {
        if (!status_line_is_on(l))
                return rows;
        status_row_resize(&l->row, cols, rows, &l->out);
        return status_row_rows(&l->row);
}

int status_line_pass(StatusLine *l, const char *data, size_t len, usec_t now) {
        if (!status_line_is_on(l))
                return write_all(STDOUT_FILENO, data, len);
        l->is_shown = true;
        status_row_pass(&l->row, data, len, now, &l->out);
        if (l->row.is_damaged)
                return draw(l, now);
        len = l->out.len;
        l->out.len = 0;
        return l->out.oom ? -ENOMEM : write_all(STDOUT_FILENO, l->out.data, len);
}

bool status_line_wants_screen(StatusLine *l) {
        bool wants = l->row.is_lost;

        l->row.is_lost = false;
        return wants;
}

void status_line_tick(StatusLine *l, usec_t now) {
        char before[sizeof(l->left)];

        memcpy(before, l->left, sizeof(before));
        describe(l);
        l->next = now + TICK_USEC;
        if (l->row.is_damaged || !streq(before, l->left))
                (void) draw(l, now);
}

void status_line_end(StatusLine *l) {
        if (l->is_shown) {
                status_row_leave(&l->row, &l->out);
                (void) write_all(STDOUT_FILENO, l->out.data, l->out.len);
        }
        buf_done(&l->out);
        *l = STATUS_LINE_NONE;
}
