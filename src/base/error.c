/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdio.h>

#include "sdbg/base/error.h"

int error_set(Error *e, const char *code, int errnum, const char *format, ...) {
        _cleanup_free_ char *text = NULL;
        va_list ap;
        int r;

        errnum = abs(errnum);
        if (!e || e->code)
                return errnum ? -errnum : -EINVAL;

        va_start(ap, format);
        r = vasprintf(&text, format, ap);
        va_end(ap);
        if (r < 0)
                text = NULL;

        e->code = code;
        e->errnum = errnum;
        if (text && errnum) {
                if (asprintf(&e->message, "%s: %s", text, strerror(errnum)) < 0)
                        e->message = NULL;
        } else
                e->message = TAKE_PTR(text);

        return errnum ? -errnum : -EINVAL;
}

void error_hint(Error *e, const char *format, ...) {
        va_list ap;

        if (!e)
                return;

        free(e->hint);
        va_start(ap, format);
        if (vasprintf(&e->hint, format, ap) < 0)
                e->hint = NULL;
        va_end(ap);
}

void error_prefix(Error *e, const char *format, ...) {
        _cleanup_free_ char *prefix = NULL;
        char *joined;
        va_list ap;
        int r;

        if (!e)
                return;

        va_start(ap, format);
        r = vasprintf(&prefix, format, ap);
        va_end(ap);
        if (r < 0) {
                prefix = NULL;
                return;
        }

        if (asprintf(&joined, "%s: %s", prefix, strempty(e->message)) < 0)
                return;
        free(e->message);
        e->message = joined;
}

void error_clear(Error *e) {
        free(e->message);
        free(e->hint);
        *e = (Error){};
}

int error_oom(Error *e) {
        return error_set(e, ERROR_FAILED, ENOMEM, "out of memory");
}
