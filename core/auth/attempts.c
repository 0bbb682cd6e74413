#include "core/auth/attempts.h"

#include <string.h>

#include "core/auth/ident.h"
#include "core/base/hash.h"
#include "core/base/secret.h"

#define MESSAGE                                                                                    \
	"Too many failed sign-ins. Wait, sign in from a device you have used before or with a "    \
	"recovery code, or reset the password."

/* Not the newest: a rotation must not forget what was counted. */
static bool
oldest_key(const struct auth *a, uint8_t key[static KEY_LEN], struct err *e)
{
	const struct keyring *k = a->env->keyring;
	uint32_t              oldest = keyring_newest(k);

	for (uint32_t v = keyring_below(k, oldest); v > 0; v = keyring_below(k, v))
		if (keyring_use_of(k, v) == KEYRING_IN_USE)
			oldest = v;
	return keyring_subkey(k, oldest, KEY_LOGIN, STR(""), key, e);
}

bool
attempts_account(const struct auth *a, TALLOC_CTX *mem, const char *slug, const char *email,
    uint8_t account[static KEY_LEN], struct err *e)
{
	const char *address = email, *name = slug;
	struct err  why = { 0 };
	uint8_t     key[KEY_LEN];
	struct buf  b;

	if (!oldest_key(a, key, e))
		return false;
	if (!ident_email(mem, str_of(email), &address, &why))
		address = email;
	if (!tenant_slug(mem, str_of(slug), &name, &why))
		name = slug;
	buf_make(&b, mem);
	buf_add(&b, name, strlen(name) + 1);
	buf_add(&b, address, strlen(address));
	if (buf_ok(&b))
		hash_hmac(key, sizeof(key), b.p, b.n, account);
	secret_wipe(key, sizeof(key));
	return buf_ok(&b) || err_memory(e);
}

/* No address (a web server that gives none): one source. */
static void
network_of(const char *address, uint8_t out[static FAILURES_SOURCE_LEN])
{
	struct addr a;
	struct cidr around;

	memset(out, 0, FAILURES_SOURCE_LEN);
	out[0] = 'n';
	if (!addr_parse(str_of(address), &a))
		return;
	around = cidr_around(&a, addr_is_ipv4(&a) ? 128 : 64);
	memcpy(out + 1, around.addr.b, sizeof(around.addr.b));
}

bool
attempts_refuse(const struct attempts *x, struct err *e)
{
	err_set(e, ERR_ATTEMPTS, 0, MESSAGE, "%s: %lld ms to wait", x->why, (long long)x->wait_ms);
	e->retry_s = (int)((x->wait_ms + 999) / 1000);
	if (e->retry_s < 1)
		e->retry_s = 1;
	return false;
}

static bool
refuse(struct attempts *x, const char *why, int64_t wait_ms, struct err *e)
{
	x->why = why;
	x->wait_ms = wait_ms;
	return attempts_refuse(x, e);
}

static void
note_spent(struct attempts *x)
{
	x->spent = x->ticket && x->failures >= TICKET_TRIES;
}

/* Counts this one; false also when another was faster and it may not be made. */
static bool
count(const struct auth *a, TALLOC_CTX *mem, struct attempts *x, struct err *e)
{
	struct failures_count c;

	if (!failures_add(a->database, mem, &x->key, &x->id, &c, e))
		return false;
	x->failures = c.failures;
	note_spent(x);
	if (!uuid_eq(&c.attempt, &x->id))
		return refuse(x, x->ticket ? "ticket" : "network", c.wait_ms, e);
	x->counted = true;
	if (x->ticket)
		return c.failures <= TICKET_TRIES || refuse(x, "ticket", c.wait_ms, e);
	x->delay_s = c.failures > FAILURES_FREE ? (c.wait_ms + 999) / 1000 : 0;
	return true;
}

/* Whether a ticket is one still; then failures count for it. */
static void
take_ticket(struct attempts *x, const struct ticket *ticket, const struct failures_state *s)
{
	if (ticket->kind == '\0' || s->beside >= TICKET_TRIES)
		return;
	x->ticket = true;
	x->key.source[0] = (uint8_t)ticket->kind;
	memcpy(x->key.source + 1, ticket->id, sizeof(ticket->id));
	x->seen = x->failures = s->beside;
}

/* What a stranger has to wait for; x->why is NULL: nothing. */
static bool
find_wait(const struct auth *a, struct attempts *x, struct failures_state *s, struct err *e)
{
	if (s->total >= FAILURES_LOCK && s->locked_ms <= 0) {
		if (!failures_lock(a->database, &x->key, &x->id, e))
			return false;
		s->locked_ms = FAILURES_MEMORY_S * INT64_C(1000);
	}
	if (s->locked_ms > 0) {
		x->why = "account";
		x->wait_ms = s->locked_ms;
	} else if (s->wait_ms > 0) {
		x->why = "network";
		x->wait_ms = s->wait_ms;
	}
	return true;
}

bool
attempts_begin(const struct auth *a, TALLOC_CTX *mem, const struct attempt_on *on,
    struct attempts *out, struct err *e)
{
	static const struct ticket none;
	const struct ticket       *ticket = on->ticket != NULL ? on->ticket : &none;
	uint8_t                    beside[FAILURES_SOURCE_LEN] = { 0 };
	struct failures_state      s;

	*out = (struct attempts) { .id = uuid_make(a->env->clock, a->env->rand) };
	memcpy(out->key.account, on->account, sizeof(out->key.account));
	network_of(on->address, out->network);
	memcpy(out->key.source, out->network, sizeof(out->network));
	beside[0] = (uint8_t)ticket->kind;
	memcpy(beside + 1, ticket->id, sizeof(ticket->id));
	if (!failures_read(a->database, mem, &out->key, beside, &s, e))
		return false;
	out->seen = out->failures = s.mine;
	out->total = s.total;
	take_ticket(out, ticket, &s);
	if (!find_wait(a, out, &s, e))
		return false;
	if (out->why != NULL && !out->ticket)
		return attempts_refuse(out, e);
	return (out->seen == 0 && out->why == NULL) || count(a, mem, out, e);
}

bool
attempts_failed(const struct auth *a, TALLOC_CTX *mem, struct attempts *x, struct err *e)
{
	struct failures_state s;
	struct err            why = { 0 };

	/* the first ones of a source at the same moment: all of them count, none is taken back */
	if (!x->counted && !count(a, mem, x, &why) && why.code != ERR_ATTEMPTS) {
		*e = why;
		return false;
	}
	if (x->failures == 1 && !failures_prune(a->database, e))
		return false;
	if (!failures_read(a->database, mem, &x->key, NULL, &s, e))
		return false;
	if (s.total < FAILURES_LOCK || s.locked_ms > 0)
		return true;
	x->delay_s = FAILURES_MEMORY_S;
	return failures_lock(a->database, &x->key, &x->id, e);
}

bool
attempts_passed(const struct auth *a, struct attempts *x, struct err *e)
{
	struct failures_key network = x->key;

	if ((x->seen > 0 || x->counted) && !failures_clear(a->database, &x->key, e))
		return false;
	if (x->total == 0 || memcmp(x->network, x->key.source, sizeof(x->network)) == 0)
		return true;
	memcpy(network.source, x->network, sizeof(x->network));
	return failures_clear(a->database, &network, e);
}

void
attempts_broken(const struct auth *a, struct attempts *x)
{
	struct err why = { 0 };

	if (x->counted && !failures_take_back(a->database, &x->key, &x->id, &why) &&
	    a->env->log != NULL)
		log_err(a->env->log, LOG_SYSTEM, "an attempt could not be taken back", &why);
	x->counted = false;
}

bool
attempts_wrong(const struct auth *a, TALLOC_CTX *mem, const char *slug, const char *email,
    const char *address, struct err *e)
{
	struct attempts x;
	uint8_t         account[KEY_LEN];

	if (!attempts_account(a, mem, slug, email, account, e))
		return false;
	if (attempts_begin(a, mem, &(struct attempt_on) { account, address, NULL }, &x, e))
		return attempts_failed(a, mem, &x, e);
	return err_take(e, ERR_ATTEMPTS); /* who must wait already is not told to by this */
}

bool
attempts_forget(
    const struct auth *a, TALLOC_CTX *mem, const char *slug, const char *email, struct err *e)
{
	uint8_t account[KEY_LEN];

	return attempts_account(a, mem, slug, email, account, e) &&
	       failures_clear_account(a->database, account, e);
}
