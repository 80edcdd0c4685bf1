/* SPDX-License-Identifier: MIT */
#include "sdbg/base/buf.h"
#include "sdbg/base/strv.h"

#include "manager/internal.h"

/* Between two looks at a unit of which no signal comes. */
#define LOOK_USEC (50 * USEC_PER_MSEC)

/* One command line. Plain ExecStart= and not ExecStartEx=, whose name systemd 252 writes into the unit's file
 * and then does not know at the next daemon-reload; so '$' is doubled, which keeps it from being expanded
 * (systemd.service(5)). */
static int append_exec(sd_bus_message *call, const char *property, const char *path, const char *directory) {
        _cleanup_buf_ Buf literal = {};

        for (const char *p = directory; *p; p++) {
                if (*p == '$')
                        buf_append_char(&literal, '$');
                buf_append_char(&literal, *p);
        }
        buf_append_char(&literal, '\0');
        if (literal.oom)
                return -ENOMEM;
        return sd_bus_message_append(call, "(sv)", property, "a(sasb)", 1, path, 2, path, literal.data,
                                     false);
}

/* Properties that a job can do without; a manager that does not know one refuses the whole call. */
static const char *const optional[] = { "CollectMode", "OOMPolicy" };

/* The unit as sdbg needs it. KillMode=mixed, because the supervisor ends the tree and then still drains its
 * output; Delegate, for the cgroup of the job; no stdout stream to journald, of which a machine has only
 * 4096; CollectMode, so that a failed run does not hold the name; OOMPolicy=continue, so that one killed
 * child does not end the job. */
static int append_properties(sd_bus_message *call, const StartUnit *u, bool with_optional) {
        int r;

        r = sd_bus_message_append(
                call, "(sv)(sv)(sv)(sv)(sv)(sv)(sv)(sv)(sv)(sv)(sv)", "Description", "s", u->description,
                "Slice", "s", u->slice, "Type", "s", "notify", "NotifyAccess", "s", "main", "KillMode", "s",
                "mixed", "Delegate", "b", true, "IgnoreSIGPIPE", "b", false, "StandardInput", "s", "null",
                "StandardOutput", "s", "null", "StandardError", "s", "null", "TimeoutStopUSec", "t",
                u->stop_timeout == USEC_INFINITY ? USEC_INFINITY : u->stop_timeout + STOP_MARGIN_USEC);
        if (r >= 0 && u->start_timeout > 0)
                r = sd_bus_message_append(call, "(sv)", "TimeoutStartUSec", "t", u->start_timeout);
        if (r >= 0 && with_optional)
                r = sd_bus_message_append(call, "(sv)(sv)", optional[0], "s", "inactive-or-failed",
                                          optional[1], "s", "continue");
        if (r >= 0)
                r = append_exec(call, "ExecStart", u->supervisor, u->directory);
        if (r >= 0)
                r = append_exec(call, "ExecStopPost", u->auditor, u->directory);
        return r;
}

static int append_limits(sd_bus_message *call, const StartUnit *u) {
        const struct {
                const char *name;
                uint64_t value;
        } limits[] = {
                { "MemoryMax", u->memory_max },
                { "MemoryHigh", u->memory_high },
                { "TasksMax", u->tasks_max },
                { "CPUQuotaPerSecUSec", u->cpu_max * (USEC_PER_SEC / 100) },
        };
        int r = 0;

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(limits); i++)
                if (limits[i].value > 0)
                        r = sd_bus_message_append(call, "(sv)", limits[i].name, "t", limits[i].value);
        return r;
}

static bool is_optional_refused(const sd_bus_error *e) {
        if (!sd_bus_error_has_names(e, SD_BUS_ERROR_UNKNOWN_PROPERTY, SD_BUS_ERROR_PROPERTY_READ_ONLY))
                return false;
        for (size_t i = 0; i < ELEMENTSOF(optional); i++)
                if (strstr(e->message, optional[i]))
                        return true;
        return false;
}

int start_call_begin(Manager *m, const char *unit, sd_bus_message **ret) {
        _cleanup_message_ sd_bus_message *call = NULL;
        int r;

        r = sd_bus_message_new_method_call(m->bus, &call, DESTINATION, OBJECT, INTERFACE,
                                           "StartTransientUnit");
        if (r >= 0)
                r = sd_bus_message_append(call, "ss", unit, "fail");
        if (r >= 0)
                r = sd_bus_message_open_container(call, 'a', "(sv)");
        if (r >= 0)
                *ret = TAKE_PTR(call);
        return r;
}

int start_call_end(sd_bus_message *call) {
        int r = sd_bus_message_close_container(call);

        return r < 0 ? r : sd_bus_message_append(call, "a(sa(sv))", 0);
}

static int make_call(Manager *m, const StartUnit *u, sd_bus_message **ret, Error *reterr) {
        _cleanup_message_ sd_bus_message *call = NULL;
        int r;

        r = start_call_begin(m, u->unit, &call);
        if (r >= 0)
                r = append_properties(call, u, !m->is_older);
        if (r >= 0)
                r = append_limits(call, u);
        STRV_FOREACH (p, u->properties) {
                int k = append_property(m, call, *p, reterr);
                if (k < 0)
                        return k;
        }
        if (r >= 0)
                r = start_call_end(call);
        if (r < 0)
                return manager_error(r, NULL, "cannot make the call that starts the unit", reterr);
        *ret = TAKE_PTR(call);
        return 0;
}

static int send_start(Manager *m, const StartUnit *u, sd_bus_error *e, Error *reterr) {
        _cleanup_message_ sd_bus_message *call = NULL, *reply = NULL;
        int r;

        r = make_call(m, u, &call, reterr);
        if (r < 0)
                return r;
        r = sd_bus_call(m->bus, call, 0, e, &reply);
        return r < 0 ? r : manager_take_job(m, reply, reterr);
}

static bool is_exists(const sd_bus_error *e) {
        return sd_bus_error_has_name(e, ERROR_NAME("UnitExists"));
}

/* Sends the call until the manager has answered it. *ret_unsure: it may have been carried out although the
 * answer was lost. */
static int send_start_surely(Manager *m, const StartUnit *u, bool *ret_unsure, sd_bus_error *e,
                             Error *reterr) {
        unsigned tries = 0;
        int r;

        *ret_unsure = false;
        for (;;) {
                sd_bus_error_free(e);
                r = send_start(m, u, e, reterr);
                if (r < 0 && !m->is_older && is_optional_refused(e)) {
                        m->is_older = true;
                        continue;
                }
                if (r >= 0 || (reterr && reterr->code) || !manager_try_again(m, r, e, &tries))
                        return r;
                *ret_unsure = true;
        }
}

int manager_start(Manager *m, const StartUnit *u, StartOutcome *ret, Error *reterr) {
        _cleanup_bus_error_ sd_bus_error e = SD_BUS_ERROR_NULL;
        bool unsure;
        int r;

        r = manager_watch_jobs(m, reterr);
        if (r < 0)
                return r;
        free(m->starting);
        m->starting = strdup(u->unit);
        if (!m->starting)
                return error_oom(reterr);
        r = send_start_surely(m, u, &unsure, &e, reterr);
        if (r < 0 && is_exists(&e) && !unsure) {
                /* A failed unit that was kept (a manager older than CollectMode, or one that crashed)
                 * holds the name: forget it and try once more. */
                (void) sd_bus_call_method(m->bus, DESTINATION, OBJECT, INTERFACE, "ResetFailedUnit", NULL,
                                          NULL, "s", u->unit);
                r = send_start_surely(m, u, &unsure, &e, reterr);
        }
        *ret = START_DONE;
        if (r >= 0 || (is_exists(&e) && unsure))
                return 0;
        if (is_exists(&e)) {
                *ret = START_EXISTS;
                return 0;
        }
        return reterr && reterr->code ? r : manager_error(r, &e, "the service manager refused", reterr);
}

int manager_start_loaded(Manager *m, const char *unit, StartOutcome *ret, Error *reterr) {
        _cleanup_bus_error_ sd_bus_error e = SD_BUS_ERROR_NULL;
        _cleanup_message_ sd_bus_message *reply = NULL;
        int r;

        r = manager_watch_jobs(m, reterr);
        if (r < 0)
                return r;
        free(m->starting);
        m->starting = strdup(unit);
        if (!m->starting)
                return error_oom(reterr);
        *ret = START_DONE;
        r = manager_call(m, OBJECT, INTERFACE, "StartUnit", &e, &reply, "ss", unit, "replace");
        return r < 0 ? manager_error(r, &e, "the service manager refused", reterr)
                     : manager_take_job(m, reply, reterr);
}

static bool never(void *userdata) {
        return false;
}

/* How the unit that is being started stands, where no signal told. */
static int look_at_unit(Manager *m, usec_t timeout, StartOutcome *ret, Error *reterr) {
        usec_t deadline = timeout == USEC_INFINITY ? USEC_INFINITY : now_usec(CLOCK_MONOTONIC) + timeout;

        for (;;) {
                _cleanup_unit_status_ UnitStatus status = {};
                int r = manager_query(m, m->starting, &status, reterr);

                if (r < 0)
                        return r;
                if (!streq(strempty(status.active_state), "activating")) {
                        *ret = unit_status_is_active(&status) ? START_DONE : START_FAILED;
                        return 0;
                }
                if (now_usec(CLOCK_MONOTONIC) >= deadline)
                        return -ETIMEDOUT;
                (void) manager_process_until(m, never, NULL, LOOK_USEC, NULL);
        }
}

int manager_await_start(Manager *m, usec_t timeout, StartOutcome *ret, Error *reterr) {
        int r;

        free(m->job_result);
        m->job_result = NULL;
        r = manager_await_jobs(m, timeout, reterr);
        if (r < 0)
                return r;
        if (!m->job_result)
                return look_at_unit(m, timeout, ret, reterr);
        *ret = streq(m->job_result, "done") ? START_DONE : START_FAILED;
        return 0;
}

static int send_stop(Manager *m, const char *unit, Error *reterr) {
        _cleanup_bus_error_ sd_bus_error e = SD_BUS_ERROR_NULL;
        _cleanup_message_ sd_bus_message *reply = NULL;
        int r;

        r = manager_call(m, OBJECT, INTERFACE, "StopUnit", &e, &reply, "ss", unit, "replace");
        if (r < 0 && sd_bus_error_has_name(&e, ERROR_NAME("NoSuchUnit")))
                return 0;
        return r < 0 ? manager_error(r, &e, "the service manager refused", reterr)
                     : manager_take_job(m, reply, reterr);
}

int manager_stop(Manager *m, char *const *units, usec_t timeout, Error *reterr) {
        int r, refused = 0;

        r = manager_watch_jobs(m, reterr);
        if (r < 0)
                return r;
        STRV_FOREACH (unit, units) {
                r = send_stop(m, *unit, reterr);
                if (r < 0)
                        refused = r;
        }
        r = manager_await_jobs(m, timeout, reterr);
        return refused < 0 ? refused : r;
}
