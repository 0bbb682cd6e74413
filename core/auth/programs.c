#include "core/auth/programs.h"

#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/env.h"
#include "core/crypt/keyring.h"
#include "core/store/tenant/program.h"
#include "core/store/tenant/tenant_db.h"

#define HOST_MAX 256

struct program *
program_make(TALLOC_CTX *mem, const char *kind, const struct env *env)
{
	struct program *p = talloc_zero(mem, struct program);

	if (p != NULL)
		*p = (struct program) { .id = uuid_make(env->clock, env->rand), .kind = kind };
	return p;
}

void
program_tell(struct program *p, const struct env *env, struct database *d)
{
	char               host[HOST_MAX] = "";
	struct err         e = { 0 };
	int64_t            now = clock_ms(env->clock);
	uint32_t           seals, opens;
	struct program_row row;

	if (!db_is_open(database_control(d)))
		return;
	seals = keyring_newest(env->keyring);
	opens = keyring_below(env->keyring, 0);
	if (p->told_ms != 0 && now - p->told_ms < PROGRAM_TELL_MS && now >= p->told_ms &&
	    seals == p->seals && opens == p->opens)
		return;
	(void)gethostname(host, sizeof(host) - 1);
	row = (struct program_row) { p->id, p->kind, host, getpid(), BSX_VERSION, seals, opens };
	/* What cannot be told now is told the next time. */
	if (!program_beat(database_control(d), &row, &e))
		err_clear(&e);
	p->told_ms = now;
	p->seals = seals;
	p->opens = opens;
}

void
program_ends(struct program *p, struct database *d)
{
	struct err e = { 0 };

	/* Without it, its row counts for a minute more. */
	if (p->told_ms != 0 && db_is_open(database_control(d)) &&
	    !program_gone(database_control(d), &p->id, &e))
		err_clear(&e);
}
