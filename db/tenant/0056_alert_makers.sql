-- Who has made the changes that an alert is about, as far as it is known.

ALTER TABLE alerts ADD COLUMN IF NOT EXISTS attribution TEXT NULL -- JSON {confidence, actors}, as of a finding
