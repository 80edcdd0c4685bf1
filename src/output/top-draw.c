/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "sdbg/base/parse.h"
#include "sdbg/output/show.h"
#include "sdbg/output/table.h"
#include "sdbg/output/top.h"

#include "output/internal.h"

#define GAP 2
#define NAME_SHOWN 32
#define PORTS_SHOWN 24
#define REVERSE "\033[7m"
#define PLAIN "\033[m"
#define CLEAR_LINE "\033[K"

static const char *const titles[] = {
        "NAME", "STATE", "CPU%", "MEMORY", "TASKS", "PORTS", "LAST LINE", NULL
};
static const bool is_number[TOP_COLUMNS] = { [2] = true, [3] = true, [4] = true };

static const char keys[] = "q quit  f follow  a attach  s stop  r restart  p pause  h help";

static const char *const help[] = {
        "up, down, k, j     move the mark; page up, page down, home, end",
        "f, Enter           follow what the job prints; Ctrl+C returns",
        "a                  attach to the job's terminal; Ctrl+B returns",
        "s                  stop the job, after a question",
        "r                  restart the job",
        "p                  pause the job, or let it go on",
        "n, c, m            sort by name, CPU, memory",
        "q                  quit",
        NULL,
};

static void format_percent(char *buf, size_t size, uint64_t thousandths) {
        snprintf(buf, size, "%" PRIu64 ".%" PRIu64, thousandths / 10, thousandths % 10);
}

/* What it printed last, or what it asks. Return: a string that the caller frees. */
static char *last_text(const Job *j) {
        Buf b = {};

        if (j->waiting_for_input)
                buf_append_str(&b, "waits for input: ");
        buf_append_str(&b, strempty(j->waiting_for_input ? j->prompt : j->last_line));
        return buf_take(&b);
}

/* Adds a job's row. Return: 0, -ENOMEM. */
static int add_job(const Top *t, const Job *j, bool color, Table *table) {
        char cpu[24] = "", memory[16] = "", tasks[24] = "";
        _cleanup_free_ char *last = last_text(j), *ports = NULL;
        uint64_t share = top_cpu(t, j);
        Buf b = {};
        int r = 0;

        if (share != UINT64_MAX)
                format_percent(cpu, sizeof(cpu), share);
        if (j->memory != UINT64_MAX)
                format_size(memory, sizeof(memory), j->memory);
        if (j->tasks != UINT64_MAX)
                snprintf(tasks, sizeof(tasks), "%" PRIu64, j->tasks);
        job_print_ports(&b, j);
        ports = buf_take(&b);
        if (!ports || !last)
                return -ENOMEM;

        const char *const cells[] = {
                j->name, job_state_to_string(j->state), cpu, memory, tasks, ports, last
        };
        for (size_t c = 0; r >= 0 && c < TOP_COLUMNS; c++)
                r = table_add(table, cells[c], color && c == 1 ? job_state_color(j->state) : NULL);
        return r;
}

static size_t width_max(size_t column) {
        return column == 0 ? NAME_SHOWN : column == 5 ? PORTS_SHOWN : SIZE_MAX;
}

static void put_blanks(Buf *out, size_t n) {
        buf_printf(out, "%*s", (int) n, "");
}

static void put_line(Buf *out, const char *text, size_t room, const TableStyle *style, const char *end) {
        (void) table_put_text(out, text, room, style);
        buf_append_str(out, CLEAR_LINE);
        buf_append_str(out, end);
}

/* Appends a row, as wide as the screen where it is marked. */
static void put_row(const Top *t, const Table *table, size_t row, size_t room, const TableStyle *style,
                    bool marked, Buf *out) {
        buf_append_str(out, marked ? REVERSE : "");
        for (size_t c = 0; c < TOP_COLUMNS; c++) {
                const char *text = table->cells[row + c], *color = table->colors[row + c];
                size_t width = c + 1 < TOP_COLUMNS ? MIN(t->widths[c], room) : room, used, blanks;

                used = MIN(table_text_width(text, style), width);
                blanks = is_number[c] ? width - used : 0;
                put_blanks(out, blanks);
                if (color && style->color && !marked)
                        buf_printf(out, "\033[%sm", color);
                used = blanks + table_put_text(out, text, width, style);
                if (color && style->color && !marked)
                        buf_append_str(out, PLAIN);
                blanks = MIN(width - used + (c + 1 < TOP_COLUMNS ? GAP : 0), room - used);
                put_blanks(out, blanks);
                room -= used + blanks;
        }
        buf_append_str(out, marked ? PLAIN : "");
        buf_append_str(out, CLEAR_LINE "\r\n");
}

static void put_summary(const Top *t, Buf *out, size_t room, const TableStyle *style) {
        uint64_t cpu = 0, memory = 0, waiting = 0;
        char text[160], percent[24], size[16];

        for (size_t i = 0; i < t->jobs.n; i++) {
                const Job *j = &t->jobs.jobs[i];
                uint64_t share = top_cpu(t, j);

                cpu += share == UINT64_MAX ? 0 : share;
                memory += j->memory == UINT64_MAX ? 0 : j->memory;
                waiting += j->waiting_for_input;
        }
        format_percent(percent, sizeof(percent), cpu);
        snprintf(text, sizeof(text), "%zu job%s, CPU %s%%", t->jobs.n, t->jobs.n == 1 ? "" : "s", percent);
        if (memory > 0)
                snprintf(text + strlen(text), sizeof(text) - strlen(text), ", memory %s",
                         format_size(size, sizeof(size), memory));
        if (waiting > 0)
                snprintf(text + strlen(text), sizeof(text) - strlen(text), ", %" PRIu64 " waiting for input",
                         waiting);
        put_line(out, text, room, style, "\r\n");
}

static void put_footer(const Top *t, Buf *out, size_t room, const TableStyle *style) {
        char question[128];

        snprintf(question, sizeof(question), "Stop %s? [y/n]", strempty(t->selected));
        put_line(out,
                 t->mode == TOP_CONFIRM_STOP ? question
                 : t->message[0]             ? t->message
                                             : keys,
                 room, style, "");
}

static int put_jobs(Top *t, Buf *out, size_t room, const TableStyle *style) {
        size_t n = MIN(t->rows, t->jobs.n - t->first);
        const Job *marked = top_selected(t);
        _cleanup_table_ Table table = {};
        int r = table_init(&table, titles);

        for (size_t i = 0; r >= 0 && i < n; i++)
                r = add_job(t, &t->jobs.jobs[t->first + i], style->color, &table);
        if (r < 0)
                return r;
        for (size_t i = 0; i < table.n; i++) {
                size_t c = i % TOP_COLUMNS, width = table_text_width(table.cells[i], style);

                t->widths[c] = MAX(t->widths[c], MIN(width, width_max(c)));
        }
        put_row(t, &table, 0, room, style, false, out);
        for (size_t i = 0; i < n; i++)
                put_row(t, &table, (i + 1) * TOP_COLUMNS, room, style, &t->jobs.jobs[t->first + i] == marked,
                        out);
        for (size_t i = n; i < t->rows; i++)
                put_line(out, t->jobs.n == 0 && i == 0 ? "No jobs are running." : "", room, style, "\r\n");
        return 0;
}

static void put_help(const Top *t, Buf *out, size_t room, const TableStyle *style) {
        size_t n = 0;

        put_line(out, "", room, style, "\r\n");
        for (; help[n] && n < t->rows; n++)
                put_line(out, help[n], room, style, "\r\n");
        for (; n < t->rows; n++)
                put_line(out, "", room, style, "\r\n");
}

int top_draw(Top *t, unsigned rows, const TableStyle *style, Buf *out) {
        int r = 0;

        buf_append_str(out, "\033[H");
        if (rows > TOP_FRAME_ROWS) {
                put_summary(t, out, style->width, style);
                if (t->mode == TOP_HELP)
                        put_help(t, out, style->width, style);
                else
                        r = put_jobs(t, out, style->width, style);
        }
        put_footer(t, out, style->width, style);
        buf_append_str(out, "\033[J");
        return out->oom ? -ENOMEM : r;
}

int top_print(const Top *t, FILE *f, const TableStyle *style) {
        _cleanup_table_ Table table = {};
        int r = table_init(&table, titles);

        for (size_t i = 0; r >= 0 && i < t->jobs.n; i++)
                r = add_job(t, &t->jobs.jobs[i], style->color, &table);
        return r < 0 ? r : table_print(&table, f, style);
}

int top_print_json(const Top *t, FILE *f) {
        Json *array = json_new_array();

        for (size_t i = 0; i < t->jobs.n; i++) {
                Json *o = job_to_json(&t->jobs.jobs[i]);
                uint64_t cpu = top_cpu(t, &t->jobs.jobs[i]);

                if (json_set(o, "cpu_percent", json_new_real(cpu == UINT64_MAX ? NAN : cpu / 10.0)) < 0 ||
                    json_append(array, o) < 0) {
                        json_free(array);
                        return -ENOMEM;
                }
        }
        return show_json(f, array);
}
