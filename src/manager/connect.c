/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sdbg/base/strv.h"

#include "manager/internal.h"

static void bus_unref(sd_bus **b) {
        /* Not flushed: that would wait for a bus that is not even there yet. */
        sd_bus_close_unref(*b);
}
#define _cleanup_bus_ _cleanup_(bus_unref)

static int open_address(const char *address, bool is_bus, sd_bus **ret) {
        _cleanup_bus_ sd_bus *bus = NULL;
        int r;

        r = sd_bus_new(&bus);
        if (r >= 0)
                r = sd_bus_set_address(bus, address);
        if (r >= 0)
                r = sd_bus_set_bus_client(bus, is_bus);
        if (r >= 0)
                r = sd_bus_start(bus);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(bus);
        return 0;
}

/* A private socket is answered by whoever made it: only the user's own manager will do. */
static bool peer_is_own(sd_bus *bus) {
        _cleanup_(sd_bus_creds_unrefp) sd_bus_creds *creds = NULL;
        uid_t uid;

        return sd_bus_get_owner_creds(bus, SD_BUS_CREDS_EUID, &creds) >= 0 &&
               sd_bus_creds_get_euid(creds, &uid) >= 0 && (uid == geteuid() || uid == 0);
}

/* A session bus of its own (dbus-run-session, another user's by su) has no systemd on it, and the one of
 * the system bus is not the user's. */
static bool has_manager(sd_bus *bus) {
        _cleanup_(sd_bus_creds_unrefp) sd_bus_creds *creds = NULL;
        uid_t uid;
        pid_t pid;

        return sd_bus_get_name_creds(bus, DESTINATION, SD_BUS_CREDS_EUID | SD_BUS_CREDS_PID, &creds) >= 0 &&
               sd_bus_creds_get_euid(creds, &uid) >= 0 && uid == geteuid() &&
               sd_bus_creds_get_pid(creds, &pid) >= 0 && pid != 1;
}

static bool environment_is_own(void) {
        const char *dir = secure_getenv("XDG_RUNTIME_DIR");
        struct stat st;

        return secure_getenv("DBUS_SESSION_BUS_ADDRESS") ||
               (dir && stat(dir, &st) >= 0 && st.st_uid == geteuid());
}

/* A bus whose daemon has died still takes connections on its socket, and answers none. */
#define READY_USEC (5 * USEC_PER_SEC)

static bool is_ready(sd_bus *bus) {
        usec_t deadline = now_usec(CLOCK_MONOTONIC) + READY_USEC;

        for (;;) {
                usec_t now = now_usec(CLOCK_MONOTONIC);
                int r = sd_bus_is_ready(bus);

                if (r != 0)
                        return r > 0;
                r = sd_bus_process(bus, NULL);
                if (r == 0 && now < deadline)
                        r = sd_bus_wait(bus, deadline - now);
                if ((r < 0 && r != -EINTR) || now >= deadline)
                        return false;
        }
}

static int open_from_environment(sd_bus **ret) {
        _cleanup_bus_ sd_bus *bus = NULL;
        int r;

        if (!environment_is_own())
                return -ENOMEDIUM;
        r = sd_bus_open_user(&bus);
        if (r < 0)
                return r;
        if (!is_ready(bus))
                return -ETIMEDOUT;
        if (secure_getenv("DBUS_SESSION_BUS_ADDRESS") && !has_manager(bus))
                return -EHOSTUNREACH;
        *ret = TAKE_PTR(bus);
        return 0;
}

static int open_bus(sd_bus **ret) {
        char address[64];

        snprintf(address, sizeof(address), "unix:path=/run/user/%d/bus", (int) geteuid());
        return open_address(address, true, ret);
}

static int open_private(sd_bus **ret) {
        _cleanup_bus_ sd_bus *bus = NULL;
        char address[64];
        int r;

        snprintf(address, sizeof(address), "unix:path=/run/user/%d/systemd/private", (int) geteuid());
        r = open_address(address, false, &bus);
        if (r < 0)
                return r;
        if (!peer_is_own(bus))
                return -EPERM;
        *ret = TAKE_PTR(bus);
        return 0;
}

int manager_open(Manager *m) {
        static const struct {
                int (*open)(sd_bus **ret);
                const char *transport;
        } ways[] = {
                { open_from_environment, "bus" },
                { open_bus, "bus" },
                { open_private, "private socket" },
        };
        int first = -ENOMEDIUM;

        for (size_t i = 0; i < ELEMENTSOF(ways); i++) {
                _cleanup_bus_ sd_bus *bus = NULL;
                int r = ways[i].open(&bus);

                if (r >= 0 && is_ready(bus)) {
                        m->bus = TAKE_PTR(bus);
                        m->transport = ways[i].transport;
                        return 0;
                }
                if (r < 0 && first == -ENOMEDIUM)
                        first = r;
        }
        return first;
}

int manager_connect(Manager **ret, Error *reterr) {
        _cleanup_manager_ Manager *m = calloc(1, sizeof(Manager));
        int r;

        if (!m)
                return error_oom(reterr);
        r = manager_open(m);
        if (r < 0) {
                error_set(reterr, ERROR_MANAGER_UNREACHABLE, r, "cannot reach the user's service manager");
                error_hint(reterr, "is a systemd user session running? 'loginctl enable-linger' starts one "
                                   "without a login; 'sdbg doctor' checks everything");
                return r;
        }
        *ret = TAKE_PTR(m);
        return 0;
}

void manager_free(Manager *m) {
        sd_bus_slot_unref(m->job_slot);
        sd_bus_flush_close_unref(m->bus);
        strv_free(m->jobs);
        free(m->job_result);
        free(m->starting);
        free(m);
}

const char *manager_transport(const Manager *m) {
        return m->transport;
}

int manager_version(Manager *m, char **ret, Error *reterr) {
        _cleanup_bus_error_ sd_bus_error e = SD_BUS_ERROR_NULL;
        int r;

        r = sd_bus_get_property_string(m->bus, DESTINATION, OBJECT, INTERFACE, "Version", &e, ret);
        return r < 0 ? manager_error(r, &e, "cannot ask the user's service manager", reterr) : 0;
}
