/* SPDX-License-Identifier: MIT */
#pragma once

#include <sys/types.h>

#include "sdbg/base/error.h"
#include "sdbg/base/time.h"

/* The user's service manager (org.freedesktop.systemd1(5)), over D-Bus. */

typedef struct Manager Manager;

/* Connects to the user manager: by $DBUS_SESSION_BUS_ADDRESS and $XDG_RUNTIME_DIR where they are this
 * user's, then by /run/user/UID/bus, then by the manager's private socket, which needs no bus daemon.
 * Return: 0; negative errno with reterr said (manager-unreachable). */
int manager_connect(Manager **ret, Error *reterr);
void manager_free(Manager *m);
DEFINE_CLEANUP_FUNC(Manager *, manager_free);
#define _cleanup_manager_ _cleanup_(manager_freep)

/* How the connection was made: "bus" or "private socket". Static memory. */
const char *manager_transport(const Manager *m);

/* Whether this process is in another mount, PID or user namespace than the manager: what the manager starts
 * is not in the sandbox then that the caller may be in.
 * Return: the kind that differs, "mount"; NULL where none does, or it cannot be told. Static memory. */
const char *manager_foreign_namespace(Manager *m);

/* The manager's version, as "252.38-1~deb12u1". Return: 0 and a string that the caller frees. */
int manager_version(Manager *m, char **ret, Error *reterr);

/* A job's unit to be. Nothing secret belongs here: all of it can be read by the user's processes. */
typedef struct StartUnit {
        const char *unit, *slice, *description;
        const char *supervisor, *auditor;            /* paths of the executables */
        const char *directory;                       /* of the job's runtime files: their only argument */
        usec_t stop_timeout;                         /* after which systemd kills what is left */
        char *const *properties;                     /* NAME=VALUE, the user's own */
        uint64_t memory_max, memory_high, tasks_max; /* 0: as the slice and the defaults have it */
        uint64_t cpu_max;                            /* percent of one CPU */
        usec_t start_timeout; /* after which a start has failed; 0: the manager's own */
} StartUnit;

typedef enum StartOutcome {
        START_DONE,   /* the command runs */
        START_FAILED, /* the supervisor says why in the state file */
        START_EXISTS, /* a unit of that name is loaded already */
} StartOutcome;

/* Sends StartTransientUnit; a failed unit of that name is reset first. The job it queues is waited for
 * with manager_await_start().
 * Return: 0 and *ret START_DONE or START_EXISTS; negative errno with reterr said. */
int manager_start(Manager *m, const StartUnit *u, StartOutcome *ret, Error *reterr);

/* The text of a unit file for the same job, by its name; spec: the path of a file that the supervisor shall read.
 * Return: the caller frees it; NULL without memory. */
char *unit_file_text(const StartUnit *u, const char *job, const char *spec);

/* Starts a unit that has a unit file. Return: as manager_start(). */
int manager_start_loaded(Manager *m, const char *unit, StartOutcome *ret, Error *reterr);

/* Has the manager read its unit files anew. Return: 0, negative errno with reterr said. */
int manager_reload(Manager *m, Error *reterr);

/* Waits until the start is decided. Return: as manager_start(), with START_FAILED; -ETIMEDOUT. */
int manager_await_start(Manager *m, usec_t timeout, StartOutcome *ret, Error *reterr);

/* A scope to be, for a process that runs already. */
typedef struct ScopeUnit {
        const char *unit, *slice, *description;
        pid_t pid;
} ScopeUnit;

/* Makes a scope with that one process; waited for with manager_await_start(). systemd moves a process from a login
 * session with PID 1's help, over the system bus (v238). Return: as manager_start(). */
int manager_start_scope(Manager *m, const ScopeUnit *s, StartOutcome *ret, Error *reterr);

/* Moves another process into a unit. Return: 0, negative errno with reterr said. */
int manager_attach(Manager *m, const char *unit, pid_t pid, Error *reterr);

/* Stops units, all at once, and waits until they are inactive with all their processes gone. One that is
 * not loaded is stopped already.
 * Return: 0; -ETIMEDOUT (nothing said); negative errno with reterr said. */
int manager_stop(Manager *m, char *const *units, usec_t timeout, Error *reterr);

/* Waits until no unit of that name is active,
 * nor on its way to be or from it. Return: 0, -ETIMEDOUT, negative errno. */
int manager_await_gone(Manager *m, const char *unit, usec_t timeout, Error *reterr);

/* What the manager knows of one unit. */
typedef struct UnitStatus {
        char *load_state, *active_state, *sub_state, *result, *control_group, *invocation;
        uint32_t main_pid, n_restarts;
        uint64_t memory_max;
        usec_t active_enter; /* CLOCK_REALTIME */
} UnitStatus;

/* Frees what it holds; all is then zero. */
void unit_status_done(UnitStatus *s);
#define _cleanup_unit_status_ _cleanup_(unit_status_done)

/* Whether the unit is loaded and not at its end. */
bool unit_status_is_active(const UnitStatus *s);

/* Asks for one unit. A unit that is not loaded is no error: load_state is "not-found".
 * Return: 0, negative errno with reterr said. */
int manager_query(Manager *m, const char *unit, UnitStatus *ret, Error *reterr);

/* One row of the list of units. */
typedef struct UnitRow {
        char *unit, *description, *active_state, *sub_state;
} UnitRow;

typedef struct UnitList {
        UnitRow *rows;
        size_t n;
} UnitList;

/* Frees what it holds; it is then empty. */
void unit_list_done(UnitList *l);
#define _cleanup_unit_list_ _cleanup_(unit_list_done)

/* All loaded units of jobs, services and scopes. Return: 0, negative errno with reterr said. */
int manager_list(Manager *m, UnitList *ret, Error *reterr);
