/* SPDX-License-Identifier: MIT */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"

#include "sdbg/probe/process.h"

static void test_identity(void **state) {
        ProcessIdentity me, parent;

        assert_int_equal(process_identify(getpid(), &me), 0);
        assert_int_equal(me.uid, geteuid());
        assert_int_equal(me.parent, getppid());
        assert_false(me.is_zombie);
        assert_string_equal(me.name, "test-probe-proc"); /* the kernel cuts it */
        assert_int_equal(process_identify(getppid(), &parent), 0);
        assert_true(parent.start <= me.start && me.start > 0);
        assert_int_equal(process_identify(0x3fffffff, &me), -ESRCH);
}

static void test_dying(void **state) {
        siginfo_t info;
        pid_t child;

        assert_false(process_is_dying(getpid()));
        assert_true(process_is_dying(0x3fffffff));
        child = fork();
        if (child == 0)
                pause();
        assert_true(child > 0);
        assert_false(process_is_dying(child));
        kill(child, SIGKILL);
        assert_true(process_is_dying(child));
        assert_int_equal(waitid(P_PID, child, &info, WEXITED | WNOWAIT), 0);
        assert_true(process_is_dying(child));
        waitid(P_PID, child, &info, WEXITED);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_identity),
                cmocka_unit_test(test_dying),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
