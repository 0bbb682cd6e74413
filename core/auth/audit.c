#include "core/auth/audit.h"

#include <string.h>

#include "core/base/hash.h"
#include "core/base/secret.h"
#include "core/base/unicode.h"
#include "core/store/audit_rows.h"

#define NAME_MAX_BYTES       254
#define ADDRESS_MAX_BYTES    45
#define USER_AGENT_MAX_BYTES 400
#define REQUEST_ID_MAX_BYTES 64
#define PAGE                 500
#define ENTRY_STEPS 400 /* of an entry: 4 us */

static const struct action_row {
	const char      *text;
	enum log_dataset dataset;
} actions[AUDIT__MAX] = {
#define X(id, text, dataset) [id] = { text, dataset },
	AUDIT_ACTIONS(X)
#undef X
};

const char *
audit_action_text(enum audit_action action)
{
	return actions[action].text;
}

/* ---- the chain ---- */

struct mac {
	struct hash_hmac_ctx *h;
};

/* Length-prefixed, so that no two rows have the same bytes. */
static void
mac_bytes(struct mac *m, const void *p, size_t n)
{
	uint8_t length[8];

	for (int i = 0; i < 8; i++)
		length[i] = (uint8_t)((uint64_t)n >> (56 - 8 * i));
	hash_hmac_add(m->h, length, sizeof(length));
	hash_hmac_add(m->h, p, n);
}

static void
mac_text(struct mac *m, const char *z)
{
	mac_bytes(m, z, strlen(z));
}

static void
mac_number(struct mac *m, uint64_t v)
{
	uint8_t b[8];

	for (int i = 0; i < 8; i++)
		b[i] = (uint8_t)(v >> (56 - 8 * i));
	mac_bytes(m, b, sizeof(b));
}

static void
mac_row(struct mac *m, const struct audit_row *r)
{
	mac_bytes(m, r->prev_mac.p, r->prev_mac.n);
	mac_number(m, r->seq);
	mac_bytes(m, r->id.b, sizeof(r->id.b));
	mac_number(m, (uint64_t)r->at.ms);
	mac_text(m, r->action);
	mac_text(m, r->outcome);
	mac_text(m, r->actor_kind);
	mac_bytes(m, r->actor_id.b, sizeof(r->actor_id.b));
	mac_text(m, r->actor_name);
	mac_bytes(m, r->acting_tenant.b, sizeof(r->acting_tenant.b));
	mac_text(m, r->target_kind);
	mac_text(m, r->target_id);
	mac_text(m, r->address);
	mac_text(m, r->user_agent);
	mac_text(m, r->request_id);
	mac_text(m, r->details);
}

static bool
compute_mac(TALLOC_CTX *mem, const struct auth *a, const struct tenant *t, uint32_t version,
    const struct audit_row *r, uint8_t out[static AUDIT_MAC_LEN], struct err *e)
{
	struct str bound = { (const char *)t->id.b, sizeof(t->id.b) };
	uint8_t    key[KEY_LEN];
	struct mac m;

	if (!keyring_subkey(a->keyring, version, KEY_AUDIT, bound, key, e))
		return false;
	m.h = hash_hmac_make(mem, key, sizeof(key));
	secret_wipe(key, sizeof(key));
	if (m.h == NULL)
		return err_memory(e);
	mac_row(&m, r);
	hash_hmac_end(m.h, out);
	return true;
}

/* ---- appending ---- */

static const char *
actor_kind(const struct audit_entry *entry)
{
	if (entry->caller != NULL)
		return entry->caller->kind == CALLER_API_KEY ? "api_key" : "user";
	return entry->actor_kind != NULL ? entry->actor_kind : "system";
}

static const char *
clean(TALLOC_CTX *mem, const char *z, size_t max)
{
	return unicode_clean(mem, str_of(z), max);
}

static bool
fill_texts(TALLOC_CTX *mem, const struct audit_entry *entry, struct audit_row *r)
{
	const struct origin  none = { NULL, NULL, NULL };
	const struct origin *o = entry->origin != NULL ? entry->origin : &none;
	const char          *name = entry->caller != NULL ? entry->caller->name : entry->actor_name;
	char                 target[UUID_TEXT_MAX] = "";

	if (!uuid_is_nil(&entry->target_id))
		uuid_print(&entry->target_id, target);
	r->actor_name = clean(mem, name, NAME_MAX_BYTES);
	r->target_kind = clean(mem, entry->target_kind, 32);
	r->target_id = talloc_strdup(mem, target);
	r->address = clean(mem, o->address, ADDRESS_MAX_BYTES);
	r->user_agent = clean(mem, o->user_agent, USER_AGENT_MAX_BYTES);
	r->request_id = clean(mem, o->request_id, REQUEST_ID_MAX_BYTES);
	r->details = entry->details != NULL ? entry->details : "{}";
	return r->actor_name != NULL && r->target_kind != NULL && r->target_id != NULL &&
	       r->address != NULL && r->user_agent != NULL && r->request_id != NULL;
}

static bool
fill_row(struct tenant_db *t, TALLOC_CTX *mem, const struct auth *a,
    const struct audit_entry *entry, struct audit_row *r, struct err *e)
{
	const struct caller *c = entry->caller;

	*r = (struct audit_row) { .id = entry->id,
		.at = { clock_ms(a->clock) },
		.action = actions[entry->action].text,
		.outcome = entry->success ? "success" : "failure",
		.actor_kind = actor_kind(entry) };
	if (c != NULL) {
		r->actor_id = c->user;
		if (!uuid_eq(&c->tenant, &t->tenant->id))
			r->acting_tenant = c->tenant;
	}
	return fill_texts(mem, entry, r) || err_memory(e);
}

bool
audit_append(struct tenant_db *t, TALLOC_CTX *mem, const struct auth *a,
    const struct audit_entry *entry, struct err *e)
{
	uint8_t           mac[AUDIT_MAC_LEN];
	struct audit_head head;
	struct audit_row  r;

	/* others wait here until this deed is committed: no work of theirs is outrun */
	if (!fill_row(t, mem, a, entry, &r, e) || !audit_head_take(t, mem, &head, e))
		return false;
	r.seq = head.seq + 1;
	r.prev_mac = head.mac;
	if (!compute_mac(mem, a, t->tenant, keyring_newest(a->keyring), &r, mac, e))
		return false;
	r.mac = (struct blob) { mac, sizeof(mac) };
	return audit_row_add(t, &r, e) && audit_head_move(t, head.seq, mac, e);
}

/* ---- the usual deed ---- */

struct deed {
	struct tenant_db         *t;
	TALLOC_CTX               *mem;
	const struct auth        *a;
	tx_fn                    *body;
	void                     *arg;
	const struct audit_entry *entry;
};

static bool
deed_body(struct db *db, void *arg, struct err *e)
{
	struct deed *d = arg;

	if (d->body != NULL && !d->body(db, d->arg, e))
		return false;
	return audit_append(d->t, d->mem, d->a, d->entry, e);
}

/* Empty or none: the field is left out. */
static struct str
given(const char *z)
{
	struct str s = str_of(z);

	return s.n > 0 ? s : (struct str) { NULL, 0 };
}

void
audit_log(const struct tenant_db *t, const struct auth *a, const struct audit_entry *entry)
{
	const struct action_row *action = &actions[entry->action];
	const struct origin      none = { NULL, NULL, NULL };
	const struct origin     *o = entry->origin != NULL ? entry->origin : &none;
	const struct caller     *c = entry->caller;
	char tenant[UUID_TEXT_MAX], user[UUID_TEXT_MAX] = "", target[UUID_TEXT_MAX] = "";

	if (a->log == NULL)
		return;
	uuid_print(&t->tenant->id, tenant);
	if (c != NULL)
		uuid_print(&c->user, user);
	if (!uuid_is_nil(&entry->target_id))
		uuid_print(&entry->target_id, target);
	log_event(a->log, action->dataset, entry->success ? LOG_LEVEL_INFO : LOG_LEVEL_WARN,
	    action->text, LOGS("event.action", action->text),
	    LOGS("event.outcome", entry->success ? "success" : "failure"),
	    LOGS("organization.id", tenant), LOGS("organization.name", t->tenant->slug),
	    LOGSTR("user.id", given(user)),
	    LOGSTR("user.name", given(c != NULL ? c->name : entry->actor_name)),
	    LOGS("bsx.actor.kind", actor_kind(entry)), LOGSTR("source.ip", given(o->address)),
	    LOGSTR("user_agent.original", given(o->user_agent)),
	    LOGSTR("http.request.id", given(o->request_id)),
	    LOGSTR("bsx.target.kind", given(entry->target_kind)),
	    LOGSTR("bsx.target.id", given(target)), LOGSTR("bsx.details", given(entry->details)));
}

bool
audit_deed(struct tenant_db *t, TALLOC_CTX *mem, const struct auth *a, tx_fn *body, void *arg,
    struct audit_entry *entry, struct err *e)
{
	struct audit_mark mark;
	struct deed       d = { t, mem, a, body, arg, entry };
	struct tx         tx = { .name = actions[entry->action].text,
			.body = deed_body,
			.arg = &d,
			.mark = audit_mark_sql,
			.mark_in = &mark };

	if (uuid_is_nil(&entry->id))
		entry->id = uuid_make(a->clock, a->rand);
	mark.id = entry->id;
	if (!tx_run(t->db, &tx, e))
		return false;
	audit_log(t, a, entry);
	return true;
}

/* ---- verifying ---- */

/* An entry's MAC may be of any version of the keyring. */
static bool
row_fits(TALLOC_CTX *mem, const struct auth *a, const struct tenant *t, const struct audit_row *r)
{
	uint8_t mac[AUDIT_MAC_LEN];

	if (r->mac.n != AUDIT_MAC_LEN)
		return false;
	for (uint32_t v = keyring_newest(a->keyring); v > 0; v--) {
		struct err why = { 0 };

		if (compute_mac(mem, a, t, v, r, mac, &why) &&
		    secret_eq(mac, r->mac.p, AUDIT_MAC_LEN))
			return true;
	}
	return false;
}

static bool
follows(const struct audit_row *r, uint64_t seq, const uint8_t *mac)
{
	return r->seq == seq + 1 && r->prev_mac.n == AUDIT_MAC_LEN &&
	       memcmp(r->prev_mac.p, mac, AUDIT_MAC_LEN) == 0;
}

/* Checks a page; false: *broken names the first entry that does not fit. */
static bool
page_fits(TALLOC_CTX *mem, const struct auth *a, const struct tenant *t,
    const struct audit_row *rows, size_t n, uint64_t *seq, uint8_t mac[static AUDIT_MAC_LEN],
    uint64_t *broken)
{
	for (size_t i = 0; i < n; i++) {
		if (!follows(&rows[i], *seq, mac) || !row_fits(mem, a, t, &rows[i])) {
			*broken = *seq + 1;
			return false;
		}
		*seq = rows[i].seq;
		memcpy(mac, rows[i].mac.p, AUDIT_MAC_LEN);
	}
	return true;
}

/* The MAC that the first entry behind `after` must name. */
static bool
mac_before(struct tenant_db *t, TALLOC_CTX *mem, uint64_t after, uint8_t mac[static AUDIT_MAC_LEN],
    struct err *e)
{
	struct audit_row *rows;
	size_t            n;

	memset(mac, 0, AUDIT_MAC_LEN);
	if (after == 0)
		return true;
	if (!audit_rows_after(t, mem, after - 1, 1, &rows, &n, e))
		return false;
	if (n == 0 || rows[0].seq != after)
		return err_set(e, ERR_MISSING, 0, "There is no audit entry of this number.",
		    "no entry %llu", (unsigned long long)after);
	if (rows[0].mac.n == AUDIT_MAC_LEN)
		memcpy(mac, rows[0].mac.p, AUDIT_MAC_LEN);
	return true;
}

/* The next page up to `end`; false with *broken set, or with an error. */
static bool
verify_page(struct tenant_db *t, TALLOC_CTX *mem, const struct auth *a, uint64_t end,
    uint8_t mac[static AUDIT_MAC_LEN], struct audit_verdict *out, struct err *e)
{
	uint64_t          left = end - out->upto;
	struct audit_row *rows;
	size_t            n = 0;

	if (!audit_rows_after(t, mem, out->upto, left < PAGE ? (int64_t)left : PAGE, &rows, &n, e))
		return false;
	if (n == 0)
		out->broken = out->upto + 1;
	return n > 0 && page_fits(mem, a, t->tenant, rows, n, &out->upto, mac, &out->broken);
}

bool
audit_verify(struct tenant_db *t, TALLOC_CTX *mem, const struct auth *a,
    const struct audit_part *part, struct work *work, struct audit_verdict *out, struct err *e)
{
	uint8_t           mac[AUDIT_MAC_LEN];
	struct audit_head head;
	uint64_t          end;

	*out = (struct audit_verdict) { .upto = part->after };
	/* the head first: what is appended meanwhile comes behind it */
	if (!audit_head_read(t, mem, &head, e) || !mac_before(t, mem, part->after, mac, e))
		return false;
	end = head.seq;
	if (part->limit > 0 && end > part->after && end - part->after > part->limit)
		end = part->after + part->limit;
	while (out->upto < end) {
		TALLOC_CTX *page = talloc_new(mem);
		bool        ok;

		if (page == NULL)
			return err_memory(e);
		ok = work_spend(work, WORK_LIST, PAGE * ENTRY_STEPS, e) &&
		     verify_page(t, page, a, end, mac, out, e);
		talloc_free(page);
		if (!ok)
			return out->broken != 0;
	}
	out->entries = out->upto - part->after;
	if (out->upto >= head.seq && (head.mac.n != AUDIT_MAC_LEN || out->upto > head.seq ||
					 memcmp(head.mac.p, mac, AUDIT_MAC_LEN) != 0))
		out->broken = out->upto + 1;
	return true;
}
