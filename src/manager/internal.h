/* SPDX-License-Identifier: MIT */
#pragma once

#include <systemd/sd-bus.h>

#include "sdbg/manager/manager.h"

#define DESTINATION "org.freedesktop.systemd1"
#define OBJECT "/org/freedesktop/systemd1"
#define INTERFACE "org.freedesktop.systemd1.Manager"
#define ERROR_NAME(e) "org.freedesktop.systemd1." e

/* After the job's own grace time the supervisor still writes down how it ended. */
#define STOP_MARGIN_USEC (90 * USEC_PER_SEC)

struct Manager {
        sd_bus *bus;
        const char *transport;
        sd_bus_slot *job_slot; /* the match for JobRemoved */
        char **jobs;           /* object paths of the jobs that are waited for */
        char *job_result;      /* of the last of them that was removed */
        char *starting;        /* the unit of the start that is waited for */
        bool is_older;         /* it does not know all properties that are set where they can be */
};

static inline void message_unref(sd_bus_message **m) {
        sd_bus_message_unref(*m);
}
#define _cleanup_message_ _cleanup_(message_unref)
#define _cleanup_bus_error_ _cleanup_(sd_bus_error_free)

/* Whom a match for signals names: without a bus daemon, messages have no sender. */
static inline const char *manager_sender(Manager *m) {
        return sd_bus_is_bus_client(m->bus) > 0 ? DESTINATION : NULL;
}

/* Turns a failed call into an Error. Return: r. */
int manager_error(int r, const sd_bus_error *e, const char *what, Error *reterr);

/* Whether a call failed because the manager is executing itself anew (daemon-reexec) or the bus is gone
 * for a moment; then waits a little and connects again where that is needed, so that the caller can try
 * once more. *tries counts them, from 0. Return: whether to try again. */
bool manager_try_again(Manager *m, int r, const sd_bus_error *e, unsigned *tries);

/* Calls a method of the manager's object at `path`, again where manager_try_again() says so.
 * Return: as sd_bus_call_method(3). */
int manager_call(Manager *m, const char *path, const char *interface, const char *method, sd_bus_error *e,
                 sd_bus_message **reply, const char *types, ...);

/* Opens m->bus. Return: 0, negative errno. */
int manager_open(Manager *m);

/* Begins to listen for the end of a queued job; before the call that queues one, so that its signal
 * cannot be missed. Return: 0, negative errno with reterr said. */
int manager_watch_jobs(Manager *m, Error *reterr);

/* Remembers the job whose path a call answered, as one to wait for. */
int manager_take_job(Manager *m, sd_bus_message *reply, Error *reterr);

/* Waits until all these jobs have been removed. Return: 0, -ETIMEDOUT, negative errno with reterr said. */
int manager_await_jobs(Manager *m, usec_t timeout, Error *reterr);

/* Handles messages until `done` says so. Return: 0, -ETIMEDOUT, negative errno with reterr said. */
int manager_process_until(Manager *m, bool (*done)(void *userdata), void *userdata, usec_t timeout,
                          Error *reterr);

/* Begins a call of StartTransientUnit that fails where the unit exists. Its properties are to be appended, each a
 * "(sv)", and then start_call_end() called. Return: 0 and *ret, which the caller unrefs; negative errno. */
int start_call_begin(Manager *m, const char *unit, sd_bus_message **ret);
/* Return: 0 or more, negative errno. */
int start_call_end(sd_bus_message *call);

/* Appends "NAME=VALUE" to a StartTransientUnit call's properties, with the type that the manager itself
 * gives for NAME. Return: 0; -EINVAL with reterr said. */
int append_property(Manager *m, sd_bus_message *call, const char *assignment, Error *reterr);
