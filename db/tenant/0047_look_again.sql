-- Where the rules of a config have changed, what was judged when it was read first is judged anew.

ALTER TABLE config_collections ADD COLUMN IF NOT EXISTS look_due BOOLEAN NOT NULL DEFAULT FALSE
