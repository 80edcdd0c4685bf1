/* SPDX-License-Identifier: MIT */
#include "sdbg/output/show.h"

#define CONTEXT_LINES 2

/* Return: the length of the line with its newline. */
static size_t line_length(const char *s) {
        size_t n = strcspn(s, "\n");
        return n + (s[n] == '\n');
}

static void show_lines(FILE *f, char mark, const char *begin, const char *end) {
        while (begin < end) {
                size_t n = MIN(line_length(begin), (size_t) (end - begin));

                fprintf(f, "%c%.*s", mark, (int) n, begin);
                begin += n;
                if (begin[-1] != '\n')
                        fputc('\n', f);
        }
}

/* Return: where the line before s begins, in a text that begins at `text`. */
static const char *line_before(const char *text, const char *s) {
        if (s > text)
                s--;
        while (s > text && s[-1] != '\n')
                s--;
        return s;
}

void show_change(FILE *f, const char *path, const char *before, const char *after) {
        const char *a = strempty(before), *b = strempty(after), *a_end = a + strlen(a),
                   *b_end = b + strlen(b);
        const char *from, *to;

        fprintf(f, "--- %s\n+++ %s\n", before ? path : "/dev/null", after ? path : "/dev/null");
        while (*a && line_length(a) == line_length(b) && memcmp(a, b, line_length(a)) == 0) {
                size_t n = line_length(a);
                a += n;
                b += n;
        }
        while (a_end > a && b_end > b) {
                const char *x = line_before(a, a_end), *y = line_before(b, b_end);

                if (a_end - x != b_end - y || memcmp(x, y, a_end - x) != 0)
                        break;
                a_end = x;
                b_end = y;
        }
        from = a;
        to = a_end;
        for (int i = 0; i < CONTEXT_LINES; i++) {
                from = line_before(strempty(before), from);
                to += line_length(to);
        }
        show_lines(f, ' ', from, a);
        show_lines(f, '-', a, a_end);
        show_lines(f, '+', b, b_end);
        show_lines(f, ' ', a_end, to);
}
