/* source_pack.h: the members of a pack. */
#include "drift/source/source_pack_priv.h"

#include "drift/engine/pattern.h"

#define NAME_MAX_BYTES 64
#define SENTENCE_MAX   500

static const char *const formats[] = { "text", "url", "headers", NULL };
static const char *const methods[] = { "GET", "POST", NULL };
static const char *const missings[] = { "error", "empty", NULL };
static const char *const outcomes[] = { "failed", "throttled", "forbidden", NULL };
static const char *const resets[] = { "epoch", "seconds", NULL };
static const char *const auth_kinds[] = {
#define X(id, wire) wire,
	AUTH_KINDS(X)
#undef X
	    NULL
};
static const char *const auth_algs[] = { "PS256", "RS256", NULL };
static const char *const auth_forms[] = { "client_secret", "certificate", NULL };

static const struct field parameter_fields[] = {
	FIELD(struct source_parameter, name, .min = 1, .max = NAME_MAX_BYTES,
	    .flags = FIELD_REQUIRED, .doc = "Name, of a-z, 0-9 and _; in forms {NAME}."),
	FIELD(struct source_parameter, doc, .max = SENTENCE_MAX, .flags = FIELD_REQUIRED,
	    .doc = "What it is, for people."),
	FIELD(struct source_parameter, format, .choices = formats, .flags = FIELD_OMIT_ZERO,
	    .doc = "text (when absent), url: a base URL, headers: an object of header fields that "
		   "every request has."),
	FIELD(struct source_parameter, choices, .max = 20, .flags = FIELD_OMIT_ZERO,
	    .doc = "The texts that it may be."),
	FIELD(struct source_parameter, required, .flags = FIELD_OMIT_ZERO,
	    .doc = "A config must give it."),
	FIELD_AS(struct source_parameter, fallback, "default", .max = 1024,
	    .flags = FIELD_OMIT_ZERO, .doc = "What it is when a config does not give it."),
	FIELD_END,
};
const struct schema source_parameter_schema =
    SCHEMA("SourceParameter", struct source_parameter, parameter_fields);

static const struct field host_fields[] = {
	FIELD(struct source_host, name, .min = 1, .max = NAME_MAX_BYTES, .flags = FIELD_REQUIRED,
	    .doc = "Name; in forms {@NAME}. The first is that of collections that name none."),
	FIELD(struct source_host, url, .max = 1024,
	    .doc = "Base URL, a form of parameters; without a / at its end."),
	FIELD(struct source_host, parameter, .max = NAME_MAX_BYTES,
	    .doc = "Parameter of format url that takes its place when it is given."),
	FIELD(struct source_host, by, .max = NAME_MAX_BYTES,
	    .doc = "Parameter with choices that decides which of urls it is."),
	FIELD(struct source_host, urls, .doc = "Object: each choice of `by` to its base URL."),
	FIELD_END,
};
static const struct schema host_schema = SCHEMA("SourceHost", struct source_host, host_fields);

static const struct field auth_fields[] = {
	FIELD(struct source_auth, kind, .choices = auth_kinds, .flags = FIELD_REQUIRED,
	    .doc = "none; bearer: a token; basic: user and password; header: a header field; "
		   "oauth2_client_credentials: a token that is asked for (RFC 6749 section 4.4)."),
	FIELD(struct source_auth, host, .max = NAME_MAX_BYTES, .flags = FIELD_OMIT_ZERO,
	    .doc = "oauth2_client_credentials: host that gives tokens."),
	FIELD(struct source_auth, path, .max = FORM_TEXT_MAX, .flags = FIELD_OMIT_ZERO,
	    .doc = "oauth2_client_credentials: path of its token endpoint, a form of parameters."),
	FIELD(struct source_auth, scope, .max = FORM_TEXT_MAX, .flags = FIELD_OMIT_ZERO,
	    .doc = "oauth2_client_credentials: scope, a form of parameters and hosts."),
	FIELD(struct source_auth, header, .max = NAME_MAX_BYTES, .flags = FIELD_OMIT_ZERO,
	    .doc = "header: the field's name; the credential's token is its value."),
	FIELD(struct source_auth, forms, .choices = auth_forms, .max = 2, .flags = FIELD_OMIT_ZERO,
	    .doc = "oauth2_client_credentials: client_secret (when absent), certificate: a signed "
		   "assertion (RFC 7523) with x5t#S256."),
	FIELD(struct source_auth, alg, .choices = auth_algs, .flags = FIELD_OMIT_ZERO,
	    .doc = "certificate: how it signs; PS256 when absent."),
	FIELD_END,
};
const struct schema source_auth_schema = SCHEMA("SourceAuth", struct source_auth, auth_fields);

static const struct field next_fields[] = {
	FIELD(struct source_next, pointer, .min = 1, .max = SELECTOR_POINTER_MAX,
	    .flags = FIELD_OMIT_ZERO,
	    .doc = "JSON Pointer to the URL of the next page, below the same base URL. What is not "
		   "there, null or empty is the end."),
	FIELD(struct source_next, link_header, .flags = FIELD_OMIT_ZERO,
	    .doc = "true: the next page is the link with rel=\"next\" of the header field Link "
		   "(RFC 8288), below the same base URL."),
	FIELD(struct source_next, token_pointer, .min = 1, .max = SELECTOR_POINTER_MAX,
	    .flags = FIELD_OMIT_ZERO,
	    .doc = "JSON Pointer to a token, with query or body_pointer."),
	FIELD(struct source_next, query, .min = 1, .max = NAME_MAX_BYTES, .flags = FIELD_OMIT_ZERO,
	    .doc = "Member of the query that the token becomes."),
	FIELD(struct source_next, body_pointer, .min = 1, .max = SELECTOR_POINTER_MAX,
	    .flags = FIELD_OMIT_ZERO,
	    .doc = "JSON Pointer to the member of the request's body that the token becomes."),
	FIELD(struct source_next, page, .min = 1, .max = NAME_MAX_BYTES, .flags = FIELD_OMIT_ZERO,
	    .doc = "Member of the query that is the number of the page; with size. The first page "
		   "with fewer items is the last."),
	FIELD(struct source_next, per_page, .min = 1, .max = NAME_MAX_BYTES,
	    .flags = FIELD_OMIT_ZERO, .doc = "Member of the query that is size."),
	FIELD(struct source_next, offset, .min = 1, .max = NAME_MAX_BYTES, .flags = FIELD_OMIT_ZERO,
	    .doc = "Member of the query that is the number of items before the page; with size."),
	FIELD(struct source_next, limit, .min = 1, .max = NAME_MAX_BYTES, .flags = FIELD_OMIT_ZERO,
	    .doc = "Member of the query that is size."),
	FIELD(struct source_next, size, .min = 1, .max = 100000, .flags = FIELD_OMIT_ZERO,
	    .doc = "Items of a full page; a server that gives fewer at once is not read whole."),
	FIELD(struct source_next, from_zero, .flags = FIELD_OMIT_ZERO,
	    .doc = "true: the first page is number 0, not 1."),
	FIELD_END,
};
static const struct schema next_schema = SCHEMA("SourceNext", struct source_next, next_fields);

static const struct field write_fields[] = {
	FIELD(struct source_write, method, .max = 16, .flags = FIELD_REQUIRED,
	    .doc = "PATCH: what is to be set goes as a JSON merge patch (RFC 7396). For any other "
		   "nothing is offered."),
	FIELD(struct source_write, path, .max = FORM_TEXT_MAX, .flags = FIELD_REQUIRED,
	    .doc = "Path of one resource, a form in which {/a} is a member of it."),
	FIELD(struct source_write, body, .flags = FIELD_OMIT_ZERO,
	    .doc = "Not looked at: the body is what is to be set."),
	FIELD_END,
};
static const struct schema write_schema = SCHEMA("SourceWrite", struct source_write, write_fields);

/* What a collection and what is asked for each of its items have in common. */
#define ASKED                                                                                      \
	FIELD(struct collection_in, method, .choices = methods, .flags = FIELD_OMIT_ZERO,          \
	    .doc = "GET when absent."),                                                            \
	    FIELD(struct collection_in, host, .max = NAME_MAX_BYTES, .flags = FIELD_OMIT_ZERO,     \
		.doc = "Host of the pack; its first when absent."),                                \
	    FIELD(struct collection_in, path, .max = FORM_TEXT_MAX, .flags = FIELD_REQUIRED,       \
		.doc = "Path behind the base URL, a form: {parameter}, {/pointer} into the item "  \
		       "that it is read for, {^/pointer} into the one above."),                    \
	    FIELD(struct collection_in, query, .flags = FIELD_OMIT_ZERO,                           \
		.doc = "Object of texts: members of the query, forms; percent-encoded."),          \
	    FIELD(struct collection_in, headers, .flags = FIELD_OMIT_ZERO,                         \
		.doc = "Object of texts: header fields of each request, also of further pages."),  \
	    FIELD(struct collection_in, body, .flags = FIELD_OMIT_ZERO,                            \
		.doc = "POST: what is sent as JSON; its texts are forms."),                        \
	    FIELD(struct collection_in, items, .max = SELECTOR_POINTER_MAX,                        \
		.flags = FIELD_OMIT_ZERO,                                                          \
		.doc = "JSON Pointer to the list of items; \"\" when absent: the answer is it."),  \
	    FIELD(struct collection_in, count, .max = SELECTOR_POINTER_MAX,                        \
		.flags = FIELD_OMIT_ZERO,                                                          \
		.doc = "JSON Pointer to how many items there are in all: where fewer come, the "   \
		       "collection is partial."),                                                  \
	    FIELD(struct collection_in, next, .item = &next_schema, .flags = FIELD_OMIT_ZERO,      \
		.doc = "How the next page is found; all is one page when absent."),                \
	    FIELD(struct collection_in, permission, .max = SENTENCE_MAX, .flags = FIELD_OMIT_ZERO, \
		.doc = "What to ask the administrator for when it is forbidden."),                 \
	    FIELD(struct collection_in, bucket, .max = NAME_MAX_BYTES, .flags = FIELD_OMIT_ZERO,   \
		.doc = "Bucket of limits that its requests are counted in."),                      \
	    FIELD(struct collection_in, cost, .min = 1, .max = 1000, .flags = FIELD_OMIT_ZERO,     \
		.doc = "What a request costs of the bucket; 1 when absent."),                      \
	    FIELD(struct collection_in, when_missing, .choices = missings,                         \
		.flags = FIELD_OMIT_ZERO,                                                          \
		.doc = "What 404 means: error (when absent), or empty: what is not licensed or "   \
		       "switched off has no items."),                                              \
	    FIELD(struct collection_in, restart_on, .flags = FIELD_OMIT_ZERO,                      \
		.doc = "List of statuses and error codes by which paging begins anew, five times " \
		       "at most; [410] when absent.")
/* And what of what was read is compared. */
#define COMPARED                                                                                   \
	FIELD_AS(struct collection_in, unstable, "volatile", .max = 100, .flags = FIELD_OMIT_ZERO, \
	    .doc = "Path patterns of what changes without meaning: it is ignored."),               \
	    FIELD(struct collection_in, drop, .max = 100, .flags = FIELD_OMIT_ZERO,                \
		.doc = "Globs of member names that are left out at any depth."),                   \
	    FIELD(struct collection_in, compare, .flags = FIELD_OMIT_ZERO,                         \
		.doc = "As of a config ({arrays, normalise}), for this collection.")

static const struct field each_fields[] = {
	FIELD(struct collection_in, name, .min = 1, .max = NAME_MAX_BYTES, .flags = FIELD_REQUIRED,
	    .doc = "What it is called: it is the collection CATEGORY/NAME, which has one resource "
		   "for each item, with its key, whose member NAME lists what was read."),
	FIELD(struct collection_in, keep, .max = 20, .flags = FIELD_OMIT_ZERO,
	    .doc = "Members of the item that stand in that resource too."),
	ASKED,
	COMPARED,
	FIELD_END,
};
static const struct schema each_schema = SCHEMA("SourceEach", struct collection_in, each_fields);

static const struct field collection_fields[] = {
	FIELD(struct collection_in, category, .min = 1, .max = RESOURCE_CATEGORY_MAX,
	    .flags = FIELD_REQUIRED,
	    .doc =
		"Category of its resources, of letters, digits and . _ - /; each once in a pack."),
	ASKED,
	COMPARED,
	FIELD(struct collection_in, single, .flags = FIELD_OMIT_ZERO,
	    .doc = "What stands at items is one resource, whose key is empty, and no list."),
	FIELD(struct collection_in, key, .flags = FIELD_OMIT_ZERO,
	    .doc = "Name or JSON Pointer of what of an item is its key, or a list of them, as "
		   "of a selector. The key of what is read over others begins with theirs."),
	FIELD(struct collection_in, over, .max = RESOURCE_CATEGORY_MAX, .flags = FIELD_OMIT_ZERO,
	    .doc = "Collection for each of whose items this one is read; up to 3 deep."),
	FIELD(struct collection_in, each, .max = 20, .item = &each_schema, .flags = FIELD_OMIT_ZERO,
	    .doc = "What is asked for each item, each with a completeness of its own."),
	FIELD(struct collection_in, write, .item = &write_schema, .flags = FIELD_OMIT_ZERO,
	    .doc = "How it could be written back: GET /api/drift/changes/{id}/revert shows the "
		   "request "
		   "for a person to send. It is never done."),
	FIELD_END,
};
const struct schema source_collection_schema =
    SCHEMA("SourceCollection", struct collection_in, collection_fields);

static const struct field log_fields[] = {
	FIELD(struct collection_in, category, .min = 1, .max = RESOURCE_CATEGORY_MAX,
	    .flags = FIELD_REQUIRED,
	    .doc = "What the log is called, of letters, digits and . _ - /."),
	ASKED,
	FIELD(struct collection_in, key, .flags = FIELD_REQUIRED,
	    .doc = "Name or JSON Pointer of what of an entry is its id, or a list of them."),
	FIELD_END,
};
const struct schema source_log_schema = SCHEMA("SourceLog", struct collection_in, log_fields);

static const struct field limit_header_fields[] = {
	FIELD(struct source_limit_header, name, .min = 1, .max = NAME_MAX_BYTES,
	    .flags = FIELD_REQUIRED, .doc = "Name of the header field."),
	FIELD(struct source_limit_header, as, .choices = resets, .flags = FIELD_REQUIRED,
	    .doc = "epoch: seconds since 1970; seconds: from now."),
	FIELD_END,
};
static const struct schema limit_header_schema =
    SCHEMA("SourceResetHeader", struct source_limit_header, limit_header_fields);
static const struct field limit_fields[] = {
	FIELD(struct source_limit, bucket, .min = 1, .max = NAME_MAX_BYTES, .flags = FIELD_REQUIRED,
	    .doc = "Name. Of what names none, the first is it."),
	FIELD(struct source_limit, per_s, .flags = FIELD_REQUIRED,
	    .doc = "Number: so many a second, per credential and host."),
	FIELD(struct source_limit, burst, .min = 1, .max = 100000,
	    .doc = "So many at once after a rest; 1 when absent."),
	FIELD(struct source_limit, reset_header, .item = &limit_header_schema,
	    .doc = "Header field that says when more is answered, where there is no Retry-After."),
	FIELD_END,
};
static const struct schema limit_schema = SCHEMA("SourceLimit", struct source_limit, limit_fields);

static const struct field error_header_fields[] = {
	FIELD(struct source_error_header, name, .min = 1, .max = NAME_MAX_BYTES,
	    .flags = FIELD_REQUIRED, .doc = "Name of the header field."),
	FIELD(struct source_error_header, value, .max = 200, .doc = "Its value; any when absent."),
	FIELD_END,
};
static const struct schema error_header_schema =
    SCHEMA("SourceErrorHeader", struct source_error_header, error_header_fields);
static const struct field error_fields[] = {
	FIELD(struct source_error, status, .min = 100, .max = 599,
	    .doc = "Status; any that is an error when absent."),
	FIELD(struct source_error, code, .min = 1, .max = 200,
	    .doc = "Code, in any case, as one of error_code finds it."),
	FIELD(struct source_error, text, .min = 1, .max = 200,
	    .doc = "Text that the answer holds somewhere."),
	FIELD(struct source_error, header, .item = &error_header_schema,
	    .doc = "Header field that it has."),
	FIELD(struct source_error, say, .min = 1, .max = SENTENCE_MAX, .flags = FIELD_REQUIRED,
	    .doc = "What it means: a sentence for the administrator."),
	FIELD(struct source_error, remedy, .max = SENTENCE_MAX, .doc = "What to do about it."),
	FIELD(struct source_error, as, .choices = outcomes, .flags = FIELD_REQUIRED,
	    .doc = "What the collection is then; throttled is asked again."),
	FIELD(struct source_error, licence,
	    .doc = "It is a licence that is missing: no permission is asked for."),
	FIELD(struct source_error, again_s, .min = 1, .max = 120,
	    .doc = "It may pass by itself: it is asked again for so long before it counts."),
	FIELD_END,
};
static const struct schema error_schema = SCHEMA("SourceError", struct source_error, error_fields);

static const struct field retry_fields[] = {
	FIELD(struct source_retry, statuses,
	    .doc = "List of statuses that are asked again beside 408, 429 and 5xx."),
	FIELD(struct source_retry, attempts, .min = 1, .max = 20,
	    .doc = "Attempts in all; 6 when absent."),
	FIELD(struct source_retry, cap_s, .min = 1, .max = 3600,
	    .doc = "Longest wait; what says that it takes longer is throttled. 120 when absent."),
	FIELD_END,
};
static const struct schema retry_schema = SCHEMA("SourceRetry", struct source_retry, retry_fields);

static const struct field pack_fields[] = {
	FIELD(struct pack_in, name, .min = 1, .max = NAME_MAX_BYTES, .flags = FIELD_REQUIRED,
	    .doc = "Name, that of the file: what source.kind of a config says."),
	FIELD(struct pack_in, title, .min = 1, .max = 200, .flags = FIELD_REQUIRED,
	    .doc = "What it reads, for people."),
	FIELD(struct pack_in, documents, .max = 100,
	    .doc = "The vendor's documents that it was written by."),
	FIELD(struct pack_in, parameters, .max = SOURCE_PARAMETERS_MAX,
	    .item = &source_parameter_schema, .doc = "What a config gives in source.parameters."),
	FIELD(struct pack_in, hosts, .min = 1, .max = SOURCE_HOSTS_MAX, .item = &host_schema,
	    .flags = FIELD_REQUIRED, .doc = "Where it is read."),
	FIELD(struct pack_in, auth, .item = &source_auth_schema, .doc = "How it proves who asks."),
	FIELD(struct pack_in, headers,
	    .doc = "Object of texts: header fields of all requests but those for tokens."),
	FIELD(struct pack_in, collections, .min = 1, .max = SOURCE_COLLECTIONS_MAX,
	    .item = &source_collection_schema,
	    .doc = "What is read; required. What others are read over stands before them."),
	FIELD(struct pack_in, derived, .max = DERIVE_MAX,
	    .doc = "What is made of those, by name: entra_group_roles."),
	FIELD(struct pack_in, limits, .max = 30, .item = &limit_schema,
	    .doc = "How much the other side answers."),
	FIELD(struct pack_in, error_code, .max = 8,
	    .doc = "JSON Pointers to the code of an error in its answer."),
	FIELD(struct pack_in, error_message, .max = 8,
	    .doc = "JSON Pointers to the sentence of an error in its answer; nobody is shown it."),
	FIELD(struct pack_in, errors, .max = 200, .item = &error_schema,
	    .doc = "What errors mean; the first that fits."),
	FIELD(struct pack_in, retry, .item = &retry_schema, .doc = "What is asked again."),
	FIELD(struct pack_in, rule_packs, .max = 16,
	    .doc = "Rule packs of a config that names none."),
	FIELD(struct pack_in, attribution, .item = &source_attribution_schema,
	    .doc = "Who did it: the log that says so, and where it says what."),
	FIELD(struct pack_in, watch, .item = &source_watch_schema,
	    .doc = "What is read soon, and not with the schedule: collections that an entry of "
		   "that log touches."),
	FIELD_END,
};
const struct schema source_pack_schema = SCHEMA("SourcePack", struct pack_in, pack_fields);
