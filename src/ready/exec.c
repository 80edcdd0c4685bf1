/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sdbg/base/fd.h"
#include "sdbg/base/parse.h"

#include "ready/ready.h"

static _Noreturn void run_child(const Spec *s, const char *command) {
        int null = open("/dev/null", O_RDWR);

        (void) setpgid(0, 0);
        (void) umask(s->umask);
        if (null >= 0 && dup2(null, STDIN_FILENO) >= 0 && dup2(null, STDOUT_FILENO) >= 0 &&
            dup2(null, STDERR_FILENO) >= 0 && chdir(s->cwd) >= 0)
                (void) execve("/bin/sh", (char *[]){ (char *) "sh", (char *) "-c", (char *) command, NULL },
                              s->env ?: (char *[]){ NULL });
        _exit(126);
}

static void finish(Ready *r, Probe *p, bool holds, usec_t now) {
        p->pidfd = close_fd(p->pidfd);
        p->pid = 0;
        readiness_tell(&r->readiness, p->check, holds, now);
}

void exec_begin(Ready *r, Probe *p, usec_t now) {
        p->pid = fork();
        if (p->pid == 0)
                run_child(&r->spec, p->check->value);
        p->pidfd = p->pid < 0 ? -1 : (int) syscall(SYS_pidfd_open, p->pid, 0);
        if (p->pidfd >= 0)
                return;
        snprintf(p->text, sizeof(p->text), "it cannot be run: %s", strerror(errno));
        p->why = p->text;
        if (p->pid > 0) {
                (void) kill(p->pid, SIGKILL);
                (void) waitpid(p->pid, NULL, 0);
        }
        finish(r, p, false, now);
}

void exec_go_on(Ready *r, Probe *p, usec_t now) {
        int status;

        if (p->pid <= 0 || waitpid(p->pid, &status, WNOHANG) != p->pid)
                return;
        if (WIFEXITED(status))
                snprintf(p->text, sizeof(p->text), "it exits with code %d", WEXITSTATUS(status));
        else
                snprintf(p->text, sizeof(p->text), "it is killed by %s",
                         signal_to_string(WTERMSIG(status)) ?: "a signal");
        p->why = p->text;
        finish(r, p, WIFEXITED(status) && WEXITSTATUS(status) == 0, now);
}

void exec_give_up(Ready *r, Probe *p, usec_t now) {
        if (kill(-p->pid, SIGKILL) < 0)
                (void) kill(p->pid, SIGKILL);
        (void) waitpid(p->pid, NULL, 0);
        p->why = "it does not come to an end";
        finish(r, p, false, now);
}
