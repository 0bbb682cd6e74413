#include "core/auth/auth.h"

#define AGAIN_MS 5000  /* a stranger's kid asks the database no more often than this */
#define OLD_MS   60000 /* a rotation elsewhere reaches this process by itself */

static bool
load(struct auth *a, struct err *e)
{
	const struct token_key *signing = NULL;
	struct token_keys      *keys;

	a->keys_loaded_ms = clock_ms(a->env->clock);
	/* lives as long as the database object, which both belong to main */
	keys = signing_keys_load(a->database, a->database, &signing, e);
	if (keys == NULL)
		return false;
	if (signing == NULL) {
		talloc_free(keys);
		return err_set(
		    e, ERR_UNAVAILABLE, 0, "no signing key yet", "no active signing key");
	}
	talloc_free(a->keys);
	a->keys = keys;
	a->signing = signing;
	return true;
}

bool
auth_keys(struct auth *a, bool again, struct err *e)
{
	int64_t    age = clock_ms(a->env->clock) - a->keys_loaded_ms;
	struct err why = { 0 };

	if (a->keys == NULL)
		return load(a, e);
	if (age >= 0 && age < (again ? AGAIN_MS : OLD_MS))
		return true;
	/* what is loaded goes on serving while the database is away */
	if (!load(a, &why))
		log_err(a->env->log, LOG_SYSTEM, "signing keys could not be read again", &why);
	return true;
}

bool
auth_lane(struct auth *a, enum lane lane, struct err *e)
{
	return a->permits == NULL || permit_enter(a->permits, lane, e);
}

bool
auth_permit(struct auth *a, struct permit *permit, struct err *e)
{
	return a->permits == NULL || (auth_lane(a, LANE_PASSWORD, e) &&
					 permit_take(a->permits, a->env->clock, permit, e));
}

struct fetch *
auth_fetch(struct auth *a, struct err *e)
{
	if (a->fetch == NULL)
		err_set(
		    e, ERR_INTERNAL, 0, "internal error", "this program asks no identity provider");
	return a->fetch;
}
