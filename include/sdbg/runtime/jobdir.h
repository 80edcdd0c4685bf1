/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/base/error.h"
#include "sdbg/job/job.h"
#include "sdbg/job/spec.h"

/* The runtime files of jobs: $XDG_RUNTIME_DIR/sdbg/jobs/NAME/, mode 0700, with
 *   spec.json   what to run (0600, secrets)
 *   state.json  the run's Job as the supervisor last knew it, replaced at each change
 *   ring        the newest output, see ring.h
 *   stop-timeout  the grace time that a stop asked for, where it is not the spec's
 *   stopped-by    who asked for the stop, for people
 *   lock        held while a start or restart of that name is being asked for
 * Beside jobs/ stands journal-checked, once it was said whether the journal can be read.
 * They go with the user's runtime directory (at reboot or the end of the user manager). */

/* The user's runtime directory: $XDG_RUNTIME_DIR where it belongs to the effective user, else
 * /run/user/UID. It must be a directory of the user with mode 0700 or stricter for others
 * (XDG Base Directory Specification).
 * Return: 0 and a path that the caller frees; negative errno with reterr said. */
int runtime_dir(char **ret, Error *reterr);

/* Whether this is asked for the first time since the runtime directory was made; `what` names it.
 * Return: 1; 0: it was asked before; negative errno. */
int jobs_first_time(const char *what);

/* Opens the directory of all jobs, making it and its parent where missing. What is there must be a
 * directory of the user that others cannot write to; symlinks are not followed.
 * Return: a descriptor that the caller closes; negative errno with reterr said. */
int jobs_open(Error *reterr);

/* The same for one job. create: make it where it is missing.
 * Return: a descriptor; -ENOENT (nothing said) without create where there is none; negative errno
 * with reterr said. */
int jobdir_open(const char *name, bool create, Error *reterr);

/* The absolute path of a job's directory. Return: as runtime_dir(). */
int jobdir_path(const char *name, char **ret, Error *reterr);

/* Waits for the lock of a job's directory; closing the descriptor gives it back.
 * Return: a descriptor, negative errno. */
int jobdir_lock(int dirfd);

/* Reads spec.json. Return: 0 and *ret, which the caller frees; -ENOENT; -EBADMSG; negative errno. */
int jobdir_read_spec(int dirfd, Spec *ret);

/* Writes spec.json (0600), whole or not at all. Return: 0, negative errno. */
int jobdir_write_spec(int dirfd, const Spec *s);

/* Forgets how the job was started. Return: 0, negative errno. */
int jobdir_remove_spec(int dirfd);

/* Reads a spec from another place. Return: as jobdir_read_spec(). */
int spec_read_file(const char *path, Spec *ret);

/* Reads state.json. Return: 0 and *ret, which the caller frees; -ENOENT; -EBADMSG; negative errno. */
int jobdir_read_state(int dirfd, Job *ret);

/* The same by a descriptor of jobs_open(), for whoever looks at many. Return: as jobdir_read_state(). */
int jobdir_read_state_at(int jobs_fd, const char *name, Job *ret);

/* Writes state.json (0600), whole or not at all. Return: 0, negative errno. */
int jobdir_write_state(int dirfd, const Job *j);

/* Writes and reads the grace time of the stop that comes next. Return: 0; -ENOENT; negative errno. */
int jobdir_write_stop_timeout(int dirfd, usec_t timeout);
int jobdir_read_stop_timeout(int dirfd, usec_t *ret);

/* Writes and reads who asks for the stop that comes next: text for people. Return: 0; -ENOENT; negative
 * errno; *ret is the caller's to free. */
int jobdir_write_stopped_by(int dirfd, const char *who);
int jobdir_read_stopped_by(int dirfd, char **ret);

/* Forgets the run before: its state and ring. Return: 0, negative errno. */
int jobdir_forget_run(int dirfd);

/* The names of all job directories, sorted. Return: 0 and a vector that the caller frees; negative
 * errno with reterr said. */
int jobdir_list(char ***ret, Error *reterr);

/* Removes a job's directory. Return: 0, negative errno. */
int jobdir_remove(const char *name, Error *reterr);
