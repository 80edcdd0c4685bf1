/* SPDX-License-Identifier: MIT */
#include <vterm.h>

#include "terminal/internal.h"

static void on_output(const char *data, size_t len, void *userdata) {
        Terminal *t = userdata;

        if (t->output)
                buf_append(t->output, data, len);
}

static int on_property(VTermProp property, VTermValue *value, void *userdata) {
        Terminal *t = userdata;

        switch (property) {
        case VTERM_PROP_CURSORVISIBLE:
                t->cursor_visible = value->boolean;
                break;
        case VTERM_PROP_ALTSCREEN:
                t->alternate = value->boolean;
                break;
        case VTERM_PROP_MOUSE:
                t->mouse = value->number;
                break;
        default:
                break;
        }
        return 1;
}

Terminal *terminal_new(int cols, int rows) {
        static const VTermScreenCallbacks callbacks = { .settermprop = on_property };
        Terminal *t = calloc(1, sizeof(Terminal));

        if (!t)
                return NULL;
        t->vt = vterm_new_with_allocator(rows, cols, &store_functions, &t->store);
        if (!t->vt) {
                free(t);
                return NULL;
        }
        t->cursor_visible = true;
        vterm_set_utf8(t->vt, 1);
        vterm_output_set_callback(t->vt, on_output, t);
        t->screen = vterm_obtain_screen(t->vt);
        vterm_screen_set_callbacks(t->screen, &callbacks, t);
        vterm_screen_set_damage_merge(t->screen, VTERM_DAMAGE_SCREEN);
        vterm_screen_reset(t->screen, 1);
        return t;
}

void terminal_free(Terminal *t) {
        vterm_free(t->vt);
        buf_done(&t->backlog.text);
        free(t);
}

/* The alternate screen takes as much memory as the first, and is made when it may be asked for: by
 * "\033[?47h", 1047 or 1049 (XTerm Control Sequences), of which the end may come with the next bytes. */
static void make_alternate(Terminal *t, const char *data, size_t len) {
        for (size_t i = 0; i < len && !t->has_alternate; i++) {
                t->has_alternate = data[i] == 'h' && (t->before == '7' || t->before == '9');
                t->before = data[i];
        }
        if (t->has_alternate)
                vterm_screen_enable_altscreen(t->screen, 1);
}

static void shorten(Terminal *t) {
        int rows, cols;

        vterm_get_size(t->vt, &rows, &cols);
        backlog_shorten(&t->backlog, rows);
}

static void emulate(Terminal *t, const char *data, size_t len) {
        if (len == 0)
                return;
        (void) vterm_input_write(t->vt, data, len);
        vterm_screen_flush_damage(t->screen);
}

static size_t whole_of_backlog(const Terminal *t) {
        return backlog_whole(&t->backlog, t->backlog.text.data, t->backlog.text.len);
}

/* The first `len` bytes of what waits. */
static void emulate_backlog(Terminal *t, size_t len) {
        Buf *b = &t->backlog.text;

        emulate(t, b->data, len);
        buf_consume(b, len);
        if (b->len == 0)
                buf_done(b);
}

void terminal_settle(Terminal *t) {
        store_unpack(&t->store);
        shorten(t);
        emulate_backlog(t, whole_of_backlog(t));
}

void terminal_write(Terminal *t, const char *data, size_t len, Buf *answers) {
        size_t whole;

        title_take(&t->title, data, len);
        if (backlog_take(&t->backlog, data, len)) {
                if (t->backlog.text.len < BACKLOG_MAX)
                        return;
                shorten(t);
                if (t->backlog.text.len >= BACKLOG_MAX / 2)
                        terminal_settle(t);
                return;
        }
        terminal_settle(t);
        emulate_backlog(t, t->backlog.text.len);
        if (!t->has_alternate)
                make_alternate(t, data, len);
        whole = backlog_whole(&t->backlog, data, len);
        t->output = answers;
        emulate(t, data, whole);
        t->output = NULL;
        buf_append(&t->backlog.text, data + whole, len - whole);
}

void terminal_resize(Terminal *t, int cols, int rows) {
        terminal_settle(t);
        vterm_set_size(t->vt, rows, cols);
}

void terminal_rest(Terminal *t) {
        int rows, cols;

        if (whole_of_backlog(t) > 0)
                terminal_settle(t);
        vterm_get_size(t->vt, &rows, &cols);
        store_pack(&t->store, (size_t) rows * cols);
}

static VTermKey to_vterm(const Key *k) {
        static const VTermKey keys[] = {
                [KEY_ENTER] = VTERM_KEY_ENTER,
                [KEY_TAB] = VTERM_KEY_TAB,
                [KEY_BACKSPACE] = VTERM_KEY_BACKSPACE,
                [KEY_ESCAPE] = VTERM_KEY_ESCAPE,
                [KEY_UP] = VTERM_KEY_UP,
                [KEY_DOWN] = VTERM_KEY_DOWN,
                [KEY_LEFT] = VTERM_KEY_LEFT,
                [KEY_RIGHT] = VTERM_KEY_RIGHT,
                [KEY_INSERT] = VTERM_KEY_INS,
                [KEY_DELETE] = VTERM_KEY_DEL,
                [KEY_HOME] = VTERM_KEY_HOME,
                [KEY_END] = VTERM_KEY_END,
                [KEY_PAGE_UP] = VTERM_KEY_PAGEUP,
                [KEY_PAGE_DOWN] = VTERM_KEY_PAGEDOWN,
        };

        return k->code == KEY_FUNCTION ? VTERM_KEY_FUNCTION(k->number) : keys[k->code];
}

void terminal_key(Terminal *t, const Key *k, Buf *ret) {
        int byte = key_to_byte(k);
        unsigned m = VTERM_MOD_NONE;

        if (byte >= 0) {
                buf_append_char(ret, (char) byte);
                return;
        }
        terminal_settle(t);
        m |= k->modifiers & KEY_SHIFT ? VTERM_MOD_SHIFT : 0;
        m |= k->modifiers & KEY_META ? VTERM_MOD_ALT : 0;
        m |= k->modifiers & KEY_CONTROL ? VTERM_MOD_CTRL : 0;
        t->output = ret;
        if (k->code == KEY_CHARACTER)
                vterm_keyboard_unichar(t->vt, k->character, m);
        else
                vterm_keyboard_key(t->vt, to_vterm(k), m);
        t->output = NULL;
}

void terminal_paste(Terminal *t, bool begin, Buf *ret) {
        terminal_settle(t);
        t->output = ret;
        if (begin)
                vterm_keyboard_start_paste(t->vt);
        else
                vterm_keyboard_end_paste(t->vt);
        t->output = NULL;
}
