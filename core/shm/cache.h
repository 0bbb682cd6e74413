/*
 * cache.h - the caller cache and the epochs that keep it honest.
 *
 * Key: SHA-256 over (token, acting tenant, what a value means).  Value: up to CACHE_VALUE_MAX
 * opaque bytes (auth/caller's), with the wall-clock end of life and the three
 * epoch cells of hash(tenant), hash(user), hash(session) AS READ BEFORE the
 * SQL that made the value.  A hit compares cells and end of life.  Writers
 * commit, then bump the narrowest cell.  A collision costs a miss, never a
 * wrong hit: the whole 32-byte key is compared.
 */
#ifndef BSX_SHM_CACHE_H
#define BSX_SHM_CACHE_H

#include "core/base/uuid.h"
#include "core/shm/segment.h"

#define CACHE_VALUE_MAX   1536
#define CACHE_EPOCH_CELLS 65536

struct cache_epochs {
	uint32_t tenant, user, session;
};

/* The cells' present values; read them before the SQL. */
struct cache_epochs cache_epochs_read(const struct segment *s, const struct uuid *tenant,
    const struct uuid *user, const struct uuid *session);

/*
 * A hit copies the value to `out` (CACHE_VALUE_MAX bytes), its length to *n and
 * the wall-clock instant of its last confirmation to *checked_ms.  The ids
 * whose cells must still match are those given at cache_put.
 */
bool cache_get(struct segment *s, const uint8_t key[static 32], int64_t now_ms, void *out, size_t *n,
    int64_t *checked_ms);
struct cache_value {
	const void         *p;      /* n bytes */
	size_t              n;
	struct uuid         tenant, user, session; /* whose ends are its end */
	struct cache_epochs before; /* of these, as read before the SQL */
	int64_t             end_ms; /* of its life, by the wall clock */
};
void cache_put(struct segment *s, const uint8_t key[static 32], const struct cache_value *v, int64_t now_ms);
/* Marks an entry as confirmed by SQL at `now_ms` (keeps everything else). */
void cache_confirm(struct segment *s, const uint8_t key[static 32], int64_t now_ms);

/* After the commit that changes what callers may do; `s` NULL: there is no cache. */
void cache_bump_tenant(struct segment *s, const struct uuid *tenant);
void cache_bump_user(struct segment *s, const struct uuid *user);
void cache_bump_session(struct segment *s, const struct uuid *session);

#endif
