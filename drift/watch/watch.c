#include "drift/watch/watch.h"

#include <string.h>

#include "core/auth/access.h"
#include "core/store/alert/audit_feed.h"
#include "core/store/tx.h"
#include "drift/watch/own_scope.h"
#include "drift/watch/watch_priv.h"

#define ROOM 16 /* for what is found, at first */

bool
look_found(struct looking *l, const struct watched *w, const char *object, struct found **out,
    struct err *e)
{
	struct found *f;

	for (size_t i = 0; i < l->n; i++) {
		*out = &l->found[i];
		if ((*out)->w == w && strcmp((*out)->object, object) == 0)
			return true;
	}
	if (l->n == l->room) {
		l->room = l->room == 0 ? ROOM : 2 * l->room;
		f = talloc_realloc(l->mem, l->found, struct found, (unsigned)l->room);
		if (f == NULL)
			return err_memory(e);
		l->found = f;
	}
	f = &l->found[l->n++];
	*f = (struct found) { .w = w, .severity = w->severity };
	f->object = talloc_strndup(l->mem, object, WATCHED_OBJECT_MAX);
	*out = f;
	return f->object != NULL || err_memory(e);
}

void
put_who(struct buf *b, const char *lead, const struct who *w)
{
	if (*w->by != '\0' || *w->from != '\0')
		buf_puts(b, lead);
	if (*w->by != '\0')
		buf_printf(b, " by %s", w->by);
	if (*w->from != '\0')
		buf_printf(b, " from %s", w->from);
}

static bool
say_over(const struct looking *l, const struct watched *w, const char *key, const struct who *undid,
    struct err *e)
{
	struct standing_words words = { talloc_asprintf(l->mem, ". %s", w->over), NULL };
	struct buf            b;

	buf_make(&b, l->mem);
	buf_puts(&b, w->over);
	if (undid != NULL)
		put_who(&b, " It was done", undid);
	words.note = buf_text(&b, e);
	if (words.note == NULL)
		return false;
	return words.title != NULL ? standing_say(&l->scope, key, &words, e) : err_memory(e);
}

bool
look_over(const struct looking *l, const struct watched *w, const char *key,
    const struct who *undid, struct err *e)
{
	return strcmp(w->kind, KIND_SECURITY) == 0 ? say_over(l, w, key, undid, e)
						   : standing_close(&l->scope, key, w->over, e);
}

/* ---- one look ---- */

static bool
look_body(struct db *db, void *arg, struct err *e)
{
	struct looking *l = arg;

	l->n = 0;
	l->asked_n = 0;
	l->push_refused = false;
	return watch_hold(db, l->mem, &l->seq, e) && trail_read(l, e) && trail_tell(l, e) &&
	       state_look(l, e) && watch_move(db, l->seq, e);
}

/* Its trail has grown, or it is an hour later: a channel that is to be told it is found by that. */
static bool
put_back_feeds(struct auth *a, struct tenant_db *t, TALLOC_CTX *mem, struct err *e)
{
	size_t back;

	if (!audit_feeds_check(database_control(a->database), t, mem, &back, e))
		return false;
	if (back > 0)
		log_event(a->env->log, LOG_DRIFT, LOG_LEVEL_WARN,
		    "channels that are told the audit trail and were not among those that may be "
		    "due are again",
		    LOGS("event.action", "audit.deliver"), LOGS("event.outcome", "success"),
		    LOGI("bsx.channels", (int64_t)back));
	return true;
}

static bool
look(struct auth *a, const struct watch_due *row, TALLOC_CTX *mem, struct err *e)
{
	struct looking       l = { .auth = a, .mem = mem, .due = row };
	const struct tx      tx = { .name = "watch", .body = look_body, .arg = &l };
	struct tenant_db    *t;
	const struct tenant *tenant;

	l.now.ms = clock_ms(a->env->clock);
	return tenant_by_id(a->database, &row->tenant_id, &tenant, e) &&
	       tenant_db_open(a->database, tenant, true, &t, e) &&
	       own_scope(a, t, mem, &l.scope, e) && tx_run(t->db, &tx, e) &&
	       put_back_feeds(a, t, mem, e) &&
	       watch_done(a->database, row,
		   l.more                       ? 0
		   : tenant_is_platform(tenant) ? WATCH_OFTEN_S
						: WATCH_EVERY_S,
		   e);
}

static void
look_taken(struct auth *a, const struct watch_due *row)
{
	TALLOC_CTX *mem = talloc_new(NULL);
	struct err  why = { 0 };

	if (mem == NULL)
		err_memory(&why);
	if (mem == NULL || !look(a, row, mem, &why))
		log_err(a->env->log, LOG_SYSTEM, "a tenant was not looked at for its alerts", &why);
	talloc_free(mem);
	database_tidy(a->database);
}

bool
watch_round(struct auth *a, size_t most, size_t *n, struct err *e)
{
	TALLOC_CTX       *mem = talloc_new(NULL);
	struct watch_due *rows;
	bool              ok, won;

	*n = 0;
	if (mem == NULL)
		return err_memory(e);
	ok = watch_due(a->database, mem, most, &rows, n, e);
	for (size_t i = 0; ok && i < *n; i++) {
		ok = watch_take(a->database, &rows[i], &won, e);
		if (ok && won)
			look_taken(a, &rows[i]);
	}
	talloc_free(mem);
	return ok;
}
