/*
 * record.h - what a web server says on a FastCGI connection, read strictly: one
 * request, in the role of a responder (Open Market, FastCGI Specification 1.0).
 *
 * It stands before libfcgi because libfcgi 2.4.2 trusts its peer: it adds lengths of
 * names and values in an int, allocates what they ask for before any of it has come
 * (CVE-2025-23016), and answers FCGI_GET_VALUES in a buffer of 64 bytes however often
 * a value is asked for; each of them ends the process, for a hundred bytes at the
 * socket.  So libfcgi is given heads that record_head() has made, nothing else.
 *
 * Management records are answered here; records of other requests are passed over,
 * and a second request is told that there is no multiplexing.
 */
#ifndef BSX_FCGI_RECORD_H
#define BSX_FCGI_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RECORD_BUFFER   8192
#define RECORD_PAIRS    60000 /* bytes of names and values with their lengths that are kept */
#define RECORD_HEAD_MAX (RECORD_PAIRS + 32)

/* The peer. */
struct record_ops {
	/* Up to n bytes; 0: it has ended; -1: a fault, or its time is over. */
	long (*read)(void *peer, void *p, size_t n);
	/* All of it, or false. */
	bool (*write)(void *peer, const void *p, size_t n);
};

/* What two readers could read differently, or we do not keep: the request is to be refused. */
enum record_fault {
	RECORD_WHOLE,
	RECORD_LONG, /* more than RECORD_PAIRS: the first ones are there */
	RECORD_ODD,  /* a name that is empty or has '=', a NUL in a name or value: such pairs are not there */
};

struct record {
	const struct record_ops *ops;
	void                    *peer;
	const char              *why; /* the connection was refused; NULL: the peer has left or was silent */
	uint16_t                 id;  /* of our request; 0: none yet */
	bool                     body_ended;
	enum record_fault        fault;
	/* the present record */
	uint8_t  type;
	uint16_t of;
	size_t   left, padding;
	/* bytes that were read and not used */
	uint8_t buffer[RECORD_BUFFER];
	size_t  at, n;
	/* names and values as they came, behind room for what record_head() puts before them */
	uint8_t head[RECORD_HEAD_MAX];
	size_t  pairs;
};

/* Begins with the peer's first byte. */
void record_open(struct record *r, const struct record_ops *ops, void *peer);
/*
 * Reads to the end of the parameters.  False: there will be no request, and nothing is to be answered.
 */
bool record_begin(struct record *r);
/* A parameter that came; false: none of that name, or the request is not whole. */
bool record_param(const struct record *r, const char *name, const char **value, size_t *n);
/* The head again, in three well-formed records: begin, parameters, their end.  Part of *r. */
const uint8_t *record_head(struct record *r, size_t *n);
/* Up to n bytes of the body, of one record; 0: its end; -1: it broke off. */
long record_body(struct record *r, void *p, size_t n);

#endif
