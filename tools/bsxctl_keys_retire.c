/* bsxctl.h: `keys retire`: a version of the keyring is past, once nothing hangs on it. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/store/identity/pepper.h"
#include "core/store/server/rewrap.h"
#include "core/store/tenant/program.h"
#include "tools/bsxctl.h"

struct retire {
	struct ctl *c;
	const char *file;
	uint32_t    version;
	bool        force, dry;
	int64_t     sealed;   /* what would not open, whoever forces it */
	int64_t     peppered; /* what would not be taken any more */
	int64_t     unknown;  /* of that: by a version that was not kept */
	int64_t     programs;
};

/* ---- what hangs on it ---- */

static bool
count_wrapped(struct retire *r, struct err *e)
{
	struct wrapped *all;
	size_t          n = 0;

	if (!rewrap_count(r->c->d, r->c->mem, &all, &n, e))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (all[i].version != r->version)
			continue;
		ctl_say("%s: %lld rows are sealed by version %u: bsxctl keys rotate --keyring",
		    all[i].what, (long long)all[i].rows, (unsigned)r->version);
		r->sealed += all[i].rows;
	}
	return true;
}

static bool
go_on(void *arg, const struct rewrap_at *at)
{
	(void)arg, (void)at;
	return false;
}

/* Each account that does not take the newest password may be one that only takes this one. */
static bool
count_accounts(struct retire *r, struct err *e)
{
	const struct provision    p = { r->c->prov, r->c->d, &r->c->env };
	const struct rewrap_watch w = { go_on, NULL };
	int64_t                   behind = 0;

	if (!rewrap_accounts(&p, &w, false, &behind, e))
		return false;
	if (behind > 0)
		ctl_say("accounts of the database: %lld have the password of an older version: "
			"bsxctl keys rotate --keyring",
		    (long long)behind);
	r->sealed += behind;
	return true;
}

static bool
count_programs(struct retire *r, struct err *e)
{
	struct program_group *list;
	size_t                n = 0;

	if (!programs_running(database_control(r->c->d), r->c->mem, &list, &n, e))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (list[i].seals > r->version)
			continue;
		ctl_say("%s on %s: a process still seals with version %lld: reload it",
		    ctl_text(r->c, list[i].kind), ctl_text(r->c, list[i].host),
		    (long long)list[i].seals);
		r->programs++;
	}
	return true;
}

static void
say_peppered(struct retire *r, const struct tenant *t, const struct peppered *p)
{
	char by[32] = "a version that was not kept";

	if (p->version != 0)
		snprintf(by, sizeof(by), "version %u", (unsigned)r->version);
	ctl_say("tenant %s: %lld API keys and %lld recovery codes are hashed by %s", t->slug,
	    (long long)p->api_keys, (long long)p->recovery_codes, by);
	r->peppered += p->api_keys + p->recovery_codes;
	r->unknown += p->version == 0 ? p->api_keys + p->recovery_codes : 0;
}

static bool
count_tenant(struct retire *r, const struct tenant *t, struct err *e)
{
	TALLOC_CTX       *mem = talloc_new(r->c->mem);
	struct tenant_db *tdb;
	struct peppered  *list;
	size_t            n = 0;
	const instant     now = { clock_ms(&clock_system) };
	bool              ok = mem != NULL || err_memory(e);

	ok = ok && tenant_db_open(r->c->d, t, true, &tdb, e) &&
	     pepper_count(tdb, mem, now, &list, &n, e);
	for (size_t i = 0; ok && i < n; i++)
		if (list[i].version == 0 || list[i].version == (int64_t)r->version)
			say_peppered(r, t, &list[i]);
	talloc_free(mem);
	database_tidy(r->c->d);
	return ok || err_note(e, "tenant %s", t->slug);
}

static bool
count_tenants(struct retire *r, struct err *e)
{
	struct uuid    last = { 0 };
	struct tenant *list;
	size_t         n = TENANT_PAGE;

	while (n == TENANT_PAGE) {
		if (!tenant_list(r->c->d, r->c->mem, &last, &list, &n, e))
			return false;
		for (size_t i = 0; i < n; i++) {
			last = list[i].id;
			if (tenant_stands(&list[i]) && !count_tenant(r, &list[i], e))
				return false;
		}
	}
	return true;
}

/* ---- retiring it ---- */

static bool
check(const struct retire *r, struct err *e)
{
	if (r->sealed > 0)
		return err_set(e, ERR_CONFLICT, 0,
		    "What that version has sealed would not open any more: bsxctl keys rotate "
		    "--keyring first.",
		    "%lld of it", (long long)r->sealed);
	if (r->programs > 0 && !r->force)
		return err_set(e, ERR_CONFLICT, 0,
		    "Programs still seal with that version: reload them, or use --force.",
		    "%lld kinds of programs", (long long)r->programs);
	if (r->peppered > 0 && !r->force)
		return err_set(e, ERR_CONFLICT, 0,
		    "API keys and recovery codes hang on that version. A key moves to the newest "
		    "one at its next use, codes are made anew by whom they are for; --force ends "
		    "them.",
		    "%lld of them, %lld of those by a version that was not kept",
		    (long long)r->peppered, (long long)r->unknown);
	return true;
}

static bool
retire(struct retire *r, struct err *e)
{
	const struct keyring_change in = {
		.path = r->file, .turn = KEYRING_RETIRE, .version = r->version
	};
	uint32_t now;

	if (keyring_below(r->c->env.keyring, r->version + 1) != r->version ||
	    r->version >= keyring_newest(r->c->env.keyring) ||
	    keyring_use_of(r->c->env.keyring, r->version) != KEYRING_IN_USE)
		return err_set(e, ERR_CONFLICT, 0,
		    "Only a version that was used, and seals no more, can be retired.",
		    "version %u of the keyring", (unsigned)r->version);
	if (!count_wrapped(r, e) || !count_accounts(r, e) || !count_programs(r, e) ||
	    !count_tenants(r, e) || !check(r, e))
		return false;
	if (r->dry) {
		ctl_say("version %u could be retired", (unsigned)r->version);
		return true;
	}
	if (!ctl_keyring_change(r->c, in, "retire", &now, e))
		return false;
	ctl_say("version %u is past: it verifies trails, and nothing else; sessions, mailed links "
		"and known devices that were made by it have ended",
	    (unsigned)now);
	ctl_keyring_next(r->c, r->file, "list");
	return true;
}

int
cmd_keys_retire(struct ctl *c, int argc, char **argv)
{
	static const struct option options[] = {
		{ "file", required_argument, NULL, 'p' },
		{ "force", no_argument, NULL, 'f' },
		{ "dry-run", no_argument, NULL, 'n' },
		{ 0 },
	};
	struct retire r = { .c = c };
	struct err    e = { 0 };
	uint64_t      u;
	int           o;

	while ((o = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (o == '?' || (o == 'p' && r.file != NULL))
			return ctl_usage("keys retire", false);
		if (o == 'p')
			r.file = optarg;
		r.force |= o == 'f';
		r.dry |= o == 'n';
	}
	if (optind != argc - 1 || !str_to_u64(str_of(argv[optind]), &u) || u == 0 ||
	    u >= UINT32_MAX)
		return ctl_usage("keys retire", false);
	r.version = (uint32_t)u;
	return ctl_open(c, &e) && ctl_provision(c, &e) && retire(&r, &e) ? 0 : ctl_failed(&e);
}
