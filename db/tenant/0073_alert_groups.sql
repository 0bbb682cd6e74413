-- Alerts of one route that have something in common are told together: each waits, in the outbox and in its lane, for its
-- group, which is due by the control schema (schedules).  A program from before knows none: what waits in a group is in the
-- index of due messages too, a quarter of an hour later, and such a program sends it alone then.
CREATE TABLE IF NOT EXISTS alert_groups (
	id         BINARY(16)       NOT NULL PRIMARY KEY, -- made of the route, the channel and what the alerts have in common
	route_id   BINARY(16)       NOT NULL,
	channel_id BINARY(16)       NOT NULL,
	quiet      BOOLEAN          NOT NULL DEFAULT FALSE, -- what came in the quiet hours of the route
	interval_s INT UNSIGNED     NOT NULL,
	due_at     DATETIME(3)      NULL,                 -- what waits is told then; NULL: nothing waits
	told_at    DATETIME(3)      NULL,
	worst      TINYINT UNSIGNED NOT NULL DEFAULT 0,   -- that was told, since it was last calm: 0 info ... 4 critical
	used_at    DATETIME(3)      NOT NULL,
	KEY used_at (used_at)
)
--;;
ALTER TABLE outbox
	ADD COLUMN IF NOT EXISTS group_id BINARY(16) NULL, -- it waits for that; of a message of several: which tells of these
	ADD INDEX IF NOT EXISTS grouped (group_id, state, id)
--;;
ALTER TABLE alert_lanes
	ADD COLUMN IF NOT EXISTS group_id BINARY(16) NULL, -- the alert came into that; NULL: it is told alone
	ADD INDEX IF NOT EXISTS grouped (group_id)
