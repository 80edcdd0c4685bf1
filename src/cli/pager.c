/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sdbg/base/fd.h"

#include "cli/pager.h"

static pid_t pager_pid;

static const char *pager_command(void) {
        const char *command = getenv("SDBG_PAGER") ?: getenv("PAGER"), *terminal = getenv("TERM");

        if (!isatty(STDOUT_FILENO) || !terminal || !*terminal || streq(terminal, "dumb"))
                return NULL;
        if (!command)
                return "for pager in less more; do command -v $pager >/dev/null && exec $pager; done; exec "
                       "cat";
        return *command && !streq(command, "cat") ? command : NULL;
}

/* Runs the command, and where there is no such thing shows the text as it is. The shell has to outlive the Ctrl+C
 * that is meant for the pager. */
static const char script[] = "trap : INT; eval \"$1\"; [ $? -ne 127 ] || exec cat";

static _Noreturn void exec_pager(const char *command, int input) {
        (void) signal(SIGPIPE, SIG_DFL);
        /* Quits where all fits on the screen, keeps colours, leaves the text on the terminal. */
        (void) setenv("LESS", "FRX", 0);
        if (dup2(input, STDIN_FILENO) >= 0)
                execl("/bin/sh", "sh", "-c", script, "sh", command, (char *) NULL);
        _exit(127);
}

bool pager_open(void) {
        const char *command = pager_command();
        int fds[2];

        if (!command || pipe2(fds, O_CLOEXEC) < 0)
                return false;
        fflush(stdout);
        pager_pid = fork();
        if (pager_pid == 0)
                exec_pager(command, fds[0]);
        close_fd(fds[0]);
        if (pager_pid > 0 && dup2(fds[1], STDOUT_FILENO) >= 0) {
                /* Ctrl+C is the pager's, and leaving it early is no failure. */
                (void) signal(SIGPIPE, SIG_IGN);
                (void) signal(SIGINT, SIG_IGN);
        }
        close_fd(fds[1]);
        return pager_pid > 0;
}

void pager_close(void) {
        if (pager_pid <= 0)
                return;
        fflush(stdout);
        close_fd(STDOUT_FILENO);
        while (waitpid(pager_pid, NULL, 0) < 0 && errno == EINTR)
                ;
        pager_pid = 0;
        /* What main() has to flush goes nowhere. */
        (void) open("/dev/null", O_WRONLY | O_CLOEXEC);
        clearerr(stdout);
}
