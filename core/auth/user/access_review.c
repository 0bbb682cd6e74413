#include "core/auth/user/access_review.h"

#include <string.h>

#include "core/auth/apikey.h"
#include "core/auth/user/access_lent.h"
#include "core/store/identity/review.h"
#include "core/store/identity/user.h"

#define SHOWN(m, text) FIELD(struct access_holder, m, .flags = FIELD_READ_ONLY, .doc = text)
#define SHOWN_NULL(m, text)                                                                        \
	FIELD(struct access_holder, m, .flags = FIELD_READ_ONLY | FIELD_NULLABLE, .doc = text)
#define SHOWN_AS(m, wire, text)                                                                    \
	FIELD_AS(                                                                                  \
	    struct access_holder, m, wire, .flags = FIELD_READ_ONLY | FIELD_NULLABLE, .doc = text)

static const char *const  kinds[] = { "user", "personal_key", "service_key", ACCESS_GRANT, NULL };
static const char *const  states[] = { "active", "disabled", "invited", "orphaned", NULL };
static const struct field fields[] = {
	SHOWN(id, "Number of the user or key."),
	FIELD(struct access_holder, kind, .flags = FIELD_READ_ONLY, .choices = kinds,
	    .doc = "What it is."),
	SHOWN_NULL(name,
	    "Address of the user, what the key is used for, or short name of the tenant whose "
	    "people "
	    "may act here; null: the caller has not read:users, read:api_keys or read:tenants."),
	SHOWN_NULL(display_name, "Name of the user; null of keys, and as above."),
	SHOWN_NULL(only_user,
	    "Of a grant: the only user of that tenant who may act here; null: all of its people "
	    "and API keys, and of users and keys."),
	FIELD(struct access_holder, status, .flags = FIELD_READ_ONLY, .choices = states,
	    .doc = "Of the user; orphaned: who made the key is gone or disabled; a grant that "
		   "counts is active."),
	FIELD(struct access_holder, assignments, .item = &assignment_schema,
	    .flags = FIELD_READ_ONLY,
	    .doc = "Roles of the user, or those that are lent; empty of keys."),
	SHOWN(scopes, "Scopes of the key, as they were given; empty of users and grants."),
	SHOWN(permissions, "What it may do now."),
	SHOWN_NULL(given_by, "Who made the key; null of users and grants, whose roles say it."),
	SHOWN_AS(given_name, "given_by_name", "That one's address; for those with read:users."),
	SHOWN_AS(ends_at, "until", "When the key or grant ends; null: never, and of users."),
	SHOWN_NULL(last_used,
	    "The last sign-in or use of a session, use of the key, or deed by the grant; to the "
	    "minute, by a grant to ten; null: never."),
	SHOWN(created_at, "When it was made."),
	FIELD_END,
};
const struct schema access_holder_schema = SCHEMA("AccessHolder", struct access_holder, fields);

struct showing {
	const struct deed_by *by;
	bool                  people, keys; /* their names are shown */
};

static bool
show_user(
    const struct showing *s, const struct review_row *r, struct access_holder *out, struct err *e)
{
	struct permissions may = { { 0, 0 } };
	struct assignment *all;
	struct strings     texts;
	instant            first;

	if (!assignments_read(s->by->mem, r->assigned, &out->assignments, &first, e) ||
	    !strings_of_lines(s->by->mem, r->granted, &texts, e))
		return false;
	all = out->assignments.p;
	for (size_t i = 0; !s->people && i < out->assignments.n; i++)
		all[i].given_name = NULL;
	out->kind = kinds[0];
	out->name = s->people ? r->name : NULL;
	out->display_name = s->people ? r->display_name : NULL;
	/* a text this program does not know grants nothing */
	if (strcmp(r->status, "active") == 0)
		permissions_add(&may, texts);
	permissions_bound(&may, s->by->t->tenant);
	return permission_list(s->by->mem, &may, &out->permissions, e);
}

static bool
show_key(
    const struct showing *s, const struct review_row *r, struct access_holder *out, struct err *e)
{
	bool                 service = strcmp(r->kind, KEY_SERVICE) == 0;
	const struct api_key k = {
		.kind = r->kind, .administrative = r->administrative, .scopes = r->scopes
	};
	const char        *granted = strcmp(r->status, "active") == 0 ? r->granted : NULL;
	struct permissions may;

	out->kind = kinds[service ? 2 : 1];
	out->name = s->keys ? r->name : NULL;
	out->scopes = r->scopes;
	out->given_by = r->given_by;
	out->given_name = s->people ? r->given_name : NULL;
	out->ends_at = r->ends_at;
	return api_key_permissions(s->by->mem, s->by->t->tenant, &k, granted, &may, e) &&
	       permission_list(s->by->mem, &may, &out->permissions, e);
}

/* What a list asks for, in the words of the rows. */
static const char *
row_kind(const char *kind)
{
	static const char *const words[] = { REVIEW_USER, KEY_PERSONAL, KEY_SERVICE };

	for (size_t i = 0; kind != NULL && kinds[i] != NULL; i++)
		if (strcmp(kinds[i], kind) == 0)
			return words[i];
	return NULL;
}

static bool
show_own(const struct showing *s, const char *kind, struct page *p, struct err *e)
{
	const struct review_row *rows;
	struct access_holder    *all;

	if (!review_list(s->by->t, s->by->mem, row_kind(kind), p, e))
		return false;
	rows = p->rows;
	all = talloc_zero_array(s->by->mem, struct access_holder, (unsigned)p->n + 1);
	if (all == NULL)
		return err_memory(e);
	for (size_t i = 0; i < p->n; i++) {
		const struct review_row *r = &rows[i];

		all[i].id = r->id;
		all[i].status = r->status;
		all[i].last_used = r->last_used;
		all[i].created_at = r->created_at;
		if (!(strcmp(r->kind, REVIEW_USER) == 0 ? show_user : show_key)(s, r, &all[i], e))
			return false;
	}
	p->rows = all;
	return true;
}

static bool
is_newer(const struct uuid *a, const struct uuid *b)
{
	return memcmp(a->b, b->b, sizeof(a->b)) > 0;
}

/* What is lent goes between, newest first; both have their order. */
static bool
merge_others(
    const struct showing *s, const struct access_others *others, struct page *p, struct err *e)
{
	const struct access_holder *own = p->rows, *lent = others->p;
	struct access_holder       *all;
	size_t                      i = 0, j = 0, to = 0;

	while (j < others->n && !uuid_is_nil(&p->after) && !is_newer(&p->after, &lent[j].id))
		j++;
	all = talloc_array(s->by->mem, struct access_holder, (unsigned)p->want + 1);
	if (all == NULL)
		return err_memory(e);
	while (to < p->want && (i < p->n || j < others->n)) {
		bool other = i == p->n || (j < others->n && is_newer(&lent[j].id, &own[i].id));

		all[to++] = other ? lent[j++] : own[i++];
	}
	p->rows = all;
	p->n = to;
	return true;
}

bool
access_review(const struct deed_by *by, const char *kind, const struct access_others *others,
    struct page *p, struct err *e)
{
	const struct permissions *may = &by->caller->permissions;
	const struct showing      s = { by, permission_has(may, ACTION_READ, RESOURCE_USERS),
		     permission_has(may, ACTION_READ, RESOURCE_API_KEYS) };
	bool                      lent = kind != NULL && strcmp(kind, ACCESS_GRANT) == 0;
	struct access_others      read;

	if (lent) {
		p->rows = NULL;
		p->n = 0;
	} else if (!show_own(&s, kind, p, e)) {
		return false;
	}
	if (kind != NULL && !lent)
		return true;
	if (others == NULL && !access_lent(by, &read, e))
		return false;
	return merge_others(&s, others != NULL ? others : &read, p, e);
}

bool
access_review_export(const struct deed_by *by, struct err *e)
{
	struct audit_entry entry = { .action = AUDIT_ACCESS_EXPORT };

	return audit_deed(by, NULL, NULL, &entry, e);
}
