/* bsxctl_onboard.h: `onboard`. */
#include <getopt.h>
#include <string.h>

#include "core/auth/mail/mail_queue.h"
#include "core/auth/tenant/grant_admin.h"
#include "core/store/server/provision.h"
#include "tools/bsxctl_onboard.h"

#define GRANT_DAYS 365

/* ---- as it was typed ---- */

enum option_of {
	OPTION_AS = 1,
	OPTION_CREDENTIAL,
	OPTION_PARAM,
	OPTION_DAYS,
	OPTION_GRANT,
	OPTION_GRANT_DAYS,
	OPTION_OUT,
	OPTION_MAIL,
	OPTION_RETRY,
	OPTION_DRY_RUN,
	OPTION_JSON,
};
static const struct option options[] = {
	{ "as", required_argument, NULL, OPTION_AS },
	{ "credential-file", required_argument, NULL, OPTION_CREDENTIAL },
	{ "param", required_argument, NULL, OPTION_PARAM },
	{ "days", required_argument, NULL, OPTION_DAYS },
	{ "grant", required_argument, NULL, OPTION_GRANT },
	{ "grant-days", required_argument, NULL, OPTION_GRANT_DAYS },
	{ "out", required_argument, NULL, OPTION_OUT },
	{ "mail", no_argument, NULL, OPTION_MAIL },
	{ "retry", no_argument, NULL, OPTION_RETRY },
	{ "dry-run", no_argument, NULL, OPTION_DRY_RUN },
	{ "json", no_argument, NULL, OPTION_JSON },
	{ 0 },
};

static bool
take_text(const char **text)
{
	const bool first = *text == NULL;

	*text = optarg;
	return first;
}

static bool
take_days(int64_t *days, int64_t max)
{
	return *days == 0 && str_to_i64(str_of(optarg), days) && *days >= 1 && *days <= max;
}

/* --as has two words. */
static bool
take_as(struct onboard *o, int argc, char **argv)
{
	if (optind >= argc || !take_text(&o->provider))
		return false;
	o->email = argv[optind++];
	return *o->email != '-';
}

static bool
take_grant(struct onboard *o)
{
	if (o->grant.n == ONBOARD_GRANTS_MAX)
		return false;
	o->grant.items[o->grant.n++] = optarg;
	return true;
}

static bool
take_param(struct onboard *o)
{
	if (o->params_n == SOURCE_PARAMS_MAX || strchr(optarg, '=') == NULL)
		return false;
	o->params[o->params_n++] = optarg;
	return true;
}

static bool
take(struct onboard *o, int which, int argc, char **argv)
{
	switch (which) {
	case OPTION_AS:
		return take_as(o, argc, argv);
	case OPTION_CREDENTIAL:
		return take_text(&o->credential_file);
	case OPTION_PARAM:
		return take_param(o);
	case OPTION_DAYS:
		return take_days(&o->days, ONBOARD_DAYS_MAX);
	case OPTION_GRANT:
		return take_grant(o);
	case OPTION_GRANT_DAYS:
		return take_days(&o->grant_days, GRANT_DAYS_MAX);
	case OPTION_OUT:
		return take_text(&o->out);
	default:
		return which != '?';
	}
}

static void
take_flag(struct onboard *o, int which)
{
	o->mail = o->mail || which == OPTION_MAIL;
	o->retry = o->retry || which == OPTION_RETRY;
	o->dry_run = o->dry_run || which == OPTION_DRY_RUN;
	o->json = o->json || which == OPTION_JSON;
}

static bool
read_args(struct onboard *o, int argc, char **argv)
{
	int which;

	while ((which = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (!take(o, which, argc, argv))
			return false;
		take_flag(o, which);
	}
	o->file = optind == argc - 1 ? argv[optind] : NULL;
	if (o->grant_days == 0)
		o->grant_days = GRANT_DAYS;
	return o->file != NULL && o->provider != NULL && o->credential_file != NULL;
}

/* ---- what is shown to directories ---- */

static bool
read_credential(struct onboard *o, struct err *e)
{
	struct str text;

	if (!source_read_credential(o->c, o->credential_file, &text, e))
		return false;
	o->credential = json_parse(o->c->mem, text, e);
	return o->credential != NULL || err_note(e, "the credential's file");
}

static bool
read_parameters(struct onboard *o, struct err *e)
{
	struct buf  b;
	const char *text;

	if (o->params_n == 0)
		return true;
	buf_make(&b, o->c->mem);
	for (size_t i = 0; i < o->params_n; i++) {
		buf_putc(&b, i == 0 ? '{' : ',');
		source_put_parameter(&b, o->params[i]);
	}
	buf_putc(&b, '}');
	text = buf_text(&b, e);
	o->parameters = text == NULL ? NULL : json_parse(o->c->mem, str_of(text), e);
	return o->parameters != NULL;
}

/* ---- all of it ---- */

static bool
open_all(struct onboard *o, struct err *e)
{
	struct ctl *c = o->c;

	if (!ctl_open(c, e) || !ctl_alone(c, e) || (!o->dry_run && !ctl_provision(c, e)))
		return false;
	o->auth = (struct auth) { .env = &c->env, .database = c->d };
	o->drift = drift_make(c->mem, &c->env, e);
	if (o->drift == NULL)
		return false;
	return !o->mail || mail_is_on(&o->auth) ||
	       err_set(e, ERR_CONFLICT, 0,
		   "This installation sends no mail (mail.server): leave --mail out.",
		   "mail is off");
}

static bool
work(struct onboard *o, bool *well, struct err *e)
{
	for (size_t i = 0; i < o->n; i++) {
		onboard_tell_progress(o, i);
		if (!onboard_customer(o, &o->all[i], e))
			return err_note(e, "customer %s, line %llu", ctl_text(o->c, o->all[i].slug),
			    (unsigned long long)o->all[i].line);
	}
	return onboard_tell(o, well, e);
}

static bool
no_faults(const struct onboard *o, struct err *e)
{
	return o->faults == 0 ||
	       err_set(e, ERR_INVALID, 0, "Nothing was made: mend these lines, and run it again.",
		   "%llu faults", (unsigned long long)o->faults);
}

static bool
check(struct onboard *o, struct err *e)
{
	return onboard_file(o, e) && no_faults(o, e) && open_all(o, e) && onboard_rows(o, e) &&
	       onboard_check(o, e) && no_faults(o, e);
}

int
cmd_onboard(struct ctl *c, int argc, char **argv)
{
	const char    *roles[ONBOARD_GRANTS_MAX];
	struct onboard o = { .c = c, .grant = { roles, 0 } };
	struct err     e = { 0 };
	bool           well = false;

	if (!read_args(&o, argc, argv))
		return ctl_usage("onboard", false);
	if (!onboard_tell_begin(&o, &e) || !read_credential(&o, &e) || !read_parameters(&o, &e) ||
	    !check(&o, &e) || !work(&o, &well, &e))
		return ctl_failed(&e);
	return well ? 0 : 1;
}
