/* SPDX-License-Identifier: MIT */
#include <unistd.h>

#include "sdbg/base/strv.h"
#include "sdbg/ops/logs.h"
#include "sdbg/output/excerpt.h"
#include "sdbg/output/show.h"

#include "cli/pager.h"
#include "cli/verbs.h"

#define LINES_DEFAULT 200

/* What is needed to show one request's lines. */
typedef struct View {
        Cli *cli;
        const LogsRequest *q;
        LogStyle style;
        Excerpt excerpt;
        FILE *line; /* into which a line is printed that may be cut; NULL: straight to stdout */
        char *text; /* of it */
        size_t len;
} View;

static bool is_limited(const View *v) {
        return v->q->max_bytes != UINT64_MAX;
}

static int open_view(View *v) {
        if (!is_limited(v))
                return 0;
        v->excerpt = (Excerpt){ .f = stdout, .max = v->q->max_bytes, .json = v->cli->json };
        v->line = open_memstream(&v->text, &v->len);
        return v->line ? 0 : -ENOMEM;
}

static void close_view(View *v) {
        if (v->line)
                (void) fclose(v->line);
        free(v->text);
        excerpt_done(&v->excerpt);
}

/* Hands on what was printed into the line's own stream. */
static int pass_on(View *v) {
        int r;

        if (fflush(v->line) != 0)
                return -ENOMEM;
        r = excerpt_add(&v->excerpt, v->text, v->len);
        rewind(v->line);
        return r;
}

static int show_line(void *userdata, const LogLine *line) {
        View *v = userdata;
        int r;

        if (!v->line)
                return show_log_line(stdout, &v->style, line);
        r = show_log_line(v->line, &v->style, line);
        return r < 0 ? r : pass_on(v);
}

static int show_cursors(const View *v, const LogPlaces *places) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < places->n; i++) {
                char text[CURSOR_TEXT_MAX];

                cursor_to_string(&places->cursors[i], text, sizeof(text));
                if (v->cli->json) {
                        Json *o = json_new_object();

                        r = json_set(o, "job", json_new_string(places->cursors[i].job));
                        if (r >= 0)
                                r = json_set(o, "cursor", json_new_string(text));
                        r = r < 0 ? (json_free(o), r) : show_json(stdout, o);
                } else
                        printf("-- cursor: %s\n", text);
        }
        return r;
}

/* All that there is was given. Only what was written out counts as read. */
static int pause_view(void *userdata, const LogPlaces *places) {
        View *v = userdata;
        int r = 0;

        if (!v->q->follow) {
                show_log_end(v->line ?: stdout, &v->style);
                if (v->line)
                        r = pass_on(v);
                if (r >= 0 && v->line)
                        r = excerpt_end(&v->excerpt);
                if (r >= 0 && v->q->show_cursor)
                        r = show_cursors(v, places);
        }
        if (r >= 0 && fflush(stdout) != 0)
                r = -errno;
        return r < 0 ? r : logs_remember(v->q, places, &v->cli->error);
}

/* Whether colours are kept: --color, else on a terminal where the environment has nothing against it. */
static int choose_color(Cli *cli, const char *when, bool *ret) {
        const char *no_color = getenv("NO_COLOR");

        *ret = isatty(STDOUT_FILENO) && !cli->no_color && !(no_color && *no_color);
        if (!when || streq(when, "auto"))
                return 0;
        if (streq(when, "never")) {
                *ret = false;
                return 0;
        }
        if (*when && !streq(when, "always"))
                return error_set(&cli->error, ERROR_USAGE, 0,
                                 "'%s' is not a value for --color: always, never or auto is wanted", when);
        if (cli->no_color)
                return error_set(&cli->error, ERROR_USAGE, 0, "--color and --no-color contradict each other");
        *ret = true;
        return 0;
}

static int check(Cli *cli, const LogsRequest *q) {
        if (q->max_bytes < EXCERPT_MIN)
                return error_set(&cli->error, ERROR_USAGE, 0, "--max-bytes wants at least %d", EXCERPT_MIN);
        if (cli->json && q->raw)
                return error_set(&cli->error, ERROR_USAGE, 0, "--json and --raw contradict each other");
        return 0;
}

static int run_logs(Cli *cli, void *request, char **operands) {
        LogsRequest *q = request;
        View v = { .cli = cli, .q = q };
        bool paged = false;
        int r;

        q->names = operands;
        q->whole = cli->json;
        q->lines_default = isatty(STDOUT_FILENO) ? UINT64_MAX : LINES_DEFAULT;
        v.style = (LogStyle){ .json = cli->json, .raw = q->raw, .timestamps = q->timestamps };
        v.style.prefix = q->all_jobs || strv_length(operands) > 1 || (operands[0] && is_glob(operands[0]));
        r = check(cli, q);
        if (r >= 0)
                r = choose_color(cli, q->color, &v.style.color);
        if (r >= 0)
                r = open_view(&v);
        if (r >= 0 && !q->follow && !q->no_pager && !cli->json)
                paged = pager_open();
        if (r >= 0)
                r = op_logs(NULL, q, show_line, pause_view, &v, &cli->error);
        show_log_end(stdout, &v.style);
        close_view(&v);
        if (paged) {
                pager_close();
                /* The pager was left before the end. */
                if (r == -EPIPE)
                        return 0;
        }
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
        .takes_ended = true,
        .operands_max = SIZE_MAX,
        .request_size = sizeof(LogsRequest),
        .request_default = &LOGS_REQUEST_INIT,
        .run = run_logs,
};
