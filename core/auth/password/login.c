#include "core/auth/password/login.h"

#include <string.h>

#include "core/auth/audit_details.h"
#include "core/auth/ident.h"
#include "core/auth/mfa/challenge.h"
#include "core/auth/mfa/proof.h"
#include "core/auth/mfa/recovery.h"
#include "core/auth/session_begin.h"
#include "core/base/secret.h"
#include "core/crypt/password.h"
#include "core/shm/metric.h"

struct attempt {
	struct deed_by      by; /* in the tenant where it is looked up and audited */
	const struct login *in;
	struct user         user; /* when found: */
	bool                found;
	const char         *why; /* it fails; NULL: nothing found against it yet */
	char                fresh[PASSWORD_PHC_MAX]; /* a newer hash of the password, or "" */
	struct attempts     tries;
	bool                by_code; /* the recovery code is one of the user's */
	struct err          wait;    /* refused whatever the password is, after the work of one */
	int64_t             now_ms;
};

static void
blame(struct attempt *l, const char *why)
{
	if (l->why == NULL)
		l->why = why;
}

static void
count(const struct attempt *l, const char *outcome)
{
	metric_add(
	    l->by.auth->env->segment, METRIC_AUTH_ATTEMPTS, METRIC_BY("password", outcome), 1);
}

/* ---- who ---- */

static bool
find_tenant(struct attempt *l, struct err *e)
{
	const struct tenant *t = NULL;
	struct database     *d = l->by.auth->database;

	if (!tenant_by_slug(d, str_of(l->in->tenant), &t, e)) {
		if (!err_take(e, ERR_MISSING))
			return false;
		blame(l, "unknown_tenant");
	} else if (strcmp(t->status, "active") != 0) {
		/* its own trail tells, if it can have one */
		blame(l, "tenant_not_active");
		if (strcmp(t->status, "suspended") != 0)
			t = NULL;
	}
	if (t == NULL && !tenant_by_slug(d, STR(PLATFORM_SLUG), &t, e)) {
		if (!err_take(e, ERR_MISSING))
			return false;
		return err_set(e, ERR_UNAVAILABLE, 0, "The installation is not complete yet.",
		    "there is no tenant " PLATFORM_SLUG);
	}
	return tenant_db_open(d, t, true, &l->by.t, e);
}

static bool
find_user(struct attempt *l, struct err *e)
{
	const char *email = "";
	struct err  why = { 0 };

	/* an address that cannot be one is looked up too, and not found */
	if (!ident_email(l->by.mem, str_of(l->in->email), &email, &why))
		email = "";
	if (!user_by_email(l->by.t, l->by.mem, email, &l->user, e)) {
		if (!err_take(e, ERR_MISSING))
			return false;
		blame(l, "unknown_user");
		return true;
	}
	/* a namesake in the platform's tenant is not who was meant */
	l->found = l->why == NULL || strcmp(l->why, "tenant_not_active") == 0;
	return true;
}

/* ---- may it be tried now ---- */

/* Of one that has to wait, and of one that has failed. */
struct attempt_told {
	const char *reason;
	int64_t     failures, wait_s, delay_s;
	const char *no_longer; /* what did not let it pass by any more after this */
	const char *tenant;    /* that is not there: as it was tried, in the platform's trail */
};
static const struct field delay_told_fields[] = {
	TOLD(struct attempt_told, reason),
	TOLD(struct attempt_told, failures),
	TOLD(struct attempt_told, wait_s),
	TOLD_IF(struct attempt_told, tenant),
	FIELD_END,
};
static const struct schema delay_told = SCHEMA("DelayTold", struct attempt_told, delay_told_fields);
static const struct field  failure_told_fields[] = {
	 TOLD(struct attempt_told, reason),
	 TOLD_IF(struct attempt_told, failures),
	 TOLD_IF(struct attempt_told, delay_s),
	 TOLD_IF(struct attempt_told, no_longer),
	 TOLD_IF(struct attempt_told, tenant),
	 FIELD_END,
};
static const struct schema failure_told =
    SCHEMA("FailureTold", struct attempt_told, failure_told_fields);

static const char *
missing_tenant(const struct attempt *l)
{
	return l->why != NULL && strcmp(l->why, "unknown_tenant") == 0 ? l->in->tenant : NULL;
}

/* The trail has it; the answer is the refusal. */
static bool
delay(struct attempt *l, const struct err *refusal, struct err *e)
{
	const struct attempt_told told = {
		.reason = l->tries.why,
		.failures = l->tries.failures,
		.wait_s = refusal->retry_s,
		.tenant = missing_tenant(l),
	};
	struct audit_entry entry = { .action = AUDIT_SESSION_DELAY,
		.failed = true,
		.actor_kind = "anonymous",
		.actor_name = l->in->email,
		.details = audit_details(l->by.mem, &delay_told, &told, e) };

	if (l->found)
		entry.target_id = l->user.id;
	if (entry.details == NULL || !audit_deed(&l->by, NULL, NULL, &entry, e))
		return false;
	count(l, "delayed");
	*e = *refusal;
	return false;
}

/* The same statements run for whoever is meant. */
static bool
find_code(struct attempt *l, struct ticket *k, struct err *e)
{
	static const struct uuid nobody;
	uint8_t                  hash[HASH_LEN];

	if (l->in->recovery_code == NULL)
		return true;
	if (!recovery_find(&l->by, l->found ? &l->user.id : &nobody, str_of(l->in->recovery_code),
		hash, &l->by_code, e))
		return false;
	l->by_code = l->by_code && l->user.two_factor;
	if (l->by_code) {
		k->kind = 'r';
		memcpy(k->id, hash, sizeof(k->id));
	}
	return true;
}

/* A device that is known for this very user. */
static void
find_device(const struct attempt *l, struct ticket *k)
{
	const struct device *d = l->in->device;

	*k = (struct ticket) { .kind = '\0' };
	if (!l->found || !device_is_of(d, &l->user.id, l->user.device_epoch))
		return;
	k->kind = 'd';
	memcpy(k->id, d->id, sizeof(k->id));
}

/* By the device, or as a stranger; who would have to wait then, by the code. */
static bool
may_begin(struct attempt *l, struct err *e)
{
	struct ticket     device, code = { .kind = '\0' };
	uint8_t           account[KEY_LEN];
	struct attempt_on on = { account, l->by.origin->address, &device };

	find_device(l, &device);
	if (!find_code(l, &code, e) ||
	    !attempts_account(l->by.auth, l->by.mem, l->in->tenant, l->in->email, account, e))
		return false;
	if (attempts_begin(l->by.auth, l->by.mem, &on, &l->tries, e))
		return true;
	if (!l->by_code || !err_take(e, ERR_ATTEMPTS))
		return false;
	on.ticket = &code;
	return attempts_begin(l->by.auth, l->by.mem, &on, &l->tries, e);
}

static bool
may_try(struct attempt *l, struct err *e)
{
	struct err refusal = { 0 };

	if (may_begin(l, &refusal))
		return true;
	if (refusal.code == ERR_ATTEMPTS && l->in->recovery_code == NULL)
		return delay(l, &refusal, e);
	if (refusal.code != ERR_ATTEMPTS) {
		*e = refusal;
		return false;
	}
	l->wait = refusal;
	blame(l, "waits"); /* a right password makes no more work than a wrong one */
	return true;
}

/* ---- the password ---- */

static void
count_hash(const struct attempt *l, const char *why)
{
	metric_add(l->by.auth->env->segment, METRIC_PASSWORD_HASHES, METRIC_BY(why), 1);
}

static bool
rehash(struct attempt *l, struct str password, struct err *e)
{
	count_hash(l, "rehash");
	return password_hash(password, l->by.auth->env->rand, l->by.permit->scratch, l->fresh, e);
}

static bool
compare(struct attempt *l, struct str password, struct err *e)
{
	const char *phc =
	    l->found && l->user.password != NULL ? l->user.password : password_decoy();
	bool match = false, stale = false;

	count_hash(l, "login");
	if (!password_verify(password, phc, l->by.permit->scratch, &match, &stale, e))
		return false;
	if (!match)
		blame(l, "wrong_password");
	else if (!user_is_active(&l->user))
		blame(l, "user_not_active");
	return l->why != NULL || !stale || rehash(l, password, e);
}

/* The permit is held for the hash only, never while the database is asked. */
static bool
check_password(struct attempt *l, struct err *e)
{
	struct permits *ps = l->by.auth->permits;
	struct str      password = { "", 0 };
	struct err      why = { 0 };
	bool            ok;

	/* one that cannot be anyone's is compared all the same */
	if (!ident_password(l->by.mem, str_of(l->in->password), &password, &why)) {
		password = (struct str) { "", 0 };
		blame(l, "wrong_password");
	}
	if (!auth_permit(l->by.auth, l->by.permit, e))
		return false;
	ok = compare(l, password, e);
	if (ps != NULL)
		permit_give(ps, l->by.permit);
	return ok;
}

/* ---- no ---- */

static const char *
failure_details(struct attempt *l, struct err *e)
{
	const struct attempts *x = &l->tries;
	const char            *spent = x->key.source[0] == 'r' ? "recovery_code" : "known_device";
	struct attempt_told    told = { .reason = l->why, .tenant = missing_tenant(l) };

	if (x->delay_s > 0) {
		told.failures = x->failures;
		told.delay_s = x->delay_s;
	}
	if (x->spent)
		told.no_longer = spent;
	return audit_details(l->by.mem, &failure_told, &told, e);
}

static bool
fail(struct attempt *l, struct err *e)
{
	struct audit_entry entry = { .action = AUDIT_SESSION_FAIL,
		.failed = true,
		.actor_kind = "anonymous",
		.actor_name = l->in->email };

	if (!attempts_failed(l->by.auth, l->by.mem, &l->tries, e))
		return false;
	entry.details = failure_details(l, e);
	if (l->found)
		entry.target_id = l->user.id;
	if (entry.details == NULL || !audit_deed(&l->by, NULL, NULL, &entry, e))
		return false;
	count(l, "failure");
	/* that the code was right is not said either */
	if (l->by_code && l->tries.why != NULL)
		return attempts_refuse(&l->tries, e);
	return err_set(
	    e, ERR_CREDENTIALS, 0, "Tenant, e-mail address or password is wrong.", "%s", l->why);
}

/* ---- yes ---- */

static bool
rehash_body(struct db *db, void *arg, struct err *e)
{
	struct attempt *l = arg;

	(void)db;
	return *l->fresh == '\0' ||
	       user_rehash(l->by.t, &l->user.id, l->user.password, l->fresh, e);
}

static const char *
method_told(const struct attempt *l, const char *method, struct err *e)
{
	return audit_details(l->by.mem, &proof_told, &(struct proof_told) { .method = method }, e);
}

static bool
accept(struct attempt *l, struct session_grant *grant, struct err *e)
{
	const struct session_start start = { .provider = "password",
		.aal = 1,
		.auth_time_ms = l->now_ms,
		.body = rehash_body,
		.arg = l,
		.details = method_told(l, "password", e) };

	if (start.details == NULL || !attempts_passed(l->by.auth, &l->tries, e) ||
	    !session_begin(&l->by, &l->user, &start, grant, e))
		return false;
	count(l, "success");
	return true;
}

static bool
challenge(struct attempt *l, struct session_grant *grant, struct err *e)
{
	const struct challenge c = {
		.user = &l->user,
		.provider = "password",
		.in_body = l->in->in_body,
	};

	if (!attempts_passed(l->by.auth, &l->tries, e) || !rehash_body(l->by.t->db, l, e) ||
	    !challenge_make(&l->by, &c, grant, e))
		return false;
	count(l, "challenge");
	return true;
}

/* ---- yes, with both factors at once ---- */

struct both {
	struct attempt *l;
	struct proving  proving;
};

static bool
both_body(struct db *db, void *arg, struct err *e)
{
	struct both *b = arg;

	return proof_take(&b->proving, e) && rehash_body(db, b->l, e);
}

static bool
accept_code(struct attempt *l, struct session_grant *grant, struct err *e)
{
	const struct proof         shown = { .recovery_code = l->in->recovery_code };
	struct both                b = { .l = l, .proving = { .by = &l->by, .user = &l->user } };
	const struct session_start start = { .provider = "password",
		.aal = 2,
		.auth_time_ms = l->now_ms,
		.body = both_body,
		.arg = &b,
		.details = method_told(l, "recovery_code", e) };

	if (start.details == NULL || !attempts_passed(l->by.auth, &l->tries, e) ||
	    !proof_check(&b.proving, &shown, e))
		return false;
	if (!session_begin(&l->by, &l->user, &start, grant, e)) {
		*grant = (struct session_grant) { 0 };
		return proof_not_taken(&b.proving, e);
	}
	proof_taken(&b.proving);
	count(l, "success");
	return true;
}

static bool
let_in(struct attempt *l, struct session_grant *grant, struct err *e)
{
	if (!l->user.two_factor)
		return accept(l, grant, e);
	return l->in->recovery_code != NULL ? accept_code(l, grant, e) : challenge(l, grant, e);
}

bool
login_password(
    const struct deed_by *by, const struct login *in, struct session_grant *grant, struct err *e)
{
	struct auth   *a = by->auth;
	struct attempt l = { .by = *by, .in = in, .now_ms = clock_ms(a->env->clock) };

	/* who will not be let into the lane is refused before it costs anything */
	if (!auth_lane(a, LANE_PASSWORD, e) || !find_tenant(&l, e) || !find_user(&l, e) ||
	    !may_try(&l, e) || !check_password(&l, e)) {
		attempts_broken(a, &l.tries);
		if (e->code != ERR_ATTEMPTS)
			count(&l, "error");
		return false;
	}
	if (l.wait.code != ERR_OK)
		return delay(&l, &l.wait, e);
	if (l.why != NULL)
		return fail(&l, e);
	if (!let_in(&l, grant, e))
		return false;
	grant->same_device = l.tries.key.source[0] == 'd';
	return true;
}
