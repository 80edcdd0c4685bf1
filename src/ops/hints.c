/* SPDX-License-Identifier: MIT */
#include <signal.h>

#include "sdbg/base/buf.h"
#include "sdbg/base/parse.h"
#include "sdbg/base/strv.h"
#include "sdbg/text/regex.h"

#include "ops/hints.h"

/* By how a run ended; a name in braces is that of the job. Exit codes above 128 are a shell's: 128 + signal
 * (POSIX, XCU 2.8.2). */
static const struct {
        JobResult result;
        int code;           /* -1: any */
        const char *signal; /* NULL: any */
        const char *hint;
} by_end[] = {
        { RESULT_OOM_KILL, -1, NULL,
          "start it with a higher --memory-max, or let it do less at the same time" },
        { RESULT_TIMEOUT, -1, NULL, "start it with a longer --timeout, if it is not stuck" },
        { RESULT_IDLE_TIMEOUT, -1, NULL,
          "start it with a longer --idle-timeout, if it may be silent for that long" },
        { RESULT_READY_TIMEOUT, -1, NULL,
          "look whether its sign of readiness still fits, or start it with a longer --ready-timeout" },
        { RESULT_EXEC_FAILED, -1, NULL,
          "check the command's spelling and mode, and PATH where it was started" },
        { RESULT_LOST, -1, NULL,
          "'sdbg restart {}' starts it again; where a logout ended it, 'loginctl enable-linger' keeps jobs" },
        { RESULT_STOPPED, -1, NULL, "'sdbg restart {}' starts it again" },
        { RESULT_CORE_DUMP, -1, NULL, "'coredumpctl info' shows where it crashed" },
        { RESULT_SIGNAL, -1, "SIGSEGV",
          "it crashed; 'ulimit -c unlimited' before the start lets it dump core" },
        { RESULT_SIGNAL, -1, "SIGABRT", "it gave up by itself; its last lines mostly say why" },
        { RESULT_SIGNAL, -1, "SIGKILL",
          "somebody killed it, or the machine ran out of memory: 'journalctl -k | grep -i oom' tells" },
        { RESULT_SIGNAL, -1, "SIGPIPE", "what it wrote to was closed" },
        { RESULT_SIGNAL, -1, "SIGXCPU", "it reached a limit of CPU time, see 'ulimit -t'" },
        { RESULT_SIGNAL, -1, "SIGXFSZ", "it reached a limit of file size, see 'ulimit -f'" },
        { RESULT_EXIT_CODE, 126, NULL, "a command was found but could not be executed: check its mode" },
        { RESULT_EXIT_CODE, 127, NULL,
          "a command was not found: check its spelling, and PATH where it was started" },
        { RESULT_EXIT_CODE, 130, NULL, "a process of it was interrupted (SIGINT)" },
        { RESULT_EXIT_CODE, 137, NULL,
          "a process of it was killed (SIGKILL), mostly for want of memory: 'journalctl -k | grep -i oom' "
          "tells" },
        { RESULT_EXIT_CODE, 139, NULL, "a process of it crashed (SIGSEGV)" },
        { RESULT_EXIT_CODE, 143, NULL, "a process of it was asked to end (SIGTERM)" },
};

/* By what it printed last. */
static const struct {
        const char *pattern, *hint;
} by_text[] = {
        { "EADDRINUSE|address already in use",
          "another process listens on that port: 'sdbg list' shows the ports of jobs, 'ss -ltnp' all" },
        { "ENOSPC: System limit for number of file watchers",
          "raise the limit: 'sysctl fs.inotify.max_user_watches=524288'" },
        { "ENOSPC|no space left on device", "a file system is full: 'df -h' shows which" },
        { "EMFILE|too many open files", "raise the limit of open files ('ulimit -n') before the start" },
        { "heap out of memory",
          "give node more memory: NODE_OPTIONS=--max-old-space-size=4096, in megabytes" },
        { "cannot find module|module not found|no module named|ModuleNotFoundError|cannot find package",
          "something it needs is not installed, or it was started in another directory" },
        { "ENOENT.*package\\.json|no makefile found|could not find .Cargo\\.toml",
          "it was started in another directory than its project's: see 'directory' above, and --cwd" },
        { "EACCES|permission denied|operation not permitted", "it may not use a file or port that it wants" },
        { "ECONNREFUSED|connection refused",
          "what it connects to is not listening: 'sdbg list' shows the ports" },
        { "EAI_AGAIN|could not resolve host|name resolution|getaddrinfo ENOTFOUND",
          "a host name could not be resolved: is there a network?" },
        { "not a tty|inappropriate ioctl for device|stdin is not a terminal",
          "it wants a terminal: start it with --pty" },
        { "EOFError|EOF when reading a line|unexpected end of input",
          "it wanted input: start it with --stdin or --pty, and use 'sdbg send'" },
};

/* Return: 1 it was taken; 0 there are enough; -ENOMEM. */
static int add_hint(PostMortem *p, const char *hint, const char *name) {
        const char *brace = strstr(hint, "{}");
        Buf text = {};
        char *s;

        if (strv_length(p->hints) >= POSTMORTEM_HINTS)
                return 0;
        if (brace) {
                buf_append(&text, hint, brace - hint);
                buf_append_str(&text, name);
                hint = brace + strlen("{}");
        }
        buf_append_str(&text, hint);
        s = buf_take(&text);
        return s && strv_consume(&p->hints, s) >= 0 ? 1 : -ENOMEM;
}

static int add_by_end(const Job *j, PostMortem *p) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(by_end); i++)
                if (by_end[i].result == j->result && (by_end[i].code < 0 || by_end[i].code == j->exit_code) &&
                    (!by_end[i].signal || streq_ptr(by_end[i].signal, j->signal)))
                        r = add_hint(p, by_end[i].hint, j->name);
        return r;
}

static bool has_match(const PostMortem *p, const Regex *regex) {
        for (size_t i = 0; i < p->n_lines; i++)
                if (regex_match(regex, p->lines[i].text, strlen(p->lines[i].text)) > 0)
                        return true;
        return false;
}

static int add_by_text(const Job *j, PostMortem *p) {
        int r = 0;

        for (size_t i = 0; r >= 0 && p->n_lines > 0 && i < ELEMENTSOF(by_text); i++) {
                _cleanup_regex_ Regex *regex = NULL;

                r = regex_compile(by_text[i].pattern, true, &regex, NULL);
                if (r >= 0 && has_match(p, regex))
                        r = add_hint(p, by_text[i].hint, j->name);
        }
        return r;
}

int hints_find(const Job *j, PostMortem *p) {
        int r = 0;

        if (j->result == RESULT_SUCCESS)
                return 0;
        if (j->result != RESULT_STOPPED)
                r = add_by_text(j, p);
        if (r >= 0)
                r = add_by_end(j, p);
        return MIN(r, 0);
}
