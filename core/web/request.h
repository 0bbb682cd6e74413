/*
 * request.h - one request from its parameters to its accounted answer.
 *
 * HTTP without FastCGI: the transport (libfcgi, plain CGI, a test) hands in the
 * CGI parameters and two functions, and calls pass_run() once.
 */
#ifndef BSX_WEB_REQUEST_H
#define BSX_WEB_REQUEST_H

#include "core/auth/deed.h"
#include "core/base/buf.h"
#include "core/base/work.h"
#include "core/web/app.h"

enum method { METHOD_NONE, GET, HEAD, POST, PUT, DELETE_, OPTIONS };

/* What the transport can do. */
struct transport;
struct transport_ops {
	/* Up to n bytes of the body; 0: end; -1: the client went away or a fault (then nothing more is read). */
	long (*read)(struct transport *t, void *p, size_t n);
	/* All of it, or false: the client went away. */
	bool (*write)(struct transport *t, const void *p, size_t n);
	/* The peer has closed or reset the connection (best effort; false when unknown). */
	bool (*gone)(struct transport *t);
};
enum transport_fault {
	TRANSPORT_WHOLE,
	TRANSPORT_LONG, /* there were more parameters than the transport keeps */
	TRANSPORT_ODD,  /* some could be read in two ways, and are not among them */
};
struct transport {
	const struct transport_ops *ops;
	char *const                *params; /* "NAME=value", NULL-terminated: CGI/1.1 meta-variables */
	enum transport_fault        fault;
};

/* Named limits of what a client may send; bytes unless said otherwise. */
enum {
	LIMIT_PARAMS = 200,         /* CGI parameters */
	LIMIT_HEADER = 8192,        /* one header's value */
	LIMIT_HEADERS = 32768,      /* all parameters together */
	LIMIT_URI = 4096,           /* REQUEST_URI */
	LIMIT_QUERY_PARAMS = 64,
	LIMIT_PATH_IDS = 4,
	LIMIT_REQUEST_ID = 63,
};

/* The tightest budget charged so far, for the rate-limit fields; policy == NULL: none. */
struct rate_note {
	const char *policy;
	int64_t     burst, window_s, left, wait_s;
};

struct query_param {
	struct str name, value; /* decoded */
};

struct request {
	TALLOC_CTX         *mem;      /* freed by the pass when the request is accounted */
	struct app         *app;
	struct transport   *transport;
	char *const        *joined;   /* its params with the lines of each list in one; NULL: they are so */
	int64_t             began_ns, began_ms;
	struct work         work;     /* what it may cost: handed to all that is done for it */

	char                id[LIMIT_REQUEST_ID + 1]; /* X-Request-Id: the client's if well-formed, else made */
	char                trace_id[33];             /* of a traceparent header, or "" */
	enum method         method;
	const char         *method_text;
	const char         *raw_path; /* as sent, without query: for the log */
	const char         *path;     /* decoded once, base path cut; begins with '/' */
	struct query_param *query_params;
	size_t              query_n;
	char                address[46]; /* client address after trusted_proxies */
	bool                untold;   /* it is a trusted proxy's, which has not said for whom it asks */
	struct origin       origin;
	bool                foreign;  /* a page of another origin made it */
	bool                readable; /* ... which may read the answer (cors.h) */
	bool                guest;    /* ... and uses a route that is open to such pages: no cookie counts or is set */

	const struct route *route;    /* NULL: none matched */
	struct str          ids[LIMIT_PATH_IDS]; /* texts of {..} segments in order */
	struct uuid         id0, id1; /* ids[0], ids[1] as UUIDs where the pattern says {id} */
	unsigned            allow;    /* methods that the path knows, a bit each */
	bool                tagged;   /* its GET answers with an entity tag (etag.h) */
	struct rate_note    rate;
	bool                rated;    /* a budget was looked at */
	struct caller       caller;
	const struct tenant *acted;   /* the other tenant that it is about, by X-Acting-Tenant and a grant; NULL: its caller's own */
	struct uuid         grant;    /* ... that grant */
	struct tenant_db   *db;       /* of the caller's tenant; NULL for open routes, whose handlers put
	                                 here what they open, so that it is accounted for */

	struct str          body;     /* raw bytes, complete; once parsed: its text, without content coding, in UTF-8 and without BOM */
	const struct json  *json;     /* its tree; NULL: no body */
	void               *in;       /* the body decoded by route->in; NULL: none */
	void               *query;    /* decoded by route->query */

	/* The answer: handlers set at most these; reply writes. */
	int                 status;   /* 0: the route's */
	const char         *content_type; /* with `out`: a body made by the handler */
	struct buf          out;      /* bytes of the answer */
	struct buf          headers;  /* extra header lines, by reply_header() only */
	/*
	 * With content_type: an answer too long to be held at once.  Called after the head until it leaves `out`
	 * (emptied before each call) empty; a failure cannot change the status any more and becomes the last line.
	 */
	bool              (*more)(struct request *r, struct buf *out, struct err *e);
	void               *more_arg;
	int                 refresh_s; /* of a 503 after which a browser comes again by itself; 0: it does not */
	const char         *state;    /* first part of the ETag: etag.h; NULL: none */
	const char         *etag;     /* strong, with quotes: etag.h; NULL: none */
	const char         *next_cursor; /* of a list answer */
	const char         *csp;      /* Content-Security-Policy of a page; NULL: nothing may load */
	const char         *cache;    /* Cache-Control of a file that is the same for everybody; NULL: no-store */
	void               *answer;   /* what the handler fills: route->out, or struct items */
	bool                head_only;

	struct err          err;
	bool                replied;  /* bytes were sent */
	bool                client_gone;
	struct permit       permit;   /* given back by the account step */
};

/* Whose request it is, for what is done by it: in r->db, by who is signed in. */
struct deed_by request_deed_by(struct request *r);

/*
 * Of one by X-Acting-Tenant, whose answer takes long: what was granted counts still, or holds as much as it did; else
 * ERR_FORBIDDEN.
 */
MUST_USE bool request_acts_still(struct request *r, struct err *e);

/* It is about that tenant from now on: r->db is its connection, and what is asked there is counted with it. */
MUST_USE bool request_enter(struct request *r, const struct tenant *t, struct err *e);

/* It is a push from now on, with what pushes may cost. */
void request_widen(struct request *r);

/* A CGI parameter, e.g. "CONTENT_TYPE", "HTTP_AUTHORIZATION"; p == NULL: absent. */
struct str request_param(const struct request *r, const char *name);
/* Idempotency-Key: visible ASCII, at most IDEMPOTENCY_KEY_MAX of it, a child of r->mem; NULL: none came.  ERR_BAD_REQUEST. */
MUST_USE bool request_idempotency_key(struct request *r, const char **key, struct err *e);
/*
 * A cookie's value; p == NULL: absent. A name that comes twice counts as absent-and-bad: *bad is set.
 * One of our own is named without its prefix ("bsx_access"), like in reply_cookie.  A guest has none.
 */
struct str request_cookie(const struct request *r, const char *name, bool *bad);

/*
 * Of some kinds ("bsx_oidc") a browser has one for each of something: "bsx_oidc_0a1b2c".  Those that it
 * sent, in the order of the header and at most `max`; one that came twice is there twice.
 */
#define COOKIE_MARK_MAX 16 /* digits */
#define COOKIE_DIGITS   12 /* of those that we name */
#define COOKIE_NAME_MAX 32 /* bytes of such a name with its NUL */
/* The name of the one for this: digits of its hash. */
void cookie_name_of(const char *kind, struct str what, char name[static COOKIE_NAME_MAX]);
/* The same when the digits are known; false: they are none. */
bool cookie_name_by(const char *kind, struct str digits, char name[static COOKIE_NAME_MAX]);
struct sent_cookie {
	struct str name; /* without prefix */
	struct str value;
	size_t     bytes; /* that it takes in the header */
};
size_t request_cookies(
    const struct request *r, const char *kind, struct sent_cookie *out, size_t max);

/*
 * A browser has at most so many of a kind: before another one is set, those that it leaves no room for are
 * cleared, oldest first and not all in one answer, whose head web servers bound too.
 */
struct cookie_bound {
	const char *kind;
	size_t      most;  /* with the new one */
	size_t      bytes; /* of the Cookie header, with the new one; 0: any */
	/* When it was made; 0: it is none of ours, and goes first.  NULL: browsers send older ones first (RFC 6265 section 5.4). */
	int64_t   (*made_ms)(struct request *r, const struct sent_cookie *c);
};
MUST_USE bool reply_cookie_room(struct request *r, const struct cookie_bound *b, size_t bytes, struct err *e);

/*
 * The refresh cookie, which must have come once, be of the access cookie's session if there is one,
 * and be sent by this installation's page.  *of: that session, nil: no access cookie came.
 * ERR_UNAUTHENTICATED, ERR_CSRF.
 */
MUST_USE bool request_refresh_cookie(
    const struct request *r, struct str *token, struct uuid *of, struct err *e);

/* Adds a header line to the answer; the value is refused (ERR_INTERNAL) if it holds CR, LF or NUL. */
MUST_USE bool reply_header(struct request *r, const char *name, const char *value, struct err *e);
/* A cookie with the attributes of the contract; `name` without prefix ("bsx_access"); age_s 0 clears it.  ERR_INTERNAL: to a guest. */
MUST_USE bool reply_cookie(struct request *r, const char *name, const char *value, int64_t age_s, struct err *e);

/*
 * What a browser says about where a request comes from (Sec-Fetch-Site, or Origin when that is absent)
 * is this installation.  Neither is there: true unless `required` (a cookie authenticates).  ERR_CSRF.
 */
MUST_USE bool request_same_origin(const struct request *r, bool required, struct err *e);

/*
 * The caller's session has proved who it is not long ago: what a row with a FRESH access word asks, for
 * handlers that need it for some bodies only.  ERR_STEP_UP.
 */
MUST_USE bool request_fresh(const struct request *r, struct err *e);

/* public_url is https: cookies get prefixes and Secure, answers HSTS. */
bool app_is_https(const struct app *app);

/* Runs the whole pass for one request; everything is released at its end. */
void pass_run(struct app *app, struct transport *t);

#endif
