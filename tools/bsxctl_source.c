/* bsxctl.h: `source`. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "drift/source/source_pack.h"
#include "tools/bsxctl.h"
#include "tools/bsxctl_source.h"

/* FILE:PLACE: REASON, a line each. */
static int
say_faults(struct ctl *c, const char *path, const struct err *e)
{
	if (e->faults == NULL)
		fprintf(stderr, "%s: %s\n", ctl_text(c, path), ctl_text(c, e->pub));
	for (const struct fault *f = e->faults; f != NULL; f = f->next)
		fprintf(stderr, "%s:%s: %s\n", ctl_text(c, path),
		    f->pointer[0] != '\0' ? ctl_text(c, f->pointer) : "/", ctl_text(c, f->detail));
	return 1;
}

const char *
source_name_of(struct ctl *c, const char *path)
{
	const char *slash = strrchr(path, '/');
	struct str  name = str_of(slash != NULL ? slash + 1 : path);

	if (name.n > 5 && memcmp(name.p + name.n - 5, ".json", 5) == 0)
		name.n -= 5;
	return str_dup(c->mem, name);
}

int
source_check_file(struct ctl *c, const char *path)
{
	struct err          e = { 0 };
	struct source_pack *pack = source_pack_file(c->mem, path, source_name_of(c, path), &e);

	if (pack == NULL)
		return say_faults(c, path, &e);
	ctl_say("%s: %s, %u collections", ctl_text(c, path), ctl_text(c, pack->title),
	    pack->collections_n);
	return 0;
}

static int
check_all(struct ctl *c)
{
	struct strings names;
	struct err     e = { 0 };
	const char    *path;
	int            failed = 0;

	if (!ctl_conf(c, &e) || !source_pack_names(c->mem, c->conf->sources_dir, &names, &e))
		return ctl_failed(&e);
	for (size_t i = 0; i < names.n; i++) {
		path = talloc_asprintf(c->mem, "%s/%s.json", c->conf->sources_dir, names.items[i]);
		failed |= path == NULL || source_check_file(c, path) != 0;
	}
	return failed;
}

int
cmd_source_man(struct ctl *c, int argc, char **argv)
{
	struct buf b;

	(void)argv;
	if (argc != 1)
		return ctl_usage("source man", false);
	buf_make(&b, c->mem);
	source_man(&b);
	return buf_ok(&b) && fwrite(b.p, 1, b.n, stdout) == b.n ? 0 : 1;
}

/* ---- try ---- */

static bool
read_option(int o, struct source_try *in)
{
	const char **values[] = { &in->credential, &in->record, &in->tenant };

	if (o == 'p')
		return in->params_n < SOURCE_PARAMS_MAX &&
		       (in->params[in->params_n++] = optarg, strchr(optarg, '=') != NULL);
	if (o < 1 || o > 3 || *values[o - 1] != NULL) /* unknown, or given twice */
		return false;
	*values[o - 1] = optarg;
	return true;
}

int
cmd_source_try(struct ctl *c, int argc, char **argv)
{
	static const struct option options[] = { { "param", required_argument, NULL, 'p' },
		{ "credential-file", required_argument, NULL, 1 },
		{ "record", required_argument, NULL, 2 }, { "tenant", required_argument, NULL, 3 },
		{ 0 } };
	struct source_try          in = { 0 };
	struct uuid                config;
	bool                       by_id;
	int                        o;

	while ((o = getopt_long(argc, argv, "", options, NULL)) != -1)
		if (!read_option(o, &in))
			return ctl_usage("source", false);
	if (optind != argc - 1 || *argv[optind] == '\0')
		return ctl_usage("source", false);
	in.what = argv[optind];
	by_id = uuid_parse(str_of(in.what), &config);
	if (by_id ? in.params_n > 0 || in.credential != NULL || in.record != NULL
		  : in.tenant != NULL)
		return ctl_usage("source", false);
	return by_id ? source_try_config(c, &in, &config) : source_try_pack(c, &in);
}

int
cmd_source_check(struct ctl *c, int argc, char **argv)
{
	int failed = 0;

	if (argc > 1 && argv[1][0] == '-')
		return ctl_usage("source", false);
	if (argc == 1)
		return check_all(c);
	for (int i = 1; i < argc; i++)
		failed |= source_check_file(c, argv[i]);
	return failed;
}
