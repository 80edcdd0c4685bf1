/* SPDX-License-Identifier: MIT */
#include "sdbg/base/buf.h"
#include "sdbg/base/strv.h"
#include "sdbg/output/table.h"
#include "sdbg/text/quote.h"
#include "sdbg/text/utf8.h"

#include "output/internal.h"

#define GAP 2

/* Left-to-right mark: what follows a cell of right-to-left text keeps its place (Unicode UAX #9). */
#define LRM "\xE2\x80\x8E"

int table_init(Table *t, const char *const *titles) {
        *t = (Table){ .columns = strv_length((char *const *) titles) };
        for (size_t i = 0; i < t->columns; i++)
                if (table_add(t, titles[i], NULL) < 0)
                        return -ENOMEM;
        return 0;
}

void table_done(Table *t) {
        for (size_t i = 0; i < t->n; i++)
                free(t->cells[i]);
        free(t->cells);
        free(t->colors);
        *t = (Table){};
}

/* The characters that embed, override and isolate (UAX #9, explicit formatting). */
static bool changes_direction(uint32_t c) {
        return c == 0x061C || c == 0x200E || c == 0x200F || (c >= 0x202A && c <= 0x202E) ||
               (c >= 0x2066 && c <= 0x2069);
}

static bool is_right_to_left(uint32_t c) {
        return (c >= 0x0590 && c <= 0x08FF) || (c >= 0xFB1D && c <= 0xFDFF) || (c >= 0xFE70 && c <= 0xFEFF) ||
               (c >= 0x10800 && c <= 0x10FFF) || (c >= 0x1E800 && c <= 0x1EFFF);
}

/* The next character of valid UTF-8; a byte that is none counts as '?'. */
static size_t next_character(const char *s, uint32_t *ret) {
        int n = utf8_decode(s, strnlen(s, 4), ret);

        if (n > 0)
                return n;
        *ret = '?';
        return 1;
}

static char *clean_cell(const char *cell) {
        _cleanup_free_ char *line = printable_line(cell, strlen(cell), SIZE_MAX);
        Buf b = {};
        uint32_t c;
        size_t n;

        for (const char *p = line; p && *p; p += n) {
                n = next_character(p, &c);
                if (!changes_direction(c))
                        buf_append(&b, p, n);
        }
        b.oom |= !line;
        if (b.len == 0)
                buf_append_char(&b, '-');
        return buf_take(&b);
}

static int make_room(Table *t) {
        /* Room grows by doubling, at powers of two. */
        size_t n = t->n ? t->n * 2 : 1;
        const char **colors;
        char **cells;

        if ((t->n & (t->n - 1)) != 0)
                return 0;
        cells = reallocarray(t->cells, n, sizeof(char *));
        if (!cells)
                return -ENOMEM;
        t->cells = cells;
        colors = reallocarray(t->colors, n, sizeof(char *));
        if (!colors)
                return -ENOMEM;
        t->colors = colors;
        return 0;
}

int table_add(Table *t, const char *cell, const char *color) {
        char *text;

        if (make_room(t) < 0)
                return -ENOMEM;
        text = clean_cell(strempty(cell));
        if (!text)
                return -ENOMEM;
        t->cells[t->n] = text;
        t->colors[t->n++] = color;
        return 0;
}

static size_t columns_of(uint32_t c, const TableStyle *style) {
        return style->utf8 ? (size_t) utf8_columns(c) : 1;
}

size_t table_text_width(const char *s, const TableStyle *style) {
        size_t width = 0;
        uint32_t c;

        while (*s) {
                s += next_character(s, &c);
                width += columns_of(c, style);
        }
        return width;
}

size_t table_put_text(Buf *b, const char *s, size_t room, const TableStyle *style) {
        bool cut = table_text_width(s, style) > room, turned = false;
        size_t used = 0;
        uint32_t c;

        while (*s) {
                size_t n = next_character(s, &c), width = columns_of(c, style);

                if (used + width + cut > room)
                        break;
                if (style->utf8)
                        buf_append(b, s, n);
                else
                        buf_append_char(b, c < 0x80 ? (char) c : '?');
                turned |= is_right_to_left(c);
                used += width;
                s += n;
        }
        if (turned && style->utf8)
                buf_append_str(b, LRM);
        if (cut && used < room) {
                buf_append_str(b, style->utf8 ? "…" : ">");
                used++;
        }
        return used;
}

static void put_row(Buf *b, const Table *t, size_t row, const size_t *widths, const TableStyle *style) {
        size_t left = style->width ?: SIZE_MAX;

        for (size_t c = 0; c < t->columns && left > 0; c++) {
                const char *color = style->color ? t->colors[row + c] : NULL;
                size_t used;

                if (color)
                        buf_printf(b, "\033[%sm", color);
                used = table_put_text(b, t->cells[row + c], left, style);
                if (color)
                        buf_append_str(b, "\033[0m");
                left -= used;
                if (c + 1 < t->columns) {
                        size_t pad = MIN(widths[c] + GAP - MIN(used, widths[c]), left);

                        buf_printf(b, "%*s", (int) pad, "");
                        left -= pad;
                }
        }
        while (b->len > 0 && b->data[b->len - 1] == ' ')
                b->len--;
        buf_append_char(b, '\n');
}

int table_print(const Table *t, FILE *f, const TableStyle *style) {
        _cleanup_free_ size_t *widths = calloc(t->columns + 1, sizeof(size_t));
        size_t first = style->no_titles ? t->columns : 0;
        _cleanup_buf_ Buf b = {};

        if (!widths)
                return -ENOMEM;
        for (size_t i = first; i < t->n; i++)
                widths[i % t->columns] = MAX(widths[i % t->columns], table_text_width(t->cells[i], style));
        for (size_t row = first; row < t->n; row += t->columns)
                put_row(&b, t, row, widths, style);
        if (b.oom)
                return -ENOMEM;
        fwrite(b.data, 1, b.len, f);
        return 0;
}
