/*
 * fetch_io.h - frames (fetch_frame.h) over a socket, by a deadline.
 *
 * `end_ns` is an instant of the system's monotonic clock.  ERR_UNAVAILABLE: the other
 * end is gone, or the time is over.
 */
#ifndef BSX_NET_FETCH_IO_H
#define BSX_NET_FETCH_IO_H

#include "core/net/fetch_frame.h"

MUST_USE bool fetch_io_send(int fd, struct str frame, int64_t end_ns, struct err *e);

/* One frame of that kind; its content, at most `max` bytes, is a child of `mem` that is wiped when it ends. */
struct fetch_io_want {
	enum fetch_frame_kind kind;
	size_t                max;
	int64_t               end_ns;
};
MUST_USE bool fetch_io_receive(
    TALLOC_CTX *mem, int fd, const struct fetch_io_want *w, struct str *content, struct err *e);

#endif
