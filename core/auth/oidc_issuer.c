#include "core/auth/oidc_issuer.h"

#include <string.h>
#include <time.h>

#include "core/base/hash.h"
#include "core/shm/issuer.h"
#include "core/shm/metric.h"

#define LANE_WAIT_MS  1000
#define WAIT_MS  3000 /* for a first fetch that another worker has begun */
#define PAUSE_MS 50

struct asking {
	struct auth             *a;
	TALLOC_CTX              *mem;
	const struct oidc_place *place;
	uint8_t                  key[HASH_LEN];
	struct issuer_state      state;
	char                    *text; /* ISSUER_TEXT_MAX bytes; state.n of them are the document */
	struct oidc_metadata    *out;
};

int64_t
oidc_timeout_ms(const struct auth *a)
{
	int64_t ms = a->conf->outbound_timeout_s * 1000;

	return ms > 0 && ms < OIDC_TIMEOUT_MS ? ms : OIDC_TIMEOUT_MS;
}

/* ---- tenants with slow providers ---- */

static void
pause_key(const struct uuid *tenant, uint8_t key[static HASH_LEN])
{
	uint8_t text[6 + sizeof(tenant->b)] = "pause:";

	memcpy(text + 6, tenant->b, sizeof(tenant->b));
	hash_sha256(text, sizeof(text), key);
}

/* Two people may come back from a provider in the same instant. */
static bool
enter_lane(struct auth *a)
{
	struct err full = { 0 };

	return a->permits == NULL || permit_await(a->permits, LANE_PROVIDER, LANE_WAIT_MS, &full);
}

bool
oidc_may_ask(struct auth *a, TALLOC_CTX *mem, const struct uuid *tenant)
{
	char               *text = talloc_size(mem, ISSUER_TEXT_MAX);
	int64_t             now = clock_ms(a->clock), until = 0;
	struct issuer_state s;
	uint8_t             key[HASH_LEN];

	if (text == NULL || !enter_lane(a))
		return false;
	if (tenant == NULL || a->segment == NULL)
		return true;
	pause_key(tenant, key);
	issuer_get(a->segment, key, now, text, &s);
	if (s.n == sizeof(until))
		memcpy(&until, text, sizeof(until));
	talloc_free(text);
	return now >= until;
}

void
oidc_took(struct auth *a, const struct uuid *tenant, int64_t took_ms)
{
	int64_t now = clock_ms(a->clock), until = now + 4 * took_ms;
	uint8_t key[HASH_LEN];

	if (took_ms <= OIDC_SLOW_MS || tenant == NULL || a->segment == NULL)
		return;
	pause_key(tenant, key);
	if (issuer_claim(a->segment, key, now, 0))
		issuer_put(a->segment, key, now, (const char *)&until, sizeof(until));
}

/* ---- fetching ---- */

static bool
get(struct asking *q, const char *url, struct str *text, struct err *e)
{
	const struct fetch_header  accept = { "Accept", "application/json" };
	const struct fetch_request request = { .method = "GET",
		.url = url,
		.headers = &accept,
		.headers_n = 1,
		.timeout_ms = oidc_timeout_ms(q->a),
		.answer_max = OIDC_DOCUMENT_MAX };
	struct fetch              *f = auth_fetch(q->a, e);
	struct fetch_answer        answer;
	bool                       ok;

	if (f == NULL)
		return false;
	ok = fetch_run(f, q->mem, &request, &answer, e);
	oidc_took(q->a, q->place->tenant, answer.took_ms);
	if (!ok)
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
fetch_both(struct asking *q, struct str *text, struct err *e)
{
	struct str body;

	return get(q, q->place->discovery, &body, e) &&
	       oidc_metadata_read(q->mem, body, q->place, q->out, e) && check_scheme(q, e) &&
	       get(q, q->out->jwks_uri, &body, e) &&
	       oidc_metadata_read_keys(q->mem, body, q->out, e) &&
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
	struct segment *s = q->a->segment;
	struct str      text = { NULL, 0 };
	bool            ok = fetch_both(q, &text, e);

	if (ok && text.n > ISSUER_TEXT_MAX)
		ok =
		    err_set(e, ERR_UNAVAILABLE, 0, "", "discovery: %zu bytes are too many", text.n);
	if (s != NULL)
		issuer_put(s, q->key, clock_ms(q->a->clock), ok ? text.p : NULL, ok ? text.n : 0);
	return ok || unavailable(e);
}

/* ---- what is there ---- */

static bool
is_kept(const struct asking *q)
{
	int64_t age = clock_ms(q->a->clock) - q->state.fetched_ms;

	return q->state.fetched_ms != 0 && age < OIDC_KEEP_MS;
}

static void
look(struct asking *q)
{
	if (q->a->segment != NULL)
		issuer_get(q->a->segment, q->key, clock_ms(q->a->clock), q->text, &q->state);
}

static bool
use_kept(struct asking *q, struct err *e)
{
	return oidc_metadata_load(q->mem, (struct str) { q->text, q->state.n }, q->out, e);
}

/* Another worker has begun the first fetch: its answer is worth a short wait. */
static bool
wait_for_it(struct asking *q, struct err *e)
{
	const struct timespec pause = { .tv_nsec = PAUSE_MS * 1000000L };
	struct err            full = { 0 };
	bool                  may = auth_lane(q->a, LANE_PROVIDER, &full);

	for (int waited = 0; may && waited < WAIT_MS; waited += PAUSE_MS) {
		bool under_way = q->state.known && q->state.ended_ms < q->state.claimed_ms &&
				 clock_ms(q->a->clock) - q->state.claimed_ms < 2 * OIDC_TIMEOUT_MS;

		if (is_kept(q) || !under_way)
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
	if (q->a->segment != NULL)
		metric_add(q->a->segment, hit ? METRIC_CACHE_HITS : METRIC_CACHE_MISSES,
		    "cache=\"issuer\"", 1);
}

static bool
may_claim(const struct asking *q, int64_t now)
{
	return q->a->segment == NULL || issuer_claim(q->a->segment, q->key, now,
					    is_kept(q) ? OIDC_COOL_MS : OIDC_COOL_FIRST_MS);
}

static bool
ask(struct asking *q, bool again, struct err *e)
{
	int64_t    now = clock_ms(q->a->clock);
	struct err why = { 0 };
	bool       mine;

	look(q);
	if (is_kept(q) && now - q->state.fetched_ms < OIDC_FRESH_MS && !again) {
		count(q, true);
		return use_kept(q, e);
	}
	count(q, false);
	mine = oidc_may_ask(q->a, q->mem, q->place->tenant) && may_claim(q, now);
	if (mine && refresh(q, &why))
		return true;
	if (mine && q->a->log != NULL)
		log_err(q->a->log, LOG_AUTH,
		    "an identity provider's description could not be fetched", &why);
	if (is_kept(q))
		return use_kept(q, e);
	if (mine) {
		*e = why;
		return false;
	}
	look(q);
	return wait_for_it(q, e);
}

bool
oidc_issuer_metadata(struct auth *a, TALLOC_CTX *mem, const struct oidc_place *place, bool again,
    struct oidc_metadata *out, struct err *e)
{
	struct asking q = { .a = a, .mem = mem, .place = place, .out = out };

	hash_sha256(place->issuer, strlen(place->issuer), q.key);
	q.text = talloc_size(mem, ISSUER_TEXT_MAX);
	if (q.text == NULL)
		return err_memory(e);
	return ask(&q, again, e);
}

/* ---- signatures ---- */

static bool
refuse(enum oidc_reason why, enum oidc_reason *out, const char *what, struct err *e)
{
	*out = why;
	return err_set(e, ERR_CREDENTIALS, 0, "Sign-in failed.", "ID token: %s", what);
}

bool
oidc_issuer_verify(struct auth *a, TALLOC_CTX *mem, const struct oidc_place *place,
    const struct idtoken *t, enum oidc_reason *why, struct err *e)
{
	struct oidc_metadata m;
	const struct jwk    *k = NULL;

	*why = OIDC_OK;
	for (int i = 0; i < 2 && k == NULL; i++) {
		if (!oidc_issuer_metadata(a, mem, place, i > 0, &m, e)) {
			*why = e->code == ERR_UNAVAILABLE ? OIDC_UNAVAILABLE : OIDC_OK;
			return false;
		}
		k = jwks_find(&m.keys, t->kid, t->alg);
	}
	if (k == NULL)
		return refuse(OIDC_TOKEN_KEY, why, "unknown kid, or not of its algorithm", e);
	/* a key that names its issuer signs for no other */
	if (k->issuer.n > 0 && !oidc_place_names(place, k->issuer))
		return refuse(OIDC_TOKEN_KEY, why, "the key is of another issuer", e);
	if (idtoken_verify(mem, t, k, e))
		return true;
	if (e->code == ERR_CREDENTIALS)
		*why = OIDC_TOKEN_SIGNATURE;
	return false;
}
