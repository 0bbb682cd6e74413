#include "drift/driftd/supervise.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/auth/keys_from.h"
#include "core/base/memory.h"
#include "core/shm/metric.h"
#include "core/store/alert/audit_feed.h"
#include "core/store/drift/run_index.h"
#include "core/store/tenant/operation.h"
#include "drift/collect/collector.h"

#define BEAT_MS        5000
#define TICK_MS        200
#define END_MS         7500 /* after TERM; then what still runs is killed */
#define EARLY_MS       5000 /* a sender that lived shorter is started again with a pause */
#define RESTART_MAX_MS 30000
#define SENDERS_MAX    64
#define COLLECTORS_MAX 16
#define HOST_MAX       256

struct child {
	const struct child_kind *kind;
	pid_t                    pid; /* 0: none */
	struct uuid              owner;
	int64_t                  began_ms;
	int64_t                  due_ms; /* when to start it again */
	int64_t                  pause_ms;
	bool                     orphaned; /* it died holding claims; they are to be released */
};

struct supervised {
	struct daemon *d;
	struct child   children[SENDERS_MAX + COLLECTORS_MAX]; /* senders first */
	unsigned       n;
	bool           ending;
	int64_t        beat_ms;
	bool           beat_failed;
};

/* What a child is: its life, and what becomes of its claims when it has died. */
static const struct child_kind {
	void (*say_died)(struct log *l, int exit_code, int by_signal);
	int (*main)(const struct supervised *r, unsigned i);
	bool (*release)(struct db *control, const struct uuid *owner, struct err *e);
} sender_kind, collector_kind;

static int64_t
now_ms(void)
{
	return clock_ns(&clock_system) / 1000000;
}

struct log *
daemon_log(TALLOC_CTX *mem, const struct conf *c, struct segment *s, struct err *e)
{
	struct log_options o = { .target = c->log_target,
		.service = "driftd",
		.clock = &clock_system,
		.dropped = s == NULL ? NULL : metric_log_dropped(s) };

	conf_log_levels(c, o.levels);
	return log_open(mem, &o, e);
}

struct env
daemon_env(const struct daemon *d)
{
	return (struct env) {
		.conf = d->conf,
		.clock = &clock_system,
		.rand = &rand_system,
		.log = d->log,
		.keyring = d->keyring,
		.segment = d->segment,
	};
}

struct sender_start
daemon_start(const struct daemon *d, unsigned self, struct uuid owner)
{
	return (struct sender_start) {
		.env = daemon_env(d),
		.slots = d->slots,
		.self = self,
		.owner = owner,
	};
}

/* ---- being alive ---- */

bool
daemon_alive(struct daemon *d, struct err *e)
{
	const struct env  env = daemon_env(d);
	char              host[HOST_MAX] = "";
	struct daemon_row row = {
		.id = d->id, .host = host, .pid = getpid(), .version = BSX_VERSION
	};

	(void)gethostname(host, sizeof(host) - 1);
	if (!daemon_beat(database_control(d->database), &row, e))
		return false;
	program_tell(&d->program, &env, d->database);
	return true;
}

static void
release(struct supervised *r)
{
	for (unsigned i = 0; i < r->n; i++) {
		struct child *c = &r->children[i];
		struct err    e = { 0 };

		if (!c->orphaned)
			continue;
		c->orphaned = !c->kind->release(database_control(r->d->database), &c->owner, &e);
	}
}

/* Only now and then is there a connection, so that no fork can inherit one. */
static void
beat(struct supervised *r)
{
	struct err e = { 0 };
	bool       ok = daemon_alive(r->d, &e);

	if (ok)
		release(r);
	else if (!r->beat_failed)
		log_err(r->d->log, LOG_SYSTEM, "the heartbeat waits for the database", &e);
	r->beat_failed = !ok;
	database_close_all(r->d->database);
	r->beat_ms = now_ms();
}

/* ---- children ---- */

static int
sender_main(const struct supervised *r, unsigned i)
{
	const struct sender_start s = daemon_start(r->d, i + 1, r->children[i].owner);

	return sender_run(&s);
}

static int
collector_main(const struct supervised *r, unsigned i)
{
	const struct collector_start s = { daemon_env(r->d), r->children[i].owner };

	return collector_run(&s);
}

static void
sender_died(struct log *l, int exit_code, int by_signal)
{
	log_event(l, LOG_SYSTEM, LOG_LEVEL_ERROR, "a sender died and is started again",
	    LOGS("event.action", "sender.restart"), LOGS("event.outcome", "failure"),
	    LOGI("process.exit_code", exit_code), LOGI("bsx.signal", by_signal));
}

static void
collector_died(struct log *l, int exit_code, int by_signal)
{
	log_event(l, LOG_SYSTEM, LOG_LEVEL_ERROR, "a collector died and is started again",
	    LOGS("event.action", "collector.restart"), LOGS("event.outcome", "failure"),
	    LOGI("process.exit_code", exit_code), LOGI("bsx.signal", by_signal));
}

static bool
sender_release(struct db *control, const struct uuid *owner, struct err *e)
{
	return claim_release(control, owner, e) && feed_release(control, owner, e) &&
	       operation_give_back(control, owner, e);
}

static const struct child_kind sender_kind = {
	.say_died = sender_died,
	.main = sender_main,
	.release = sender_release,
};
static const struct child_kind collector_kind = {
	.say_died = collector_died,
	.main = collector_main,
	.release = run_give_back,
};

static void
child_main(struct supervised *r, unsigned i, pid_t parent)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(EXIT_SUCCESS); /* it ended before the line above */
	_exit(r->children[i].kind->main(r, i));
}

static void
child_start(struct supervised *r, unsigned i)
{
	struct child *c = &r->children[i];
	pid_t         parent = getpid(), pid;

	/* Claims of the one before are released under its own name. */
	if (c->orphaned)
		return;
	c->owner = uuid_make(&clock_system, &rand_system);
	c->began_ms = now_ms();
	pid = fork();
	if (pid == 0)
		child_main(r, i, parent);
	if (pid < 0) {
		log_event(r->d->log, LOG_SYSTEM, LOG_LEVEL_ERROR, "a sender could not be started",
		    LOGS("event.action", "sender.start"), LOGS("error.message", strerror(errno)));
		c->due_ms = now_ms() + RESTART_MAX_MS;
		return;
	}
	c->pid = pid;
}

static void
child_ended(struct supervised *r, unsigned i, int status)
{
	struct child *c = &r->children[i];
	bool          clean = WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS;
	int64_t       lived = now_ms() - c->began_ms;

	c->pid = 0;
	if (c->kind == &sender_kind)
		channel_slots_clear(r->d->slots, i + 1);
	c->due_ms = now_ms();
	if (clean || r->ending) {
		c->pause_ms = 0;
		return;
	}
	c->orphaned = true;
	r->beat_ms = 0; /* its claims are released at once */
	if (lived < EARLY_MS)
		c->pause_ms = c->pause_ms == 0                   ? 250
			      : c->pause_ms * 2 > RESTART_MAX_MS ? RESTART_MAX_MS
								 : c->pause_ms * 2;
	else
		c->pause_ms = 0;
	c->due_ms += c->pause_ms;
	metric_add(r->d->segment, METRIC_WORKERS_DIED, METRIC_BY(NULL, "driftd"), 1);
	c->kind->say_died(r->d->log, WIFEXITED(status) ? WEXITSTATUS(status) : -1,
	    WIFSIGNALED(status) ? WTERMSIG(status) : 0);
}

static void
reap(struct supervised *r)
{
	int   status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (unsigned i = 0; i < r->n; i++)
			if (r->children[i].pid == pid)
				child_ended(r, i, status);
}

static unsigned
alive(const struct supervised *r)
{
	unsigned n = 0;

	for (unsigned i = 0; i < r->n; i++)
		n += r->children[i].pid != 0;
	return n;
}

static void
signal_all(const struct supervised *r, int number)
{
	for (unsigned i = 0; i < r->n; i++)
		if (r->children[i].pid != 0)
			kill(r->children[i].pid, number);
}

static void
start_due(struct supervised *r)
{
	for (unsigned i = 0; i < r->n && !r->ending; i++)
		if (r->children[i].pid == 0 && now_ms() >= r->children[i].due_ms)
			child_start(r, i);
}

/* ---- signals ---- */

/* What a HUP loads anew. */
struct loaded {
	struct conf     *conf;
	struct log      *log;
	struct keyring  *keyring;
	struct database *database;
};

static bool
load(const struct daemon *d, struct loaded *x, struct err *e)
{
	struct daemon now = *d;
	struct env    env;

	*x = (struct loaded) { .conf = conf_load(d->mem, d->conf_path, e) };
	x->log = x->conf == NULL ? NULL : daemon_log(d->mem, x->conf, d->segment, e);
	x->keyring = x->log == NULL ? NULL : keys_open_again(d->mem, x->conf, d->keyring, e);
	if (x->keyring == NULL)
		return false;
	now.conf = x->conf;
	now.log = x->log;
	now.keyring = x->keyring;
	env = daemon_env(&now);
	x->database = database_make(d->mem, &env, e);
	return x->database != NULL;
}

/* A file that does not load leaves everything as it is. */
static void
reload(struct supervised *r)
{
	struct daemon *d = r->d;
	struct err     e = { 0 };
	struct loaded  x;

	if (!load(d, &x, &e)) {
		talloc_free(x.keyring);
		talloc_free(x.log);
		talloc_free(x.conf);
		log_err(d->log, LOG_SYSTEM, "the configuration was not loaded again", &e);
		return;
	}
	/* What was loaded before stays until the end: a HUP is rare, it is small, and parts of it
	 * point to each other. */
	d->conf = x.conf;
	d->log = x.log;
	d->keyring = x.keyring;
	d->database = x.database;
	log_event(x.log, LOG_SYSTEM, LOG_LEVEL_INFO, "configuration loaded again",
	    LOGS("event.action", "reload"), LOGS("event.outcome", "success"));
	signal_all(r, SIGHUP);
}

static void
on_signal(struct supervised *r, int number)
{
	if (number == SIGHUP) {
		reload(r);
	} else if (number == SIGTERM || number == SIGINT) {
		r->ending = true;
		signal_all(r, SIGTERM);
	}
	reap(r);
}

static int
wait_signal(int64_t ms)
{
	struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };
	sigset_t        set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGCHLD);
	return sigtimedwait(&set, NULL, &t);
}

static void
end_children(struct supervised *r)
{
	int64_t until = now_ms() + END_MS;

	while (alive(r) > 0 && now_ms() < until) {
		(void)wait_signal(TICK_MS);
		reap(r);
	}
	if (alive(r) == 0)
		return;
	log_event(r->d->log, LOG_SYSTEM, LOG_LEVEL_WARN,
	    "senders waiting for a slow receiver are ended; their messages are sent again",
	    LOGS("event.action", "stop"), LOGI("bsx.senders", alive(r)));
	signal_all(r, SIGKILL);
	while (alive(r) > 0) {
		(void)wait_signal(TICK_MS);
		reap(r);
	}
}

static void
say_goodbye(struct supervised *r)
{
	struct err e = { 0 };

	if (!daemon_gone(database_control(r->d->database), &r->d->id, &e))
		log_err(r->d->log, LOG_SYSTEM, "the daemon's row stays behind", &e);
	program_ends(&r->d->program, r->d->database);
	database_close_all(r->d->database);
}

static void
child_add(struct supervised *r, const struct child_kind *kind, int64_t n, int64_t most)
{
	for (int64_t i = 0; i < n && i < most; i++)
		r->children[r->n++].kind = kind;
}

int
daemon_run(struct daemon *d)
{
	struct supervised *r = talloc_zero(d->mem, struct supervised);
	struct memory      m = MEMORY_NONE;
	int                number;

	if (r == NULL)
		return EXIT_FAILURE;
	r->d = d;
	child_add(r, &sender_kind, d->conf->driftd_senders, SENDERS_MAX);
	child_add(r, &collector_kind, d->conf->driftd_collectors, COLLECTORS_MAX);
	while (!r->ending) {
		start_due(r);
		if (r->beat_ms == 0 || now_ms() - r->beat_ms >= BEAT_MS)
			beat(r);
		number = wait_signal(TICK_MS);
		if (number > 0)
			on_signal(r, number);
		(void)memory_give_back(&m);
	}
	end_children(r);
	if (!r->beat_failed)
		say_goodbye(r);
	return EXIT_SUCCESS;
}
