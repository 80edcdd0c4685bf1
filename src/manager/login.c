/* SPDX-License-Identifier: MIT */
#include <unistd.h>

#include "sdbg/manager/login.h"

#include "manager/internal.h"

#define LOGIN "org.freedesktop.login1"
#define LOGIN_OBJECT "/org/freedesktop/login1"

static void bus_close(sd_bus **bus) {
        sd_bus_flush_close_unref(*bus);
}
#define _cleanup_bus_ _cleanup_(bus_close)

/* "auto" is the caller's own session, or the one that the user's display has (systemd v243). */
static int read_session(sd_bus *bus, const char *name, char **ret_id, uint32_t *ret_uid, uint32_t *ret_leader,
                        sd_bus_error *e) {
        _cleanup_message_ sd_bus_message *reply = NULL, *user = NULL;
        const char *path;
        int r;

        r = sd_bus_call_method(bus, LOGIN, LOGIN_OBJECT, LOGIN ".Manager", "GetSession", e, &reply, "s",
                               name);
        if (r >= 0)
                r = sd_bus_message_read(reply, "o", &path);
        if (r >= 0)
                r = sd_bus_get_property_string(bus, LOGIN, path, LOGIN ".Session", "Id", e, ret_id);
        if (r >= 0)
                r = sd_bus_get_property(bus, LOGIN, path, LOGIN ".Session", "User", e, &user, "(uo)");
        if (r >= 0)
                r = sd_bus_message_read(user, "(uo)", ret_uid, NULL);
        if (r >= 0)
                r = sd_bus_get_property_trivial(bus, LOGIN, path, LOGIN ".Session", "Leader", e, 'u',
                                                ret_leader);
        return r;
}

int login_session(char **ret_session, pid_t *ret_leader, Error *reterr) {
        const char *candidates[] = { getenv("XDG_SESSION_ID"), "auto" };
        _cleanup_bus_ sd_bus *bus = NULL;
        int r = sd_bus_open_system(&bus);

        if (r < 0)
                return error_set(reterr, ERROR_FAILED, r,
                                 "systemd-logind cannot be reached for --lifetime login");
        for (size_t i = 0; i < ELEMENTSOF(candidates); i++) {
                _cleanup_bus_error_ sd_bus_error e = SD_BUS_ERROR_NULL;
                _cleanup_free_ char *id = NULL;
                uint32_t uid, leader;

                if (!candidates[i] || read_session(bus, candidates[i], &id, &uid, &leader, &e) < 0 ||
                    uid != geteuid() || leader == 0)
                        continue;
                *ret_session = TAKE_PTR(id);
                *ret_leader = leader;
                return 0;
        }
        error_set(reterr, ERROR_USAGE, 0, "there is no login session that the job could end with");
        error_hint(reterr, "use --lifetime user, or PID:N of a process that ends in time");
        return -ENODATA;
}

int login_enable_linger(Error *reterr) {
        _cleanup_bus_error_ sd_bus_error e = SD_BUS_ERROR_NULL;
        _cleanup_bus_ sd_bus *bus = NULL;
        int r = sd_bus_open_system(&bus);

        if (r < 0)
                return error_set(reterr, ERROR_FAILED, r, "systemd-logind cannot be reached");
        r = sd_bus_call_method(bus, LOGIN, LOGIN_OBJECT, LOGIN ".Manager", "SetUserLinger", &e, NULL, "ubb",
                               (uint32_t) geteuid(), true, false);
        return r < 0 ? manager_error(r, &e, "systemd-logind refused to switch lingering on", reterr) : 0;
}
