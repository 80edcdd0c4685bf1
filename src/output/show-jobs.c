/* SPDX-License-Identifier: MIT */
#include <time.h>

#include "sdbg/base/buf.h"
#include "sdbg/base/parse.h"
#include "sdbg/base/strv.h"
#include "sdbg/output/show.h"
#include "sdbg/probe/process.h"
#include "sdbg/text/quote.h"

#define PROCESSES_SHOWN 50
#define ADDRESS_SHOWN 200

int show_json(FILE *f, Json *j) {
        _cleanup_json_ Json *owned = j;
        _cleanup_free_ char *text = j ? json_to_string(j) : NULL;

        if (!text)
                return -ENOMEM;
        return fprintf(f, "%s\n", text) < 0 ? -errno : 0;
}

int show_jobs_json(FILE *f, const JobList *l) {
        Json *array = json_new_array();

        for (size_t i = 0; i < l->n; i++)
                if (json_append(array, job_to_json(&l->jobs[i])) < 0) {
                        json_free(array);
                        return -ENOMEM;
                }
        return show_json(f, array);
}

static void show_time(FILE *f, const char *title, usec_t t) {
        char text[LOCAL_TIME_MAX];

        if (t > 0)
                fprintf(f, "%11s: %s\n", title, format_local_time(text, sizeof(text), t));
}

static void show_size(FILE *f, const char *title, uint64_t bytes) {
        char text[16];

        if (bytes != UINT64_MAX)
                fprintf(f, "%s %s", title, format_size(text, sizeof(text), bytes));
}

/* What the job had to wait for, where the kernel counts it. */
static void show_waiting(FILE *f, const Job *j) {
        const struct {
                const char *name;
                usec_t time;
        } waits[] = { { "cpu", j->cpu_stall }, { "memory", j->memory_stall }, { "disk", j->io_stall } };
        const char *before = "";
        char span[32];

        for (size_t i = 0; i < ELEMENTSOF(waits); i++) {
                if (waits[i].time == USEC_INFINITY || waits[i].time < USEC_PER_MSEC)
                        continue;
                if (!*before)
                        fprintf(f, "%11s:", "waited for");
                fprintf(f, "%s %s %s", before, waits[i].name,
                        format_duration(span, sizeof(span), waits[i].time));
                before = ",";
        }
        if (*before)
                fprintf(f, "\n");
}

/* Those that the kernel enforces. */
static void show_limits(FILE *f, const Job *j) {
        bool any = j->memory_max != UINT64_MAX || j->memory_high != UINT64_MAX ||
                   j->tasks_max != UINT64_MAX || j->cpu_max != UINT64_MAX;

        if (!any)
                return;
        fprintf(f, "%11s:", "limits");
        show_size(f, " memory-max", j->memory_max);
        show_size(f, " memory-high", j->memory_high);
        if (j->cpu_max != UINT64_MAX)
                fprintf(f, " cpu %" PRIu64 "%%", j->cpu_max);
        if (j->tasks_max != UINT64_MAX)
                fprintf(f, " tasks-max %" PRIu64, j->tasks_max);
        fprintf(f, "\n");
}

static void show_resources(FILE *f, const Job *j) {
        char cpu[32];

        if (j->cpu == USEC_INFINITY)
                return; /* of what was never executed, nothing is known */
        fprintf(f, "%11s: cpu %s", "resources", format_duration(cpu, sizeof(cpu), j->cpu));
        show_size(f, ", memory", j->memory);
        show_size(f, ", peak", j->memory_peak);
        show_size(f, ", read", j->io_read);
        show_size(f, ", written", j->io_write);
        if (j->tasks != UINT64_MAX)
                fprintf(f, ", %" PRIu64 " process%s", j->tasks, j->tasks == 1 ? "" : "es");
        fprintf(f, "\n");
        show_limits(f, j);
        show_waiting(f, j);
}

static void show_address(FILE *f, const JobPort *p) {
        bool is_v6 = strchr(p->address, ':');

        fprintf(f, "%s%s%s:%d", is_v6 ? "[" : "", p->address, is_v6 ? "]" : "", p->port);
}

/* One line a socket: "tcp 127.0.0.1:3000 (PID 12)". */
static void show_ports(FILE *f, const Job *j) {
        for (size_t i = 0; i < j->n_ports; i++) {
                const JobPort *p = &j->ports[i];
                _cleanup_free_ char *address = printable_line(p->address, strlen(p->address), ADDRESS_SHOWN);

                fprintf(f, "%11s%c %s ", i == 0 ? "listens" : "", i == 0 ? ':' : ' ', p->protocol);
                if (p->port < 0)
                        fprintf(f, "%s", strempty(address));
                else
                        show_address(f, p);
                if (p->pid > 0)
                        fprintf(f, " (PID %d)", (int) p->pid);
                fprintf(f, "\n");
        }
}

static void show_tree(FILE *f, const ProcessList *l, const Process *p, int depth) {
        fprintf(f, "%13s%*s%d %s\n", "", 2 * depth, "", (int) p->pid, p->command);
        for (size_t i = 0; depth < PROCESSES_SHOWN && i < l->n; i++)
                if (l->processes[i].parent == p->pid)
                        show_tree(f, l, &l->processes[i], depth + 1);
}

static bool has_process(const ProcessList *l, pid_t pid) {
        for (size_t i = 0; i < l->n; i++)
                if (l->processes[i].pid == pid)
                        return true;
        return false;
}

/* The job's processes as trees; their roots are children of the supervisor or, of an adopted job, of anybody. */
static void show_processes(FILE *f, const Job *j) {
        _cleanup_process_list_ ProcessList l = {};
        _cleanup_free_ char *path = job_has_ended(j) ? NULL : job_cgroup_path(j);

        if (!path || process_list(path, PROCESSES_SHOWN, &l) < 0 || l.n == 0)
                return;
        fprintf(f, "%11s:\n", "processes");
        for (size_t i = 0; i < l.n; i++)
                if (!has_process(&l, l.processes[i].parent))
                        show_tree(f, &l, &l.processes[i], 0);
        if (j->tasks != UINT64_MAX && j->tasks > l.n)
                fprintf(f, "%13s… %" PRIu64 " more\n", "", j->tasks - l.n);
}

static void show_state(FILE *f, const Job *j) {
        char span[32];

        fprintf(f, "%11s: %s", "state", strempty(job_state_to_string(j->state)));
        if (!job_has_ended(j) && j->uptime != USEC_INFINITY)
                fprintf(f, " for %s", format_duration(span, sizeof(span), j->uptime));
        if (!job_has_ended(j) && !j->lingering && j->pid > 0)
                fprintf(f, ", PID %d", j->pid);
        fprintf(f, "\n");
        if (j->waiting_for_input)
                fprintf(f, "%11s: for input%s%s\n", "waits", j->prompt ? ": " : "", strempty(j->prompt));
        if (j->attached > 0)
                fprintf(f, "%11s: %d terminal%s\n", "attached", j->attached, j->attached == 1 ? "" : "s");
        if (j->result >= 0)
                fprintf(f, "%11s: %s, %s\n", "result", job_result_to_string(j->result), strempty(j->reason));
        if (j->duration != USEC_INFINITY)
                fprintf(f, "%11s: %s\n", "duration", format_duration(span, sizeof(span), j->duration));
}

/* What others have chosen: a directory's name can hold anything. */
static void show_text(FILE *f, const char *title, const char *text) {
        _cleanup_free_ char *shown = text ? printable_line(text, strlen(text), SIZE_MAX) : NULL;

        if (shown && *shown)
                fprintf(f, "%11s: %s\n", title, shown);
}

void show_job_status(FILE *f, const Job *j) {
        _cleanup_free_ char *labels = strv_join(j->labels, " ");
        char size[32];

        fprintf(f, "%s - %s\n", j->name, strempty(j->command ?: j->description));
        show_state(f, j);
        fprintf(f, "%11s: %s%s%s\n", "unit", strempty(j->unit), j->run ? ", run " : "", strempty(j->run));
        show_text(f, "directory", j->cwd);
        show_text(f, "group", j->group);
        show_text(f, "labels", labels);
        STRV_FOREACH (w, j->warnings)
                fprintf(f, "%11s: %s\n", "warning", *w);
        show_text(f, "asked by", j->asked_by);
        show_time(f, "started", j->started_at);
        if (j->ready_after != USEC_INFINITY)
                fprintf(f, "%11s: after %s\n", "ready", format_duration(size, sizeof(size), j->ready_after));
        show_time(f, "ended", j->ended_at);
        show_resources(f, j);
        if (j->lines != UINT64_MAX && j->bytes != UINT64_MAX)
                fprintf(f, "%11s: %" PRIu64 " line%s, %s\n", "output", j->lines, j->lines == 1 ? "" : "s",
                        format_size(size, sizeof(size), j->bytes));
        show_ports(f, j);
        show_processes(f, j);
}

/* Of a job whose main process has ended. */
static void show_leftovers(FILE *f, const char *before, const Job *j) {
        if (j->tasks != UINT64_MAX)
                fprintf(f, "%s%" PRIu64 " process%s", before, j->tasks,
                        j->tasks == 1 ? " remains" : "es remain");
        else
                fprintf(f, "%sprocesses remain", before);
}

void show_job_start(FILE *f, const Job *j, bool reused) {
        const char *before = ", listens on ";
        char span[32];

        fprintf(f, "%s: %s", j->name, reused ? "already running" : job_state_to_string(j->state));
        if (!reused && j->ready_after != USEC_INFINITY)
                fprintf(f, " after %s", format_duration(span, sizeof(span), j->ready_after));
        if (j->lingering) {
                fprintf(f, ": %s", strempty(j->reason));
                show_leftovers(f, ", ", j);
        } else if (j->pid > 0)
                fprintf(f, ", PID %d", j->pid);
        for (size_t i = 0; i < j->n_ports; i++)
                if (streq(j->ports[i].protocol, "tcp")) {
                        fputs(before, f);
                        show_address(f, &j->ports[i]);
                        before = " ";
                }
        fprintf(f, "\n");
}

void show_job_end(FILE *f, const Job *j) {
        char span[32];

        fprintf(f, "%s: %s", j->name, j->reason ?: "ended");
        if (j->duration != USEC_INFINITY)
                fprintf(f, " (ran %s)", format_duration(span, sizeof(span), j->duration));
        if (j->lingering)
                show_leftovers(f, "; ", j);
        fprintf(f, "\n");
}
