/* SPDX-License-Identifier: MIT */
#include <poll.h>
#include <stdarg.h>

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

/* A manager with thousands of units takes some seconds to execute itself anew. */
#define TRIES_MAX 100
#define TRY_USEC (100 * USEC_PER_MSEC)

bool manager_try_again(Manager *m, int r, const sd_bus_error *e, unsigned *tries) {
        bool lost = r == -ENOTCONN || r == -ECONNRESET || r == -EPIPE;

        if (!lost && !sd_bus_error_has_names(e, SD_BUS_ERROR_NO_REPLY, SD_BUS_ERROR_DISCONNECTED))
                return false;
        for (; *tries < TRIES_MAX; (*tries)++) {
                if (*tries > 0)
                        (void) poll(NULL, 0, TRY_USEC / USEC_PER_MSEC);
                if (!lost)
                        break;
                /* The private socket goes with the manager's old self. */
                m->job_slot = sd_bus_slot_unref(m->job_slot);
                sd_bus *old = m->bus;
                sd_bus_close(old);
                if (manager_open(m) < 0)
                        continue;
                sd_bus_unref(old);
                if (manager_watch_jobs(m, NULL) >= 0)
                        break;
        }
        return (*tries)++ < TRIES_MAX;
}

int manager_call(Manager *m, const char *path, const char *interface, const char *method, sd_bus_error *e,
                 sd_bus_message **reply, const char *types, ...) {
        unsigned tries = 0;
        int r;

        do {
                va_list ap;

                sd_bus_error_free(e);
                va_start(ap, types);
                r = sd_bus_call_methodv(m->bus, DESTINATION, path, interface, method, e, reply, types, ap);
                va_end(ap);
        } while (r < 0 && manager_try_again(m, r, e, &tries));
        return r;
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

/* Signals are missed while the manager executes itself anew; then the jobs themselves tell: those that are
 * over are no longer there. */
#define LOOK_USEC USEC_PER_SEC

static void look_at_jobs(Manager *m) {
        _cleanup_strv_free_ char **jobs = strv_copy(m->jobs);

        STRV_FOREACH (job, jobs) {
                _cleanup_bus_error_ sd_bus_error e = SD_BUS_ERROR_NULL;
                _cleanup_message_ sd_bus_message *reply = NULL;
                int r = manager_call(m, *job, "org.freedesktop.DBus.Properties", "Get", &e, &reply, "ss",
                                     "org.freedesktop.systemd1.Job", "State");

                if (r >= 0 ||
                    !sd_bus_error_has_names(&e, SD_BUS_ERROR_UNKNOWN_OBJECT, ERROR_NAME("NoSuchJob")))
                        continue;
                if (strv_contains(m->jobs, *job)) {
                        strv_remove(m->jobs, *job);
                        free(m->job_result);
                        m->job_result = NULL;
                }
        }
}

int manager_await_jobs(Manager *m, usec_t timeout, Error *reterr) {
        usec_t waited = 0;

        for (;;) {
                usec_t slice = MIN(LOOK_USEC, timeout - waited);
                unsigned tries = 0;
                int r = manager_process_until(m, no_jobs, m, slice, NULL);

                if (r >= 0)
                        return 0;
                if (r != -ETIMEDOUT && !manager_try_again(m, r, NULL, &tries))
                        return manager_error(r, NULL, "lost the connection to the service manager", reterr);
                waited += slice;
                if (waited >= timeout)
                        return -ETIMEDOUT;
                look_at_jobs(m);
        }
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
