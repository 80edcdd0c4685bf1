/* SPDX-License-Identifier: MIT */
#include <sys/ioctl.h>
#include <unistd.h>

#include "sdbg/base/strv.h"
#include "sdbg/output/table.h"
#include "sdbg/text/utf8.h"

#define GAP 2

int table_init(Table *t, const char *const *titles) {
        *t = (Table){ .columns = strv_length((char *const *) titles) };
        for (size_t i = 0; i < t->columns; i++)
                if (table_add(t, titles[i]) < 0)
                        return -ENOMEM;
        return 0;
}

void table_done(Table *t) {
        for (size_t i = 0; i < t->n; i++)
                free(t->cells[i]);
        free(t->cells);
        *t = (Table){};
}

int table_add(Table *t, const char *cell) {
        /* Room grows by doubling, at powers of two. */
        if ((t->n & (t->n - 1)) == 0) {
                char **p = reallocarray(t->cells, t->n ? t->n * 2 : 1, sizeof(char *));

                if (!p)
                        return -ENOMEM;
                t->cells = p;
        }
        t->cells[t->n] = strdup(cell && *cell ? cell : "-");
        return t->cells[t->n] ? (void) t->n++, 0 : -ENOMEM;
}

static size_t text_width(const char *s) {
        size_t width = 0, left = strlen(s);

        while (left > 0) {
                uint32_t c = '?';
                int n = utf8_decode(s, left, &c);

                n = MAX(n, 1);
                width += utf8_columns(c);
                s += n;
                left -= n;
        }
        return width;
}

/* Length in bytes of what fits into `width` columns. */
static size_t fitting(const char *s, size_t width) {
        size_t used = 0, len = 0, total = strlen(s);

        while (len < total) {
                uint32_t c = '?';
                int n = utf8_decode(s + len, total - len, &c);

                n = MAX(n, 1);
                used += utf8_columns(c);
                if (used > width)
                        break;
                len += n;
        }
        return len;
}

static void print_last(FILE *f, const char *cell, size_t used, size_t width) {
        size_t room = width > used ? width - used : 1;

        if (width == 0 || text_width(cell) <= room)
                fprintf(f, "%s\n", cell);
        else
                fprintf(f, "%.*s…\n", (int) fitting(cell, room - 1), cell);
}

void table_print(const Table *t, FILE *f, size_t width) {
        size_t widths[32] = {};

        for (size_t i = 0; i < t->n; i++)
                widths[i % t->columns] = MAX(widths[i % t->columns], text_width(t->cells[i]));
        for (size_t row = 0; row < t->n; row += t->columns) {
                size_t used = 0;

                for (size_t c = 0; c + 1 < t->columns; c++) {
                        const char *cell = t->cells[row + c];

                        fprintf(f, "%s%*s", cell, (int) (widths[c] - text_width(cell) + GAP), "");
                        used += widths[c] + GAP;
                }
                print_last(f, t->cells[row + t->columns - 1], used, width);
        }
}

size_t terminal_width(FILE *f) {
        struct winsize w;

        if (!isatty(fileno(f)) || ioctl(fileno(f), TIOCGWINSZ, &w) < 0)
                return 0;
        return w.ws_col;
}
