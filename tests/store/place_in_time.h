/*
 * place_in_time.h - a drift world whose clock the test sets, and a channel that is told.
 *
 * Time stands still but for what a step says: each push comes a minute after the one before.
 */
#ifndef BSX_TESTS_STORE_PLACE_IN_TIME_H
#define BSX_TESTS_STORE_PLACE_IN_TIME_H

#include "tests/store/drift_world.h"

struct place_in_time {
	struct drift_world *x;
	struct clock        clock;
	struct uuid         channel;
};

/* Fixtures: the place is the state. */
int place_set_up(void **state);
int place_tear_down(void **state);

/* A config that tells the channel, with these members beside. */
struct uuid place_config(struct place_in_time *y, const char *more);
/* A snapshot of one resource; of a collection that could not be read; of n resources. */
struct report place_push(struct place_in_time *y, const struct uuid *c, const char *value);
struct report place_push_failed(struct place_in_time *y, const struct uuid *c);
struct report place_push_many(struct place_in_time *y, const struct uuid *c, int n, int value);

/* A minute later, a snapshot by another credential each. */
struct ingest_answer place_push_by(
    struct place_in_time *y, const struct uuid *config, uint8_t who, const char *body);
#define RESOURCE(category, key, value)                                                             \
	"{\"category\":\"" category "\",\"key\":\"" key "\",\"value\":" value "}"
#define READING(resources, collections)                                                            \
	"{\"resources\":[" resources "],\"collections\":{" collections "}}"

/* Alerts of a kind that are not resolved. */
char   *place_state(struct place_in_time *y, const struct uuid *config);
int64_t place_open_alerts(struct place_in_time *y, const struct uuid *config, const char *kind);
const char *place_hex(struct place_in_time *y, const struct uuid *id);
/* A number from a statement that ends with the member that is this id; %s is the tenant's schema. */
int64_t place_count(struct place_in_time *y, const char *sql, const struct uuid *id);

/* What was told, oldest first: "drift opened, flapping opened". */
const char *place_told(struct place_in_time *y);
void        place_forget_told(struct place_in_time *y);
/* What is due is seen to; returns how many claims there were. */
size_t place_look(struct place_in_time *y);
/* The same of what is due by now; both return how many claims there were. */
size_t place_due(struct place_in_time *y);
/* As the API does it: the finding of the newest report gets this status until then; 0: for ever. */
void place_accept(struct place_in_time *y, const struct uuid *c, const char *status, int64_t for_ms);

#endif
