/*
 * openapi.h - what the OpenAPI document and its readable page both need to say
 * about a route.  For the files of this room.
 */
#ifndef BSX_WEB_OPENAPI_OPENAPI_H
#define BSX_WEB_OPENAPI_OPENAPI_H

#include "core/web/route.h"

/* All component schemas, answers and bodies, each once; in order of first use. */
struct components {
	struct component {
		const struct schema *schema;
		enum schema_side     side;
	}     *items;
	size_t n;
	bool   failed; /* out of memory, or two schemas of one name: `clash` */
	const char *clash;
};
MUST_USE bool components_collect(TALLOC_CTX *mem, const struct app *app, struct components *c,
    struct err *e);

/* As it is documented: {id} a second time is {id2}, since names of path parameters must differ. */
void openapi_path(struct buf *b, const char *path);
/* "drift-configs", "auth", ...: the resource a path speaks of. */
void openapi_tag(struct buf *b, const char *path);
/* One sentence on who may. */
void openapi_access(struct buf *b, const struct route *rt);
/* "get_api_drift_configs_id". */
void openapi_operation_id(struct buf *b, const struct route *rt);
const char *openapi_method(enum method m); /* lower case */
/* What a status means, for a description. */
const char *openapi_status(int status);
/* Statuses of failures that a row documents, ascending, 0-terminated; at most max - 1 of them. */
void openapi_failures(const struct app *app, const struct route *rt, int *out, size_t max);
/* A change that If-Match may make conditional. */
bool openapi_is_conditional(const struct app *app, const struct route *rt);

#endif
