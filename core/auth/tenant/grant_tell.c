/* grant_admin.h: the administrators of a tenant are told of what it gives, and of its end. */
#include "core/auth/mail/mail_queue.h"
#include "core/auth/tenant/grant_admin.h"

#define ADMINS_MAX 20 /* that are written to */

static bool
write_to_admins(
    const struct deed_by *by, enum mail_kind kind, struct mail_order *order, struct err *e)
{
	const struct user_filter f = { .role = "admin", .status = "active" };
	struct page              admins = { .want = ADMINS_MAX };

	if (!mail_is_on(by->auth))
		return true;
	if (!user_list(by->t, by->mem, &f, &admins, e))
		return false;
	for (size_t i = 0; i < admins.n; i++) {
		order->user = ((const struct user *)admins.rows)[i].id;
		if (!mail_queue(by, kind, order, e))
			return false;
	}
	return true;
}

/* By its short name, which who gave it knows. */
static const char *
grantee_of(TALLOC_CTX *mem, const struct grant *g, struct err *e)
{
	const char *text = talloc_strdup(mem, g->grantee_slug != NULL ? g->grantee_slug : "-");

	if (text == NULL)
		err_memory(e);
	return text;
}

bool
grant_tell_made(const struct deed_by *by, const struct grant *g, struct err *e)
{
	char              end[TIME_TEXT_MAX];
	struct mail_order order = { .by = end, .other = grantee_of(by->mem, g, e) };

	time_print(g->expires_at.ms, end);
	return order.other != NULL && write_to_admins(by, MAIL_GRANT_MADE, &order, e);
}

bool
grant_tell_ended(const struct deed_by *by, const struct grant *g, const char *who, struct err *e)
{
	struct mail_order order = { .by = who, .other = grantee_of(by->mem, g, e) };

	return order.other != NULL && write_to_admins(by, MAIL_GRANT_ENDED, &order, e);
}
