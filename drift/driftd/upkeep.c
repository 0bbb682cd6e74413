#include "drift/driftd/upkeep.h"

#include "core/auth/key_rotation.h"
#include "core/auth/user/key_reminder.h"

#define KEYS_EVERY_MS 3600000

/* A page of tenants in a round, so that no round takes long; then rest. */
static bool
remind(struct daemon *d, struct auth *a, struct err *e)
{
	int64_t now_ms = clock_ms(&clock_system);
	bool    ended;

	if (now_ms < d->keys_due_ms)
		return true;
	d->keys_due_ms = 0;
	if (!keys_remind_page(a, &d->keys_after, &ended, e))
		return false;
	if (ended) {
		d->keys_after = (struct uuid) { 0 };
		d->keys_due_ms = now_ms + KEYS_EVERY_MS;
	}
	return true;
}

bool
upkeep_round(struct daemon *d, struct err *e)
{
	struct auth a = { .conf = d->conf,
		.clock = &clock_system,
		.rand = &rand_system,
		.log = d->log,
		.keyring = d->keyring,
		.segment = d->segment,
		.database = d->database };

	return rotation_keys(&a, TURN_WHEN_DUE, "driftd", NULL, e) && remind(d, &a, e);
}
