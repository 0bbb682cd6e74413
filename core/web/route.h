/*
 * route.h - a route is one row: routing, authorisation, validation, rate class
 * and the OpenAPI document come from it.
 *
 *	const struct route user_routes[] = {
 *		ROUTE(POST, "/api/users", ALLOW(CREATE, USERS), RATE_WRITE, 201, create_user,
 *		    IN(user_create), OUT(user), "Creates a user, or invites one by mail."),
 *		ROUTE_END
 *	};
 *
 * ROUTE takes its access word as an argument: a row without one does not
 * compile.  Path segments in braces match one segment; {id} must be a UUID
 * (else 404).
 */
#ifndef BSX_WEB_ROUTE_H
#define BSX_WEB_ROUTE_H

#include "core/json/schema.h"
#include "core/store/page.h"
#include "core/web/request.h"

enum access_who {
	ACCESS_WHO_NONE,      /* not a word: refused by routes_check() */
	ACCESS_WHO_ANYONE,    /* ignores credentials */
	ACCESS_WHO_SIGNED_IN, /* any user's session (not API keys) */
	ACCESS_WHO_ALLOWED,   /* a caller holding action:resource */
	ACCESS_WHO_CALLER,    /* any caller; its handler asks for the permission of the deed that it finds */
	ACCESS_WHO_LEAVING, /* the same, or nobody whose browser shows a refresh cookie: its handler
			       looks at that */
	ACCESS_WHO_METRICS, /* an address in metrics.allow, or read:metrics in `platform` */
};
struct access {
	enum access_who    who;
	enum action        action;
	enum resource_kind resource;
	bool               fresh; /* a session must have proved who it is not long ago (mfa_is_fresh); an API
	                             key was made so, and need not */
};
/*
 * Whatever gives power asks for that: by a FRESH word where each request does, by FIELD_FRESH at
 * the members of the body that do (step_body asks, once the body is decoded), and by itself where a
 * list is asked for whole (OUT_LIST_OR), which is an export.
 */
#define ANYONE         ACCESS_WHO_ANYONE, ACTION_READ, RESOURCE_USERS, false
#define SIGNED_IN      ACCESS_WHO_SIGNED_IN, ACTION_READ, RESOURCE_USERS, false
#define CALLER         ACCESS_WHO_CALLER, ACTION_READ, RESOURCE_USERS, false
#define LEAVING        ACCESS_WHO_LEAVING, ACTION_READ, RESOURCE_USERS, false
#define ALLOW(a, r)    ACCESS_WHO_ALLOWED, ACTION_##a, RESOURCE_##r, false
#define METRICS_READER ACCESS_WHO_METRICS, ACTION_READ, RESOURCE_METRICS, false
/* The same, else 403 step_up_required. */
#define SIGNED_IN_FRESH   ACCESS_WHO_SIGNED_IN, ACTION_READ, RESOURCE_USERS, true
#define CALLER_FRESH      ACCESS_WHO_CALLER, ACTION_READ, RESOURCE_USERS, true
#define ALLOW_FRESH(a, r) ACCESS_WHO_ALLOWED, ACTION_##a, RESOURCE_##r, true

enum route_in {
	ROUTE_IN_NONE,     /* no body, or {} */
	ROUTE_IN_JSON,     /* decoded by .in; conf limits.body */
	ROUTE_IN_SNAPSHOT, /* decoded by .in (may be NULL: tree only); conf limits.snapshot */
	ROUTE_IN_FORM,     /* decoded by .in: what a browser sends of a form, texts alone; conf limits.body */
	ROUTE_IN_DOCUMENT, /* the body is a document in any of json_decode's encodings; r->json is its tree */
};
enum route_out {
	ROUTE_OUT_NONE, /* 204 or no body */
	ROUTE_OUT_ONE,  /* one object by .out */
	ROUTE_OUT_LIST, /* {"items":[...],"next_cursor":...}: the handler fills a struct items */
	ROUTE_OUT_RAW,  /* the handler fills r->out and r->content_type (route.out_type names it in OpenAPI) */
};

/*
 * Looks for what the path names, before the body is read: ERR_MISSING; or for a further permission, which comes
 * before what is wrong with a body: ERR_FORBIDDEN.  A row with a large body and a
 * name in its path has one: what is to no avail costs little.
 */
typedef bool found_fn(struct request *r, struct err *e);
/*
 * What the path names was found, and what was asked of it is refused, or fails: r->err says why.  Before the answer is
 * sent, which nothing in here changes.
 */
typedef void refused_fn(struct request *r);
/* A page of its own that says what went wrong: `out` and `csp` of the request. */
typedef bool problem_fn(struct request *r, const char *title, const char *detail);
typedef bool handler_fn(struct request *r, const void *body, void *answer, struct err *e);
struct list_ops;

/*
 * What the body of an open route says for whom it is meant (NULL: nothing of that), and whether a
 * cookie is read or set for it: then, and only then, it could be forged by a page of another origin.
 */
struct page_body {
	const char *tenant; /* short name, as it came */
	const char *token;  /* as it came; begins with its tenant's tag (core/auth/tenant_tag.h) */
	bool        cookie;
};
typedef struct page_body page_fn(const void *body); /* the body decoded, or NULL: none came */

struct route {
	enum method          method;
	const char          *path;
	struct access        access;
	enum rate_class      rate;
	int                  status;   /* of success */
	handler_fn          *handler;
	enum route_in        in_kind;
	const struct schema *in;
	enum route_out       out_kind;
	const struct schema *out;
	bool                 tagged;   /* of a GET: it answers with an entity tag, and changes of its path are held against it */
	const char          *out_type; /* media type of ROUTE_OUT_RAW; of a list: another one it is given in */
	const struct schema *query;    /* NULL: takes no query parameters; set by ROUTE_Q */
	bool                 query_open; /* others than those of `query` are ignored: who calls adds what they like */
	const char          *doc;      /* one sentence */
	const int           *statuses; /* further documented statuses, 0-terminated; NULL: the general ones */
	bool                 hashes;   /* its handler hashes a password: it waits for LANE_PASSWORD before it begins */
	page_fn             *page;     /* of an open route: pages of other origins that the tenant allows may use it; NULL: none may */
	found_fn            *found;    /* NULL: nobody looks before the handler does */
	refused_fn          *refused;  /* of one with found; NULL: nobody is told */
	const struct list_ops *list;   /* of list_handler; set by ROUTE_LIST */
	problem_fn          *problem;  /* of one that answers with a page (text/html): a problem is one too; NULL: it is JSON */
	const char *const   *also;     /* further media types the handler may answer with, NULL-terminated; NULL: none */
};

#define IN(name)          ROUTE_IN_JSON, &name##_schema
#define IN_NONE           ROUTE_IN_NONE, NULL
#define IN_SNAPSHOT(name) ROUTE_IN_SNAPSHOT, &name##_schema
#define IN_FORM(name)     ROUTE_IN_FORM, &name##_schema
#define IN_DOCUMENT       ROUTE_IN_DOCUMENT, NULL
#define OUT(name)         ROUTE_OUT_ONE, &name##_schema, NULL, false
#define OUT_LIST(name)    ROUTE_OUT_LIST, &name##_schema, NULL, false
/* A list that can also be had whole, as this media type (request_wants_whole): the handler then
 * sets r->more. */
#define OUT_LIST_OR(name, type) ROUTE_OUT_LIST, &name##_schema, type, false
#define OUT_NONE          ROUTE_OUT_NONE, NULL, NULL, false
#define OUT_RAW(type)     ROUTE_OUT_RAW, NULL, type, false
/* The same of a GET that answers with an entity tag (etag.h). */
#define OUT_TAGGED(name)     ROUTE_OUT_ONE, &name##_schema, NULL, true
#define OUT_RAW_TAGGED(type) ROUTE_OUT_RAW, NULL, type, true

/* ROUTE_X expands ALLOW(), IN() and OUT() before ROUTE_ counts its arguments. */
#define ROUTE(method, path, ...) ROUTE_X(method, path, NULL, __VA_ARGS__)
#define ROUTE_Q(method, path, query, ...) ROUTE_X(method, path, &query##_schema, __VA_ARGS__)
/* For an address to which others send browsers, with parameters of their own. */
#define ROUTE_QO(method, path, query, ...) ROUTE_OPEN_X(method, path, &query##_schema, __VA_ARGS__)
/* The handler answers with one of these media types instead when it sets content_type. */
#define ROUTE_Q_ALSO(method, path, query, types, ...) \
	{ ROUTE_Y(method, path, &query##_schema, __VA_ARGS__), .also = (types) }
#define ROUTE_ALSO(method, path, types, ...) { ROUTE_Y(method, path, NULL, __VA_ARGS__), .also = (types) }
/* An open route for pages of other origins too: `of` is its page_fn. */
#define ROUTE_PAGES(of, method, path, ...) { ROUTE_Y(method, path, NULL, __VA_ARGS__), .page = (of) }
#define ROUTE_PAGES_HASHES(of, method, path, ...) \
	{ ROUTE_Y(method, path, NULL, __VA_ARGS__), .page = (of), .hashes = true }
/* `of`, its found_fn, looks before the body is read; `no`, its refused_fn, is told of what is refused then. */
#define ROUTE_FOUND(of, no, method, path, ...) \
	{ ROUTE_Y(method, path, NULL, __VA_ARGS__), .found = (of), .refused = (no) }
#define ROUTE_Q_FOUND(of, no, method, path, query, ...) \
	{ ROUTE_Y(method, path, &query##_schema, __VA_ARGS__), .found = (of), .refused = (no) }
/* The handler hashes a password. */
#define ROUTE_HASHES(method, path, ...) { ROUTE_Y(method, path, NULL, __VA_ARGS__), .hashes = true }
/* GET of a list that is its list_ops: who may read it, the ops, the answer, the sentence. */
#define ROUTE_LIST(path, query, ...) ROUTE_LIST_X(path, &query##_schema, __VA_ARGS__)
#define ROUTE_LIST_X(...) ROUTE_LIST_(__VA_ARGS__)
#define ROUTE_LIST_(path, query, who, action, resource, fresh, ops, out_kind, out, type, tagged, doc) \
	{ ROUTE_(GET, path, query, who, action, resource, fresh, RATE_READ, 200, list_handler, ROUTE_IN_NONE, NULL, \
	      out_kind, out, type, tagged, doc), .list = (ops) }
#define ROUTE_X(...) { ROUTE_(__VA_ARGS__) }
#define ROUTE_OPEN_X(...) { ROUTE_(__VA_ARGS__), .query_open = true }
#define ROUTE_Y(...) ROUTE_(__VA_ARGS__)
/* One argument short is one macro argument short: the compiler says so. */
#define ROUTE_(method_, path_, query_, who_, action_, resource_, fresh_, rate_, status_, handler_, in_kind_, \
    in_, out_kind_, out_, type_, tagged_, doc_) \
	.method = (method_), .path = (path_), .access = { (who_), (action_), (resource_), (fresh_) }, \
	  .rate = (rate_), .status = (status_), .handler = (handler_), .in_kind = (in_kind_), .in = (in_), \
	  .out_kind = (out_kind_), .out = (out_), .out_type = (type_), .tagged = (tagged_), .query = (query_), .doc = (doc_)
#define ROUTE_END { .path = NULL }

/* ---- lists: pages by keyset, newest first unless a list says otherwise (list.c) ---- */

#define LIST_PAGE 50 /* items of an answer when the client names no limit */

/* The query of every list is this, or a struct that has it as its first member `page` and adds filters. */
struct list_query {
	int64_t     limit;  /* 1..200; 0: LIST_PAGE */
	const char *cursor; /* opaque: base64url of the last item's id; NULL: from the beginning */
};
extern const struct schema list_query_schema;
/* The first rows of the table of a list's own query. */
#define LIST_FIELDS(T, limit_doc) \
	FIELD_AS(T, page.limit, "limit", .min = 1, .max = 200, .doc = limit_doc), \
	    FIELD_AS(T, page.cursor, "cursor", .min = 1, .max = 200, .doc = "next_cursor of the answer before.")

/* A page on its way from the rows to the answer. */
struct list_page {
	struct page page;  /* one row more is wanted than is shown, which tells that there is another page */
	const void *with;  /* what show() needs beside the row; NULL: nothing */
};

/* A list, described once.  The row ROUTE_LIST names it; a handler that does more calls list_answer(). */
struct list_ops {
	/* Reads p->page, children of r->mem, by r->query, and sets p->with. */
	bool (*fetch)(struct request *r, struct list_page *p, struct err *e);
	size_t size, id; /* of a row, and where in it its struct uuid is */
	/* The answer of a row, into zeroes; NULL: the rows are what is answered. */
	bool (*show)(struct request *r, const struct list_page *p, const void *row, void *out, struct err *e);
};
#define LIST_OF(T, member) .size = sizeof(T), .id = offsetof(T, member)

/* The page behind `cursor` (NULL: the first), and if there is more, its cursor.  ERR_BAD_REQUEST: it is none of ours. */
MUST_USE bool list_answer(struct request *r, const struct list_ops *ops, const char *cursor, struct items *out,
    struct err *e);
handler_fn list_handler; /* the list of the request's row, by its query */
MUST_USE bool list_cursor_read(const char *cursor, struct uuid *after, struct err *e); /* NULL cursor: nil */
MUST_USE bool list_cursor_write(struct request *r, const struct uuid *last, struct err *e);

/* "/api/users/{id}" for logs and metrics: "GET /api/users/{id}"; "-" for none. */
const char *route_label(const struct route *rt, char *out, size_t n);

/* A list is asked for whole: Accept names the row's other media type. */
bool request_wants_whole(const struct request *r);

/* The row of that method and target (REQUEST_URI) hashes a password. */
bool route_hashes(struct app *app, struct str method, struct str target);

/* It may be about another tenant, which X-Acting-Tenant names: not where it is about one's own session, or nobody's. */
bool route_may_act(const struct route *rt);

/* The GET of the same path answers with an entity tag. */
bool route_has_tag(const struct app *app, const char *path);

/* Startup check of all tables: duplicates, access words, schemas. */
MUST_USE bool routes_check(const struct route *const *tables, struct err *e);

/* The OpenAPI 3.1 document, made from the tables. */
MUST_USE bool openapi_print(struct buf *b, const struct app *app, struct err *e);
/* The same as a page to read; `files`: the address, seen from it, of style.css, docs.css, docs.js and icon.svg. */
MUST_USE bool openapi_html(struct buf *b, const struct app *app, const char *files, struct err *e);

#endif
