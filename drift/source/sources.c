/* source.h: the table of kinds. */
#include "drift/source/source.h"

#include <string.h>

/*      kind  its ops      its settings        what it is, for the contract */
#ifndef SOURCES
#define SOURCES(X)                                                                                 \
	X(push, source_push, source_push_schema, "they are pushed")                                \
	X(http, source_http, source_http_schema,                                                   \
	    "an API that answers JSON is asked for collections")                                   \
	X(self, source_self, source_self_schema,                                                   \
	    "users, roles, settings, providers, channels and API keys of this tenant itself")      \
	X(canary, source_canary, source_canary_schema,                                             \
	    "an object of our own that is another at each reading, so that it is known whether "   \
	    "and how soon who is told hears of a change (GET /api/drift/canary)")
#endif
/* Of any other word: a source pack of the installation. */
extern const struct source_ops source_rest;
extern const struct schema     source_rest_schema;

#define X(kind, ops, set, doc)                                                                     \
	extern const struct source_ops ops;                                                        \
	extern const struct schema     set;
SOURCES(X)
#undef X

const struct source_ops *const sources[] = {
#define X(kind, ops, set, doc) &ops,
	SOURCES(X)
#undef X
	    & source_rest,
	NULL,
};

static const char *const kinds[] = {
#define X(kind, ops, set, doc) #kind,
	SOURCES(X)
#undef X
	    NULL
};

static const struct schema *const settings[] = {
#define X(kind, ops, set, doc) &set,
	SOURCES(X)
#undef X
	    & source_rest_schema,
	NULL,
};

static const struct field source_fields[] = {
#define X(kind, ops, set, doc) " " #kind ": " doc "."
	FIELD(struct source_settings, kind, .choices = kinds, .flags = FIELD_REQUIRED | FIELD_OPEN,
	    .doc = "Where snapshots come from." SOURCES(
		X) " Another word is the name of a source "
		   "pack of this installation "
		   "(GET /api/sources), by which it is asked."),
#undef X
	FIELD_END,
};
const struct schema source_schema =
    SCHEMA_VARIANTS("DriftSource", struct source_settings, source_fields, settings);

const struct source_ops *
source_by_kind(const char *kind)
{
	size_t i = 0;

	while (kinds[i] != NULL && strcmp(kinds[i], kind) != 0)
		i++;
	return sources[i];
}
