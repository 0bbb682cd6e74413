#include "drift/collect/sessions.h"

#include <string.h>

struct kept {
	struct source_session *session;
	struct uuid            tenant;
	char                  *credential;
	uint64_t               used;
	unsigned               users;
};
struct sessions {
	struct kept items[SESSIONS_MAX];
	size_t      n;
	uint64_t    tick;
};

struct sessions *
sessions_make(TALLOC_CTX *mem)
{
	return talloc_zero(mem, struct sessions);
}

/* Room for one more: the last place, or that of the one that was used longest ago. */
static struct kept *
room(struct sessions *all)
{
	struct kept *oldest = NULL;

	if (all->n < SESSIONS_MAX)
		return &all->items[all->n++];
	for (size_t i = 0; i < all->n; i++) {
		struct kept *at = &all->items[i];

		if (at->users == 0 && (oldest == NULL || at->used < oldest->used))
			oldest = at;
	}
	return oldest;
}

static bool
begin(struct sessions *all, struct kept *at, const struct uuid *tenant, const char *credential)
{
	talloc_free(at->session);
	*at =
	    (struct kept) { .session = talloc_zero(all, struct source_session), .tenant = *tenant };
	at->credential = at->session == NULL ? NULL : talloc_strdup(at->session, credential);
	return at->credential != NULL;
}

struct source_session *
session_use(struct sessions *all, const struct uuid *tenant, const char *credential)
{
	struct kept *at = NULL;

	for (size_t i = 0; i < all->n && at == NULL; i++)
		if (all->items[i].session != NULL && uuid_eq(&all->items[i].tenant, tenant) &&
		    strcmp(all->items[i].credential, credential) == 0)
			at = &all->items[i];
	if (at == NULL) {
		at = room(all);
		if (at == NULL)
			return NULL;
		if (!begin(all, at, tenant, credential)) {
			TALLOC_FREE(at->session);
			return NULL;
		}
	}
	at->used = ++all->tick;
	at->users++;
	return at->session;
}

void
session_release(struct sessions *all, struct source_session *s)
{
	for (size_t i = 0; i < all->n; i++)
		if (all->items[i].session == s)
			all->items[i].users--;
}
