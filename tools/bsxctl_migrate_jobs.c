/* bsxctl_migrate.h: the processes, what each takes, and how it tells what came of it. */
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/bsxctl_migrate.h"

/* An outcome is written whole or not at all. */
_Static_assert(sizeof(struct migrate_outcome) <= 4096, "more than PIPE_BUF");

/* ---- one of them ---- */

/* A process that cannot begin takes nothing from the others. */
static bool
begin(struct ctl *c, struct err *e)
{
	c->d = database_make(c->mem, &c->env, e);
	return c->d != NULL && ctl_provision(c, e);
}

static void
tell(int to, struct migrate_outcome *o)
{
	o->e.faults = NULL; /* memory of this process */
	if (write(to, o, sizeof(*o)) != sizeof(*o))
		_exit(EXIT_FAILURE);
}

/* Its parent's connections are its parent's: it has its own, and ends without looking at those. */
static void
work(struct ctl *c, const struct migrate_jobs *w, atomic_size_t *next, int to)
{
	struct migrate_outcome o = { .i = w->n };

	if (!begin(c, &o.e)) {
		tell(to, &o);
		_exit(EXIT_FAILURE);
	}
	for (size_t i = atomic_fetch_add(next, 1); i < w->n; i = atomic_fetch_add(next, 1)) {
		const struct provision p = { c->prov, c->d, &c->env };

		o = (struct migrate_outcome) { .i = i };
		if (provision_migrate_tenant(&p, &w->list[i], &o.done, &o.e))
			o.e = (struct err) { 0 };
		tell(to, &o);
		database_tidy(c->d);
	}
	_exit(EXIT_SUCCESS);
}

/* ---- all of them ---- */

static bool
start(struct ctl *c, const struct migrate_jobs *w, atomic_size_t *next, const int ends[2])
{
	pid_t parent = getpid(), pid = fork();

	if (pid != 0)
		return pid > 0;
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(EXIT_FAILURE);
	close(ends[0]);
	work(c, w, next, ends[1]);
	_exit(EXIT_FAILURE);
}

/* Until the last process has ended.  *broken: why one could not begin. */
static void
listen_to(const struct migrate_jobs *w, int from, bool *seen, struct err *broken)
{
	struct migrate_outcome o;
	ssize_t                n;

	while ((n = read(from, &o, sizeof(o))) == sizeof(o) || (n < 0 && errno == EINTR)) {
		if (n < 0)
			continue;
		if (o.i >= w->n) {
			*broken = o.e;
			continue;
		}
		seen[o.i] = true;
		w->told(w->arg, &o);
	}
}

static void
tell_of_the_rest(const struct migrate_jobs *w, const bool *seen, const struct err *broken)
{
	for (size_t i = 0; i < w->n; i++) {
		struct migrate_outcome o = { .i = i, .e = *broken };

		if (seen[i])
			continue;
		if (o.e.code == ERR_OK)
			err_set(&o.e, ERR_INTERNAL, 0,
			    "The process that was to do it has ended before.", "no outcome");
		w->told(w->arg, &o);
	}
}

static bool
carry(struct ctl *c, const struct migrate_jobs *w, atomic_size_t *next, struct err *e)
{
	bool      *seen = talloc_zero_array(c->mem, bool, (unsigned)w->n + 1);
	struct err broken = { 0 };
	int        ends[2], cause = 0;
	int64_t    started = 0;

	if (seen == NULL)
		return err_memory(e);
	if (pipe(ends) != 0)
		return err_set(e, ERR_INTERNAL, errno, "No process can be started.", "pipe: %s",
		    strerror(errno));
	for (int64_t i = 0; i < w->jobs && i < (int64_t)w->n && cause == 0; i++)
		if (start(c, w, next, ends))
			started++;
		else
			cause = errno;
	close(ends[1]);
	if (started > 0)
		listen_to(w, ends[0], seen, &broken);
	close(ends[0]);
	while (wait(NULL) > 0 || errno == EINTR)
		;
	if (started == 0)
		return err_set(e, ERR_INTERNAL, cause, "No process can be started.", "fork: %s",
		    strerror(cause));
	tell_of_the_rest(w, seen, &broken);
	return true;
}

bool
migrate_jobs(struct ctl *c, const struct migrate_jobs *w, struct err *e)
{
	atomic_size_t *next;
	bool           ok;

	if (w->n == 0)
		return true;
	fflush(stdout);
	next = mmap(NULL, sizeof(*next), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (next == MAP_FAILED)
		return err_memory(e);
	ok = carry(c, w, next, e);
	munmap(next, sizeof(*next));
	return ok;
}
