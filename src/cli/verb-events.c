/* SPDX-License-Identifier: MIT */
#include <unistd.h>

#include "sdbg/ops/events.h"
#include "sdbg/output/show.h"

#include "cli/verbs.h"

static int show(void *userdata, const Entry *e) {
        const Cli *cli = userdata;
        int r = cli->json ? show_event_json(stdout, e) : show_event(stdout, e);

        return r >= 0 && fflush(stdout) != 0 ? -errno : r;
}

static int run_events(Cli *cli, void *request, char **operands) {
        _cleanup_manager_ Manager *m = NULL;
        EventsRequest *q = request;
        int r = 0;

        q->select.names = operands;
        q->out_fd = STDOUT_FILENO;
        /* The records are told without the manager; it knows more of the names that there are. */
        if (operands[0] && !q->follow && !q->reader)
                r = cli_connect(cli, &m);
        if (r >= 0)
                r = op_events(m, q, show, cli, &cli->error);
        if (r < 0 && ferror(stdout))
                return error_set(&cli->error, ERROR_FAILED, r, "cannot write the output");
        if (r < 0)
                error_set(&cli->error, ERROR_FAILED, r, "cannot show the events");
        return r;
}

const Verb verb_events = {
        .name = "events",
        .usage = "[OPTION…] [NAME…]",
        .summary = "show what happened to jobs: starts, readiness, exits and so on",
        .params = events_params,
        .takes_ended = true,
        .operands_max = SIZE_MAX,
        .request_size = sizeof(EventsRequest),
        .request_default = &EVENTS_REQUEST_INIT,
        .run = run_events,
};
