/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <unistd.h>

#include "sdbg/ops/send.h"
#include "sdbg/output/show.h"
#include "sdbg/probe/cgroup.h"

#include "cli/attach.h"
#include "cli/verbs.h"

typedef struct AttachRequest {
        bool read_only, status_line;
        char *detach_keys;
        uint64_t lines;
} AttachRequest;

#define PARAM(name, letter, type, member, value, help)                                                       \
        { name, letter, type, offsetof(AttachRequest, member), value, help, NULL }

static const Param attach_params[] = {
        PARAM("read-only", 'r', PARAM_FLAG, read_only, NULL, "look on, without typing"),
        PARAM("detach-keys", 0, PARAM_STRING, detach_keys, "KEYS",
              "leave with these (default: C-b; twice sends it)"),
        PARAM("status-line", 0, PARAM_FLAG, status_line, NULL,
              "show the job's name, state and time in the last row"),
        PARAM("lines", 'n', PARAM_COUNT, lines, "N", "show the last N lines of the log first"),
        {},
};

/* A terminal that shows itself would print for ever. */
static bool is_inside(const char *job) {
        _cleanup_free_ char *path = NULL, *unit = NULL;

        return cgroup_of(0, &path) >= 0 && asprintf(&unit, "/bgjob-%s.service/", job) >= 0 &&
               strstr(path, unit);
}

static int print_line(void *userdata, const LogLine *line) {
        return show_log_line(stdout, userdata, line);
}

/* What was printed before, above the screen that is drawn next. */
static int show_scrollback(const Job *j, uint64_t lines, Error *reterr) {
        LogStyle style = { .raw = true };
        int r;

        if (lines == 0)
                return 0;
        r = op_tail(j->name, j->run, lines, print_line, &style, reterr);
        show_log_end(stdout, &style);
        fflush(stdout);
        return r;
}

static int run_attach(Cli *cli, void *request, char **operands) {
        AttachRequest *q = request;
        AttachOptions o = { .detach_keys = q->detach_keys,
                            .read_only = q->read_only,
                            .status_line = q->status_line };
        _cleanup_job_ Job j = JOB_INIT;
        const char *name = operands[0];
        int r;

        r = control_check(name, true, &j, &cli->error);
        if (r < 0)
                return r;
        if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
                error_set(&cli->error, ERROR_USAGE, 0, "cannot attach: stdin and stdout are no terminal");
                error_hint(&cli->error, "'sdbg screen %s' shows its screen, 'sdbg send %s' types into it",
                           name, name);
                return -ENOTTY;
        }
        if (is_inside(name))
                return error_set(&cli->error, ERROR_USAGE, 0, "this is the terminal of job '%s' itself",
                                 name);
        r = show_scrollback(&j, q->lines, &cli->error);
        if (r >= 0)
                r = attach_terminal(name, &o, &cli->error);
        if (r == ATTACH_DETACHED)
                attach_say_detached(name);
        else if (r == ATTACH_ENDED)
                fprintf(stderr, "[%s is over; 'sdbg status %s' tells how]\n", name, name);
        else if (r == ATTACH_LOST)
                return error_set(&cli->error, ERROR_FAILED, 0, "the supervisor of job '%s' is gone", name);
        return r < 0 ? r : 0;
}

const Verb verb_attach = {
        .name = "attach",
        .usage = "[OPTION…] NAME",
        .summary = "make this terminal the job's; Ctrl+B leaves it",
        .params = attach_params,
        .operands_min = 1,
        .operands_max = 1,
        .request_size = sizeof(AttachRequest),
        .run = run_attach,
};
