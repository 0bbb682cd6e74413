/* The API keys of a tenant of which somebody should know. */
#include <string.h>

#include "core/auth/access.h"
#include "core/store/identity/apikey.h"
#include "tools/bsxctl_doctor.h"

#define KEYS_SHOWN 20 /* of a tenant */

static bool
changes_power(const struct api_key *k)
{
	struct permissions had = { { 0, 0 } }, has;

	permissions_add(&had, k->scopes);
	has = had;
	permissions_bound_key(&has, k->administrative);
	return !permission_covers(&has, &had);
}

static const char *
what_of(const struct api_key *k, bool service)
{
	if (!service && k->orphaned)
		return "who made it is gone or disabled: it is refused; somebody else makes "
		       "another";
	if (!service && changes_power(k))
		return "it is personal now: it ends with who made it, and changes no users, roles, "
		       "keys, tenants or settings; make an administrative service key for that";
	if (!service)
		return "it is personal now: it may do no more than who made it, and ends with them";
	return k->orphaned ? "who made it is gone or disabled: it goes on as a service key"
			   : "it is a service key now";
}

static void
say_key(struct findings *f, const struct tenant *t, const struct api_key *k)
{
	bool service = strcmp(k->kind, KEY_SERVICE) == 0;
	char end[TIME_TEXT_MAX] = "";

	if (k->expires_at.ms != 0)
		time_print(k->expires_at.ms, end);
	ctl_say("note  tenant %s: API key %s (%s): %s%s%s", t->slug, ctl_text(f->c, k->prefix),
	    ctl_text(f->c, k->name), what_of(k, service), *end == '\0' ? "" : ", until ", end);
}

bool
doctor_keys(struct findings *f, struct tenant_db *tdb, struct err *e)
{
	const struct api_key_filter odd = { .odd = true };
	const struct tenant        *t = tdb->tenant;
	struct page                 p = { .want = KEYS_SHOWN + 1 };

	if (!api_key_list(tdb, f->c->mem, &odd, &p, e))
		return false;
	for (size_t i = 0; i < p.n && i < KEYS_SHOWN; i++)
		say_key(f, t, &((const struct api_key *)p.rows)[i]);
	if (p.n > KEYS_SHOWN)
		ctl_say("note  tenant %s: there are more such API keys", t->slug);
	return true;
}
