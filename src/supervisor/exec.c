/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sdbg/base/fd.h"
#include "sdbg/base/strv.h"
#include "sdbg/probe/cgroup.h"
#include "sdbg/text/quote.h"

#include "supervisor/stdio.h"
#include "supervisor/supervisor.h"

/* What a shell gives for a command that is not found, and for one that cannot be executed. */
#define EXIT_NOT_FOUND 127
#define EXIT_NOT_EXECUTABLE 126

/* Out of memory, the kernel shall take the job's processes before the supervisor, which still has to
 * say what happened; the user manager's services stand at 200. */
#define OOM_SCORE_JOB "300"

/* How far the child got, with the errno of the step that failed. */
typedef struct ExecError {
        enum { STEP_CGROUP, STEP_CWD, STEP_STDIO, STEP_EXEC } step;
        int errnum;
} ExecError;

void supervisor_reset_signals(void) {
        sigset_t none;

        for (int i = 1; i < NSIG; i++)
                (void) signal(i, SIG_DFL);
        sigemptyset(&none);
        (void) sigprocmask(SIG_SETMASK, &none, NULL);
}

static void apply_limits(const Spec *spec) {
        for (int i = 0; i < RLIM_NLIMITS; i++) {
                const SpecLimit *l = &spec->limits[i];
                struct rlimit now, want = { .rlim_cur = l->soft, .rlim_max = l->hard };

                /* The user manager's hard limit may be below the caller's, and cannot be raised. */
                if (getrlimit(i, &now) < 0)
                        continue;
                want.rlim_max = MIN(want.rlim_max, now.rlim_max);
                want.rlim_cur = MIN(want.rlim_cur, want.rlim_max);
                (void) setrlimit(i, &want);
        }
}

static void write_once(const char *path, const char *text) {
        _cleanup_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);

        if (fd >= 0)
                (void) write_all(fd, text, strlen(text));
}

/* The child: returns only where a step failed. */
static ExecError run_child(Supervisor *s, const JobStdio *io) {
        const Spec *spec = &s->spec;

        (void) setsid();
        write_once("/proc/self/oom_score_adj", OOM_SCORE_JOB);
        apply_limits(spec);
        if (spec->nice != 0)
                (void) setpriority(PRIO_PROCESS, 0, spec->nice);
        (void) umask(spec->umask);
        if (stdio_connect(s, io) < 0)
                return (ExecError){ STEP_STDIO, errno };
        if (chdir(spec->cwd) < 0)
                return (ExecError){ STEP_CWD, errno };
        supervisor_reset_signals();
        environ = spec->env ?: (char *[]){ NULL };
        execvp(spec->argv[0], spec->argv);
        return (ExecError){ STEP_EXEC, errno };
}

/* fork() into the job's cgroup: clone3() puts the child there before it runs (Linux 5.7), which is also
 * quicker than moving it. */
pid_t supervisor_fork_into(int cgroup_fd) {
        struct clone_args args = {
                .flags = CLONE_INTO_CGROUP,
                .exit_signal = SIGCHLD,
                .cgroup = cgroup_fd,
        };

        return syscall(SYS_clone3, &args, sizeof(args));
}

static pid_t start_child(Supervisor *s, const JobStdio *io, int errors) {
        pid_t pid = supervisor_fork_into(s->job_fd);

        if (pid == 0) {
                ExecError e = run_child(s, io);

                (void) write_all(errors, &e, sizeof(e));
                _exit(EXIT_FAILURE);
        }
        return pid;
}

/* The file that execvp(3) would have taken; the command's name where there is none. */
static char *find_command(const Spec *spec) {
        const char *name = spec->argv[0], *path = strv_env_get(spec->env, "PATH") ?: "/usr/bin:/bin";
        char *full;

        if (strchr(name, '/'))
                return strdup(name);
        while (*path) {
                size_t n = strcspn(path, ":");

                if (asprintf(&full, "%.*s/%s", (int) n, path, name) < 0)
                        return NULL;
                if (access(full, F_OK) >= 0)
                        return full;
                free(full);
                path += n + (path[n] == ':');
        }
        return strdup(name);
}

/* The interpreter that a script's first line names; NULL where it is no script. */
static char *find_interpreter(const char *path) {
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        char line[256] = "";
        const char *p;

        if (fd < 0 || read(fd, line, sizeof(line) - 1) < 2 || !startswith(line, "#!"))
                return NULL;
        p = line + 2 + strspn(line + 2, " \t");
        return strndup(p, strcspn(p, " \t\n"));
}

/* Why the interpreter of a script cannot be had. Return: as asprintf(3); 0 where it is not to blame. */
static int explain_interpreter(const char *path, const char *shown, char **ret) {
        _cleanup_free_ char *interpreter = find_interpreter(path), *clean = NULL;
        size_t len = interpreter ? strlen(interpreter) : 0;

        if (len == 0 || access(interpreter, X_OK) >= 0)
                return 0;
        if (interpreter[len - 1] == '\r')
                return asprintf(
                        ret,
                        "cannot execute %s: its interpreter is '%.*s' with a carriage return, since the "
                        "file has Windows line ends",
                        shown, (int) len - 1, interpreter);
        clean = printable_line(interpreter, len, 200);
        return asprintf(ret, "cannot execute %s: its interpreter %s %s", shown, strempty(clean),
                        access(interpreter, F_OK) < 0 ? "does not exist" : "is not executable");
}

static void explain_exec(Supervisor *s, int errnum) {
        _cleanup_free_ char *path = find_command(&s->spec), *shown = NULL;
        Job *j = &s->job;
        struct stat st;
        bool found;
        int r = 0;

        shown = path ? printable_line(path, strlen(path), 200) : NULL;
        if (!shown)
                return;
        found = stat(path, &st) >= 0 || (errno != ENOENT && errno != ENOTDIR);
        j->exit_code = found ? EXIT_NOT_EXECUTABLE : EXIT_NOT_FOUND;
        if (!found)
                r = asprintf(&j->reason, "command not found: %s%s", shown,
                             strchr(path, '/') ? "" : " (not in the PATH it was started with)");
        else if (stat(path, &st) >= 0 && S_ISDIR(st.st_mode))
                r = asprintf(&j->reason, "cannot execute %s: it is a directory", shown);
        else
                r = explain_interpreter(path, shown, &j->reason);
        if (r == 0)
                r = asprintf(&j->reason, "cannot execute %s: %s", shown, strerror(errnum));
        if (r < 0)
                j->reason = NULL;
}

static void explain(Supervisor *s, const ExecError *e) {
        Job *j = &s->job;
        int r = 0;

        switch (e->step) {
        case STEP_CWD:
                r = asprintf(&j->reason, "cannot enter directory %s: %s", s->job.cwd, strerror(e->errnum));
                break;
        case STEP_CGROUP:
                r = asprintf(&j->reason, "cannot start the command in its cgroup: %s (see 'sdbg doctor')",
                             strerror(e->errnum));
                break;
        case STEP_STDIO:
                r = asprintf(&j->reason, "cannot connect the command's output: %s", strerror(e->errnum));
                break;
        case STEP_EXEC:
                explain_exec(s, e->errnum);
        }
        if (r < 0)
                j->reason = NULL;
        j->result = RESULT_EXEC_FAILED;
        j->state = JOB_FAILED;
        if (j->exit_code < 0)
                j->exit_code = EXIT_NOT_EXECUTABLE;
}

static int make_job_cgroup(Supervisor *s) {
        s->job_fd = cgroup_make(s->cgroup_fd, "job");
        if (s->job_fd < 0)
                return s->job_fd;
        /* The unit's limit is for sdbg's own processes, too. Where this one cannot be had, it holds alone. */
        if (s->spec.tasks_max != UINT64_MAX)
                (void) cgroup_limit_tasks(s->cgroup_fd, "supervisor", s->job_fd, s->spec.tasks_max);
        s->events_fd = cgroup_open_events(s->job_fd);
        return s->events_fd < 0 ? s->events_fd : 0;
}

static int enter_cgroup(Supervisor *s) {
        _cleanup_free_ char *path = NULL;
        int r;

        r = cgroup_of(0, &path);
        if (r < 0)
                return r;
        s->cgroup_fd = cgroup_open(path);
        if (s->cgroup_fd < 0)
                return s->cgroup_fd;
        s->job.cgroup = TAKE_PTR(path);
        oom_init(&s->oom, s->cgroup_fd, s->job.cgroup);
        return make_job_cgroup(s);
}

/* Return: 0, negative errno of what failed, which is explained in the job. */
static int spawn(Supervisor *s) {
        JobStdio io = JOB_STDIO_INIT;
        int errors[2] = { -EBADF, -EBADF };
        ExecError e = {};
        pid_t pid = -1;
        int r;

        if ((r = stdio_open(s, &io)) < 0 || pipe2(errors, O_CLOEXEC) < 0)
                e = (ExecError){ STEP_STDIO, r < 0 ? -r : errno };
        else {
                pid = start_child(s, &io, errors[1]);
                if (pid < 0)
                        e = (ExecError){ STEP_CGROUP, errno };
        }
        stdio_close(&io);
        close_fd(errors[1]);

        /* The pipe ends without a word when execve(2) succeeds. */
        if (pid > 0 && read(errors[0], &e, sizeof(e)) == sizeof(e))
                (void) waitpid(pid, NULL, 0);
        close_fd(errors[0]);
        if (e.errnum > 0) {
                explain(s, &e);
                return -e.errnum;
        }
        s->job.pid = pid;
        return 0;
}

int supervisor_exec(Supervisor *s) {
        int r = enter_cgroup(s);

        if (r >= 0)
                return spawn(s);
        explain(s, &(ExecError){ STEP_CGROUP, -r });
        return r;
}

int supervisor_exec_again(Supervisor *s) {
        int r;

        output_reopen(&s->output);
        /* A new one: what is cloned into a cgroup that was killed before is killed at once (seen with Linux
         * 6.18, which compares its kill_seq with that of the parent's cgroup). */
        s->job_fd = close_fd(s->job_fd);
        s->events_fd = close_fd(s->events_fd);
        (void) cgroup_remove(s->cgroup_fd, "job");
        r = make_job_cgroup(s);
        if (r >= 0)
                return spawn(s);
        explain(s, &(ExecError){ STEP_CGROUP, -r });
        return r;
}
