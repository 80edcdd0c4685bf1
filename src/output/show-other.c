/* SPDX-License-Identifier: MIT */
#include "sdbg/output/show.h"
#include "sdbg/output/style.h"
#include "sdbg/text/quote.h"

int show_checks(FILE *f, const CheckList *l) {
        for (size_t i = 0; i < l->n; i++) {
                const Check *c = &l->checks[i];

                fprintf(f, "%-4s  %-15s  %s\n", check_status_to_string(c->status), c->name, c->message);
                if (c->remedy)
                        fprintf(f, "%-23s  %s %s\n", "", locale_is_utf8() ? "→" : "->", c->remedy);
        }
        return 0;
}

int show_checks_json(FILE *f, const CheckList *l) {
        Json *array = json_new_array();

        for (size_t i = 0; i < l->n; i++) {
                const Check *c = &l->checks[i];
                Json *o = json_new_object();

                if (json_set(o, "check", json_new_string(c->name)) < 0 ||
                    json_set(o, "status", json_new_string(check_status_to_string(c->status))) < 0 ||
                    json_set(o, "message", json_new_string(c->message)) < 0 ||
                    json_set(o, "remedy", json_new_string(c->remedy)) < 0 || json_append(array, o) < 0) {
                        json_free(array);
                        return -ENOMEM;
                }
        }
        return show_json(f, array);
}

/* Errors quote what they were given, which may be any bytes. */
#define ERROR_TEXT_MAX 2000

static int show_error_json(const Error *e, const char *message, const char *hint) {
        _cleanup_json_ Json *o = json_new_object();
        Json *error = json_new_object();

        if (json_set(error, "code", json_new_string(e->code)) < 0 ||
            json_set(error, "message", json_new_string(message)) < 0 ||
            json_set(error, "hint", json_new_string(hint)) < 0) {
                json_free(error);
                return -ENOMEM;
        }
        return json_set(o, "error", error) < 0 ? -ENOMEM : show_json(stdout, TAKE_PTR(o));
}

void show_error(const Error *e, bool json) {
        _cleanup_free_ char *message =
                printable_line(strempty(e->message), strlen(strempty(e->message)), ERROR_TEXT_MAX);
        _cleanup_free_ char *hint = e->hint ? printable_line(e->hint, strlen(e->hint), ERROR_TEXT_MAX) : NULL;

        if (json && show_error_json(e, message, hint) >= 0 && fflush(stdout) == 0)
                return;
        fprintf(stderr, "sdbg: ");
        put_words(stderr, strempty(message));
        if (hint) {
                fprintf(stderr, "\nhint: ");
                put_words(stderr, hint);
        }
        fputc('\n', stderr);
}
