/* keyring.h: the keyring as a command prints it. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/secret.h"
#include "core/crypt/keyring_priv.h"

#define CANNOT 127 /* its process could not become it */

struct running {
	const char *name; /* for sentences */
	pid_t       pid;
	int         out;
	int         most_s;
	int64_t     until_ns;
};

/* Who may write it gives us our keys. */
static bool
check_program(const char *path, const char *name, struct err *e)
{
	struct stat st;

	if (path[0] != '/')
		return keyring_fail(e, 0, name, "must begin with '/': no path is searched");
	if (stat(path, &st) != 0)
		return keyring_fail(e, errno, name, "cannot be run");
	if (!S_ISREG(st.st_mode))
		return keyring_fail(e, 0, name, "is not a regular file");
	if ((st.st_mode & 022) != 0)
		return keyring_fail(e, 0, name, "can be written by group or others");
	return st.st_uid == 0 || st.st_uid == geteuid() ||
	       keyring_fail(e, 0, name, "belongs to another user");
}

static bool
to(int fd, int number)
{
	return fd >= 0 && dup2(fd, number) == number;
}

/* Nothing of ours but the words: no descriptor, no environment, no signal that is blocked or
 * ignored. */
static void
become(const struct strings *command, int out, pid_t parent)
{
	char    *none[] = { NULL };
	int      null = open("/dev/null", O_RDWR | O_CLOEXEC);
	sigset_t all;

	for (int s = 1; s < NSIG; s++)
		(void)signal(s, SIG_DFL);
	sigemptyset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, NULL);
	(void)setsid();
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* What it says beside its keys could be one of them. */
	if (getppid() != parent || !to(out, 1) || !to(null, 0) || !to(null, 2) || chdir("/") != 0 ||
	    close_range(3, ~0U, 0) != 0)
		_exit(CANNOT);
	execve(command->items[0], (char *const *)(void *)command->items, none);
	_exit(CANNOT);
}

static int
left_ms(const struct running *r)
{
	int64_t left = (r->until_ns - clock_ns(&clock_system)) / 1000000;

	return left < 0 ? 0 : (int)left;
}

/* False: time is up. */
static bool
wait_for(int fd, const struct running *r)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int           n;

	do
		n = poll(&p, 1, left_ms(r));
	while (n < 0 && errno == EINTR && left_ms(r) > 0);
	return n > 0;
}

static bool
too_slow(const struct running *r, struct err *e)
{
	char what[48];

	snprintf(what, sizeof(what), "did not end within %d s", r->most_s);
	return keyring_fail(e, 0, r->name, what);
}

static bool
read_output(const struct running *r, char *text, size_t *n, struct err *e)
{
	for (*n = 0;;) {
		ssize_t got;

		if (!wait_for(r->out, r))
			return too_slow(r, e);
		got = read(r->out, text + *n, KEYRING_FILE_MAX - *n);
		if (got < 0 && errno != EINTR)
			return keyring_fail(e, errno, r->name, "cannot be read");
		if (got == 0)
			return *n < KEYRING_FILE_MAX ||
			       keyring_fail(e, 0, r->name, "prints too much for a keyring");
		*n += got > 0 ? (size_t)got : 0;
	}
}

static bool
ended_well(const struct running *r, int status, struct err *e)
{
	char what[48];

	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return true;
	if (WIFEXITED(status) && WEXITSTATUS(status) == CANNOT)
		return keyring_fail(e, 0, r->name, "could not be run (status 127)");
	if (WIFEXITED(status))
		snprintf(what, sizeof(what), "ended with status %d", WEXITSTATUS(status));
	else
		snprintf(what, sizeof(what), "was ended by signal %d", WTERMSIG(status));
	return keyring_fail(e, 0, r->name, what);
}

/* It and what it has started; what left its session has no descriptor of ours. */
static bool
bury(const struct running *r, bool ok, struct err *e)
{
	int  status = 0, fd = pidfd_open(r->pid, 0);
	bool ended = ok && fd >= 0 && wait_for(fd, r);

	(void)kill(-r->pid, SIGKILL);
	(void)kill(r->pid, SIGKILL); /* it may not have come to its session yet */
	while (waitpid(r->pid, &status, 0) < 0 && errno == EINTR)
		;
	if (fd >= 0)
		close(fd);
	if (!ok)
		return false;
	return ended ? ended_well(r, status, e) : too_slow(r, e);
}

bool
keyring_run(const struct keyring *k, char *text, size_t *n, struct err *e)
{
	const struct strings *command = &k->from.command;
	const char           *name = k->name;
	struct running        r = { .name = name };
	pid_t                 self = getpid();
	int                   ends[2];
	bool                  ok;

	r.most_s = k->from.command_s > 0 ? k->from.command_s : KEYRING_COMMAND_S;
	r.until_ns = clock_ns(&clock_system) + r.most_s * INT64_C(1000000000);
	if (!check_program(command->items[0], name, e))
		return false;
	if (pipe2(ends, O_CLOEXEC) != 0)
		return keyring_fail(e, errno, name, "cannot be run");
	r.pid = fork();
	if (r.pid == 0)
		become(command, ends[1], self);
	close(ends[1]);
	r.out = ends[0];
	if (r.pid < 0) {
		close(ends[0]);
		return keyring_fail(e, errno, name, "cannot be run");
	}
	ok = bury(&r, read_output(&r, text, n, e), e);
	close(ends[0]);
	return ok;
}
