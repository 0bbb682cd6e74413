#include "drift/collect/drive.h"

#include <string.h>

#include "core/shm/metric.h"

#define UNDER_WAY_MAX 16 /* requests of one run */
#define PARTS_MAX     16 /* buckets of one run */
#define HOST_MAX      280
#define PAUSE_MS      1000   /* where a provider says that it is too much, and not for how long */
#define PAUSE_MOST_MS 122000 /* who is told to wait longer hears so instead of waiting */
#define BURST         200    /* steps of one run before another has its turn */

/* A request that may go, or waits for its buckets. */
struct asked {
	uint32_t       id;          /* of the source */
	struct bucket *host, *part; /* part NULL: none beside the host's */
	bool           used, is_token;
	const char    *method; /* of who watches */
	char          *url;    /* the same; NULL: nobody does */
};

struct drive {
	const struct drive_by       *by;
	const struct source         *source;
	const struct source_collect *ops;
	const char                  *credential, *kind;
	void                        *run;
	struct asked                 asked[UNDER_WAY_MAX]; /* under way */
	unsigned                     n;
	struct source_turn           turn;
	struct uuid                  tenant;
	uint64_t       turn_at; /* of multi_from: those that began earlier come first */
	bool           waits;   /* turn.request has not gone yet */
	struct bucket *parts[PARTS_MAX];
	unsigned       parts_n;
	int64_t        until_ms;
	uint64_t       bytes;
	struct err     why; /* an answer was not taken */
	bool           failed;
};

/* ---- buckets ---- */

static bool
host_of(const char *url, char host[static HOST_MAX], struct err *e)
{
	static const struct guard any = { .plain_http = true };
	struct guard_target       t;
	struct err                why = { 0 };

	/* what is wrong with it is told when it is sent */
	if (!guard_target(&any, url, &t, &why) && t.host.p == NULL)
		return err_set(e, ERR_INVALID, 0, "The source leads to a URL that is malformed.",
		    "a source's URL");
	snprintf(host, HOST_MAX, "%.*s:%u", (int)t.host.n, t.host.p, (unsigned)t.port);
	return true;
}

/* Kept until the drive ends, each once. */
static struct bucket *
part_of(struct drive *d, const char *host, const struct source_bucket *b, struct err *e)
{
	struct bucket *p = bucket_use(d->by->buckets, d->credential, host, b);

	if (p == NULL) {
		err_memory(e);
		return NULL;
	}
	for (unsigned i = 0; i < d->parts_n; i++) {
		if (d->parts[i] == p) {
			bucket_release(p);
			return p;
		}
	}
	if (d->parts_n == PARTS_MAX) {
		bucket_release(p);
		err_set(e, ERR_INVALID, 0, "The source leads to too many hosts.",
		    "more than %d buckets", PARTS_MAX);
		return NULL;
	}
	d->parts[d->parts_n++] = p;
	return p;
}

static bool
find_buckets(struct drive *d, const struct source_request *q, struct asked *a, struct err *e)
{
	static const struct source_bucket whole = { 0 };
	char                              host[HOST_MAX];

	*a = (struct asked) { .id = q->id };
	if (!host_of(q->url, host, e))
		return false;
	a->host = part_of(d, host, &whole, e);
	if (a->host != NULL && q->bucket.name != NULL)
		a->part = part_of(d, host, &q->bucket, e);
	return a->host != NULL && (q->bucket.name == NULL || a->part != NULL);
}

/* 0: it may go. */
static int64_t
take_buckets(const struct asked *a, const struct source_request *q, int64_t now_ms)
{
	int64_t at = bucket_take(a->host, 1, now_ms);

	if (at != 0 || a->part == NULL)
		return at;
	at = bucket_take(a->part, q->bucket.cost, now_ms);
	if (at != 0)
		bucket_back(a->host);
	return at;
}

static void
give_back(struct asked *a)
{
	bucket_back(a->host);
	if (a->part != NULL)
		bucket_back(a->part);
	TALLOC_FREE(a->url);
	a->used = false;
}

/* ---- who watches ---- */

static bool
note_asked(struct drive *d, const struct source_request *q, struct asked *a, struct err *e)
{
	if (d->by->watch == NULL)
		return true;
	a->method = q->method;
	a->is_token = q->is_token;
	a->url = talloc_strdup(d, q->url);
	return a->url != NULL || err_memory(e);
}

static void
tell_watch(const struct drive *d, const struct asked *a, const struct multi_answer *answer)
{
	const struct drive_seen s = { a->method, a->url, answer, a->is_token };

	if (d->by->watch != NULL)
		d->by->watch->seen(d->by->watch->arg, &s);
}

/* ---- answers ---- */

static const char *
outcome(const struct multi_answer *a)
{
	int status = a->answer->status;

	if (!a->ok)
		return "failed";
	if (status == 429)
		return "throttled";
	return status < 400 ? "answered" : status < 500 ? "refused" : "broken";
}

static void
count(const struct drive *d, const struct multi_answer *a)
{
	struct segment *s = d->by->env->segment;

	metric_add(s, METRIC_SOURCE_REQUESTS, METRIC_BY(d->kind, outcome(a)), 1);
	metric_observe(s, METRIC_SOURCE_SECONDS, METRIC_BY(d->kind), a->answer->took_ms * 1000000);
	metric_add(s, METRIC_SOURCE_BYTES, METRIC_BY(d->kind), a->answer->body.n);
	if (a->ok && a->answer->status == 429)
		metric_add(s, METRIC_SOURCE_THROTTLED, METRIC_BY(d->kind), 1);
}

/* Who is told that it is too much tells all who ask there. */
static void
heed(struct asked *to, const struct multi_answer *a)
{
	int64_t after = a->answer->retry_after_s, now = clock_ns(&clock_system) / 1000000;

	if (!a->ok || (a->answer->status != 429 && (a->answer->status != 503 || after < 0)))
		return;
	bucket_pause(
	    to->part != NULL ? to->part : to->host, now, after < 0 ? PAUSE_MS : after * 1000);
}

static bool
take_answer(struct drive *d, uint32_t id, const struct multi_answer *a, struct err *e)
{
	struct source_header *headers =
	    talloc_array(d, struct source_header, (unsigned)a->fields_n + 1);
	struct source_answer in = {
		.id = id,
		.status = a->ok ? a->answer->status : 0,
		.headers = headers,
		.headers_n = a->fields_n,
		.body = a->ok ? a->answer->body : STR(""),
		.retry_after_s = a->answer->retry_after_s,
		.why = a->ok ? NULL : a->why->pub,
		.lasting = a->lasting,
	};
	bool ok;

	if (headers == NULL)
		return err_memory(e);
	for (size_t i = 0; i < a->fields_n; i++)
		headers[i] = (struct source_header) { a->fields[i].name, a->fields[i].value };
	ok = d->ops->take(d->run, &in, e);
	talloc_free(headers);
	return ok;
}

static void
taken(void *owner, const struct multi_answer *a)
{
	struct drive *d = owner;
	struct asked *to = &d->asked[a->id];

	tell_watch(d, to, a);
	give_back(to);
	d->n--;
	count(d, a);
	heed(to, a);
	d->bytes += a->answer->body.n;
	if (!d->failed && !take_answer(d, to->id, a, &d->why))
		d->failed = true;
}

/* ---- asking ---- */

static bool
dispatch(struct drive *d, const struct source_request *q, struct asked *at, struct err *e)
{
	struct fetch_header  headers[FETCH_HEADERS_MAX];
	struct fetch_request out = {
		.method = q->method,
		.url = q->url,
		.headers = headers,
		.headers_n = q->headers_n,
		.body = q->body,
		.timeout_ms = d->by->timeout_ms,
		.answer_max = q->answer_max,
	};
	const struct multi_from from = {
		.taken = taken,
		.owner = d,
		.id = (uint64_t)(at - d->asked),
		.party = d->tenant,
		.turn = d->turn_at,
	};

	if (q->headers_n > FETCH_HEADERS_MAX)
		return err_set(e, ERR_INVALID, 0, "There are too many header fields.",
		    "a source's header fields");
	for (size_t i = 0; i < q->headers_n; i++)
		headers[i] = (struct fetch_header) { q->headers[i].name, q->headers[i].value };
	return multi_send(d->by->multi, &out, &from, e);
}

/* What cannot be sent at all is answered by that. */
static bool
refuse(struct drive *d, uint32_t id, const struct err *why, struct err *e)
{
	const struct source_answer a = {
		.id = id, .retry_after_s = -1, .why = why->pub, .lasting = true
	};

	return d->ops->take(d->run, &a, e);
}

static int64_t
pause_of(const struct asked *a)
{
	int64_t host = bucket_paused_until(a->host),
		part = a->part == NULL ? 0 : bucket_paused_until(a->part);

	return host > part ? host : part;
}

/* The pause of a bucket that outlasts what a run waits is an answer, as it was to who was told
 * first. */
static bool
put_off(struct drive *d, uint32_t id, int64_t wait_ms, struct err *e)
{
	const struct source_answer a = {
		.id = id, .status = 429, .body = STR(""), .retry_after_s = wait_ms / 1000
	};

	d->waits = false;
	return d->ops->take(d->run, &a, e);
}

static struct asked *
room(struct drive *d)
{
	for (unsigned i = 0; i < UNDER_WAY_MAX; i++)
		if (!d->asked[i].used)
			return &d->asked[i];
	return NULL;
}

/* What the source wants goes, or waits for its buckets; *again_ms: how long. */
static bool
ask(struct drive *d, int64_t now_ms, int64_t *again_ms, struct err *e)
{
	const struct source_request *q = &d->turn.request;
	struct asked                *at = room(d), to;
	struct err                   why = { 0 };
	int64_t                      when;

	if (at == NULL)
		return true;
	if (!find_buckets(d, q, &to, e))
		return false;
	when = take_buckets(&to, q, now_ms);
	if (when != 0 && pause_of(&to) > now_ms + PAUSE_MOST_MS)
		return put_off(d, to.id, pause_of(&to) - now_ms, e);
	if (when != 0) {
		if (when < *again_ms)
			*again_ms = when;
		return true;
	}
	d->waits = false;
	*at = to;
	at->used = true;
	d->n++;
	if (note_asked(d, q, at, &why) && dispatch(d, q, at, &why))
		return true;
	give_back(at);
	d->n--;
	return refuse(d, to.id, &why, e);
}

static bool
too_much(const struct drive *d, int64_t now_ms, struct err *e)
{
	if (now_ms >= d->until_ms)
		return !err_set(e, ERR_UNAVAILABLE, 0,
		    "The source takes longer to read than a run may take.", "a run's deadline");
	if (d->bytes > d->by->bytes_max)
		return !err_set(e, ERR_UNAVAILABLE, 0,
		    "The source has more to read than a run may read.", "%llu bytes",
		    (unsigned long long)d->bytes);
	return false;
}

/* *rests: it has nothing to ask now. */
static enum drive_step
turn(struct drive *d, int64_t now_ms, int64_t *again_ms, bool *rests, struct err *e)
{
	d->turn = (struct source_turn) { .now_ms = now_ms };
	switch (d->ops->next(d->run, &d->turn, e)) {
	case SOURCE_WANTS:
		d->waits = true;
		return DRIVE_GOES;
	case SOURCE_WAITS:
		*rests = true;
		if (d->turn.again_ms != 0 && d->turn.again_ms < *again_ms)
			*again_ms = d->turn.again_ms;
		if (d->turn.again_ms != 0 || d->n > 0)
			return DRIVE_GOES;
		err_set(e, ERR_INTERNAL, 0, "internal error",
		    "a source waits, and nothing is under way");
		return DRIVE_FAILED;
	case SOURCE_DONE:
		return DRIVE_DONE;
	case SOURCE_FAILED:
		break;
	}
	return DRIVE_FAILED;
}

enum drive_step
drive_on(struct drive *d, int64_t now_ms, int64_t *again_ms, struct err *e)
{
	enum drive_step step = DRIVE_GOES;
	bool            rests = false;

	*again_ms = d->until_ms;
	if (d->failed) {
		*e = d->why;
		return DRIVE_FAILED;
	}
	if (too_much(d, now_ms, e))
		return DRIVE_FAILED;
	for (int i = 0; i < BURST; i++) {
		if (!d->waits)
			step = turn(d, now_ms, again_ms, &rests, e);
		if (step != DRIVE_GOES || rests)
			return step;
		if (!ask(d, now_ms, again_ms, e))
			return DRIVE_FAILED;
		if (d->waits)
			return DRIVE_GOES;
	}
	*again_ms = now_ms; /* there is more to ask */
	return DRIVE_GOES;
}

/* ---- its life ---- */

static int
drive_free(struct drive *d)
{
	multi_drop(d->by->multi, d);
	for (unsigned i = 0; i < UNDER_WAY_MAX; i++)
		if (d->asked[i].used)
			give_back(&d->asked[i]);
	for (unsigned i = 0; i < d->parts_n; i++)
		bucket_release(d->parts[i]);
	return 0;
}

struct drive *
drive_begin(TALLOC_CTX *mem, const struct drive_by *by, const struct drive_start *s, struct err *e)
{
	struct drive       *d = talloc_zero(mem, struct drive);
	struct source_begin b = {
		.source = s->source,
		.secret = s->secret,
		.session = s->session,
		.env = by->env,
		.own = s->own,
		.budget = by->budget,
		.recall = s->recall,
		.categories = s->categories,
		.now_ms = clock_ns(&clock_system) / 1000000,
	};

	if (d == NULL) {
		err_memory(e);
		return NULL;
	}
	*d = (struct drive) {
		.by = by,
		.source = s->source,
		.ops = s->source->ops->collect,
		.credential = s->credential,
		.kind = s->source->settings->kind,
		.until_ms = s->until_ms,
		.tenant = s->tenant,
		.turn_at = (uint64_t)b.now_ms,
	};
	talloc_set_destructor(d, drive_free);
	d->run = d->ops->begin(d, &b, e);
	if (d->run == NULL)
		TALLOC_FREE(d);
	return d;
}

const struct collected *
drive_collected(const struct drive *d)
{
	return &d->turn.collected;
}

void
drive_unfold(struct drive *d)
{
	d->ops->unfold(d->run);
}

const char *
drive_remedy(const struct drive *d)
{
	return d->turn.remedy;
}

void
drive_progress(const struct drive *d, struct source_progress *out)
{
	d->ops->progress(d->run, out);
}
