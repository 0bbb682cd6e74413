/*
 * db.h - one MariaDB connection, and statements by field table.
 *
 * A connection serves one schema under one account for its life; eviction
 * closes it (no change_user, no select_db, no reset_connection: lint refuses
 * them).  It is opened lazily by the first statement, with utf8mb4,
 * time_zone '+00:00', strict mode; connect 2 s, read and write 10 s, a statement
 * 30 s in the server.  After any error in doubt it is closed, and the next statement
 * (outside a transaction) opens it again.
 *
 * With a segment the processes of a host share what they know of the server
 * (circuit.h).  Where an answer takes longer than half a second, one of them
 * connects beside it (DB_PROBE_S): a server that does not answer that either stands
 * still, and then everybody who waits gives up, and everybody else is refused at once,
 * until a probe is answered.  A slow statement of a server that answers goes on.
 *
 * Statements are constants; text is never built from input.  Their first use on a
 * connection prepares and runs them in one round trip; the `keep` that were used last
 * stay prepared, which halves what they cost the server, for about 40 kB of its
 * memory each.  Several that are kept go in one round trip: what belongs together is
 * read by trip.h, and what a deed writes waits for the next answer that is needed
 * (tx_later); what is left of it goes with COMMIT as one statement, eight of which a
 * connection keeps.  A server that takes no more of them (1461) is given back
 * all that this host keeps, each connection's at its next statement; who was refused
 * tries again for a third of a second, and for some minutes nobody here keeps any, so
 * that a statement is prepared for one use, as it would be without.  Parameters and
 * columns come from field tables: fields without FIELD_NO_SQL.  A parameter is a mark that
 * names its member, `:status`, as often as it is needed (marks.h); columns stand
 * in the order of their fields and have their names (db_verify and a test hold
 * every statement against the migrated schema).
 *
 * SQL NULL is a NULL string, blob or JSON text, and the zero value of a
 * FIELD_NULLABLE member (nil uuid, instant 0, integer 0, empty list); a NULL for
 * a member without FIELD_NULLABLE is ERR_INTERNAL, as is every other value that
 * does not fit its member: wrong length, no UTF-8, out of range.  `affected` of an
 * UPDATE counts the rows that matched, changed or not.  A text that begins with
 * "CALL bsx." calls a procedure of the control schema, whatever its name is.
 *
 * Errors: ERR_MISSING (db_one: no row), ERR_CONFLICT (1062 duplicate key; 1644
 * a procedure refused by SIGNAL; see e->sys), ERR_UNAVAILABLE with retry_s (no
 * connection, lost, locked, read-only, full, not migrated), ERR_INTERNAL (all
 * else): db_error.h has the table.  MariaDB's text goes to the detail only.
 */
#ifndef BSX_STORE_DB_H
#define BSX_STORE_DB_H

#include "core/base/clock.h"
#include "core/base/err.h"
#include "core/json/field.h"
#include "core/base/log.h"
#include "core/shm/segment.h"

enum sql_scope { SQL_CONTROL, SQL_TENANT };

/* A text with its marks resolved (marks.h). */
struct marks {
	const char          *text;    /* as it is sent, `?` for each mark; NULL: not resolved yet */
	const struct field **members; /* what `in` has for SQL, in its order */
	unsigned             members_n;
	uint8_t             *at;      /* of each `?`: which member */
	unsigned             n;       /* at most BIND_MAX */
};

struct sql {
	const char          *name;  /* the C identifier, for metrics and the log */
	enum sql_scope       scope;
	const char          *text;
	const struct schema *in;    /* NULL: no parameters */
	const struct schema *out;   /* NULL: no result set */
	struct marks        *marks; /* of a listed statement: its text resolved, by the first use; else NULL */
	bool                 several; /* a compound: where it fails, some of it may be done */
};

/*
 * Defines `static const struct sql NAME` and lists it for db_verify:
 *
 *	SQL(user_by_email, SQL_TENANT, &email_in, &user_schema,
 *	    "SELECT id, email FROM users WHERE email = :email");
 */
#define SQL(id, where, in_, out_, text_) \
	static struct marks id##_marks; \
	static const struct sql id = { #id, (where), (text_), (in_), (out_), &id##_marks, false }; \
	static const struct sql *const id##_listed \
	    __attribute__((section("bsx_sql"), used, retain)) = &id

/* All statements of this program. */
const struct sql *const *sql_list(size_t *n);

struct db;

struct keyring;
struct db_options {
	const char          *host;     /* "" or NULL: unix socket */
	unsigned             port;
	const char          *socket;
	const char          *user;
	const char          *password; /* NULL: none (unix_socket authentication) */
	const char *const   *older;    /* NULL-terminated; tried in turn when `password` is refused; may be NULL */
	const struct keyring *keyring; /* looked at again when all are refused (account_passwords()); may be NULL */
	const char          *schema;   /* NULL: none */
	const char          *place;    /* the name under which the server has that schema; NULL: its own */
	bool                 one_account; /* all connections are of one account: each says which schema it is of */
	const char          *control;  /* name of the control schema; NULL: "bsx" */
	const char          *tls_ca;   /* "" : no TLS; then only a unix socket or loopback is allowed */
	int                  timeout_s;/* of one read or write; 0: DB_TIMEOUT_S */
	unsigned             keep;     /* statements that stay prepared, at most */
	const char          *kind;     /* "control" or "tenant": label of bsx_db_connections */
	struct segment      *segment;  /* NULL: no metrics */
	const struct clock  *clock;
	struct log          *log;      /* NULL: no slow-statement lines */
};

#define DB_CONNECT_S 2
#define DB_PROBE_S   1
#define DB_TIMEOUT_S 10
#define DB_BULK_ROWS 1000            /* db_run_many: most rows and bytes of one batch */
#define DB_BULK_BYTES (1024 * 1024)  /* (a longer row goes alone) */

/* Does not connect yet; options are copied, the password into guarded memory. */
MUST_USE struct db *db_make(TALLOC_CTX *mem, const struct db_options *o, struct err *e);
void        db_close(struct db *db);          /* the next statement connects again */
bool        db_is_open(const struct db *db);
const char *db_schema(const struct db *db);   /* for seal_place() */
int64_t     db_used_ms(const struct db *db);  /* wall clock of the last statement, for db.idle_s */

/* One row into the struct of q->out (zeroed first); no row: ERR_MISSING. Strings and blobs: children of mem. */
MUST_USE bool db_one(struct db *db, TALLOC_CTX *mem, const struct sql *q, const void *in, void *out, struct err *e);
/*
 * All rows, but no more than into.max of them: *rows becomes an array, a child of mem, *n how many; it may be 0.
 * The elements are q->out's structs (asserted).
 */
struct into {
	void   *rows; /* T ** */
	size_t *n;
	size_t  max;
	size_t  size; /* of T */
};
#define INTO(rows_, n_, max_) ((struct into) { (rows_), (n_), (max_), sizeof(**(rows_)) })
MUST_USE bool db_all(struct db *db, TALLOC_CTX *mem, const struct sql *q, const void *in, struct into into,
    struct err *e);
/* The same where rows are very many: their texts and blobs lie packed in `mem`, none can be freed by itself. */
MUST_USE bool db_all_packed(struct db *db, TALLOC_CTX *mem, const struct sql *q, const void *in, struct into into,
    struct err *e);
/* No result set; *affected may be NULL. Calls of procedures too. */
MUST_USE bool db_run(struct db *db, const struct sql *q, const void *in, uint64_t *affected, struct err *e);
/*
 * The same statement (INSERT, UPDATE, DELETE; not CALL) for many parameter structs of q->in->size bytes
 * each, by bulk binding: one round trip per batch.  Call it inside a transaction: a row that fails leaves
 * the rows before it.
 */
MUST_USE bool db_run_many(struct db *db, const struct sql *q, const void *in, size_t n, struct err *e);

/*
 * After a failure: was it a duplicate key?  Then that is a finding, and e is clear again; else false, and e stays.
 * db_taken() makes of it a conflict with that sentence; always false, so that it can be returned.
 */
bool db_was_duplicate(struct err *e);
bool db_taken(struct err *e, const char *sentence);

/*
 * Of the present request so far, for its slow line: statements, nanoseconds, and how often the server was waited for;
 * reset by db_stats_reset.
 */
struct db_stats { uint64_t count; int64_t ns; uint64_t trips; };
struct db_stats db_stats(const struct db *db);
void            db_stats_reset(struct db *db);

/* Prepares every listed statement of `scope`: marks, columns and column names against its field tables. */
MUST_USE bool db_verify(struct db *db, enum sql_scope scope, struct err *e);

#endif
