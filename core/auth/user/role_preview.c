#include "core/auth/user/role_preview.h"

#include "core/auth/user/role_work.h"
#include "core/auth/user/user_last.h"

#define SHOWN(T, m, text)      FIELD(T, m, .flags = FIELD_READ_ONLY, .doc = text)
#define SHOWN_NULL(T, m, text) FIELD(T, m, .flags = FIELD_READ_ONLY | FIELD_NULLABLE, .doc = text)

static const struct field effect_fields[] = {
	SHOWN(struct role_effect, user, "User."),
	SHOWN_NULL(struct role_effect, email, "Address; for those with read:users."),
	SHOWN_NULL(struct role_effect, display_name, "Name; for those with read:users."),
	SHOWN(struct role_effect, gains, "Permissions that the user would have more."),
	SHOWN(struct role_effect, loses, "Permissions that the user would have no more."),
	SHOWN(struct role_effect, personal_keys,
	    "API keys of the user's own, which may never do more than the user."),
	FIELD_END,
};
const struct schema role_effect_schema = SCHEMA("RoleEffect", struct role_effect, effect_fields);

#define REFUSED(T)                                                                                 \
	SHOWN_NULL(                                                                                \
	    T, refused, "The code with which it would be refused now; null: it would not."),       \
	    SHOWN_NULL(T, why, "That in a sentence.")

static const struct field preview_fields[] = {
	SHOWN(struct role_preview, gains, "Permissions that the role would have more."),
	SHOWN(struct role_preview, loses, "Permissions that the role would have no more."),
	SHOWN(struct role_preview, users, "How many users have it."),
	REFUSED(struct role_preview),
	FIELD(struct role_preview, items, .item = &role_effect_schema, .flags = FIELD_READ_ONLY,
	    .doc = "Who has it, newest first, a page of them, with what each gains and loses "
		   "beside what their other roles give."),
	SHOWN_NULL(struct role_preview, next_cursor, "Cursor of the next page; null: the last."),
	FIELD_END,
};
const struct schema role_preview_schema =
    SCHEMA("RolePreview", struct role_preview, preview_fields);

static const struct field user_preview_fields[] = {
	SHOWN(struct user_preview, gains, "Permissions that the user would have more."),
	SHOWN(struct user_preview, loses, "Permissions that the user would have no more."),
	REFUSED(struct user_preview),
	FIELD(struct user_preview, assignments, .item = &assignment_schema,
	    .flags = FIELD_READ_ONLY, .doc = "The user's roles as they would be."),
	SHOWN(struct user_preview, personal_keys,
	    "API keys of the user's own, which may never do more than the user."),
	FIELD_END,
};
const struct schema user_preview_schema =
    SCHEMA("UserPreview", struct user_preview, user_preview_fields);

/* ---- what differs ---- */

static bool
differ(TALLOC_CTX *mem, const struct permissions *was, const struct permissions *now,
    struct strings *gains, struct strings *loses, struct err *e)
{
	const struct permissions more = { { now->bits[0] & ~was->bits[0],
	    now->bits[1] & ~was->bits[1] } };
	const struct permissions less = { { was->bits[0] & ~now->bits[0],
	    was->bits[1] & ~now->bits[1] } };

	return permission_list(mem, &more, gains, e) && permission_list(mem, &less, loses, e);
}

/* What speaks against it is told; what went wrong fails. */
static bool
note_refusal(
    TALLOC_CTX *mem, const struct err *why, const char **code, const char **text, struct err *e)
{
	static const enum err_code told[] = { ERR_ESCALATION, ERR_FORBIDDEN, ERR_IN_USE,
		ERR_CONFLICT, ERR_BUILT_IN_ROLE, ERR_LAST_ADMIN };

	for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++) {
		if (why->code != told[i])
			continue;
		*code = err_wire(why->code);
		*text = talloc_strdup(mem, why->pub);
		return *text != NULL || err_memory(e);
	}
	*e = *why;
	return false;
}

/* ---- of a role ---- */

static bool
show_holder(
    const struct role_work *w, const struct role_holder *h, struct role_effect *out, struct err *e)
{
	const struct deed_by *by = w->by;
	bool shows = permission_has(&by->caller->permissions, ACTION_READ, RESOURCE_USERS);
	struct permissions others = { { 0, 0 } }, was, now;
	struct strings     texts;

	if (!strings_of_lines(by->mem, h->others, &texts, e))
		return false;
	permissions_add(&others, texts);
	permissions_bound(&others, by->t->tenant);
	was = now = others;
	for (size_t i = 0; i < 2; i++) {
		was.bits[i] |= w->before.bits[i];
		now.bits[i] |= w->after.bits[i];
	}
	*out = (struct role_effect) { .user = h->id,
		.email = shows ? h->email : NULL,
		.display_name = shows ? h->display_name : NULL,
		.personal_keys = h->personal_keys };
	return differ(by->mem, &was, &now, &out->gains, &out->loses, e);
}

static bool
show_holders(const struct role_work *w, struct page *p, struct role_preview *out, struct err *e)
{
	struct role_effect *all;

	if (!role_holder_list(w->by->t, w->by->mem, &w->was.id, p, e))
		return false;
	all = talloc_zero_array(w->by->mem, struct role_effect, (unsigned)p->n + 1);
	if (all == NULL)
		return err_memory(e);
	for (size_t i = 0; i < p->n; i++)
		if (!show_holder(w, (const struct role_holder *)p->rows + i, &all[i], e))
			return false;
	out->items = (struct items) { all, p->n };
	return true;
}

bool
role_foresee(const struct deed_by *by, const struct uuid *id, const struct role_change *in,
    struct page *p, struct role_preview *out, struct err *e)
{
	struct role_work w = { .by = by, .in = in };
	struct err       why = { 0 };

	*out = (struct role_preview) { 0 };
	if (!role_view_by_id(by->t, by->mem, id, &w.was, e) || !role_work_fill(&w, e))
		return false;
	if (!role_work_may(&w, &why) && !note_refusal(by->mem, &why, &out->refused, &out->why, e))
		return false;
	out->users = w.holders;
	return differ(by->mem, &w.before, &w.after, &out->gains, &out->loses, e) &&
	       show_holders(&w, p, out, e);
}

/* ---- of a user ---- */

static bool
may_have(const struct deed_by *by, const struct user *u, const struct role_choice *c, struct err *e)
{
	struct user now = *u;

	now.assignments = (struct items) { .p = (void *)(uintptr_t)c->all, .n = c->n };
	return user_may_change(by, u, e) && (c->same || role_choice_may_grant(by, c, e)) &&
	       user_keep_an_admin(by->t, u, user_is_lasting_admin(&now), e);
}

bool
user_foresee(const struct deed_by *by, const struct uuid *id, const struct user_change *in,
    struct user_preview *out, struct err *e)
{
	struct role_choice *c = talloc_zero(by->mem, struct role_choice);
	struct permissions  was = { { 0, 0 } };
	struct strings      texts;
	struct user         u;
	struct err          why = { 0 };

	*out = (struct user_preview) { 0 };
	if (c == NULL)
		return err_memory(e);
	if (!user_by_id(by->t, by->mem, id, &u, e) || !role_choice_make(by, &in->roles, &u, c, e) ||
	    !strings_of_lines(by->mem, u.granted, &texts, e) ||
	    !api_key_count_personal(by->t, id, &out->personal_keys, e))
		return false;
	permissions_add(&was, texts);
	permissions_bound(&was, by->t->tenant);
	if (!may_have(by, &u, c, &why) && !note_refusal(by->mem, &why, &out->refused, &out->why, e))
		return false;
	out->assignments = (struct items) { c->all, c->n };
	return differ(by->mem, &was, &c->granted, &out->gains, &out->loses, e);
}
