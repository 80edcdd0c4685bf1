/* SPDX-License-Identifier: MIT */
#include "sdbg/control/control.h"
#include "sdbg/ops/send.h"

#define ANSWER_USEC (10 * USEC_PER_SEC)

static int take_screen(const Frame *f, const char *name, Json **ret) {
        _cleanup_json_ Json *screen = NULL;
        int r;

        r = json_parse(f->data, f->len, &screen);
        if (r >= 0)
                r = json_set(screen, "job", json_new_string(name));
        if (r >= 0)
                *ret = TAKE_PTR(screen);
        return r;
}

int op_screen(const ScreenRequest *q, Json **ret, Error *reterr) {
        _cleanup_connection_ Connection *c = NULL;
        const char *ask = q->color ? "{\"color\":true}" : "{}";
        _cleanup_job_ Job j = JOB_INIT;
        JobSide side;
        Frame f;
        int r;

        r = control_check(q->name, true, &j, reterr);
        if (r >= 0)
                r = control_connect(q->name, &(Greeting){ .read_only = true }, &c, &side, reterr);
        if (r < 0)
                return r;
        r = connection_send(c, FRAME_SCREEN, ask, strlen(ask));
        while (r >= 0) {
                r = connection_next(c, ANSWER_USEC, &f);
                if (r == 0)
                        r = -ETIMEDOUT;
                if (r > 0 && f.type == FRAME_ERROR)
                        return connection_error(&f, q->name, reterr);
                if (r > 0 && f.type == FRAME_SCREEN) {
                        r = take_screen(&f, q->name, ret);
                        break;
                }
        }
        return r < 0 ? error_set(reterr, ERROR_FAILED, r, "cannot see the screen of job '%s'", q->name) : 0;
}
