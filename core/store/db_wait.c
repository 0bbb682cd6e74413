/*
 * Waiting for the server: a server that stands still is told from a slow statement
 * by a second connection, and whoever waits hears of it from whoever found out.
 */
#include <errmsg.h>
#include <errno.h>
#include <poll.h>
#include <string.h>

#include "core/shm/circuit.h"
#include "core/store/db_priv.h"

#define SLICE_MS    100 /* who waits looks at the circuit so often */
#define PATIENCE_MS 500 /* an answer that takes longer is worth a question */

/*
 * Whose answer is awaited.  The library hands its callback a socket and nothing else; a
 * process runs one statement at a time.
 */
static struct db *waiting;

uint64_t
db_server_of(const struct db_options *o)
{
	const char *const texts[] = { o->host,
		o->host == NULL || *o->host == '\0' ? o->socket : NULL };
	uint64_t          h = UINT64_C(0xCBF29CE484222325) ^ o->port;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		for (const char *z = texts[i]; z != NULL && *z != '\0'; z++)
			h = (h ^ (unsigned char)*z) * UINT64_C(0x100000001B3);
	return h == 0 ? 1 : h;
}

/* Of this host, whatever clock a test has handed in: it is waited for real. */
int64_t
db_now_ms(void)
{
	return clock_ns(&clock_system) / 1000000;
}

void
db_awaits(struct db *db)
{
	waiting = db;
}

/* ---- what connecting tells ---- */

void
db_connected(struct db *db)
{
	struct segment *s = db->o.segment;
	bool            news;

	if (s == NULL)
		return;
	news = circuit_is_open(s, db->server);
	circuit_answered(s, db->server, db_now_ms());
	if (news && db->o.log != NULL)
		log_event(db->o.log, LOG_SYSTEM, LOG_LEVEL_INFO, "the database answers again",
		    LOGS("event.action", "db.answers"), LOGS("event.outcome", "success"));
}

void
db_unconnected(struct db *db, unsigned number, const char *text, int64_t began_ms)
{
	struct segment *s = db->o.segment;
	int64_t         now = db_now_ms();

	/* A server that refuses is there. */
	if (s == NULL || db_fault_of(number) != DB_SILENT ||
	    !circuit_silent(s, db->server, now, now - began_ms) || db->o.log == NULL)
		return;
	log_event(db->o.log, LOG_SYSTEM, LOG_LEVEL_ERROR,
	    "the database does not answer: it is asked now and then, and requests are refused at "
	    "once",
	    LOGS("event.action", "db.silent"), LOGS("event.outcome", "failure"),
	    LOGI("error.code", number), LOGS("error.message", text));
}

/* True: this process may connect now; *probe: it is the one that finds out for all. */
bool
db_admitted(struct db *db, bool *probe, struct err *e)
{
	enum circuit_pass pass = CIRCUIT_CLOSED;

	if (db->o.segment != NULL)
		pass = circuit_pass(db->o.segment, db->server, db_now_ms());
	*probe = pass == CIRCUIT_PROBE;
	if (pass != CIRCUIT_OPEN)
		return true;
	err_set(e, ERR_UNAVAILABLE, DB_CIRCUIT_OPEN, "The database cannot answer now.",
	    "the database did not answer just now, and was not asked again");
	e->retry_s = db_fault_row(DB_SILENT)->retry_s;
	return false;
}

/* ---- while an answer is awaited ---- */

/* Connects beside the statement that waits: it answers, or the circuit is open. */
static bool
answers(struct db *db)
{
	int64_t     began = db_now_ms();
	unsigned    number = 0;
	const char *text = "";
	MYSQL      *my = db_open_once(db, db->o.password, DB_PROBE_S, &number, &text);

	if (my != NULL)
		mysql_close(my);
	else
		db_unconnected(db, number, text, began);
	return my != NULL || db_fault_of(number) != DB_SILENT;
}

static bool
is_hopeless(struct db *db, int64_t waited_ms)
{
	if (circuit_is_open(db->o.segment, db->server))
		return true;
	return waited_ms >= PATIENCE_MS && !db->connecting &&
	       circuit_doubt(db->o.segment, db->server, db_now_ms()) && !answers(db);
}

/*
 * The library's wait: 1 when the socket is ready, below 1 when it is not within timeout_ms (<= 0:
 * without end), which ends the statement and the connection.
 */
int
db_wait_io(int socket, my_bool is_read, int timeout_ms)
{
	struct pollfd p = { .fd = socket, .events = is_read ? POLLIN : POLLOUT };
	struct db    *db = waiting;
	int64_t       began, waited = 0;

	if (db == NULL)
		return poll(&p, 1, SLICE_MS);
	began = db_now_ms();
	for (;;) {
		int64_t left = timeout_ms > 0 ? timeout_ms - waited : SLICE_MS;
		int     rc = poll(&p, 1, left > SLICE_MS ? SLICE_MS : (int)left);

		if (rc > 0 || (rc < 0 && errno != EINTR))
			return rc;
		waited = db_now_ms() - began;
		if ((timeout_ms > 0 && waited >= timeout_ms) || is_hopeless(db, waited)) {
			errno = ETIMEDOUT;
			return 0;
		}
	}
}
