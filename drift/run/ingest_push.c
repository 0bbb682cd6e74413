/* ingest.h: what was pushed, and whether it was before. */
#include <stdio.h>
#include <string.h>

#include "core/store/drift/snapshot.h"
#include "drift/config/spec.h"
#include "drift/run/ingest.h"
#include "drift/run/takeover.h"

static void
hash_body(const struct tenant_db *t, const struct push *p, uint8_t out[static HASH_LEN])
{
	char                  head[TIME_TEXT_MAX + 32];
	uint8_t               body[HASH_LEN];
	struct hash_hmac_ctx *h;

	hash_hmac(t->address_key, sizeof(t->address_key), p->body.p, p->body.n, body);
	snprintf(head, sizeof(head), "%lld ", (long long)p->collected_at.ms);
	h = hash_hmac_make(NULL, t->address_key, sizeof(t->address_key));
	if (h == NULL) { /* still tells bodies apart */
		memcpy(out, body, HASH_LEN);
		return;
	}
	hash_hmac_add(h, head, strlen(head));
	hash_hmac_add(h, body, sizeof(body));
	if (p->actor != NULL)
		hash_hmac_add(h, p->actor, strlen(p->actor));
	hash_hmac_end(h, out);
}

/* *found: the key was used before and *a is its answer. */
static bool
find_repeat(const struct ingest *in, struct ingest_answer *a, bool *found, struct err *e)
{
	struct snapshot s;

	*found = false;
	if (in->idempotency_key == NULL)
		return true;
	if (!snapshot_by_key(in->t, in->mem, &in->config->id, in->idempotency_key, &s, e)) {
		if (!err_take(e, ERR_MISSING))
			return false;
		return true;
	}
	if (s.body_hash.n != HASH_LEN || memcmp(s.body_hash.p, in->body_hash.p, HASH_LEN) != 0)
		return err_set(e, ERR_CONFLICT, 0,
		    "This Idempotency-Key was used with another body.",
		    "idempotency key with another body");
	*found = true;
	a->snapshot_id = s.id;
	a->repeated = true;
	if (!report_by_id(in->t, in->mem, &s.report_id, &a->report, e))
		return false;
	a->unchanged = !uuid_eq(&a->report.snapshot_id, &s.id);
	return true;
}

static bool
collect(struct ingest *in, const struct push *p, struct collected *got, struct err *e)
{
	const struct push_terms terms = {
		.selector = in->spec->source.selector,
		.complete_despite = &in->spec->source.complete_despite,
		.edition = (enum compare_edition)in->config->edition,
	};

	return p->in != NULL ? push_collect(in->mem, p->in, &terms, got, e)
			     : push_collect_document(in->mem, p->document, &terms, got, e);
}

/* Under the edition of now; what that costs is not what the push costs. */
static bool
read_config(const struct ingest *in, const struct uuid *id, struct drift_config *config,
    struct ingest_read *read, struct err *e)
{
	struct work           work;
	const struct takeover x = { in->d, in->t, in->mem, &work, *id };

	if (!ingest_read(in, id, config, read, e))
		return false;
	if (config->edition >= COMPARE_EDITION)
		return true;
	work_begin(&work, WORK_TASK, in->d->env->clock);
	return takeover(&x, e) && ingest_read(in, id, config, read, e);
}

bool
ingest_push(struct drift *d, struct tenant_db *t, TALLOC_CTX *mem, const struct push *p,
    struct ingest_answer *a, struct err *e)
{
	uint8_t             hash[HASH_LEN];
	struct drift_config config;
	struct ingest_read  read;
	struct collected    got = { 0 };
	struct ingest       in = { .d = d,
		      .t = t,
		      .mem = mem,
		      .work = p->work,
		      .permits = p->permits,
		      .config = &config,
		      .actor = p->in != NULL ? p->in->actor : p->actor,
		      .collected_at = p->in != NULL ? p->in->collected_at : p->collected_at,
		      .idempotency_key = p->idempotency_key,
		      .pushed_by = p->pushed_by,
		      .pusher = p->pusher,
		      .read = &read,
		      .body_hash = { hash, HASH_LEN } };
	bool                found;

	memset(a, 0, sizeof(*a));
	hash_body(t, p, hash);
	if (!read_config(&in, &p->config_id, &config, &read, e) || !find_repeat(&in, a, &found, e))
		return false;
	if (found)
		return true;
	in.spec = spec_of(d, t, &config, p->work, e);
	if (in.spec != NULL && collect(&in, p, &got, e) && ingest_collected(&in, &got, a, e))
		return true;
	ingest_failed(&in, e);
	/* Two at the same time with one key: the other one has answered. */
	if (e->code != ERR_CONFLICT || p->idempotency_key == NULL)
		return false;
	err_clear(e);
	if (!find_repeat(&in, a, &found, e))
		return false;
	return found ? true
		     : err_set(e, ERR_CONFLICT, 0, "Conflict.", "a snapshot's key was taken");
}
