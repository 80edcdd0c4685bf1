/* SPDX-License-Identifier: MIT */
#include "manager/internal.h"

static int make_call(Manager *m, const ScopeUnit *s, bool with_optional, sd_bus_message **ret) {
        _cleanup_message_ sd_bus_message *call = NULL;
        int r;

        r = start_call_begin(m, s->unit, &call);
        if (r >= 0)
                /* Delegate: only then may more processes be moved in. */
                r = sd_bus_message_append(call, "(sv)(sv)(sv)(sv)", "Description", "s", s->description,
                                          "Slice", "s", s->slice, "Delegate", "b", true, "PIDs", "au", 1,
                                          (uint32_t) s->pid);
        if (r >= 0 && with_optional)
                r = sd_bus_message_append(call, "(sv)", "CollectMode", "s", "inactive-or-failed");
        if (r >= 0)
                r = start_call_end(call);
        if (r >= 0)
                *ret = TAKE_PTR(call);
        return r;
}

int manager_start_scope(Manager *m, const ScopeUnit *s, StartOutcome *ret, Error *reterr) {
        _cleanup_bus_error_ sd_bus_error e = SD_BUS_ERROR_NULL;
        _cleanup_message_ sd_bus_message *call = NULL, *reply = NULL;
        int r;

        r = manager_watch_jobs(m, reterr);
        if (r < 0)
                return r;
        free(m->starting);
        m->starting = strdup(s->unit);
        if (!m->starting)
                return error_oom(reterr);
        (void) sd_bus_call_method(m->bus, DESTINATION, OBJECT, INTERFACE, "ResetFailedUnit", NULL, NULL, "s",
                                  s->unit);
        r = make_call(m, s, !m->is_older, &call);
        if (r >= 0)
                r = sd_bus_call(m->bus, call, 0, &e, &reply);
        *ret = START_DONE;
        if (r < 0 && sd_bus_error_has_name(&e, ERROR_NAME("UnitExists"))) {
                *ret = START_EXISTS;
                return 0;
        }
        return r < 0 ? manager_error(r, &e, "the service manager refused", reterr)
                     : manager_take_job(m, reply, reterr);
}

int manager_attach(Manager *m, const char *unit, pid_t pid, Error *reterr) {
        _cleanup_bus_error_ sd_bus_error e = SD_BUS_ERROR_NULL;
        int r = manager_call(m, OBJECT, INTERFACE, "AttachProcessesToUnit", &e, NULL, "ssau", unit, "", 1,
                             (uint32_t) pid);

        return r < 0 ? manager_error(r, &e, "the service manager cannot move the process", reterr) : 0;
}
