/* SPDX-License-Identifier: MIT */
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"

#include "sdbg/base/fd.h"
#include "sdbg/tty/tty.h"

typedef struct Pair {
        int master, slave;
        struct termios before;
} Pair;

static int setup(void **state) {
        static Pair p;

        p = (Pair){};
        assert_int_equal(openpty(&p.master, &p.slave, NULL, NULL, NULL), 0);
        assert_int_equal(tcgetattr(p.slave, &p.before), 0);
        *state = &p;
        return 0;
}

static int teardown(void **state) {
        Pair *p = *state;

        close_fd(p->master);
        close_fd(p->slave);
        return 0;
}

static bool is_as_before(const Pair *p) {
        struct termios now;

        assert_int_equal(tcgetattr(p->slave, &now), 0);
        return now.c_iflag == p->before.c_iflag && now.c_oflag == p->before.c_oflag &&
               now.c_cflag == p->before.c_cflag && now.c_lflag == p->before.c_lflag &&
               memcmp(now.c_cc, p->before.c_cc, sizeof(now.c_cc)) == 0;
}

static void test_raw_and_back(void **state) {
        Pair *p = *state;
        char text[8];
        Tty t = {};

        assert_int_equal(tty_raw(p->slave, &t), 0);
        assert_false(is_as_before(p));
        assert_int_equal(write(p->master, "\x02\r\x03", 3), 3);
        assert_int_equal(read(p->slave, text, sizeof(text)), 3);
        assert_memory_equal(text, "\x02\r\x03", 3);
        errno = EILSEQ;
        tty_restore(&t);
        assert_int_equal(errno, EILSEQ);
        assert_true(is_as_before(p));
}

static void test_typed_ahead_stays(void **state) {
        Pair *p = *state;
        char text[8];
        _cleanup_tty_ Tty t = {};

        assert_int_equal(write(p->master, "ab", 2), 2);
        assert_int_equal(tty_raw(p->slave, &t), 0);
        assert_int_equal(read(p->slave, text, sizeof(text)), 2);
        assert_memory_equal(text, "ab", 2);
}

static void test_raw_again_keeps_the_first_modes(void **state) {
        Pair *p = *state;
        Tty t = {};

        assert_int_equal(tty_raw(p->slave, &t), 0);
        assert_int_equal(tty_raw(p->slave, &t), 0);
        tty_restore(&t);
        assert_true(is_as_before(p));
}

static void test_restore_does_it_once(void **state) {
        Pair *p = *state;
        Tty t = {};
        struct termios other;

        tty_restore(&t);
        assert_int_equal(tty_raw(p->slave, &t), 0);
        tty_restore(&t);
        other = p->before;
        other.c_lflag &= ~ECHO;
        assert_int_equal(tcsetattr(p->slave, TCSANOW, &other), 0);
        tty_restore(&t);
        assert_false(is_as_before(p));
}

/* A session of its own, in which a process of the background restores. */
static int restore_in_background(Pair *p) {
        Tty t = {};
        pid_t other;
        int status;

        if (setsid() < 0 || ioctl(p->slave, TIOCSCTTY, 0) < 0 || tty_raw(p->slave, &t) < 0)
                return 1;
        other = fork();
        if (other == 0) {
                if (setpgid(0, 0) < 0)
                        _exit(2);
                tty_restore(&t);
                _exit(is_as_before(p) ? 3 : 0);
        }
        if (waitpid(other, &status, 0) != other || status != 0)
                return 4;
        tty_restore(&t);
        return is_as_before(p) ? 0 : 5;
}

static void test_background_leaves_it_alone(void **state) {
        pid_t child = fork();
        int status;

        if (child == 0)
                _exit(restore_in_background(*state));
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(status, 0);
}

static void test_size(void **state) {
        Pair *p = *state;
        struct winsize size = { .ws_col = 132, .ws_row = 43 };
        unsigned columns, rows;

        assert_int_equal(tty_size(p->slave, &columns, &rows), -ENODATA);
        assert_int_equal(ioctl(p->master, TIOCSWINSZ, &size), 0);
        assert_int_equal(tty_size(p->slave, &columns, &rows), 0);
        assert_int_equal(columns, 132);
        assert_int_equal(rows, 43);
}

static void test_no_terminal(void **state) {
        Tty t = {};
        unsigned columns, rows;
        int fds[2];

        assert_int_equal(pipe(fds), 0);
        assert_int_equal(tty_raw(fds[0], &t), -ENOTTY);
        tty_restore(&t);
        assert_int_equal(tty_size(fds[0], &columns, &rows), -ENOTTY);
        close_fd(fds[0]);
        close_fd(fds[1]);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_raw_and_back, setup, teardown),
                cmocka_unit_test_setup_teardown(test_typed_ahead_stays, setup, teardown),
                cmocka_unit_test_setup_teardown(test_raw_again_keeps_the_first_modes, setup, teardown),
                cmocka_unit_test_setup_teardown(test_restore_does_it_once, setup, teardown),
                cmocka_unit_test_setup_teardown(test_background_leaves_it_alone, setup, teardown),
                cmocka_unit_test_setup_teardown(test_size, setup, teardown),
                cmocka_unit_test(test_no_terminal),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
