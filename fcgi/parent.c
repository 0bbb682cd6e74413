#include "fcgi/parent.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/net/fetcher.h"
#include "core/shm/metric.h"

#define MS_NS       INT64_C(1000000)
#define BACKOFF_MS  100
#define BACKOFF_TOP 30000
#define SETTLED_MS  60000 /* a worker that lived this long has no history */
#define REPLACE_MS  30000 /* one that takes longer to end does not hold up the next */
#define KILL_MS     7000  /* mod_fcgid kills us at 8 s; better that we say what was cut */
#define SWEEP_MS    1000
#define AWAY_MS     1000 /* a fetcher that is not there for longer is not waited for */

#define LINE_TEXT(n) #n
#define LINE(n)      LINE_TEXT(n)
#define PLACE        "parent.c:" LINE(__LINE__)

#define FETCHER SLOTS_MAX /* in the place of a worker's slot */

/* A worker, or the fetcher. */
struct child {
	pid_t    pid;        /* 0: not running */
	unsigned generation; /* of the configuration it runs with */
	int64_t  started_ms;
	int64_t  told_ms; /* when it was told to end; 0: not */
	int64_t  start_at_ms;
	int64_t  backoff_ms; /* before the next start if this one fails too */
};

struct herd {
	const struct parent *p;
	sigset_t             wanted;
	unsigned             wanted_n; /* workers */
	unsigned             generation;
	bool                 ending;
	int64_t              ending_ms;
	bool                 killed;
	struct child         children[SLOTS_MAX + 1]; /* by slot; the last is the fetcher */
};

/* What is said of an end that was not in order. */
struct words {
	const char *died, *code, *failed;
};

static const struct words worker_words = {
	.died = "a worker was killed by a signal",
	.code = "worker_died",
	.failed = "a worker failed",
};
static const struct words fetcher_words = {
	.died = "the fetcher was killed by a signal",
	.code = "fetcher_died",
	.failed = "the fetcher failed",
};

static bool
is_fetcher(unsigned slot)
{
	return slot == FETCHER;
}

static const struct words *
words_of(unsigned slot)
{
	return is_fetcher(slot) ? &fetcher_words : &worker_words;
}

static int64_t
now_ms(const struct herd *h)
{
	return clock_ns(h->p->clock) / MS_NS;
}

static struct log *
herd_log(const struct herd *h)
{
	return h->p->ops->log(h->p->arg);
}

/* In the child: its own life; never returns. */
static _Noreturn void
become(const struct herd *h, unsigned slot, pid_t parent)
{
	sigset_t child;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_UNBLOCK, &child, NULL);
	signal(SIGHUP, SIG_IGN); /* the parent's business */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent) /* it died before we asked to be told */
		_exit(0);
	if (is_fetcher(slot))
		h->p->ops->fetch(h->p->arg, parent);
	exit(h->p->ops->work(h->p->arg, slot));
}

static void
delay(struct child *w, int64_t now)
{
	w->backoff_ms = w->backoff_ms == 0 ? BACKOFF_MS : w->backoff_ms * 2;
	if (w->backoff_ms > BACKOFF_TOP)
		w->backoff_ms = BACKOFF_TOP;
	w->start_at_ms = now + w->backoff_ms;
}

static void
start(struct herd *h, unsigned slot)
{
	struct child *w = &h->children[slot];
	pid_t         self = getpid();
	pid_t         pid;

	fflush(NULL);
	pid = fork();
	if (pid == 0)
		become(h, slot, self);
	if (pid < 0) {
		log_event(herd_log(h), LOG_SYSTEM, LOG_LEVEL_ERROR, "cannot start a process",
		    LOGS("error.message", strerror(errno)));
		delay(w, now_ms(h));
		return;
	}
	w->pid = pid;
	w->generation = h->generation;
	w->started_ms = now_ms(h);
	w->told_ms = 0;
}

static bool
is_wanted(const struct herd *h, unsigned slot)
{
	return slot < h->wanted_n || is_fetcher(slot);
}

static void
start_due(struct herd *h)
{
	int64_t now = now_ms(h);

	for (unsigned i = 0; i <= FETCHER; i++) {
		const struct child *c = &h->children[i];

		if (is_wanted(h, i) && c->pid == 0 && c->start_at_ms <= now)
			start(h, i);
	}
}

static void
tell(struct herd *h, struct child *w, int sig)
{
	if (w->pid == 0)
		return;
	(void)kill(w->pid, sig);
	if (w->told_ms == 0)
		w->told_ms = now_ms(h);
}

static void
tell_once(struct herd *h, struct child *w)
{
	if (w->told_ms == 0)
		tell(h, w, SIGTERM);
}

/* One that does not end is killed, and told so by what is said of its death. */
static void
end_fetcher(struct herd *h)
{
	struct child *f = &h->children[FETCHER];

	if (f->told_ms == 0)
		tell(h, f, FETCHER_END);
	else if (now_ms(h) - f->told_ms >= REPLACE_MS)
		tell(h, f, SIGKILL);
}

/* One worker of an older generation at a time is told to end; its successor has the new one. */
static void
replace_old(struct herd *h)
{
	int64_t       now = now_ms(h);
	struct child *old = NULL;

	if (h->children[FETCHER].generation != h->generation)
		end_fetcher(h);
	for (unsigned i = h->wanted_n; i < SLOTS_MAX; i++)
		tell_once(h, &h->children[i]);
	for (unsigned i = 0; i < h->wanted_n; i++) {
		struct child *w = &h->children[i];

		if (w->pid == 0 || (w->told_ms != 0 && now - w->told_ms < REPLACE_MS))
			return;
		if (w->generation != h->generation && w->told_ms == 0)
			old = w;
	}
	if (old != NULL)
		tell_once(h, old);
}

/* A worker's slot says what it was doing. */
static void
report_killed(const struct herd *h, unsigned slot, pid_t pid, int sig)
{
	const struct words *w = words_of(slot);
	struct slot_state   s = { 0 };
	bool                busy = !is_fetcher(slot) && slot_read(h->p->segment, slot, &s);

	metric_add(h->p->segment, METRIC_ERRORS, METRIC_BY(w->code, PLACE), 1);
	log_event(herd_log(h), LOG_SYSTEM, LOG_LEVEL_ERROR, w->died,
	    LOGS("event.action", is_fetcher(slot) ? "fetcher-died" : "worker-died"),
	    LOGS("event.outcome", "failure"), LOGI("bsx.worker.pid", pid),
	    LOGI("process.exit_code", 128 + sig), LOGS("error.code", w->code),
	    LOGS("error.message", strsignal(sig)),
	    LOGS("http.request.id", busy ? s.request_id : NULL),
	    LOGS("rule.name", busy && s.route[0] != '\0' ? s.route : NULL));
}

static void
report_failed(const struct herd *h, unsigned slot, pid_t pid, int status)
{
	const struct words *w = words_of(slot);
	const char         *why = NULL;

	if (is_fetcher(slot) && status == FETCHER_OTHER)
		why = "it is of another version than this program: install both again, and restart";
	if (is_fetcher(slot) && status == 0)
		why = "it ended without being told: the road to it was shut down, and needs a "
		      "restart";
	log_event(herd_log(h), LOG_SYSTEM, LOG_LEVEL_ERROR, w->failed,
	    LOGS("event.action", is_fetcher(slot) ? "fetcher-failed" : "worker-failed"),
	    LOGI("bsx.worker.pid", pid), LOGI("process.exit_code", status),
	    LOGS("error.message", why));
}

static void
forget_slot(const struct herd *h, unsigned slot, int sig)
{
	char number[12];

	snprintf(number, sizeof(number), "%d", sig);
	metric_add(h->p->segment, METRIC_WORKERS_DIED, METRIC_BY(number), 1);
	slot_end(h->p->segment, slot);
}

static void
ended(struct herd *h, unsigned slot, int status)
{
	struct child *c = &h->children[slot];
	int64_t       now = now_ms(h);
	pid_t         pid = c->pid;

	c->pid = 0;
	if (now - c->started_ms >= SETTLED_MS)
		c->backoff_ms = 0;
	c->start_at_ms = now;
	/* The fetcher does not end well unless it is told: somebody has shut its road down. */
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0 && (!is_fetcher(slot) || c->told_ms != 0))
		return;
	delay(c, now);
	if (WIFEXITED(status))
		report_failed(h, slot, pid, WEXITSTATUS(status));
	else
		report_killed(h, slot, pid, WTERMSIG(status));
	if (WIFSIGNALED(status) && !is_fetcher(slot))
		forget_slot(h, slot, WTERMSIG(status));
}

static void
reap(struct herd *h)
{
	int   status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (unsigned i = 0; i <= FETCHER; i++) {
			if (h->children[i].pid == pid)
				ended(h, i, status);
		}
	}
}

/* Workers; the fetcher is there for them. */
static unsigned
alive(const struct herd *h)
{
	unsigned n = 0;

	for (unsigned i = 0; i < SLOTS_MAX; i++)
		n += h->children[i].pid != 0;
	return n;
}

static void
end_all(struct herd *h)
{
	if (!h->ending) {
		h->ending = true;
		h->ending_ms = now_ms(h);
		log_event(herd_log(h), LOG_SYSTEM, LOG_LEVEL_INFO, "ending",
		    LOGS("event.action", "stop"));
		h->p->ops->ending(h->p->arg);
	}
	for (unsigned i = 0; i < SLOTS_MAX; i++)
		tell(h, &h->children[i], SIGTERM);
}

/* Past the time to end in order: what still runs is cut, and said so. */
static void
kill_late(struct herd *h)
{
	if (h->killed || now_ms(h) - h->ending_ms < KILL_MS)
		return;
	h->killed = true;
	log_event(herd_log(h), LOG_SYSTEM, LOG_LEVEL_ERROR,
	    alive(h) > 0 ? "workers did not end in time" : "the fetcher did not end in time",
	    LOGI("process.count", alive(h)));
	for (unsigned i = 0; i <= FETCHER; i++)
		tell(h, &h->children[i], SIGKILL);
}

/* Sleeps until a signal or until the next thing is due. */
static int
wait_signal(const struct herd *h)
{
	int64_t         now = now_ms(h), next = now + SWEEP_MS;
	struct timespec t;

	for (unsigned i = 0; i <= FETCHER && !h->ending; i++) {
		const struct child *c = &h->children[i];

		if (is_wanted(h, i) && c->pid == 0 && c->start_at_ms < next)
			next = c->start_at_ms;
	}
	if (next < now)
		next = now;
	t = (struct timespec) { .tv_sec = (next - now) / 1000,
		.tv_nsec = (next - now) % 1000 * MS_NS };
	return sigtimedwait(&h->wanted, NULL, &t);
}

/* What failed with the old configuration gets its chance with the new one at once. */
static void
begin_generation(struct herd *h)
{
	h->generation++;
	h->wanted_n = h->p->ops->workers(h->p->arg);
	for (unsigned i = 0; i <= FETCHER; i++)
		h->children[i].start_at_ms = 0;
}

static void
act_on(struct herd *h, int sig)
{
	switch (sig) {
	case SIGTERM:
	case SIGINT:
	case SIGUSR1:
		end_all(h);
		break;
	case SIGHUP:
		if (!h->ending && h->p->ops->reload(h->p->arg))
			begin_generation(h);
		break;
	default: /* SIGCHLD, time, EINTR: the sweep sees to it */
		break;
	}
}

/* Nobody stands on the road, nor will soon. */
static bool
is_away(const struct herd *h)
{
	const struct child *f = &h->children[FETCHER];

	return f->pid == 0 && (h->ending || f->start_at_ms - now_ms(h) > AWAY_MS);
}

static void
sweep(struct herd *h)
{
	reap(h);
	h->p->ops->shut(h->p->arg, is_away(h));
	if (h->ending) {
		if (alive(h) == 0)
			end_fetcher(h);
		kill_late(h);
		return;
	}
	start_due(h);
	replace_old(h);
}

/* A fetcher that is told before it can listen hears of it then. */
static void
herd_signals(struct herd *h)
{
	sigset_t blocked;

	sigemptyset(&h->wanted);
	sigaddset(&h->wanted, SIGTERM);
	sigaddset(&h->wanted, SIGINT);
	sigaddset(&h->wanted, SIGUSR1);
	sigaddset(&h->wanted, SIGHUP);
	sigaddset(&h->wanted, SIGCHLD);
	/* An ignored SIGCHLD, which a parent of ours may have left, would reap behind our back. */
	signal(SIGCHLD, SIG_DFL);
	blocked = h->wanted;
	sigaddset(&blocked, FETCHER_END);
	sigprocmask(SIG_BLOCK, &blocked, NULL);
}

int
parent_run(const struct parent *p)
{
	struct herd *h = calloc(1, sizeof(*h));
	int          status;

	if (h == NULL)
		return 1;
	h->p = p;
	begin_generation(h);
	assert(h->wanted_n >= 1 && h->wanted_n <= SLOTS_MAX);
	herd_signals(h);
	sweep(h);
	while (!h->ending || alive(h) > 0 || h->children[FETCHER].pid != 0) {
		act_on(h, wait_signal(h));
		sweep(h);
	}
	status = h->killed ? 1 : 0;
	free(h);
	return status;
}
