/* SPDX-License-Identifier: MIT */
#include <unistd.h>

#include "sdbg/base/strv.h"
#include "sdbg/ops/logs.h"
#include "sdbg/output/show.h"

#include "cli/verbs.h"

#define LINES_DEFAULT 200

static int show_line(void *userdata, const LogLine *line) {
        return show_log_line(stdout, userdata, line);
}

static int flush_line(void *userdata, const LogLine *line) {
        int r = show_log_line(stdout, userdata, line);

        return r >= 0 && fflush(stdout) != 0 ? -errno : r;
}

static int run_logs(Cli *cli, void *request, char **operands) {
        _cleanup_manager_ Manager *m = NULL;
        LogsRequest *q = request;
        LogStyle style = { .json = cli->json, .raw = q->raw, .timestamps = q->timestamps };
        int r;

        q->names = operands;
        q->lines_default = isatty(STDOUT_FILENO) ? UINT64_MAX : LINES_DEFAULT;
        style.prefix = strv_length(operands) > 1 || strpbrk(operands[0], "*?[");
        r = cli_connect(cli, &m);
        if (r >= 0)
                r = op_logs(m, q, q->follow ? flush_line : show_line, &style, &cli->error);
        show_log_end(stdout, &style);
        if (r < 0 && ferror(stdout))
                return error_set(&cli->error, ERROR_FAILED, r, "cannot write the output");
        if (r < 0)
                error_set(&cli->error, ERROR_FAILED, r, "cannot read the log");
        return r;
}

const Verb verb_logs = {
        .name = "logs",
        .usage = "[OPTION…] NAME…",
        .summary = "show what jobs have printed",
        .params = logs_params,
        .operands_min = 1,
        .operands_max = SIZE_MAX,
        .request_size = sizeof(LogsRequest),
        .request_default = &LOGS_REQUEST_INIT,
        .run = run_logs,
};
