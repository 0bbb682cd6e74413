#include "core/auth/user/key_reminder.h"

#include <string.h>

#include "core/auth/apikey.h"
#include "core/auth/audit.h"
#include "core/auth/audit_details.h"
#include "core/auth/mail/mail_queue.h"
#include "core/store/identity/user.h"

#define ADMINS_MAX 20  /* that are written to */
#define KEYS_MAX   100 /* told of in one round of a tenant; the others follow in the next */

struct telling {
	const struct deed_by *by;
	const struct api_key *k;
	int64_t               days;
};

static bool
write_to_admins(const struct telling *w, struct err *e)
{
	const struct user_filter f = { .role = "admin", .status = "active" };
	struct mail_order        order = { 0 };
	char                     end[TIME_TEXT_MAX];
	struct page              admins = { .want = ADMINS_MAX };

	if (!mail_is_on(w->by->auth))
		return true;
	time_print(w->k->expires_at.ms, end);
	order.by = end;
	order.other = talloc_asprintf(w->by->mem, "\"%s\" (%s)", w->k->name, w->k->prefix);
	if (order.other == NULL)
		return err_memory(e);
	if (!user_list(w->by->t, w->by->mem, &f, &admins, e))
		return false;
	for (size_t i = 0; i < admins.n; i++) {
		order.user = ((const struct user *)admins.rows)[i].id;
		if (!mail_queue(w->by, MAIL_KEY_ENDING, &order, e))
			return false;
	}
	return true;
}

static bool
tell_body(struct db *db, void *arg, struct err *e)
{
	const struct telling *w = arg;
	bool                  first;

	(void)db;
	return api_key_tell(w->by->t, &w->k->id, w->days, &first, e) &&
	       (first || err_set(e, ERR_CONFLICT, 0, "", "somebody else has told it")) &&
	       write_to_admins(w, e);
}

struct ending_told {
	const char *name, *prefix;
	instant     expires_at;
	int64_t     days;
	bool        orphaned;
};
static const struct field ending_told_fields[] = {
	TOLD(struct ending_told, name),
	TOLD(struct ending_told, prefix),
	TOLD(struct ending_told, expires_at),
	TOLD(struct ending_told, days),
	TOLD(struct ending_told, orphaned),
	FIELD_END,
};
static const struct schema ending_told =
    SCHEMA("EndingTold", struct ending_told, ending_told_fields);

static const char *
details_of(const struct telling *w, struct err *e)
{
	const struct api_key    *k = w->k;
	const struct ending_told told = {
		k->name,
		k->prefix,
		k->expires_at,
		w->days,
		k->orphaned,
	};

	return audit_details(w->by->mem, &ending_told, &told, e);
}

static bool
tell(struct telling *w, size_t *told, struct err *e)
{
	struct audit_entry entry = {
		.action = AUDIT_API_KEY_ENDING,
		.actor_name = "driftd",
		.target_id = w->k->id,
		.details = details_of(w, e),
	};

	if (entry.details == NULL)
		return false;
	if (!audit_deed(w->by, tell_body, w, &entry, e))
		return err_take(e, ERR_CONFLICT);
	(*told)++;
	return true;
}

static bool
remind(const struct deed_by *by, int64_t days, size_t *told, struct err *e)
{
	const instant now = { clock_ms(by->auth->env->clock) };
	struct page   p = { .want = KEYS_MAX };

	if (!api_key_ending(by->t, by->mem, now, days, &p, e))
		return false;
	for (size_t i = 0; i < p.n; i++) {
		struct telling w = { by, (const struct api_key *)p.rows + i, days };

		if (!tell(&w, told, e))
			return false;
	}
	return true;
}

/* The nearer end first: it needs no telling of the farther one. */
bool
keys_remind(const struct deed_by *by, size_t *told, struct err *e)
{
	*told = 0;
	return remind(by, KEY_TOLD_LAST, told, e) && remind(by, KEY_TOLD_FIRST, told, e);
}

static void
remind_tenant(const struct tenant *row, TALLOC_CTX *mem, void *arg)
{
	struct auth   *a = arg;
	struct deed_by by = { .auth = a, .mem = mem };
	struct err     e = { 0 };
	size_t         told;

	if (strcmp(row->status, "active") == 0 &&
	    (!tenant_db_open(a->database, row, false, &by.t, &e) || !keys_remind(&by, &told, &e)))
		log_err(a->env->log, LOG_SYSTEM, "the ends of API keys could not be told", &e);
}

bool
keys_remind_page(struct auth *a, struct uuid *after, bool *ended, struct err *e)
{
	const struct tenant_visit visit = { remind_tenant, a };

	return tenant_walk(a->database, &visit, after, ended, e);
}
