/* SPDX-License-Identifier: MIT */
#include "terminal/internal.h"

static void append_character(Buf *b, uint32_t c) {
        if (c < 0x80)
                buf_append_char(b, (char) c);
        else if (c < 0x800)
                buf_printf(b, "%c%c", 0xc0 | c >> 6, 0x80 | (c & 0x3f));
        else if (c < 0x10000)
                buf_printf(b, "%c%c%c", 0xe0 | c >> 12, 0x80 | (c >> 6 & 0x3f), 0x80 | (c & 0x3f));
        else
                buf_printf(b, "%c%c%c%c", 0xf0 | c >> 18, 0x80 | (c >> 12 & 0x3f), 0x80 | (c >> 6 & 0x3f),
                           0x80 | (c & 0x3f));
}

static void append_color(Buf *b, const VTermColor *c, bool foreground) {
        int base = foreground ? 30 : 40;

        if (foreground ? VTERM_COLOR_IS_DEFAULT_FG(c) : VTERM_COLOR_IS_DEFAULT_BG(c))
                return;
        if (VTERM_COLOR_IS_RGB(c))
                buf_printf(b, ";%d;2;%d;%d;%d", base + 8, c->rgb.red, c->rgb.green, c->rgb.blue);
        else if (c->indexed.idx < 8)
                buf_printf(b, ";%d", base + c->indexed.idx);
        else if (c->indexed.idx < 16)
                buf_printf(b, ";%d", base + 60 + c->indexed.idx - 8);
        else
                buf_printf(b, ";%d;5;%d", base + 8, c->indexed.idx);
}

/* The SGR sequence (ECMA-48 8.3.117) of a cell's looks; "\033[m" is the plain one. */
static void append_looks(Buf *b, const VTermScreenCell *cell) {
        const VTermScreenCellAttrs *a = &cell->attrs;

        buf_append_str(b, "\033[0");
        if (a->bold)
                buf_append_str(b, ";1");
        if (a->italic)
                buf_append_str(b, ";3");
        if (a->underline)
                buf_append_str(b, ";4");
        if (a->blink)
                buf_append_str(b, ";5");
        if (a->reverse)
                buf_append_str(b, ";7");
        if (a->strike)
                buf_append_str(b, ";9");
        append_color(b, &cell->fg, true);
        append_color(b, &cell->bg, false);
        buf_append_char(b, 'm');
}

static bool looks_alike(const VTermScreenCell *a, const VTermScreenCell *b) {
        const VTermScreenCellAttrs *x = &a->attrs, *y = &b->attrs;

        return x->bold == y->bold && x->italic == y->italic && x->underline == y->underline &&
               x->blink == y->blink && x->reverse == y->reverse && x->strike == y->strike &&
               vterm_color_is_equal(&a->fg, &b->fg) && vterm_color_is_equal(&a->bg, &b->bg);
}

static bool is_blank(const VTermScreenCell *c) {
        return (c->chars[0] == 0 || c->chars[0] == ' ') && !c->attrs.reverse && !c->attrs.underline &&
               VTERM_COLOR_IS_DEFAULT_BG(&c->bg);
}

static int line_width(Terminal *t, int row, int cols) {
        VTermScreenCell cell;

        while (cols > 0 && vterm_screen_get_cell(t->screen, (VTermPos){ row, cols - 1 }, &cell) &&
               is_blank(&cell))
                cols--;
        return cols;
}

static void draw_line(Terminal *t, int row, int cols, bool color, Buf *ret) {
        VTermScreenCell cell, before = {};
        bool plain = true;
        int width = line_width(t, row, cols);

        for (int x = 0; x < width; x += MAX(cell.width, 1)) {
                if (!vterm_screen_get_cell(t->screen, (VTermPos){ row, x }, &cell))
                        break;
                if (color && (x == 0 || !looks_alike(&cell, &before))) {
                        append_looks(ret, &cell);
                        plain = false;
                }
                before = cell;
                if (cell.chars[0] == 0)
                        buf_append_char(ret, ' ');
                for (int i = 0; i < VTERM_MAX_CHARS_PER_CELL && cell.chars[i]; i++)
                        append_character(ret, cell.chars[i]);
        }
        if (!plain)
                buf_append_str(ret, "\033[m");
}

/* Modes that the emulator does not tell are seen from what it would send. */
static bool sends(void (*ask)(Terminal *t, Buf *ret), Terminal *t, const char *expected) {
        _cleanup_buf_ Buf b = {};

        ask(t, &b);
        return b.len == strlen(expected) && memcmp(b.data, expected, b.len) == 0;
}

static void press_up(Terminal *t, Buf *ret) {
        terminal_key(t, &(Key){ .code = KEY_UP }, ret);
}

static void begin_paste(Terminal *t, Buf *ret) {
        terminal_paste(t, true, ret);
}

static void draw_modes(Terminal *t, Buf *ret) {
        static const int mouse_modes[] = {
                [VTERM_PROP_MOUSE_CLICK] = 1000,
                [VTERM_PROP_MOUSE_DRAG] = 1002,
                [VTERM_PROP_MOUSE_MOVE] = 1003,
        };

        if (sends(press_up, t, "\033OA"))
                buf_append_str(ret, "\033[?1h");
        if (sends(begin_paste, t, "\033[200~"))
                buf_append_str(ret, "\033[?2004h");
        if (t->mouse > 0 && t->mouse < (int) ELEMENTSOF(mouse_modes))
                buf_printf(ret, "\033[?%dh\033[?1006h", mouse_modes[t->mouse]);
        buf_append_str(ret, t->cursor_visible ? "\033[?25h" : "\033[?25l");
}

void terminal_draw(Terminal *t, Buf *ret) {
        VTermPos cursor;
        int rows, cols;

        terminal_settle(t);
        vterm_get_size(t->vt, &rows, &cols);
        buf_append_str(ret, t->alternate ? "\033[?1049h" : "");
        buf_append_str(ret, "\033[m\033[H\033[2J");
        for (int y = 0; y < rows; y++)
                if (line_width(t, y, cols) > 0) {
                        buf_printf(ret, "\033[%dH", y + 1);
                        draw_line(t, y, cols, true, ret);
                }
        vterm_state_get_cursorpos(vterm_obtain_state(t->vt), &cursor);
        buf_printf(ret, "\033[%d;%dH", cursor.row + 1, cursor.col + 1);
        draw_modes(t, ret);
}

char *terminal_line(Terminal *t) {
        VTermPos cursor;
        Buf b = {};

        terminal_settle(t);
        vterm_state_get_cursorpos(vterm_obtain_state(t->vt), &cursor);
        draw_line(t, cursor.row, cursor.col, false, &b);
        for (int x = line_width(t, cursor.row, cursor.col); x < cursor.col; x++)
                buf_append_char(&b, ' ');
        return buf_take(&b);
}

static Json *lines_to_json(Terminal *t, int rows, int cols, bool color) {
        Json *lines = json_new_array();

        while (rows > 0 && line_width(t, rows - 1, cols) == 0)
                rows--;
        for (int y = 0; y < rows && lines; y++) {
                _cleanup_buf_ Buf b = {};
                _cleanup_free_ char *text = NULL;

                draw_line(t, y, cols, color, &b);
                text = buf_take(&b);
                if (!text || json_append(lines, json_new_string(text)) < 0) {
                        json_free(lines);
                        return NULL;
                }
        }
        return lines;
}

static Json *cursor_to_json(Terminal *t) {
        Json *o = json_new_object();
        VTermPos p;

        vterm_state_get_cursorpos(vterm_obtain_state(t->vt), &p);
        if (!o || json_set(o, "x", json_new_number(p.col)) < 0 ||
            json_set(o, "y", json_new_number(p.row)) < 0 ||
            json_set(o, "visible", json_new_bool(t->cursor_visible)) < 0) {
                json_free(o);
                return NULL;
        }
        return o;
}

Json *terminal_to_json(Terminal *t, bool color) {
        Json *o = json_new_object();
        int rows, cols;

        terminal_settle(t);
        vterm_get_size(t->vt, &rows, &cols);
        if (!o || json_set(o, "cols", json_new_number(cols)) < 0 ||
            json_set(o, "rows", json_new_number(rows)) < 0 || json_set(o, "cursor", cursor_to_json(t)) < 0 ||
            json_set(o, "title", json_new_string(*t->title.text ? t->title.text : NULL)) < 0 ||
            json_set(o, "alternate", json_new_bool(t->alternate)) < 0 ||
            json_set(o, "lines", lines_to_json(t, rows, cols, color)) < 0) {
                json_free(o);
                return NULL;
        }
        return o;
}
