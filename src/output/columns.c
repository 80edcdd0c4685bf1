/* SPDX-License-Identifier: MIT */
#include "sdbg/base/buf.h"
#include "sdbg/base/parse.h"
#include "sdbg/base/strv.h"
#include "sdbg/output/columns.h"

#include "output/internal.h"

/* As a number a column is sorted by it; UNKNOWN is not shown. */
#define UNKNOWN UINT64_MAX

struct Column {
        const char *name, *title;
        JobDetail detail;
        const char *(*string)(const Job *j);
        uint64_t (*number)(const Job *j);
        void (*print)(Buf *b, const Job *j); /* where neither string nor number is to be shown as it is */
};

const char *const columns_default = "name,state,age,pid,memory,cpu,ports,command";
const char *const columns_wide = "name,state,age,pid,tasks,memory,peak,cpu,ports,lines,restarts,group,labels,"
                                 "cwd,command";

#define STRING(member)                                                                                       \
        static const char *get_##member(const Job *j) {                                                      \
                return j->member;                                                                            \
        }
#define NUMBER(member)                                                                                       \
        static uint64_t get_##member(const Job *j) {                                                         \
                return j->member;                                                                            \
        }
/* Fields that are negative, or times that are 0, where nothing is known. */
#define POSITIVE(member)                                                                                     \
        static uint64_t get_##member(const Job *j) {                                                         \
                return j->member > 0 ? (uint64_t) j->member : UNKNOWN;                                       \
        }

STRING(name)
STRING(unit)
STRING(run)
STRING(signal)
STRING(reason)
STRING(cwd)
STRING(description)
STRING(group)
STRING(last_line)
NUMBER(tasks)
NUMBER(cpu)
NUMBER(lines)
NUMBER(bytes)
NUMBER(duration)
NUMBER(memory_peak)
POSITIVE(started_at)
POSITIVE(ready_at)
POSITIVE(ended_at)
POSITIVE(restarts)

static const char *get_state(const Job *j) {
        if (j->waiting_for_input)
                return "asks"; /* somebody has to type */
        return job_has_ended(j) && j->result >= 0 && j->result != RESULT_SUCCESS
                       ? job_result_to_string(j->result)
                       : job_state_to_string(j->state);
}

static const char *get_command(const Job *j) {
        return j->command ?: j->description;
}

static uint64_t get_pid(const Job *j) {
        return j->pid > 0 && !job_has_ended(j) && !j->lingering ? (uint64_t) j->pid : UNKNOWN;
}

static uint64_t get_code(const Job *j) {
        return j->exit_code >= 0 ? (uint64_t) j->exit_code : UNKNOWN;
}

static uint64_t get_memory(const Job *j) {
        return job_has_ended(j) ? j->memory_peak : j->memory;
}

/* Since when it runs, or has ended. */
static uint64_t get_age(const Job *j) {
        usec_t since = job_has_ended(j) ? j->ended_at : j->started_at;

        return since > 0 ? usec_sub(now_usec(CLOCK_REALTIME), since) : UNKNOWN;
}

static uint64_t get_port(const Job *j) {
        return j->n_ports > 0 && j->ports[0].port >= 0 ? (uint64_t) j->ports[0].port : UNKNOWN;
}

static void print_span(Buf *b, uint64_t span) {
        char text[32];

        if (span != UNKNOWN)
                buf_append_str(b, format_duration(text, sizeof(text), span));
}

static void print_size(Buf *b, uint64_t size) {
        char text[16];

        if (size != UNKNOWN)
                buf_append_str(b, format_size(text, sizeof(text), size));
}

static void print_time(Buf *b, usec_t time) {
        char text[LOCAL_TIME_MAX];

        if (time > 0)
                buf_append_str(b, format_local_time(text, sizeof(text), time));
}

/* "3min 2s" of a running job, "2h 5min ago" of an ended one. */
static void print_age(Buf *b, const Job *j) {
        print_span(b, get_age(j));
        if (b->len > 0 && job_has_ended(j))
                buf_append_str(b, " ago");
}

static void print_cpu(Buf *b, const Job *j) {
        print_span(b, j->cpu);
}

static void print_duration(Buf *b, const Job *j) {
        print_span(b, j->duration);
}

static void print_memory(Buf *b, const Job *j) {
        print_size(b, get_memory(j));
}

static void print_peak(Buf *b, const Job *j) {
        print_size(b, j->memory_peak);
}

static void print_bytes(Buf *b, const Job *j) {
        print_size(b, j->bytes);
}

static void print_started(Buf *b, const Job *j) {
        print_time(b, j->started_at);
}

static void print_ready(Buf *b, const Job *j) {
        print_time(b, j->ready_at);
}

static void print_ended(Buf *b, const Job *j) {
        print_time(b, j->ended_at);
}

static void print_labels(Buf *b, const Job *j) {
        STRV_FOREACH (label, j->labels)
                buf_printf(b, "%s%s", b->len > 0 ? "," : "", *label);
}

void job_print_ports(Buf *b, const Job *j) {
        int last = -1;

        for (size_t i = 0; i < j->n_ports; i++) {
                const JobPort *p = &j->ports[i];

                if (!streq(p->protocol, "tcp") || p->port == last)
                        continue;
                buf_printf(b, "%s:%d", b->len > 0 ? " " : "", p->port);
                last = p->port;
        }
}

/* In the order in which they are offered. */
static const Column columns[] = {
        { "name", "NAME", JOB_STATE, get_name, NULL, NULL },
        { "state", "STATE", JOB_STATE, get_state, NULL, NULL },
        { "age", "AGE", JOB_STATE, NULL, get_age, print_age },
        { "pid", "PID", JOB_STATE, NULL, get_pid, NULL },
        { "tasks", "TASKS", JOB_FULL, NULL, get_tasks, NULL },
        { "memory", "MEMORY", JOB_BRIEF, NULL, get_memory, print_memory },
        { "peak", "PEAK", JOB_FULL, NULL, get_memory_peak, print_peak },
        { "cpu", "CPU", JOB_BRIEF, NULL, get_cpu, print_cpu },
        { "ports", "PORTS", JOB_BRIEF, NULL, get_port, job_print_ports },
        { "lines", "LINES", JOB_FULL, NULL, get_lines, NULL },
        { "bytes", "BYTES", JOB_FULL, NULL, get_bytes, print_bytes },
        { "restarts", "RESTARTS", JOB_STATE, NULL, get_restarts, NULL },
        { "code", "CODE", JOB_STATE, NULL, get_code, NULL },
        { "signal", "SIGNAL", JOB_STATE, get_signal, NULL, NULL },
        { "reason", "REASON", JOB_STATE, get_reason, NULL, NULL },
        { "started", "STARTED", JOB_STATE, NULL, get_started_at, print_started },
        { "ready", "READY", JOB_STATE, NULL, get_ready_at, print_ready },
        { "ended", "ENDED", JOB_STATE, NULL, get_ended_at, print_ended },
        { "duration", "DURATION", JOB_STATE, NULL, get_duration, print_duration },
        { "group", "GROUP", JOB_STATE, get_group, NULL, NULL },
        { "labels", "LABELS", JOB_STATE, NULL, NULL, print_labels },
        { "cwd", "DIRECTORY", JOB_STATE, get_cwd, NULL, NULL },
        { "unit", "UNIT", JOB_STATE, get_unit, NULL, NULL },
        { "run", "RUN", JOB_STATE, get_run, NULL, NULL },
        { "description", "DESCRIPTION", JOB_STATE, get_description, NULL, NULL },
        { "last_line", "LAST LINE", JOB_FULL, get_last_line, NULL, NULL },
        { "command", "COMMAND", JOB_STATE, get_command, NULL, NULL },
};

/* The column of that name, `len` bytes long. */
static const Column *find_column(const char *name, size_t len) {
        for (size_t i = 0; i < ELEMENTSOF(columns); i++)
                if (strlen(columns[i].name) == len && strncmp(columns[i].name, name, len) == 0)
                        return &columns[i];
        return NULL;
}

static int no_such_column(const char *name, size_t len, Error *reterr) {
        _cleanup_buf_ Buf all = {};

        for (size_t i = 0; i < ELEMENTSOF(columns); i++)
                buf_printf(&all, "%s%s", i > 0 ? ", " : "", columns[i].name);
        buf_append_char(&all, '\0');
        error_set(reterr, ERROR_USAGE, 0, "there is no column '%.*s'", (int) MIN(len, (size_t) 80), name);
        error_hint(reterr, "columns are %s", all.oom ? "" : all.data);
        return -EINVAL;
}

int columns_parse(const char *text, ColumnList *ret, Error *reterr) {
        size_t n = 0;

        *ret = (ColumnList){};
        for (const char *p = text;; p++) {
                size_t len = strcspn(p, ",");
                const Column *c = find_column(p, len);

                if (!c)
                        return no_such_column(p, len, reterr);
                if (n == COLUMNS_MAX)
                        return error_set(reterr, ERROR_USAGE, 0, "more than %d columns", COLUMNS_MAX);
                ret->columns[n++] = c;
                p += len;
                if (*p == '\0')
                        return 0;
        }
}

JobDetail columns_detail(const ColumnList *l) {
        JobDetail detail = JOB_STATE;

        for (size_t i = 0; l->columns[i]; i++)
                detail = MAX(detail, l->columns[i]->detail);
        return detail;
}

static void print_cell(Buf *b, const Column *c, const Job *j) {
        uint64_t number;

        if (c->print)
                c->print(b, j);
        else if (c->string)
                buf_append_str(b, strempty(c->string(j)));
        else if ((number = c->number(j)) != UNKNOWN)
                buf_printf(b, "%" PRIu64, number);
}

/* What is unknown comes behind all else, whatever the order. */
#define LAST 2

typedef struct Order {
        const Column *column;
        bool reverse;
} Order;

static int compare_text(const Column *c, const Job *x, const Job *y) {
        _cleanup_buf_ Buf a = {}, b = {};
        int n;

        print_cell(&a, c, x);
        print_cell(&b, c, y);
        buf_append_char(&a, '\0');
        buf_append_char(&b, '\0');
        if (a.oom || b.oom)
                return 0;
        if ((a.len == 1) != (b.len == 1))
                return a.len == 1 ? LAST : -LAST;
        n = strcmp(a.data, b.data);
        return n < 0 ? -1 : n > 0;
}

static int compare_numbers(uint64_t a, uint64_t b) {
        if ((a == UNKNOWN) != (b == UNKNOWN))
                return a == UNKNOWN ? LAST : -LAST;
        return a < b ? -1 : a > b;
}

static int compare_jobs(const void *a, const void *b, void *userdata) {
        const Order *o = userdata;
        const Job *x = a, *y = b;
        int n = o->column->number ? compare_numbers(o->column->number(x), o->column->number(y))
                                  : compare_text(o->column, x, y);

        if (n == 0)
                return strcmp(strempty(x->name), strempty(y->name));
        return o->reverse && abs(n) != LAST ? -n : n;
}

int columns_sort(const char *by, JobList *io, Error *reterr) {
        Order o = { .reverse = *by == '-' };
        const char *name = by + o.reverse;

        o.column = find_column(name, strlen(name));
        if (!o.column)
                return no_such_column(name, strlen(name), reterr);
        if (io->n > 0)
                qsort_r(io->jobs, io->n, sizeof(Job), compare_jobs, &o);
        return 0;
}

const char *job_state_color(JobState state) {
        switch (state) {
        case JOB_FAILED:
                return "31";
        case JOB_READY:
        case JOB_RUNNING:
                return "32";
        case JOB_EXITED:
                return NULL;
        default:
                return "33";
        }
}

static const char *color_of(const Column *c, const Job *j) {
        return streq(c->name, "state") ? job_state_color(j->state) : NULL;
}

int columns_show(FILE *f, const ColumnList *l, const JobList *jobs, const TableStyle *style) {
        const char *titles[COLUMNS_MAX + 1] = {};
        _cleanup_table_ Table t = {};
        int r;

        for (size_t i = 0; l->columns[i]; i++)
                titles[i] = l->columns[i]->title;
        r = table_init(&t, titles);
        for (size_t i = 0; r >= 0 && i < jobs->n; i++)
                for (size_t c = 0; r >= 0 && l->columns[c]; c++) {
                        _cleanup_buf_ Buf cell = {};

                        print_cell(&cell, l->columns[c], &jobs->jobs[i]);
                        buf_append_char(&cell, '\0');
                        r = cell.oom ? -ENOMEM
                                     : table_add(&t, cell.data, color_of(l->columns[c], &jobs->jobs[i]));
                }
        return r < 0 ? r : table_print(&t, f, style);
}
