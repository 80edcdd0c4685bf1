/* SPDX-License-Identifier: MIT */
#include "sdbg/base/buf.h"

#include "agents/edit.h"

/* Return: one past the string that begins at i, of one line or of several; SIZE_MAX where it has no end. */
static size_t skip_string(const char *text, size_t i) {
        char quote = text[i];
        bool is_long = text[i + 1] == quote && text[i + 2] == quote;

        for (i += is_long ? 3 : 1; text[i]; i++) {
                if (text[i] == '\\' && quote == '"' && text[i + 1]) {
                        i++;
                } else if (!is_long && text[i] == '\n') {
                        return SIZE_MAX;
                } else if (text[i] == quote && !is_long) {
                        return i + 1;
                } else if (text[i] == quote && text[i + 1] == quote && text[i + 2] == quote) {
                        /* Up to two quotes may stand before the three that end it. */
                        while (text[i + 3] == quote)
                                i++;
                        return i + 3;
                }
        }
        return SIZE_MAX;
}

/* Return: one past the statement's last line (a header, an assignment with all its lines, a comment or an empty
 * line); SIZE_MAX where a string or bracket in it has no end. */
static size_t skip_statement(const char *text, size_t i) {
        size_t depth = 0;

        while (text[i]) {
                if (text[i] == '"' || text[i] == '\'') {
                        i = skip_string(text, i);
                        if (i == SIZE_MAX)
                                return i;
                        continue;
                }
                if (text[i] == '#')
                        i += strcspn(text + i, "\n");
                if (!text[i])
                        break;
                if (strchr("[{", text[i]))
                        depth++;
                else if (strchr("]}", text[i]) && depth-- == 0)
                        return SIZE_MAX;
                if (text[i++] == '\n' && depth == 0)
                        return i;
        }
        return depth == 0 ? i : SIZE_MAX;
}

/* Takes a word of a dotted name at *i, bare or in quotes. Return: whether it is `word`. */
static bool take_word(const char *text, size_t *i, const char *word) {
        size_t at = *i + strspn(text + *i, " \t"), len = strlen(word);
        bool quoted = text[at] == '"' || text[at] == '\'';

        at += quoted;
        if (strncmp(text + at, word, len) != 0 || (quoted && text[at + len] != text[at - 1]))
                return false;
        at += len + quoted;
        *i = at + strspn(text + at, " \t");
        return true;
}

typedef struct Found {
        size_t begin, end; /* of the entry's lines; equal: it is not there */
        bool foreign;      /* the section is written in another way */
} Found;

/* What a header names: 0 something else, 1 the entry or a table below it. */
static bool is_entry(const char *text, size_t i, const char *section, const char *key) {
        i++;
        return take_word(text, &i, section) && text[i++] == '.' && take_word(text, &i, key) &&
               strchr("].", text[i]);
}

/* Whether an assignment before the first header defines the section: section = {…}, section.key.… = … */
static bool is_foreign(const char *text, size_t i, const char *section) {
        return take_word(text, &i, section) && (text[i] == '=' || text[i] == '.');
}

static int find(const char *text, const char *section, const char *key, Found *ret) {
        bool in_entry = false, in_root = true;

        for (size_t i = 0, next; text[i]; i = next) {
                size_t at = i + strspn(text + i, " \t");

                next = skip_statement(text, i);
                if (next == SIZE_MAX)
                        return -EBADMSG;
                if (text[at] == '[') {
                        in_root = false;
                        in_entry = is_entry(text, at, section, key);
                        if (in_entry && ret->end == 0)
                                ret->begin = i;
                }
                if (in_entry && !strchr("\r\n#", text[at]))
                        ret->end = next;
                if (in_root && is_foreign(text, at, section))
                        ret->foreign = true;
        }
        return 0;
}

int toml_entry_has(const char *text, const char *section, const char *key) {
        Found f = {};
        int r = find(text, section, key, &f);

        return r < 0 ? r : f.end > 0;
}

int toml_entry_add(const char *text, const char *section, const char *key, const char *body, char **ret) {
        _cleanup_buf_ Buf b = {};
        Found f = {};
        size_t len = strlen(text);
        int r = find(text, section, key, &f);

        if (r < 0 || f.end > 0)
                return r;
        if (f.foreign)
                return -EEXIST;
        buf_append_str(&b, text);
        if (len > 0 && text[len - 1] != '\n')
                buf_append_char(&b, '\n');
        if (len > 0)
                buf_append_char(&b, '\n');
        buf_printf(&b, "[%s.%s]\n%s", section, key, body);
        *ret = buf_take(&b);
        return *ret ? 1 : -ENOMEM;
}

int toml_entry_remove(const char *text, const char *section, const char *key, char **ret) {
        _cleanup_buf_ Buf b = {};
        Found f = {};
        int r = find(text, section, key, &f);

        if (r < 0 || f.end == 0)
                return r;
        /* With the empty line before it. */
        if (f.begin > 1 && text[f.begin - 1] == '\n' && text[f.begin - 2] == '\n')
                f.begin--;
        buf_append(&b, text, f.begin);
        buf_append_str(&b, text + f.end);
        *ret = buf_take(&b);
        return *ret ? 1 : -ENOMEM;
}
