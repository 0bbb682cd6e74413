#include "core/store/db_priv.h"

#include <errmsg.h>
#include <mysqld_error.h>
#include <poll.h>
#include <string.h>
#include <sys/prctl.h>

#include "core/base/secret.h"
#include "core/crypt/keyring.h"
#include "core/shm/circuit.h"
#include "core/shm/metric.h"
#include "core/shm/process.h"
#include "core/store/ddl.h"

#define PACKET_MAX (64ul * 1024 * 1024)

/*
 * What every connection says first: exact comparison, UTC, no silent truncation, waits shorter than
 * our timeouts.  A statement whose client has long given up ends in the server too; one that
 * changes a schema may take its time.
 */
#define SESSION_SQL                                                                                \
	"SET NAMES utf8mb4 COLLATE utf8mb4_nopad_bin, time_zone = '+00:00', autocommit = 1,"       \
	" innodb_lock_wait_timeout = 5, sql_mode = 'STRICT_ALL_TABLES,NO_ZERO_IN_DATE,"            \
	"NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'"
static const char session_sql[] = SESSION_SQL ", lock_wait_timeout = 5, max_statement_time = 30";
/* A migration's lock is a transaction that waits for it. */
static const char session_ddl_sql[] =
    SESSION_SQL ", wait_timeout = 28800, idle_transaction_timeout = 0,"
		" idle_write_transaction_timeout = 0";

#define SESSION_MAX 1024

/* ---- making ---- */

static void
disconnect(struct db *db)
{
	db_awaits(NULL); /* saying goodbye is not worth a wait */
	mysql_close(db->my);
	db->my = NULL;
	kept_drop(db);
	if (db->tx == DB_TX_OPEN)
		db->tx = DB_TX_LOST;
}

/* Does not touch the segment, which may be gone: who frees one and lives on calls db_close() first.
 */
static int
db_destroy(struct db *db)
{
	if (db->my != NULL)
		disconnect(db);
	return 0;
}

static bool
copy_text(struct db *db, const char **z)
{
	if (*z != NULL)
		*z = talloc_strdup(db, *z);
	return *z != NULL;
}

static const char *
copy_secret(TALLOC_CTX *mem, const char *z)
{
	size_t n = strlen(z) + 1;
	char  *p = secret_alloc(mem, n);

	if (p != NULL)
		memcpy(p, z, n);
	return p;
}

static bool
copy_passwords(struct db *db, const struct db_options *o)
{
	const char **older;
	unsigned     n = 0;

	talloc_free(db->passwords);
	db->o.password = NULL;
	db->o.older = NULL;
	db->passwords = talloc_new(db);
	if (db->passwords == NULL ||
	    (o->password != NULL &&
		(db->o.password = copy_secret(db->passwords, o->password)) == NULL))
		return false;
	if (o->older == NULL)
		return true;
	while (o->older[n] != NULL)
		n++;
	older = talloc_zero_array(db->passwords, const char *, n + 1);
	if (older == NULL)
		return false;
	for (unsigned i = 0; i < n; i++)
		if ((older[i] = copy_secret(older, o->older[i])) == NULL)
			return false;
	db->o.older = older;
	return true;
}

static bool
is_empty(const char *z)
{
	return z == NULL || *z == '\0';
}

/* Passwords and data do not cross a network in the clear. */
static bool
is_private(const struct db_options *o)
{
	return is_empty(o->host) || !is_empty(o->tls_ca) || strcmp(o->host, "localhost") == 0 ||
	       strcmp(o->host, "127.0.0.1") == 0 || strcmp(o->host, "::1") == 0;
}

struct db *
db_make(TALLOC_CTX *mem, const struct db_options *o, struct err *e)
{
	struct db *db;

	if (!is_private(o)) {
		err_set(e, ERR_INTERNAL, 0, "db.tls_ca must be set: db.host is on another machine",
		    "no TLS to %s", o->host);
		return NULL;
	}
	db = talloc_zero(mem, struct db);
	if (db == NULL) {
		err_memory(e);
		return NULL;
	}
	db->o = *o;
	db->server = db_server_of(o);
	if (o->control == NULL)
		db->o.control = "bsx";
	if (o->kind == NULL)
		db->o.kind = "control";
	if ((o->host != NULL && !copy_text(db, &db->o.host)) ||
	    (o->socket != NULL && !copy_text(db, &db->o.socket)) ||
	    (o->user != NULL && !copy_text(db, &db->o.user)) ||
	    (o->schema != NULL && !copy_text(db, &db->o.schema)) ||
	    (o->place != NULL && !copy_text(db, &db->o.place)) ||
	    (o->tls_ca != NULL && !copy_text(db, &db->o.tls_ca)) ||
	    !copy_text(db, &db->o.control) || !copy_text(db, &db->o.kind) ||
	    !copy_passwords(db, o)) {
		talloc_free(db);
		err_memory(e);
		return NULL;
	}
	talloc_set_destructor(db, db_destroy);
	return db;
}

void
db_close(struct db *db)
{
	if (db->my == NULL)
		return;
	disconnect(db);
	if (db->o.segment != NULL)
		process_connection(db->o.segment, db->o.kind, -1);
}

bool
db_is_open(const struct db *db)
{
	return db->my != NULL;
}

const char *
db_schema(const struct db *db)
{
	return db->o.schema;
}

int64_t
db_used_ms(const struct db *db)
{
	return db->used_ms;
}

bool
db_was_duplicate(struct err *e)
{
	if (e->code != ERR_CONFLICT || e->sys != ER_DUP_ENTRY)
		return false;
	err_clear(e);
	return true;
}

bool
db_taken(struct err *e, const char *sentence)
{
	return db_was_duplicate(e) &&
	       err_set(e, ERR_CONFLICT, ER_DUP_ENTRY, sentence, "duplicate key");
}

struct db_stats
db_stats(const struct db *db)
{
	return db->stats;
}

void
db_stats_reset(struct db *db)
{
	db->stats = (struct db_stats) { 0 };
}

void
db_timed(struct db *db, const char *name, int64_t start_ns)
{
	int64_t ns = clock_ns(db->o.clock) - start_ns;

	db->used_ms = clock_ms(db->o.clock);
	db->stats.count++;
	db->stats.ns += ns;
	metric_observe(db->o.segment, METRIC_DB_SECONDS, METRIC_BY(name), ns);
}

/* ---- errors ---- */

static void
log_lost(struct db *db, const char *name, unsigned number, const char *text)
{
	if (db->o.log == NULL || db->my == NULL)
		return;
	log_event(db->o.log, LOG_SYSTEM, LOG_LEVEL_WARN, "a database connection was lost",
	    LOGS("event.action", "db.lost"), LOGI("error.code", number),
	    LOGS("error.message", text), LOGS("bsx.statement", name),
	    LOGS("bsx.db_kind", db->o.kind));
}

/* What a server says that takes no changes is told to who asks whether all is well. */
static void
note_refusal(struct db *db, enum db_fault f, unsigned number)
{
	if (db->o.segment != NULL && (f == DB_READ_ONLY || f == DB_FULL))
		circuit_refused(db->o.segment, db->server, db_now_ms(), number);
}

bool
db_fail(struct db *db, const char *name, unsigned number, const char *text, struct err *e)
{
	enum db_fault              f = db_fault_of(number);
	const struct db_fault_row *row = db_fault_row(f);

	db_fault_set(e, name, number, text);
	note_refusal(db, f, number);
	if (row->ended && db->tx == DB_TX_OPEN)
		db->tx = DB_TX_LOST; /* what follows would be committed by itself */
	if (row->drop) {
		log_lost(db, name, number, text);
		db_close(db); /* and `text`, which may be the connection's, with it */
	}
	return false;
}

/* ---- connecting ---- */

/*
 * Where all connections are of one account, each says of itself which schema it is of, and what
 * that is called there: procedures of the control schema go by it (migrate_single.c).  "": it is
 * the control schema's.
 */
static const char *
session_text(const struct db_options *o, char text[static SESSION_MAX])
{
	const char *base = o->timeout_s > 0 ? session_ddl_sql : session_sql;

	if (!o->one_account)
		return base;
	snprintf(text, SESSION_MAX, "%s, @bsx_schema = '%s', @bsx_place = '%s'", base,
	    o->place == NULL ? "" : o->schema, o->place == NULL ? "" : o->place);
	return text;
}

static void
set_options(MYSQL *my, const struct db_options *o, unsigned connect_s)
{
	unsigned      io_s = o->timeout_s > 0 ? (unsigned)o->timeout_s : DB_TIMEOUT_S;
	unsigned      off = 0;
	unsigned      how = is_empty(o->host) ? MYSQL_PROTOCOL_SOCKET : MYSQL_PROTOCOL_TCP;
	unsigned long packet = PACKET_MAX;
	my_bool       yes = 1;
	char          session[SESSION_MAX];

	mysql_optionsv(my, MYSQL_OPT_CONNECT_TIMEOUT, &connect_s);
	mysql_optionsv(my, MYSQL_OPT_READ_TIMEOUT, &io_s);
	mysql_optionsv(my, MYSQL_OPT_WRITE_TIMEOUT, &io_s);
	mysql_optionsv(my, MYSQL_OPT_PROTOCOL, &how);
	mysql_optionsv(my, MYSQL_OPT_MAX_ALLOWED_PACKET, &packet);
	mysql_optionsv(my, MYSQL_SET_CHARSET_NAME, "utf8mb4");
	mysql_optionsv(my, MYSQL_INIT_COMMAND, session_text(o, session));
	/* A false server must not get files of this host, nor a password in the clear. */
	mysql_optionsv(my, MYSQL_OPT_LOCAL_INFILE, &off);
	mysql_optionsv(my, MARIADB_OPT_RESTRICTED_AUTH, "mysql_native_password,client_ed25519");
	if (is_empty(o->tls_ca))
		return;
	mysql_optionsv(my, MYSQL_OPT_SSL_ENFORCE, &yes);
	mysql_optionsv(my, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &yes);
	mysql_optionsv(my, MYSQL_OPT_SSL_CA, o->tls_ca);
	mysql_optionsv(my, MARIADB_OPT_TLS_VERSION, "TLSv1.2,TLSv1.3");
}

MYSQL *
db_open_once(
    struct db *db, const char *password, unsigned timeout_s, unsigned *number, const char **text)
{
	static char              said[200]; /* outlives the handle */
	const struct db_options *o = &db->o;
	bool                     local = is_empty(o->host);
	MYSQL                   *my = mysql_init(NULL), *done;

	*number = CR_OUT_OF_MEMORY;
	*text = "out of memory";
	if (my == NULL)
		return NULL;
	set_options(my, o, timeout_s);
	if (timeout_s == DB_PROBE_S)
		mysql_optionsv(my, MYSQL_OPT_READ_TIMEOUT, &timeout_s);
	else if (o->segment != NULL)
		mysql_optionsv(my, MARIADB_OPT_IO_WAIT, db_wait_io);
	/* The client's library sleeps for a microsecond, which is 50 with the usual slack. */
	(void)prctl(PR_SET_TIMERSLACK, 1ul);
	done = mysql_real_connect(my, local ? NULL : o->host, o->user, password,
	    o->place != NULL ? o->place : o->schema, local ? 0 : o->port, local ? o->socket : NULL,
	    CLIENT_FOUND_ROWS);
	(void)prctl(PR_SET_TIMERSLACK, 0ul); /* the usual one */
	if (done != NULL)
		return my;
	*number = mysql_errno(my);
	snprintf(said, sizeof(said), "%s", mysql_error(my));
	*text = said;
	mysql_close(my);
	return NULL;
}

static MYSQL *
connect_once(struct db *db, const char *password, bool probe, struct err *e)
{
	int64_t     began = db_now_ms();
	unsigned    number;
	const char *text;
	MYSQL *my = db_open_once(db, password, probe ? DB_PROBE_S : DB_CONNECT_S, &number, &text);

	if (my != NULL)
		return my;
	db_unconnected(db, number, text, began);
	db_fail(db, "connect", number, text, e);
	return NULL;
}

static void
connect_with(struct db *db, bool probe, struct err *e)
{
	const char *const *older = db->o.older;

	db->my = connect_once(db, db->o.password, probe, e);
	/* An account keeps its old password until it is provisioned again after a rotation. */
	while (
	    db->my == NULL && e->sys == ER_ACCESS_DENIED_ERROR && older != NULL && *older != NULL) {
		err_clear(e);
		db->my = connect_once(db, *older++, probe, e);
	}
}

/* Whoever provisioned the account may have had a version of the keyring that came after ours was
 * read. */
static bool
has_other_passwords(struct db *db)
{
	struct err        why = { 0 };
	const char      **now = NULL;
	struct db_options o = { 0 };
	bool              ok;

	if (db->o.keyring == NULL)
		return false;
	/* It may also have been read again by somebody else since these were derived. */
	(void)keyring_look_again(db->o.keyring);
	now = account_passwords(db, db->o.keyring, db->o.user, &why);
	if (now == NULL || strcmp(now[0], db->o.password) == 0) {
		talloc_free(now);
		return false;
	}
	o.password = now[0];
	o.older = now + 1;
	ok = copy_passwords(db, &o);
	talloc_free(now);
	return ok;
}

static bool
connect_any(struct db *db, bool probe, struct err *e)
{
	db->connecting = true;
	connect_with(db, probe, e);
	if (db->my == NULL && e->sys == ER_ACCESS_DENIED_ERROR && has_other_passwords(db)) {
		err_clear(e);
		connect_with(db, probe, e);
	}
	db->connecting = false;
	/* Also one that refuses this account answers. */
	if (db->my != NULL || db_fault_of((unsigned)e->sys) != DB_SILENT)
		db_connected(db);
	return db->my != NULL;
}

/* The server closed an idle connection (or says that it will): nothing was sent on it yet. */
static bool
is_stale(const struct db *db)
{
	struct pollfd p = { .fd = mysql_get_socket(db->my), .events = POLLIN };

	return poll(&p, 1, 0) != 0;
}

bool
db_ready(struct db *db, struct err *e)
{
	int64_t start = clock_ns(db->o.clock);
	bool    probe = false, ok;

	db_awaits(db);
	if (db->tx == DB_TX_LOST)
		return err_set(e, ERR_UNAVAILABLE, CR_SERVER_LOST,
		    "The database cannot answer now.", "the transaction was lost");
	if (db->tx == DB_TX_OPEN && db->my != NULL)
		return true;
	if (!db_admitted(db, &probe, e))
		return false;
	/* Who probes does so by a new connection: an old one may never answer. */
	if (db->my != NULL && (probe || is_stale(db)))
		db_close(db);
	if (db->my != NULL)
		return true;
	ok = connect_any(db, probe, e);
	if (ok && db->o.segment != NULL)
		process_connection(db->o.segment, db->o.kind, 1);
	db_timed(db, "connect", start);
	return ok;
}

bool
db_exec(struct db *db, const char *name, const char *text, struct err *e)
{
	int64_t start;
	bool    ok;

	if (!db_ready(db, e))
		return false;
	start = clock_ns(db->o.clock);
	db->stats.trips++;
	ok = mysql_real_query(db->my, text, strlen(text)) == 0;
	if (!ok)
		db_fail(db, name, mysql_errno(db->my), mysql_error(db->my), e);
	db_timed(db, name, start);
	return ok;
}
