#include "drift/deliver/deliver.h"

#include <string.h>

#include "core/auth/sealed_refused.h"
#include "drift/deliver/lot.h"

#define CLAIMS    (LOT_MAX * CLAIM_TENANTS) /* due rows read at once */
#define SETTLE_MS 50                        /* at the end, for answers that are about to come */
#define LISTEN_MS 50 /* between looks for what is due, while nothing is and answers are awaited */

/* The next rows of one tenant, as many as a lot takes. */
static size_t
count_lot(const struct claim *rows, size_t n)
{
	size_t same = 1;

	while (
	    same < n && same < LOT_MAX && strcmp(rows[same].schema_name, rows[0].schema_name) == 0)
		same++;
	return same;
}

/* From each of `rows` on a lot: where they begin. */
static size_t
find_lots(const struct claim *rows, size_t n, size_t begin[static CLAIMS + CLAIM_TENANTS])
{
	size_t lots = 0;

	for (size_t i = 0; i < n; i += count_lot(rows + i, n - i))
		begin[lots++] = i;
	return lots;
}

struct round {
	struct deliver *d;
	bool (*stop)(void *arg);
	void   *arg;
	size_t *done;
};

/* Each sender begins elsewhere, so that they do not all want the same rows; answers are listened to
 * in between. */
static bool
take_lots(const struct round *r, TALLOC_CTX *mem, struct err *e)
{
	struct deliver *d = r->d;
	struct claim   *rows;
	size_t          n, begin[CLAIMS + CLAIM_TENANTS], lots;

	if (!claim_due(database_control(d->database), mem, &d->turn, CLAIMS, &rows, &n, e))
		return false;
	lots = find_lots(rows, n, begin);
	for (size_t i = 0; i < lots && lots_have_room(d) && !r->stop(r->arg); i++) {
		struct claim *some = rows + begin[(i + d->self - 1) % lots];
		size_t        won;

		if (!lot_take(d, some, count_lot(some, n - (size_t)(some - rows)), &won, e) ||
		    !lots_listen(d, 0, e))
			return false;
		*r->done += won;
	}
	return true;
}

static bool
look(const struct round *r, struct err *e)
{
	TALLOC_CTX *mem = talloc_new(NULL);
	bool        ok = mem != NULL ? take_lots(r, mem, e) : err_memory(e);

	talloc_free(mem);
	return ok;
}

static void
tidy(struct deliver *d)
{
	database_tidy(d->database);
	streams_tidy(d->streams);
	sealed_refused_note(&d->auth);
}

/* What is quick is recorded before the sender does other things. */
static bool
settle(struct deliver *d, struct err *e)
{
	const int64_t until_ns = clock_ns(d->env->clock) + SETTLE_MS * INT64_C(1000000);
	int64_t       left_ms = SETTLE_MS;
	bool          ok = lots_give_back(d, e);

	while (ok && d->lots != NULL && left_ms > 0) {
		ok = lots_listen(d, left_ms, e);
		left_ms = (until_ns - clock_ns(d->env->clock)) / 1000000;
	}
	return ok;
}

bool
deliver_due(struct deliver *d, bool (*stop)(void *arg), void *arg, size_t *done, struct err *e)
{
	const struct round r = { d, stop, arg, done };
	size_t             before;
	bool               ok;

	*done = 0;
	do {
		before = *done;
		ok = (!lots_have_room(d) || look(&r, e)) &&
		     lots_listen(d, *done > before ? 0 : LISTEN_MS, e);
		tidy(d);
	} while (ok && (*done > before || d->lots != NULL) && !stop(arg));
	return ok && settle(d, e);
}

bool
deliver_drain(struct deliver *d, struct err *e)
{
	bool ok = lots_give_back(d, e);

	while (ok && d->lots != NULL) {
		ok = lots_listen(d, LISTEN_MS, e);
		tidy(d);
	}
	return ok;
}
