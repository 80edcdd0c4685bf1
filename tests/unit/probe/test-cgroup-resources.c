/* SPDX-License-Identifier: MIT */
#include "test.h"
#include "tmpdir.h"

#include "sdbg/probe/cgroup-resources.h"

static void write_attribute(int fd, const char *name, const char *text) {
        assert_int_equal(write_file_at(fd, name, text, strlen(text), 0600), 0);
}

static void test_limits(void **state) {
        TmpDir dir = tmpdir_make();
        int fd = dir.fd;
        CgroupLimits l;

        write_attribute(fd, "memory.max", "536870912\n");
        write_attribute(fd, "memory.high", "max\n");
        write_attribute(fd, "pids.max", "102\n");
        write_attribute(fd, "cpu.max", "150000 100000\n");
        cgroup_limits(fd, &l);
        assert_int_equal(l.memory_max, 512ULL << 20);
        assert_int_equal(l.memory_high, UINT64_MAX);
        assert_int_equal(l.tasks_max, 102);
        assert_int_equal(l.cpu_max, 150);
        assert_true(l.has_memory && l.has_tasks && l.has_cpu);
        tmpdir_remove(&dir);
}

static void test_no_limits(void **state) {
        TmpDir dir = tmpdir_make();
        int fd = dir.fd;
        CgroupLimits l;

        write_attribute(fd, "cpu.max", "max 100000\n");
        cgroup_limits(fd, &l);
        assert_int_equal(l.cpu_max, UINT64_MAX);
        assert_int_equal(l.memory_max, UINT64_MAX);
        assert_true(l.has_cpu);
        assert_false(l.has_memory || l.has_tasks);
        tmpdir_remove(&dir);
}

static void test_memory_events(void **state) {
        TmpDir dir = tmpdir_make();
        int fd = dir.fd;

        assert_int_equal(cgroup_oom_kills(fd), UINT64_MAX);
        write_attribute(fd, "memory.events", "low 0\nhigh 12\nmax 40\noom 3\noom_kill 2\noom_group_kill 0\n");
        write_attribute(fd, "memory.events.local", "low 0\nhigh 12\nmax 40\noom 1\noom_kill 2\n");
        assert_int_equal(cgroup_oom_kills(fd), 2);
        assert_int_equal(cgroup_oom_count(fd, false), 3);
        assert_int_equal(cgroup_oom_count(fd, true), 1);
        tmpdir_remove(&dir);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_limits),
                cmocka_unit_test(test_no_limits),
                cmocka_unit_test(test_memory_events),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
