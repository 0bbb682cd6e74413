#include "tools/bsxctl_doctor.h"

#include <grp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define BAD_MAX 200 /* an exit status is a byte */
#define BROKEN  255

void
finding(struct findings *f, bool ok, const char *fmt, ...)
{
	va_list ap;

	fputs(ok ? "ok    " : "WRONG ", stdout);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
	f->bad += !ok;
}

void
finding_failed(struct findings *f, const char *what, const struct err *e)
{
	finding(f, false, "%s: %s (%s)", what, e->pub, ctl_text(f->c, e->detail));
}

/* ---- as the services' account ---- */

static void
look(struct findings *f)
{
	struct err e = { 0 };

	doctor_files(f);
	doctor_programs(f);
	doctor_web(f);
	if (!ctl_open(f->c, &e))
		finding_failed(f, "keyring and database settings", &e);
	else
		doctor_database(f);
}

static bool
become(const struct service *s)
{
	return initgroups(s->name, s->gid) == 0 && setgid(s->gid) == 0 && setuid(s->uid) == 0 &&
	       (s->uid == 0 || setuid(0) != 0);
}

/* Everything in `f` is the child's own from here on; it tells by its exit status how much is wrong.
 */
static void
look_as(struct findings *f)
{
	int   status = 0;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		f->bad = 0;
		if (!become(f->service))
			_exit(BROKEN);
		look(f);
		_exit(f->bad < BAD_MAX ? f->bad : BAD_MAX);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status) ||
	    WEXITSTATUS(status) == BROKEN)
		finding(f, false, "nothing can be tried as the account %s", f->service->name);
	else
		f->bad += WEXITSTATUS(status);
}

/* ---- as root ---- */

static void
look_at_provisioning(struct findings *f)
{
	struct ctl *c = f->c;
	struct err  e = { 0 };

	if (!ctl_provision(c, &e))
		ctl_say("note  schemas and accounts cannot be made from here: %s (%s)", e.pub,
		    ctl_text(c, e.detail));
	else
		finding(f, true, "provisioning account %s, for bsxctl only", f->provisioner);
}

static void
look_as_root(struct findings *f)
{
	const struct service *s = f->service;

	finding(f, true,
	    "the services' account is %s (uid %lld); what follows is tried as this account",
	    s->name, (long long)s->uid);
	look_as(f);
	look_at_provisioning(f);
}

/* ---- all ---- */

int
cmd_doctor(struct ctl *c, int argc, char **argv)
{
	struct service  s;
	struct findings f = { .c = c, .service = &s };
	struct err      e = { 0 };

	(void)argv;
	if (argc != 1)
		return ctl_usage("doctor", false);
	if (!ctl_conf(c, &e))
		return ctl_failed(&e);
	f.provisioner = provision_user(c->mem, c->conf);
	if (!service_find(c, NULL, &s, &e)) {
		finding_failed(&f, "account of the services", &e);
	} else if (geteuid() == 0 && !s.self) {
		look_as_root(&f);
	} else {
		if (strcmp(s.name, c->conf->user) != 0)
			ctl_say(
			    "note  the services' account is %s, you are %s: only root sees what it "
			    "can and cannot",
			    c->conf->user, s.name);
		look(&f);
	}
	if (f.bad > 0)
		ctl_say("%d wrong", f.bad);
	return f.bad == 0 ? 0 : 1;
}
