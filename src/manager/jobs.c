/* SPDX-License-Identifier: MIT */
#include "sdbg/base/strv.h"

#include "manager/internal.h"

int manager_error(int r, const sd_bus_error *e, const char *what, Error *reterr) {
        bool gone = r == -ENOTCONN || r == -ECONNRESET || r == -ENOTTY || r == -ETIMEDOUT ||
                    sd_bus_error_has_names(e, SD_BUS_ERROR_SERVICE_UNKNOWN, SD_BUS_ERROR_NO_REPLY,
                                           SD_BUS_ERROR_DISCONNECTED);
        const char *code = gone ? ERROR_MANAGER_UNREACHABLE : ERROR_FAILED;

        if (e && e->message) {
                error_set(reterr, code, 0, "%s: %s", what, e->message);
                return r;
        }
        return error_set(reterr, code, r, "%s", what);
}

static int on_job_removed(sd_bus_message *message, void *userdata, sd_bus_error *e) {
        Manager *m = userdata;
        const char *path, *unit, *result;
        uint32_t id;

        if (sd_bus_message_read(message, "uoss", &id, &path, &unit, &result) < 0)
                return 0;
        if (!strv_contains(m->jobs, path))
                return 0;
        strv_remove(m->jobs, path);
        free(m->job_result);
        m->job_result = strdup(result);
        return 0;
}

int manager_watch_jobs(Manager *m, Error *reterr) {
        int r;

        if (m->job_slot)
                return 0;
        r = sd_bus_match_signal_async(m->bus, &m->job_slot, manager_sender(m), OBJECT, INTERFACE,
                                      "JobRemoved", on_job_removed, NULL, m);
        return r < 0 ? manager_error(r, NULL, "cannot listen to the service manager", reterr) : 0;
}

int manager_take_job(Manager *m, sd_bus_message *reply, Error *reterr) {
        const char *path;

        if (sd_bus_message_read(reply, "o", &path) < 0)
                return error_set(reterr, ERROR_FAILED, EBADMSG,
                                 "the service manager's answer is not understood");
        if (strv_contains(m->jobs, path)) /* merged with one that was queued already */
                return 0;
        return strv_extend(&m->jobs, path) < 0 ? error_oom(reterr) : 0;
}

static bool no_jobs(void *userdata) {
        const Manager *m = userdata;
        return strv_length(m->jobs) == 0;
}

int manager_await_jobs(Manager *m, usec_t timeout, Error *reterr) {
        return manager_process_until(m, no_jobs, m, timeout, reterr);
}

int manager_process_until(Manager *m, bool (*done)(void *userdata), void *userdata, usec_t timeout,
                          Error *reterr) {
        usec_t deadline = timeout == USEC_INFINITY ? USEC_INFINITY : now_usec(CLOCK_MONOTONIC) + timeout;

        while (!done(userdata)) {
                usec_t now;
                int r = sd_bus_process(m->bus, NULL);

                if (r < 0)
                        return manager_error(r, NULL, "lost the connection to the service manager", reterr);
                if (r > 0)
                        continue;
                now = now_usec(CLOCK_MONOTONIC);
                if (now >= deadline)
                        return -ETIMEDOUT;
                r = sd_bus_wait(m->bus, deadline == USEC_INFINITY ? USEC_INFINITY : deadline - now);
                if (r < 0 && r != -EINTR)
                        return manager_error(r, NULL, "lost the connection to the service manager", reterr);
        }
        return 0;
}
