#include "drift/driftd/sender.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/auth/mail/mail_open.h"
#include "core/base/memory.h"
#include "core/net/multi.h"
#include "core/store/tenant/tenant_db.h"

#define PAUSE_MIN_MS 500
#define PAUSE_MAX_MS 10000
#define SAY_EVERY_MS 60000 /* an error that lasts is logged so often */

static void
ending_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGHUP);
}

void
sender_block_signals(void)
{
	sigset_t set;

	ending_signals(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
}

/* True: told to end.  Waits up to `ms` for it. */
static bool
told_to_end(int64_t ms)
{
	struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };
	sigset_t        set;

	ending_signals(&set);
	return sigtimedwait(&set, NULL, &t) > 0;
}

/* ---- opening ---- */

/* A mail server that is set up wrongly keeps mail waiting, and nothing else. */
static void
open_mail(struct deliver *d)
{
	struct err why = { 0 };

	if (*d->env->conf->smtp_url == '\0')
		return;
	d->mail = mail_open(d, d->env->conf, &why);
	if (d->mail == NULL)
		log_failure(d->env->log, LOG_SYSTEM, "mail.deliver", "mail cannot be sent", &why);
}

static struct deliver *
sender_open(TALLOC_CTX *mem, const struct sender_start *s, struct err *e)
{
	struct deliver *d = talloc_zero(mem, struct deliver);
	struct guard   *g;

	if (d == NULL) {
		err_memory(e);
		return NULL;
	}
	*d = (struct deliver) {
		.env = &s->env,
		.formats = formats,
		.slots = s->slots,
		.self = s->self,
		.owner = s->owner,
	};
	d->database = database_make(d, d->env, e);
	d->auth = (struct auth) { .env = d->env, .database = d->database };
	g = d->database == NULL
		? NULL
		: guard_make(d, s->env.conf->outbound_allow, s->env.conf->outbound_http, e);
	if (g == NULL)
		return NULL;
	d->fetch = fetch_make(d, g, e);
	d->multi = d->fetch == NULL ? NULL : multi_make(d, g, NULL, e);
	d->streams = d->multi == NULL ? NULL : streams_make(d, g, e);
	if (d->streams == NULL)
		return NULL;
	multi_tell(d->multi);
	open_mail(d);
	return d;
}

/* ---- its life ---- */

struct sender {
	const struct sender_start *s;
	struct worker              w;
	bool                       ending;
	int64_t                    pause_ms; /* after a failure */
	int64_t                    said_ms;
	int64_t                    until_ns; /* of a single round; 0: none */
};

static bool
stop(void *arg)
{
	struct sender *l = arg;

	l->ending = l->ending || told_to_end(0) ||
		    (l->until_ns != 0 && clock_ns(l->s->env.clock) > l->until_ns);
	return l->ending;
}

static int64_t
pause_after(struct sender *l, const struct err *e)
{
	int64_t  now = clock_ms(l->s->env.clock);
	uint32_t random;

	if (l->pause_ms == 0 || now - l->said_ms > SAY_EVERY_MS) {
		log_failure(l->s->env.log, LOG_DRIFT, "sender.wait",
		    "what is due waits and is tried again", e);
		l->said_ms = now;
	}
	l->pause_ms = l->pause_ms == 0 ? PAUSE_MIN_MS : l->pause_ms * 2;
	if (l->pause_ms > PAUSE_MAX_MS)
		l->pause_ms = PAUSE_MAX_MS;
	rand_fill(l->s->env.rand, &random, sizeof(random));
	return l->pause_ms / 2 + (int64_t)(random % (uint32_t)l->pause_ms) / 2;
}

static void
recovered(struct sender *l)
{
	if (l->pause_ms != 0)
		log_event(l->s->env.log, LOG_DRIFT, LOG_LEVEL_INFO, "deliveries go on",
		    LOGS("event.action", "sender.recover"), LOGS("event.outcome", "success"));
	l->pause_ms = 0;
}

static bool
open_worker(TALLOC_CTX *mem, struct sender *l, struct err *e)
{
	struct deliver *d = mem == NULL ? NULL : sender_open(mem, l->s, e);

	l->w = (struct worker) { .deliver = d, .stop = stop, .stop_arg = l };
	l->w.drift = d == NULL ? NULL : drift_make(mem, &l->s->env, e);
	if (l->w.drift != NULL)
		l->w.drift->database = d->database;
	return l->w.drift != NULL || (mem == NULL && err_memory(e));
}

int
sender_run(const struct sender_start *s)
{
	struct err    e = { 0 };
	struct sender l = { .s = s };
	struct memory m = MEMORY_NONE;
	TALLOC_CTX   *mem = talloc_new(NULL);

	if (!open_worker(mem, &l, &e)) {
		log_failure(s->env.log, LOG_DRIFT, "sender.start", "a sender could not start", &e);
		return EXIT_FAILURE;
	}
	while (!stop(&l)) {
		int64_t wait = s->env.conf->driftd_poll_ms;

		err_clear(&e);
		if (jobs_round(&l.w, &e)) {
			recovered(&l);
			wait = l.w.more || l.w.deliver->lots != NULL ? 0 : wait;
		} else {
			wait = pause_after(&l, &e);
		}
		/* The supervisor starts another. */
		l.ending = l.ending || memory_give_back(&m) > MEMORY_HELD_MAX || told_to_end(wait);
	}
	err_clear(&e);
	if (!deliver_drain(l.w.deliver, &e))
		log_failure(
		    s->env.log, LOG_DRIFT, "sender.wait", "what was on its way is sent again", &e);
	database_close_all(l.w.deliver->database);
	talloc_free(mem);
	return EXIT_SUCCESS;
}

bool
sender_once(const struct sender_start *s, int64_t until_ns, struct err *e)
{
	struct sender l = { .s = s, .until_ns = until_ns };
	TALLOC_CTX   *mem = talloc_new(NULL);
	bool          ok = open_worker(mem, &l, e);

	l.w.once = true;
	ok = ok && jobs_round(&l.w, e) && deliver_drain(l.w.deliver, e);
	if (l.w.deliver != NULL)
		database_close_all(l.w.deliver->database);
	talloc_free(mem);
	return ok;
}
