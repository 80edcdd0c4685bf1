/* SPDX-License-Identifier: MIT */
#include "sdbg/base/strv.h"
#include "sdbg/output/columns.h"
#include "sdbg/output/show.h"
#include "sdbg/text/quote.h"
#include "sdbg/text/sanitize.h"

#include "mcp/answer.h"

#define LISTED_MAX 25
#define LISTED_TEXT_MAX 120
#define LIST_BYTES 8500

static Json *job_facts(const Job *j) {
        Json *o = job_to_json(j);

        json_drop_nulls(o);
        for (const Json *p = json_first(json_get(o, "ports")); p; p = json_next(p))
                json_drop_nulls((Json *) p);
        return o;
}

/* Appends what a function of the output module prints. */
static int append_shown(Buf *b, void (*show)(FILE *f, const void *what), const void *what) {
        _cleanup_free_ char *text = NULL;
        size_t len;
        FILE *f = open_memstream(&text, &len);

        if (!f)
                return -ENOMEM;
        show(f, what);
        if (fclose(f) != 0)
                return -ENOMEM;
        buf_append(b, text, len);
        return b->oom ? -ENOMEM : 0;
}

static void show_status(FILE *f, const void *job) {
        show_job_status(f, job);
}

static void show_end(FILE *f, const void *job) {
        show_job_end(f, job);
}

static void show_table(FILE *f, const void *list) {
        ColumnList columns;

        (void) columns_parse(columns_default, &columns, NULL);
        (void) columns_show(f, &columns, list, &(TableStyle){ .utf8 = true });
}

int answer_job(ToolAnswer *a, const Job *j) {
        int r = json_set(a->facts, "job", job_facts(j));

        return r < 0 ? r : append_shown(&a->text, show_status, j);
}

typedef struct Examined {
        const Job *job;
        const PostMortem *post_mortem;
} Examined;

static void show_examined(FILE *f, const void *examined) {
        const Examined *x = examined;

        show_post_mortem(f, x->job, x->post_mortem);
}

/* The lines as they are, without what a reader of the log would want to know of each. */
static Json *error_lines(const PostMortem *p) {
        Json *array = json_new_array();

        for (size_t i = 0; i < p->n_lines; i++)
                if (json_append(array, json_new_string(p->lines[i].text)) < 0) {
                        json_free(array);
                        return NULL;
                }
        return array;
}

int answer_post_mortem(ToolAnswer *a, const Job *j) {
        _cleanup_post_mortem_ PostMortem p = {};
        Json *facts;
        int r;

        r = op_post_mortem(j, &p);
        if (r < 0)
                return r;
        /* The last lines stand in the answer anyway. */
        post_mortem_drop_last_lines(&p);
        facts = post_mortem_to_json(&p);
        json_drop_nulls(facts);
        json_drop(facts, "last_lines");
        json_drop(facts, "error_lines");
        if (p.n_lines > 0 && json_set(facts, "error_lines", error_lines(&p)) < 0) {
                json_free(facts);
                return -ENOMEM;
        }
        r = json_set(a->facts, "post_mortem", facts);
        return r < 0 ? r : append_shown(&a->text, show_examined, &(Examined){ j, &p });
}

int answer_end(ToolAnswer *a, const Job *j) {
        return append_shown(&a->text, show_end, j);
}

/* In a list, what a table would show; long texts are cut. */
static Json *brief_facts(const Job *j) {
        static const char *const keys[] = { "name",         "run",       "state",       "result",
                                            "exit_code",    "pid",       "command",     "cwd",
                                            "labels",       "group",     "started_at",  "ready_at",
                                            "ended_at",     "uptime_ms", "duration_ms", "cpu_ms",
                                            "memory_bytes", "ports" };
        _cleanup_json_ Json *all = job_facts(j), *o = json_new_object();
        const char *text;

        for (size_t i = 0; i < ELEMENTSOF(keys); i++) {
                const Json *value = json_get(all, keys[i]);
                _cleanup_free_ char *cut = NULL;

                if (!value)
                        continue;
                text = json_string(value);
                cut = text ? printable_line(text, strlen(text), LISTED_TEXT_MAX) : NULL;
                if (json_set(o, keys[i], cut ? json_new_string(cut) : json_copy(value)) < 0)
                        return NULL;
        }
        return TAKE_PTR(o);
}

/* The jobs from `first` on that fit into an answer. Return: how many, negative errno. */
static ssize_t list_facts(const JobList *l, size_t first, Json **ret) {
        _cleanup_json_ Json *array = json_new_array();
        size_t i, size = 0;

        for (i = first; i < l->n && i < first + LISTED_MAX; i++) {
                Json *o = brief_facts(&l->jobs[i]);
                _cleanup_free_ char *text = o ? json_to_string(o) : NULL;

                size += text ? strlen(text) + 1 : 0;
                if (i > first && size > LIST_BYTES) {
                        json_free(o);
                        break;
                }
                if (json_append(array, o) < 0)
                        return -ENOMEM;
        }
        *ret = TAKE_PTR(array);
        return i - first;
}

ssize_t answer_jobs(ToolAnswer *a, const JobList *l, size_t first) {
        JobList page = { .jobs = l->jobs + first };
        Json *array;
        ssize_t n = list_facts(l, first, &array);

        if (n < 0 || json_set(a->facts, "jobs", array) < 0)
                return -ENOMEM;
        page.n = n;
        return n > 0 && append_shown(&a->text, show_table, &page) < 0 ? -ENOMEM : n;
}

static void append_ports(Buf *b, const Job *j) {
        for (size_t i = 0; i < j->n_ports; i++)
                if (j->ports[i].port >= 0)
                        buf_printf(b, "%s:%d", b->len > 0 && i > 0 ? " " : " · ", j->ports[i].port);
}

int answer_state(ToolAnswer *a, const Session *s, const Job *j) {
        uint64_t read = session_read(s, j->name, j->run);
        usec_t span = job_has_ended(j) ? j->duration : j->uptime;
        _cleanup_free_ char *line = NULL;
        char text[48];
        Buf b = {};
        int r;

        buf_printf(&b, "[%s %s", j->name, strempty(job_state_to_string(j->state)));
        if (job_has_ended(j) && j->reason)
                buf_printf(&b, ": %s", j->reason);
        if (span != USEC_INFINITY)
                buf_printf(&b, " · %s%s", job_has_ended(j) ? "ran " : "",
                           format_duration(text, sizeof(text), span));
        append_ports(&b, j);
        if (j->lines != UINT64_MAX && j->lines > read)
                buf_printf(&b, " · %" PRIu64 " new line%s", j->lines - read, j->lines - read == 1 ? "" : "s");
        if (j->waiting_for_input)
                buf_append_str(&b, " · waits for input");
        if (*a->cursor)
                buf_printf(&b, " · cursor %s", a->cursor);
        buf_append_char(&b, ']');
        line = buf_take(&b);
        if (!line)
                return -ENOMEM;
        r = json_set(a->facts, "state", json_new_string(line));
        if (r >= 0 && *a->cursor)
                r = json_set(a->facts, "cursor", json_new_string(a->cursor));
        buf_printf(&a->text, "%s\n", line);
        return r < 0 || a->text.oom ? -ENOMEM : 0;
}

Json *answer_error(const Error *e, Buf *text) {
        Json *facts = json_object("code", json_new_string(e->code ?: ERROR_FAILED), "message",
                                  json_new_string(e->message), "hint", json_new_string(e->hint), NULL);

        buf_printf(text, "Error: %s\n", e->message);
        if (e->hint)
                buf_printf(text, "Hint: %s\n", e->hint);
        json_drop_nulls(facts);
        return facts;
}
