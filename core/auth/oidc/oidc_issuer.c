#include "core/auth/oidc/oidc_issuer.h"

#include <string.h>
#include <time.h>

#include "core/base/hash.h"
#include "core/shm/issuer.h"
#include "core/shm/metric.h"

#define WAIT_MS  3000 /* for a first fetch that another worker has begun */
#define PAUSE_MS 50
#define LATE_MS  (OIDC_FRESH_MS + OIDC_WITHDRAWN_MS)

struct asking {
	struct auth             *a;
	TALLOC_CTX              *mem;
	const struct oidc_place *place;
	uint8_t                  key[HASH_LEN];
	uint64_t                 owner;
	bool                     withdrawn; /* the set that was fetched has no key of use */
	struct issuer_state      state;
	char                    *text; /* ISSUER_TEXT_MAX bytes; state.n of them are the document */
	struct oidc_metadata    *out;
};

/* ---- fetching ---- */

_Static_assert(OIDC_DOCUMENT_MAX <= FETCH_ANSWER_MAX, "a document may come");

static bool
get(struct asking *q, const char *url, struct str *text, struct err *e)
{
	const struct fetch_header accept = { "Accept", "application/json" };
	struct fetch_request      request = { .method = "GET",
		     .url = url,
		     .headers = &accept,
		     .headers_n = 1,
		     .answer_max = OIDC_DOCUMENT_MAX };
	struct fetch_answer       answer;

	if (!oidc_ask_run(q->a, q->mem, q->place->ask, &request, &answer, e))
		return false;
	*text = answer.body;
	if (answer.status == 200)
		return true;
	return err_set(e, ERR_UNAVAILABLE, 0, "The identity provider's description cannot be used.",
	    "discovery: HTTP %d", answer.status);
}

/* A browser is sent nowhere in the clear, unless this installation allows that. */
static bool
check_scheme(const struct asking *q, struct err *e)
{
	if (q->a->guard->plain_http || strncmp(q->out->authorization_endpoint, "https:", 6) == 0)
		return true;
	return err_set(e, ERR_UNAVAILABLE, 0, "The identity provider's description cannot be used.",
	    "discovery: authorization_endpoint without TLS");
}

static bool
is_kept(const struct asking *q)
{
	int64_t now = clock_ms(q->a->env->clock), gone_ms = q->state.withdrawn_ms;

	return q->state.fetched_ms != 0 && now - q->state.fetched_ms < OIDC_KEEP_MS &&
	       (gone_ms == 0 || now - gone_ms < OIDC_WITHDRAWN_MS);
}

/* For those who run the provider: which of its keys are of no use here, and why. */
static void
tell_left(const struct asking *q)
{
	const struct jwks *ks = &q->out->keys;
	const char        *what = ks->n > 0 ? "keys of an identity provider are passed over"
					    : "an identity provider has no key that we can use";
	struct buf         b;

	if ((ks->n > 0 && ks->left_n == 0) || q->a->env->log == NULL)
		return;
	buf_make(&b, q->mem);
	for (size_t i = 0; i < ks->left_n; i++) {
		buf_puts(&b, i > 0 ? "; kid " : "kid ");
		buf_json(&b, ks->left[i].kid);
		buf_printf(&b, ": %s", jwk_fault_text(ks->left[i].why));
	}
	log_event(q->a->env->log, LOG_AUTH, LOG_LEVEL_WARN, what,
	    LOGS("bsx.issuer", q->place->issuer), LOGSTR("bsx.keys", buf_str(&b)));
}

/*
 * A set that is empty for a moment does not take the place of one that is not.  One
 * that was seen last longer ago may have been withdrawn as long, and is not in force any more.
 */
static bool
check_keys(struct asking *q, struct err *e)
{
	bool late = clock_ms(q->a->env->clock) - q->state.fetched_ms >= LATE_MS;

	if (q->out->keys.n > 0 || !is_kept(q) || late)
		return true;
	tell_left(q);
	q->withdrawn = true;
	return err_set(e, ERR_UNAVAILABLE, 0, "The identity provider's keys cannot be used.",
	    "jwks: no key that we can use");
}

static bool
fetch_both(struct asking *q, struct str *text, struct err *e)
{
	struct str body;

	return get(q, q->place->discovery, &body, e) &&
	       oidc_metadata_read(q->mem, body, q->place, q->out, e) && check_scheme(q, e) &&
	       get(q, q->out->jwks_uri, &body, e) &&
	       oidc_metadata_read_keys(q->mem, body, q->out, e) && check_keys(q, e) &&
	       oidc_metadata_print(q->mem, q->out, text, e);
}

/* What the guard refuses is as far away as what does not answer. */
static bool
unavailable(struct err *e)
{
	struct err why = *e;

	if (e->code == ERR_INTERNAL)
		return false;
	err_clear(e);
	return err_set(e, ERR_UNAVAILABLE, why.sys, "The identity provider cannot be asked now.",
	    "%s: %s", why.pub, why.detail);
}

static bool
refresh(struct asking *q, struct err *e)
{
	struct segment *s = q->a->env->segment;
	struct str      text = { NULL, 0 };
	bool            ok = fetch_both(q, &text, e);
	int64_t         now = clock_ms(q->a->env->clock);

	if (s != NULL && q->withdrawn)
		issuer_withdraw(s, q->key, now);
	else if (s != NULL)
		issuer_put(s, q->key, now, ok ? text.p : NULL, ok ? text.n : 0);
	if (!ok)
		return unavailable(e);
	q->out->fetched_ms = now;
	tell_left(q);
	return true;
}

/* ---- what is there ---- */

static void
look(struct asking *q)
{
	if (q->a->env->segment != NULL)
		issuer_get(
		    q->a->env->segment, q->key, clock_ms(q->a->env->clock), q->text, &q->state);
}

static bool
use_kept(struct asking *q, struct err *e)
{
	if (!oidc_metadata_load(q->mem, (struct str) { q->text, q->state.n }, q->out, e))
		return false;
	q->out->fetched_ms = q->state.fetched_ms;
	return true;
}

static bool
is_under_way(const struct asking *q)
{
	return q->state.known && q->state.ended_ms < q->state.claimed_ms &&
	       clock_ms(q->a->env->clock) - q->state.claimed_ms < 2 * OIDC_TIMEOUT_MS;
}

/* Another worker has begun the first fetch: its answer is worth a short wait. */
static bool
wait_for_it(struct asking *q, struct err *e)
{
	const struct timespec pause = { .tv_nsec = PAUSE_MS * 1000000L };

	for (int waited = 0; q->place->ask->admitted && waited < WAIT_MS; waited += PAUSE_MS) {
		if (is_kept(q) || !is_under_way(q))
			break;
		nanosleep(&pause, NULL);
		look(q);
	}
	if (is_kept(q))
		return use_kept(q, e);
	e->retry_s = OIDC_COOL_FIRST_MS / 1000;
	return err_set(e, ERR_UNAVAILABLE, 0, "The identity provider cannot be asked now.",
	    "discovery: failed lately, or is under way");
}

static void
count(const struct asking *q, bool hit)
{
	metric_add(q->a->env->segment, hit ? METRIC_CACHE_HITS : METRIC_CACHE_MISSES,
	    METRIC_BY("issuer"), 1);
}

static int64_t
cool_ms(const struct asking *q)
{
	return is_kept(q) ? OIDC_COOL_MS : OIDC_COOL_FIRST_MS;
}

/* Then nobody may claim it, and nobody needs to wait for the lane. */
static bool
is_cooling(const struct asking *q, int64_t now)
{
	return q->state.known && now >= q->state.claimed_ms &&
	       now - q->state.claimed_ms < cool_ms(q);
}

static bool
may_claim(const struct asking *q, int64_t now)
{
	return q->a->env->segment == NULL ||
	       issuer_claim(q->a->env->segment, q->key, q->owner, now, cool_ms(q));
}

/* Unless what is there will do, or the answer of another worker is worth waiting for. */
static bool
admit(struct asking *q, int64_t now, struct err *e)
{
	bool wait = !is_kept(q) && is_under_way(q);

	return (is_cooling(q, now) && !wait) || oidc_ask_admit(q->a, q->place->ask, e);
}

static bool
ask(struct asking *q, bool again, struct err *e)
{
	int64_t    now = clock_ms(q->a->env->clock);
	struct err why = { 0 };
	bool       mine, admitted;

	look(q);
	if (is_kept(q) && now - q->state.fetched_ms < OIDC_FRESH_MS && !again) {
		count(q, true);
		return use_kept(q, e);
	}
	count(q, false);
	admitted = admit(q, now, &why);
	mine = admitted && !is_cooling(q, now) && may_claim(q, now);
	if (mine && refresh(q, &why))
		return true;
	if (mine && q->a->env->log != NULL)
		log_err(q->a->env->log, LOG_AUTH,
		    "an identity provider's description could not be fetched", &why);
	if (is_kept(q))
		return use_kept(q, e);
	if (mine || !admitted) {
		*e = why;
		return false;
	}
	look(q);
	return wait_for_it(q, e);
}

/* The tenant's own. */
static bool
make_key(struct asking *q)
{
	const struct uuid *tenant = q->place->ask->tenant, none = { 0 };
	uint8_t            hash[HASH_LEN];
	struct buf         b;

	buf_make(&b, q->mem);
	buf_add(&b, (const char *)(tenant == NULL ? none.b : tenant->b), sizeof(none.b));
	buf_puts(&b, q->place->issuer);
	if (!buf_ok(&b))
		return false;
	hash_sha256(b.p, sizeof(none.b), hash);
	memcpy(&q->owner, hash, sizeof(q->owner));
	hash_sha256(b.p, b.n, q->key);
	return true;
}

bool
oidc_issuer_metadata(struct auth *a, TALLOC_CTX *mem, const struct oidc_place *place, bool again,
    struct oidc_metadata *out, struct err *e)
{
	struct asking q = { .a = a, .mem = mem, .place = place, .out = out };

	q.text = talloc_size(mem, ISSUER_TEXT_MAX);
	if (q.text == NULL || !make_key(&q))
		return err_memory(e);
	return ask(&q, again, e);
}

/* ---- signatures ---- */

#define SHOW_MAX 64 /* bytes of a token's own words in the log */

static int
shown(struct str s)
{
	return (int)(s.n < SHOW_MAX ? s.n : SHOW_MAX);
}

static bool
refuse(enum oidc_reason why, enum oidc_reason *out, const char *what, const struct idtoken *t,
    struct err *e)
{
	*out = why;
	return err_set(e, ERR_CREDENTIALS, 0, "Sign-in failed.",
	    "ID token: %s (kid \"%.*s\", alg \"%.*s\")", what, shown(t->kid),
	    t->kid.n > 0 ? t->kid.p : "", shown(t->alg), t->alg.p);
}

static bool
no_key(const struct oidc_metadata *m, const struct idtoken *t, enum oidc_reason *why, struct err *e)
{
	const struct jwks_left *left = jwks_left_out(&m->keys, t->kid);

	if (left != NULL)
		return refuse(OIDC_KEY_UNUSABLE, why, jwk_fault_text(left->why), t, e);
	return refuse(m->keys.n > 0 ? OIDC_TOKEN_KEY : OIDC_KEY_UNUSABLE, why,
	    "no key that we can use", t, e);
}

/* Any key that may have signed it is as good as another: all come from the provider itself. */
static bool
verify(TALLOC_CTX *mem, const struct oidc_place *place, const struct oidc_metadata *m,
    const struct idtoken *t, enum oidc_reason *why, struct err *e)
{
	const struct jwk *keys[JWKS_TRIES];
	size_t            n = jwks_match(&m->keys, t->kid, t->jws, m->algs, keys), foreign = 0;

	for (size_t i = 0; i < n; i++) {
		/* a key that names its issuer signs for no other */
		if (keys[i]->issuer.n > 0 && !oidc_place_names(place, keys[i]->issuer))
			foreign++;
		else if (idtoken_verify(mem, t, keys[i], e))
			return true;
		else if (!err_take(e, ERR_CREDENTIALS))
			return false;
	}
	if (n == 0)
		return no_key(m, t, why, e);
	return n == foreign ? refuse(OIDC_TOKEN_KEY, why, "the key is of another issuer", t, e)
			    : refuse(OIDC_TOKEN_SIGNATURE, why, "wrong signature", t, e);
}

struct verifying {
	struct auth             *a;
	TALLOC_CTX              *mem;
	const struct oidc_place *place;
	const struct idtoken    *t;
	int64_t known_ms; /* when the keys that it was tried with were fetched; 0: none yet */
};

/* False: refused, or the provider cannot be asked, as *why says; OIDC_OK: a failure of ours. */
static bool
verify_by_known(struct verifying *v, enum oidc_reason *why, struct err *e)
{
	struct oidc_metadata m;
	struct err           failed = { 0 };
	bool                 again = v->known_ms != 0;

	if (!oidc_issuer_metadata(v->a, v->mem, v->place, again, &m, &failed)) {
		*why = failed.code == ERR_UNAVAILABLE ? OIDC_UNAVAILABLE : OIDC_OK;
		*e = failed;
		return false;
	}
	if (again && m.fetched_ms == v->known_ms)
		return false; /* what was said of the same keys holds */
	v->known_ms = m.fetched_ms;
	*why = OIDC_OK;
	err_clear(e);
	return verify(v->mem, v->place, &m, v->t, why, e);
}

/*
 * What its keys do not verify makes us ask anew, as often as that is allowed: a
 * provider may have changed them, under the same kid too.
 */
bool
oidc_issuer_verify(struct auth *a, TALLOC_CTX *mem, const struct oidc_place *place,
    const struct idtoken *t, enum oidc_reason *why, struct err *e)
{
	struct verifying v = { a, mem, place, t, 0 };

	*why = OIDC_OK;
	if (t->jws == NULL)
		return refuse(OIDC_TOKEN_ALG, why, "an algorithm that is not taken", t, e);
	return verify_by_known(&v, why, e) ||
	       (e->code == ERR_CREDENTIALS && verify_by_known(&v, why, e));
}
