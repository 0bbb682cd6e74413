#include "drift/service/snapshot.h"

#include <string.h>

#include "core/auth/audit_details.h"
#include "drift/engine/masked.h"
#include "drift/service/config.h"
#include "drift/snapshot/baseline.h"
#include "drift/snapshot/retention.h"

/* ---- very many values of a masked place ---- */

struct masking_told {
	int64_t         changes;
	struct uuid     config_id;
	struct raw_json category, key, path; /* texts that may hold any character */
};
static const struct field masking_told_fields[] = {
	TOLD(struct masking_told, changes),
	TOLD(struct masking_told, config_id),
	TOLD_IF(struct masking_told, category),
	TOLD_IF(struct masking_told, key),
	TOLD_IF(struct masking_told, path),
	FIELD_END,
};
static const struct schema masking_told =
    SCHEMA("MaskingTold", struct masking_told, masking_told_fields);

static const char *
tell_of_masking(TALLOC_CTX *mem, const struct masking *m, struct err *e)
{
	const struct masked_place *p = m->place;
	struct masking_told        told = { m->count.changes, m->count.config_id };
	struct json                texts[3] = { 0 };

	if (p != NULL) {
		texts[0] = (struct json) { .type = JSON_STRING, .text = p->category };
		texts[1] = (struct json) { .type = JSON_STRING, .text = p->key };
		texts[2] = (struct json) { .type = JSON_STRING, .text = p->path };
		told.category.tree = &texts[0];
		told.key.tree = &texts[1];
		told.path.tree = &texts[2];
	}
	return audit_details(mem, &masking_told, &told, e);
}

static bool
masking_body(struct db *db, void *arg, struct err *e)
{
	const struct masking *m = arg;
	bool                  first;

	if (!masked_changes_told(db, &m->count, &first, e))
		return false;
	return first || err_set(e, ERR_CONFLICT, 0, "It was told before.", "told before");
}

/* The push is stored and answered whatever becomes of this: what was not told is with the next. */
static void
tell_masking(const struct acting *a, const struct masking *m)
{
	struct masking     told = *m;
	struct err         e = { 0 };
	struct audit_entry entry = {
		.action = AUDIT_MASKED_CHANGES,
		.failed = true,
		.target_id = m->count.config_id,
	};

	entry.details = tell_of_masking(a->by.mem, m, &e);
	if (entry.details != NULL && audit_deed(&a->by, masking_body, &told, &entry, &e))
		return;
	if (!err_take(&e, ERR_CONFLICT))
		log_event(a->drift->env->log, LOG_SECURITY, LOG_LEVEL_WARN,
		    "guesses at a masked value could not be told of",
		    LOGS("event.action", "masked.changes"), LOGS("event.outcome", "failure"),
		    LOGS("error.message", e.detail));
}

bool
snapshot_push(const struct acting *a, struct push *p, struct ingest_answer *out, struct err *e)
{
	p->pushed_by = a->name;
	p->pusher = a->by.caller->user;
	p->work = a->work;
	if (!ingest_push(a->drift, a->by.t, a->by.mem, p, out, e))
		return false;
	for (size_t i = 0; i < out->masking_n; i++)
		tell_masking(a, &out->masking[i]);
	return true;
}

/* The answer is the same whatever becomes of this. */
void
snapshot_refused(const struct acting *a, const struct uuid *config, const struct err *why)
{
	const struct refusal r = { *config, a->by.caller->user, a->name, why };
	struct err           e = { 0 };

	if (!refusal_counts(why) || pushers_refused(a->drift, a->by.t, a->by.mem, &r, &e))
		return;
	log_event(a->drift->env->log, LOG_DRIFT, LOG_LEVEL_WARN,
	    "a refused push could not be told of", LOGS("event.action", "snapshot.refuse"),
	    LOGS("event.outcome", "failure"), LOGS("error.message", e.detail));
}

/* ---- reading ---- */

bool
snapshot_see(const struct acting *a, const struct uuid *id, struct snapshot *out, struct err *e)
{
	return snapshot_by_id(a->by.t, a->by.mem, id, out, e);
}

/* One, or none. */
static bool
page_at(const struct acting *a, const struct snapshot_filter *f, struct page *p, struct err *e)
{
	p->n = 0;
	p->rows = talloc_zero(a->by.mem, struct snapshot);
	if (p->rows == NULL)
		return err_memory(e);
	if (snapshot_before(a->by.t, a->by.mem, &f->config_id, f->at, p->rows, e)) {
		p->n = 1;
		return true;
	}
	if (!err_take(e, ERR_MISSING))
		return false;
	return true;
}

bool
snapshot_page(
    const struct acting *a, const struct snapshot_filter *f, struct page *p, struct err *e)
{
	if (!config_there(a, &f->config_id, e))
		return false;
	if (f->at.ms != 0)
		return page_at(a, f, p, e);
	return snapshot_list(a->by.t, a->by.mem, &f->config_id, p, e);
}

bool
snapshot_category(const struct acting *a, const struct snapshot *s, const char *category,
    struct held **rows, size_t *n, struct err *e)
{
	struct held *all;
	size_t       all_n;

	*n = 0;
	if (!baseline_held(a->by.t, a->by.mem, s, &all, &all_n, e))
		return false;
	*rows = all;
	for (size_t i = 0; i < all_n; i++)
		if (strcmp(all[i].category, category) == 0)
			all[(*n)++] = all[i];
	return true;
}

static bool
held_of(const struct acting *a, const struct snapshot *s, const char *category, const char *key,
    struct held *h, struct err *e)
{
	struct uuid  id = held_id(&s->config_id, str_of(category), str_of(key));
	struct held *rows;
	size_t       n;

	if (s->in_order)
		return held_one(a->by.t, a->by.mem, &id, s->seq, h, e);
	if (!snapshot_category(a, s, category, &rows, &n, e))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (strcmp(rows[i].key, key) == 0) {
			*h = rows[i];
			return true;
		}
	}
	return err_set(e, ERR_MISSING, 0, "Not found.", "not in that snapshot");
}

bool
snapshot_resource(const struct acting *a, const struct snapshot *s, const char *category,
    const char *key, struct snapshot_value *out, struct err *e)
{
	struct held *h = &out->held;
	struct str   text;
	struct json *v;
	struct buf   b;

	if (!held_of(a, s, category, key, h, e))
		return false;
	if (h->address.n != HASH_LEN ||
	    !content_by_address(a->by.t, a->by.mem, h->address.p, &text, e))
		return err_set(e, ERR_INTERNAL, 0, "internal error", "stored content is missing");
	v = json_parse(a->by.mem, text, e);
	if (v == NULL)
		return false;
	buf_make(&b, a->by.mem);
	resource_print(&b, v);
	out->text = buf_text(&b, e);
	return out->text != NULL;
}

bool
snapshot_history(const struct acting *a, const struct uuid *config, const char *category,
    const char *key, struct snapshot_version **out, size_t *n, bool *more, struct err *e)
{
	const struct uuid        id = held_id(config, str_of(category), str_of(key));
	struct version_seen     *rows;
	struct snapshot_version *all;

	if (!config_there(a, config, e) ||
	    !versions_seen(a->by.t, a->by.mem, &id, VERSIONS_SEEN_MAX + 1, &rows, n, e))
		return false;
	*more = *n > VERSIONS_SEEN_MAX;
	if (*more)
		*n = VERSIONS_SEEN_MAX;
	*out = all = talloc_zero_array(a->by.mem, struct snapshot_version, (unsigned)*n + 1);
	if (all == NULL)
		return err_memory(e);
	for (size_t i = 0; i < *n; i++) {
		all[i].seen = rows[i];
		all[i].gone =
		    rows[i].until_seq != 0 && (i == 0 || rows[i].until_seq < rows[i - 1].from_seq);
	}
	return true;
}

/* ---- dropping ---- */

struct snapshot_deed {
	TALLOC_CTX       *mem;
	struct tenant_db *t;
	struct snapshot   s;
};

static bool
erase_body(struct db *db, void *arg, struct err *e)
{
	struct snapshot_deed *d = arg;

	return retention_drop(db, d->mem, &d->s, e) && retention_freed(d->t, e);
}

struct erase_told {
	const char *reason;
};
static const struct field erase_told_fields[] = {
	TOLD(struct erase_told, reason),
	FIELD_END,
};
static const struct schema erase_told = SCHEMA("EraseTold", struct erase_told, erase_told_fields);

bool
snapshot_erase(const struct acting *a, const struct uuid *id, const char *reason, struct err *e)
{
	struct snapshot_deed d = { .mem = a->by.mem, .t = a->by.t };
	struct audit_entry   entry = { .action = AUDIT_SNAPSHOT_DELETE, .target_id = *id };

	if (!snapshot_by_id(a->by.t, a->by.mem, id, &d.s, e))
		return false;
	entry.details = audit_details(a->by.mem, &erase_told, &(struct erase_told) { reason }, e);
	return entry.details != NULL && audit_deed(&a->by, erase_body, &d, &entry, e);
}
