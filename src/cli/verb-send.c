/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <unistd.h>

#include "sdbg/base/strv.h"
#include "sdbg/ops/send.h"
#include "sdbg/output/show.h"

#include "cli/verbs.h"

static int print_line(void *userdata, const LogLine *line) {
        return show_log_line(stdout, userdata, line);
}

static int run_send(Cli *cli, void *request, char **operands) {
        SendRequest *q = request;
        LogStyle style = { .json = cli->json };
        _cleanup_free_ char *text = NULL;
        int r;

        q->name = operands[0];
        q->input_fd = -EBADF;
        if (operands[1]) {
                /* As echo has it: words are joined by blanks. */
                text = strv_join(operands + 1, " ");
                if (!text)
                        return error_oom(&cli->error);
                q->text = text;
        } else if (strv_length(q->keys) == 0 && !q->end) {
                if (isatty(STDIN_FILENO)) {
                        error_set(&cli->error, ERROR_USAGE, 0, "nothing to send was given");
                        error_hint(&cli->error, "give a text, --key, --eof, or bytes on stdin");
                        return -EINVAL;
                }
                q->input_fd = STDIN_FILENO;
        }
        r = op_send(q, print_line, &style, &cli->error);
        if (q->wait > 0)
                show_log_end(stdout, &style);
        return r;
}

const Verb verb_send = {
        .name = "send",
        .usage = "[OPTION…] NAME [TEXT…]",
        .summary = "type into a job: a text, keys, or what is on stdin",
        .params = send_params,
        .operands_min = 1,
        .operands_max = SIZE_MAX,
        .request_size = sizeof(SendRequest),
        .run = run_send,
};

static const Param screen_params[] = {
        { "color", 0, PARAM_FLAG, offsetof(ScreenRequest, color), NULL,
          "with its colours, as escape sequences", NULL },
        {},
};

static int run_screen(Cli *cli, void *request, char **operands) {
        ScreenRequest *q = request;
        _cleanup_json_ Json *screen = NULL;
        int r;

        q->name = operands[0];
        r = op_screen(q, &screen, &cli->error);
        if (r < 0)
                return r;
        if (cli->json)
                return show_json(stdout, TAKE_PTR(screen));
        for (const Json *l = json_first(json_get(screen, "lines")); l; l = json_next(l))
                printf("%s\n", strempty(json_string(l)));
        return 0;
}

const Verb verb_screen = {
        .name = "screen",
        .usage = "[OPTION…] NAME",
        .summary = "show the screen of a job's terminal as it is now",
        .params = screen_params,
        .operands_min = 1,
        .operands_max = 1,
        .request_size = sizeof(ScreenRequest),
        .run = run_screen,
};
