/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <strings.h>

#include "sdbg/base/parse.h"
#include "sdbg/text/key.h"
#include "sdbg/text/utf8.h"

/* The first name of each is the one that is offered. */
static const struct {
        const char *name;
        KeyCode code;
} names[] = {
        { "Enter", KEY_ENTER },
        { "Return", KEY_ENTER },
        { "CR", KEY_ENTER },
        { "Tab", KEY_TAB },
        { "Backspace", KEY_BACKSPACE },
        { "BSpace", KEY_BACKSPACE },
        { "Esc", KEY_ESCAPE },
        { "Escape", KEY_ESCAPE },
        { "Up", KEY_UP },
        { "Down", KEY_DOWN },
        { "Left", KEY_LEFT },
        { "Right", KEY_RIGHT },
        { "Insert", KEY_INSERT },
        { "IC", KEY_INSERT },
        { "Ins", KEY_INSERT },
        { "Delete", KEY_DELETE },
        { "DC", KEY_DELETE },
        { "Del", KEY_DELETE },
        { "Home", KEY_HOME },
        { "End", KEY_END },
        { "PageUp", KEY_PAGE_UP },
        { "PgUp", KEY_PAGE_UP },
        { "PPage", KEY_PAGE_UP },
        { "PageDown", KEY_PAGE_DOWN },
        { "PgDn", KEY_PAGE_DOWN },
        { "NPage", KEY_PAGE_DOWN },
};

static const struct {
        const char *prefix;
        unsigned modifier;
} modifiers[] = {
        { "C-", KEY_CONTROL },    { "M-", KEY_META },   { "S-", KEY_SHIFT },  { "Ctrl-", KEY_CONTROL },
        { "Ctrl+", KEY_CONTROL }, { "Alt-", KEY_META }, { "Alt+", KEY_META }, { "Shift-", KEY_SHIFT },
        { "Shift+", KEY_SHIFT },  { "^", KEY_CONTROL },
};

#define FUNCTION_MAX 20

/* Takes the modifiers off; a lone "^" or "C-" at the end is a character. */
static const char *take_modifiers(const char *name, unsigned *ret) {
        bool found;

        *ret = 0;
        do {
                found = false;
                for (size_t i = 0; i < ELEMENTSOF(modifiers) && !found; i++) {
                        size_t n = strlen(modifiers[i].prefix);

                        if (strncasecmp(name, modifiers[i].prefix, n) != 0 || !name[n])
                                continue;
                        *ret |= modifiers[i].modifier;
                        name += n;
                        found = true;
                }
        } while (found);
        return name;
}

static int take_character(const char *name, uint32_t *ret) {
        size_t len = strlen(name);
        uint32_t c = (unsigned char) *name;

        if (len == 0 || len > 4 || !utf8_is_valid(name, len))
                return -EINVAL;
        if (c >= 0x80) {
                c &= 0x7f >> len;
                for (size_t i = 1; i < len; i++)
                        c = c << 6 | (name[i] & 0x3f);
        }
        /* One character, and no control byte. */
        if (len != (c < 0x80 ? 1U : c < 0x800 ? 2U : c < 0x10000 ? 3U : 4U) || c < ' ' || c == 0x7f)
                return -EINVAL;
        *ret = c;
        return 0;
}

int key_from_string(const char *name, Key *ret) {
        Key k = {};
        uint64_t number;

        name = take_modifiers(name, &k.modifiers);
        if (strcasecmp(name, "Space") == 0)
                k.character = ' ';
        else if (tolower(*name) == 'f' && parse_u64(name + 1, &number) >= 0 && number >= 1 &&
                 number <= FUNCTION_MAX) {
                k.code = KEY_FUNCTION;
                k.number = number;
        } else {
                for (size_t i = 0; i < ELEMENTSOF(names); i++)
                        if (strcasecmp(name, names[i].name) == 0)
                                k.code = names[i].code;
                if (k.code == KEY_CHARACTER && take_character(name, &k.character) < 0)
                        return -EINVAL;
        }
        *ret = k;
        return 0;
}

const char *key_near(const char *name) {
        const char *nearest = NULL;
        size_t most = 0;
        unsigned ignored;

        name = take_modifiers(name, &ignored);
        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                const char *n = names[i].name;
                size_t same = 0;

                while (n[same] && tolower(n[same]) == tolower(name[same]))
                        same++;
                if (same > most && (same >= 2 || strlen(n) == strlen(name))) {
                        nearest = n;
                        most = same;
                }
        }
        return strlen(name) > 2 ? nearest : NULL;
}

static int control_byte(uint32_t c) {
        if (c == '?')
                return 0x7f;
        if (c == ' ')
                return 0;
        if (c < 0x80 && isalpha((int) c))
                return toupper((int) c) & 0x1f;
        return c >= '@' && c <= '_' ? (int) (c & 0x1f) : -EINVAL;
}

int key_to_byte(const Key *k) {
        if (k->modifiers == KEY_CONTROL && k->code == KEY_CHARACTER)
                return control_byte(k->character);
        if (k->modifiers != 0)
                return -EINVAL;
        switch (k->code) {
        case KEY_CHARACTER:
                return k->character < 0x80 ? (int) k->character : -EINVAL;
        case KEY_ENTER:
                return '\r';
        case KEY_TAB:
                return '\t';
        case KEY_BACKSPACE:
                return 0x7f;
        case KEY_ESCAPE:
                return 0x1b;
        default:
                return -EINVAL;
        }
}

int keys_to_bytes(const char *text, char *ret, size_t max) {
        size_t n = 0;

        while (*text) {
                size_t len = strcspn(text + 1, ",") + 1;
                char name[32] = "";
                Key k;
                int c;

                if (len >= sizeof(name) || n == max)
                        return -EINVAL;
                memcpy(name, text, len);
                c = key_from_string(name, &k) < 0 ? -EINVAL : key_to_byte(&k);
                if (c < 0)
                        return c;
                ret[n++] = (char) c;
                text += len;
                text += *text == ',';
        }
        return n > 0 ? (int) n : -EINVAL;
}
