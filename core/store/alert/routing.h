/*
 * routing.h - the tenant's routes of alerts: one list, read and written whole.
 *
 * What is in it is drift/alert/alert_route.h's.
 *
 * Errors: those of db.h.
 */
#ifndef BSX_STORE_ALERT_ROUTING_H
#define BSX_STORE_ALERT_ROUTING_H

#include "core/store/trip.h"

#define ROUTING_UNTOUCHED 1 /* the version of a list that was never written */
struct alert_routing {
	uint64_t version; /* 0: there is no list */
	char    *routes; /* JSON; NULL: there are none */
};

/* With what else is read in that round trip. */
void routing_ask(struct trip *trip, struct alert_routing *out, bool *found);
MUST_USE bool routing_read(
    struct db *db, TALLOC_CTX *mem, struct alert_routing *out, struct err *e);
/* In a deed, as it is now; nobody writes it until that is over. */
MUST_USE bool routing_hold(
    struct db *db, TALLOC_CTX *mem, struct alert_routing *out, struct err *e);
/* In a deed, in the place of the list of that version, which was outrun where it is not (tx_again). */
MUST_USE bool routing_write(struct db *db, const struct alert_routing *r, struct err *e);

/* Where findings of an alert are, each category once; of very many findings those of the first ROUTING_FINDINGS. */
#define ROUTING_FINDINGS 1000
struct routing_category {
	const char *category;
};
MUST_USE bool routing_categories(struct db *db, TALLOC_CTX *mem, const struct uuid *alert,
    struct routing_category **rows, size_t *n, struct err *e);

#endif
