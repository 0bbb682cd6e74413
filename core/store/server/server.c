#include "core/store/server/server.h"

#include <mysqld_error.h>

#include "core/shm/circuit.h"
#include "core/store/db_priv.h"

static const struct field server_limits_fields[] = {
	FIELD(struct server_limits, max_connections, .doc = "Most connections at once."),
	FIELD(struct server_limits, most_kept, .doc = "Most statements that we keep prepared."),
	FIELD_END,
};
static const struct schema server_limits_schema =
    SCHEMA("ServerLimits", struct server_limits, server_limits_fields);

SQL(server_limits_select, SQL_CONTROL, NULL, &server_limits_schema,
    "SELECT @@GLOBAL.max_connections AS max_connections,"
    " " SERVER_MOST_KEPT);

bool
server_limits(struct db *control, TALLOC_CTX *mem, struct server_limits *l, struct err *e)
{
	return db_one(control, mem, &server_limits_select, NULL, l, e);
}

/* ---- does it take changes? ---- */

struct server_modes {
	bool closed;
};
static const struct field server_modes_fields[] = {
	FIELD(struct server_modes, closed, .doc = "It takes no changes."),
	FIELD_END,
};
static const struct schema server_modes_schema =
    SCHEMA("ServerModes", struct server_modes, server_modes_fields);

/* read_only is a number in MariaDB 10.11 and a word in later ones. */
SQL(server_modes_select, SQL_CONTROL, NULL, &server_modes_schema,
    "SELECT CAST(@@GLOBAL.read_only AS CHAR) NOT IN ('0', 'OFF')"
    " OR @@GLOBAL.innodb_read_only <> 0 OR @@SESSION.tx_read_only <> 0 AS closed");

static bool
refused(unsigned number, enum server_state *state, struct err *e)
{
	*state = db_fault_of(number) == DB_FULL ? SERVER_FULL : SERVER_READ_ONLY;
	return db_fault_set(e, "server_check", number, "changes are refused");
}

bool
server_check(struct db *control, TALLOC_CTX *mem, enum server_state *state, struct err *e)
{
	struct server_modes m;
	unsigned            number = 0;

	*state = SERVER_UNAVAILABLE;
	if (!db_one(control, mem, &server_modes_select, NULL, &m, e))
		return false;
	if (m.closed) {
		db_close(control);
		return refused(ER_OPTION_PREVENTS_STATEMENT, state, e);
	}
	if (control->o.segment != NULL)
		number = circuit_refusal(control->o.segment, control->server, db_now_ms());
	/* One that was read-only and is no longer has just said so. */
	if (number != 0 && db_fault_of(number) == DB_FULL)
		return refused(number, state, e);
	*state = SERVER_OK;
	return true;
}

const char *
server_state_text(enum server_state s)
{
	static const char *const texts[] = { "ok", "unavailable", "read_only", "full" };

	return texts[s];
}
