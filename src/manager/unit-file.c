/* SPDX-License-Identifier: MIT */
#include "sdbg/base/buf.h"
#include "sdbg/base/strv.h"

#include "manager/internal.h"

/* One word of a command line (systemd.service(5), COMMAND LINES). specifiers: %t and the like are meant. */
static void put_word(Buf *b, const char *word, bool specifiers) {
        buf_append_str(b, " \"");
        for (const char *p = word; *p; p++) {
                if (*p == '"' || *p == '\\')
                        buf_append_char(b, '\\');
                if (*p == '$' || (*p == '%' && !specifiers))
                        buf_append_char(b, *p);
                buf_append_char(b, *p);
        }
        buf_append_char(b, '"');
}

static void put_exec(Buf *b, const char *key, const char *path, const char *job, const char *spec) {
        _cleanup_free_ char *directory = NULL;

        if (asprintf(&directory, "%%t/sdbg/jobs/%s", job) < 0) {
                directory = NULL;
                b->oom = true;
                return;
        }
        buf_printf(b, "%s=", key);
        put_word(b, path, false);
        put_word(b, directory, true);
        if (spec)
                put_word(b, spec, false);
        buf_append_char(b, '\n');
}

static void put_limit(Buf *b, const char *key, uint64_t value, const char *unit) {
        if (value > 0)
                buf_printf(b, "%s=%" PRIu64 "%s\n", key, value, unit);
}

/* A text in which % means itself. */
static void put_text(Buf *b, const char *key, const char *text) {
        buf_printf(b, "%s=", key);
        for (const char *p = text; *p; p++) {
                if (*p == '%')
                        buf_append_char(b, '%');
                buf_append_char(b, *p == '\n' ? ' ' : *p);
        }
        buf_append_char(b, '\n');
}

char *unit_file_text(const StartUnit *u, const char *job, const char *spec) {
        Buf b = {};

        buf_printf(&b, "# Written by 'sdbg enable %s'; 'sdbg disable %s' removes it.\n\n[Unit]\n", job, job);
        put_text(&b, "Description", u->description);
        buf_append_str(&b, "\n[Service]\nType=notify\nNotifyAccess=main\nKillMode=mixed\nDelegate=yes\n"
                           "IgnoreSIGPIPE=no\nStandardInput=null\nStandardOutput=null\nStandardError=null\n"
                           "OOMPolicy=continue\nTimeoutStartSec=infinity\n");
        buf_printf(&b, "Slice=%s\n", u->slice);
        if (u->stop_timeout == USEC_INFINITY)
                buf_append_str(&b, "TimeoutStopSec=infinity\n");
        else
                buf_printf(&b, "TimeoutStopSec=%" PRIu64 "us\n", u->stop_timeout + STOP_MARGIN_USEC);
        put_exec(&b, "ExecStart", u->supervisor, job, spec);
        put_exec(&b, "ExecStopPost", u->auditor, job, NULL);
        put_limit(&b, "MemoryMax", u->memory_max, "");
        put_limit(&b, "MemoryHigh", u->memory_high, "");
        put_limit(&b, "TasksMax", u->tasks_max, "");
        put_limit(&b, "CPUQuota", u->cpu_max, "%");
        STRV_FOREACH (p, u->properties)
                buf_printf(&b, "%s\n", *p);
        buf_append_str(&b, "\n[Install]\nWantedBy=default.target\n");
        return buf_take(&b);
}

int manager_reload(Manager *m, Error *reterr) {
        _cleanup_bus_error_ sd_bus_error e = SD_BUS_ERROR_NULL;
        int r = manager_call(m, OBJECT, INTERFACE, "Reload", &e, NULL, NULL);

        return r < 0 ? manager_error(r, &e, "the service manager cannot read its unit files anew", reterr)
                     : 0;
}
