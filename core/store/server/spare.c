#include "core/store/server/spare.h"

#include <time.h>

#include "core/store/db_priv.h"
#include "core/store/ddl.h"
#include "core/store/server/provision_priv.h"

#define SESSIONS_MAX 1000
#define POLL_NS      5000000
#define NO_SUCH      1094 /* it has ended by itself */
#define KILL_DENIED  1095

char *
spare_name(const struct provision *p, TALLOC_CTX *mem, struct err *e)
{
	return provision_schema_name(mem, p->env->rand, e);
}

bool
spare_make(const struct provision *p, const char *schema_name, int64_t version, struct err *e)
{
	int applied;

	return (provision_account(p, schema_name, e) &&
		   provision_migrate(p, schema_name, version, &applied, e)) ||
	       err_note(e, "making the schema %s", schema_name);
}

bool
spare_carry_keys(const struct provision *p, const char *from, const char *to, struct err *e)
{
	static const char *const texts[] = {
		"REPLACE INTO api_keys SELECT * FROM `{schema}`.api_keys",
		"REPLACE INTO recovery_codes SELECT * FROM `{schema}`.recovery_codes",
	};
	const struct ddl names = { .schema = from };
	struct db       *db = provision_schema_db(p, to, e);
	bool             ok = db != NULL;

	for (size_t i = 0; ok && i < sizeof(texts) / sizeof(*texts); i++)
		ok = ddl_run(db, "spare_keys", &names, texts[i], e);
	if (db != NULL)
		db_close(db);
	talloc_free(db);
	return ok;
}

/* ---- who is signed in ---- */

struct session_id {
	uint64_t id;
};
static const struct field session_fields[] = {
	COLUMN(struct session_id, id),
	FIELD_END,
};
static const struct schema session_out = SCHEMA("SpareSession", struct session_id, session_fields);

struct of_account {
	const char *account;
};
static const struct field account_fields[] = {
	COLUMN(struct of_account, account),
	FIELD_END,
};
static const struct schema account_in = SCHEMA("SpareAccountIn", struct of_account, account_fields);

SQL(spare_select_me, SQL_TENANT, NULL, &session_out, "SELECT CONNECTION_ID() AS id");
SQL(spare_select_sessions, SQL_CONTROL, &account_in, &session_out,
    "SELECT ID AS id FROM information_schema.PROCESSLIST WHERE USER = :account ORDER BY ID"
    " LIMIT 1000");

struct sending {
	const struct provision  *p;
	const struct spare_hold *h;
	struct session_id        mine[SPARE_MINE];
};

static bool
find_mine(struct sending *s, struct err *e)
{
	for (size_t i = 0; i < SPARE_MINE; i++)
		if (!db_one(s->h->mine[i], s->h->mine[i], &spare_select_me, NULL, &s->mine[i], e))
			return false;
	return true;
}

static bool
is_mine(const struct sending *s, uint64_t id)
{
	for (size_t i = 0; i < SPARE_MINE; i++)
		if (s->mine[i].id == id)
			return true;
	return false;
}

static bool
may_not(struct err *e)
{
	return err_set(e, ERR_FORBIDDEN, 0,
	    "The provisioning account may not see and end the connections of others: it needs "
	    "PROCESS "
	    "and CONNECTION ADMIN.",
	    "of a tenant");
}

static bool
send_away(const struct sending *s, uint64_t id, struct err *e)
{
	char text[64];

	snprintf(text, sizeof(text), "KILL CONNECTION %llu", (unsigned long long)id);
	if (db_exec(s->p->prov, "spare_kill", text, e))
		return true;
	if (e->sys == KILL_DENIED) {
		err_clear(e);
		return may_not(e);
	}
	if (e->sys != NO_SUCH)
		return false;
	err_clear(e);
	return true;
}

/* One look: *left others were there, and were told to go. */
static bool
look(const struct sending *s, size_t *left, struct err *e)
{
	const struct of_account in = { s->h->schema_name };
	TALLOC_CTX             *mem = talloc_new(s->p->prov);
	struct session_id      *list;
	size_t                  n = 0, seen = 0;
	bool                    ok =
	    db_all(s->p->prov, mem, &spare_select_sessions, &in, INTO(&list, &n, SESSIONS_MAX), e);

	for (size_t i = 0; ok && i < n; i++) {
		if (is_mine(s, list[i].id))
			seen++;
		else
			ok = send_away(s, list[i].id, e);
	}
	*left = n - seen;
	talloc_free(mem);
	return ok && (seen == SPARE_MINE || may_not(e));
}

static bool
wait_for_none(const struct sending *s, struct err *e)
{
	const struct timespec poll = { .tv_nsec = POLL_NS };
	const int64_t         end = clock_ms(s->p->env->clock) + SPARE_WAIT_S * INT64_C(1000);
	size_t                left = 1;

	while (left > 0) {
		if (!look(s, &left, e))
			return false;
		if (left > 0 && clock_ms(s->p->env->clock) > end)
			return err_set(e, ERR_UNAVAILABLE, 0,
			    "The database does not end what is under way: run it again.",
			    "%zu connections of %s", left, s->h->schema_name);
		if (left > 0)
			nanosleep(&poll, NULL);
	}
	return true;
}

/* ---- the account ---- */

static bool
account_run(const struct provision *p, const char *schema_name, const char *text, struct err *e)
{
	const struct ddl names = { .user = schema_name, .host = p->env->conf->db_account_host };

	return ddl_run(p->prov, "spare_account", &names, text, e);
}

bool
spare_hold(const struct provision *p, const struct spare_hold *h, struct err *e)
{
	struct sending s = { .p = p, .h = h };

	return find_mine(&s, e) && spare_lock(p, h->schema_name, e) && wait_for_none(&s, e);
}

bool
spare_lock(const struct provision *p, const char *schema_name, struct err *e)
{
	return account_run(p, schema_name, "ALTER USER '{user}'@'{host}' ACCOUNT LOCK", e);
}

bool
spare_release(const struct provision *p, const char *schema_name, struct err *e)
{
	return account_run(p, schema_name, "ALTER USER '{user}'@'{host}' ACCOUNT UNLOCK", e);
}
