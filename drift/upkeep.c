#include "drift/upkeep.h"

#include "core/auth/turn.h"

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

	return turn_keys(&a, TURN_WHEN_DUE, "driftd", NULL, e);
}
