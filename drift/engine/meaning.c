#include "drift/engine/meaning.h"

#include "drift/engine/glob.h"

#define WORD_MAX 16

/* Words are in lower case, with "-" where there are several. */
static const struct {
	const char *name;
	const char *words[32];
} meanings[] = {
	{ "on", { "true", "1", "on", "yes", "enable", "enabled", "require", "required", "enforce",
		    "enforced", "enforcing", "mandatory", "active", "always", "strict", NULL } },
	{ "off", { "false", "0", "off", "no", "disable", "disabled", "none", "never", "optional",
		     "inactive", "suspended", NULL } },
	{ "watched",
	    { "audit", "auditing", "monitor", "monitoring", "permissive", "report", "report-only",
		"dryrun", "dry-run", "warn", "warning", "log", "logging", "detect", "detection",
		"count", "evaluate", "simulate", "transparent", NULL } },
	{ "deny", { "deny", "denied", "block", "blocked", "drop", "reject", "discard", "disallow",
		      "forbid", "refuse", NULL } },
	{ "allow", { "allow", "allowed", "accept", "permit", "permitted", "pass", "grant",
		       "allow-all", NULL } },
	{ "anybody", { "*", "any", "all", "anyone", "everyone", "everybody", "anonymous", "world",
			 "internet", "public", "0.0.0.0", "0.0.0.0/0", "::", "::/0", NULL } },
};

int
meaning_by_name(struct str name)
{
	for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++)
		if (str_eqz(name, meanings[i].name))
			return (int)i;
	return MEANING_NONE;
}

/* A value's text as words are written; false: it is none of their kind. */
static bool
as_word(const struct json *v, char word[static WORD_MAX], struct str *out)
{
	struct str text = v->type == JSON_TRUE    ? STR("true")
			  : v->type == JSON_FALSE ? STR("false")
						  : v->text;

	if ((v->type != JSON_STRING && v->type != JSON_NUMBER && v->type != JSON_TRUE &&
		v->type != JSON_FALSE) ||
	    text.n == 0 || text.n > WORD_MAX)
		return false;
	for (size_t i = 0; i < text.n; i++)
		word[i] = text.p[i] == '_' || text.p[i] == ' ' ? '-' : glob_lower(text.p[i]);
	*out = (struct str) { word, text.n };
	return true;
}

bool
meaning_holds(int meaning, const struct json *v)
{
	char       word[WORD_MAX];
	struct str s;

	if (!as_word(v, word, &s))
		return false;
	for (const char *const *w = meanings[meaning].words; *w != NULL; w++)
		if (str_eqz(s, *w))
			return true;
	return false;
}
