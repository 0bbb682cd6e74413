/*
 * people.h - an installation with people in it: the world, the tenants platform, acme and globex with
 * their roles, and in acme ada (admin), vic (viewer) and dis (disabled), all with the password PASSWORD.
 */
#ifndef BSX_TESTS_STORE_PEOPLE_H
#define BSX_TESTS_STORE_PEOPLE_H

#include "core/auth/apikey.h"
#include "core/auth/password/login.h"
#include "tests/store/world.h"

#define PASSWORD "correct horse battery"

struct people {
	struct world   *w;
	struct tenant   platform;
	struct clock    clock; /* the real time plus set_ms */
	struct segment *segment;
	struct env      env;
	struct auth     auth; /* with that env */
	char            log_path[200];
};

int people_set_up(void **state); /* group fixtures */
int people_tear_down(void **state);

/* Another process, or with a segment of its own another host: its own connections and caches. */
struct auth *people_other(struct people *p, TALLOC_CTX *mem, struct segment *s);
struct segment *people_segment(TALLOC_CTX *mem, const char *name);

struct tenant_db *people_open(struct people *p, const struct tenant *t);
/* Signs in; the answer is ERR_OK or what login_password failed with. */
enum err_code people_login(struct people *p, TALLOC_CTX *mem, const char *tenant, const char *email,
    const char *password, struct session_grant *g);
void people_grant(struct people *p, TALLOC_CTX *mem, const char *email, struct session_grant *g);
/* Resolves an access token or an API key, as presented from an address. */
enum err_code people_resolve(struct auth *a, const char *text, const char *address, struct caller *out);
/* Present value of a series, e.g. "bsx_password_hashes_total{for=\"login\"}"; 0: there is none. */
long long people_metric(struct people *p, const char *series);
/* One number by SQL in a tenant's schema, as root. */
int64_t people_number(struct people *p, const struct tenant *t, const char *text);

/* Something that nobody who is signed in does, in no tenant yet; that this caller does in the tenant acme. */
struct deed_by people_stranger(struct people *p, TALLOC_CTX *mem);
struct deed_by people_deed(struct people *p, TALLOC_CTX *mem, const struct caller *c);

#endif
