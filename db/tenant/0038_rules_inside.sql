-- What a rule of a change names and where inside the change it decided; which packs a config's first snapshot suggests.
ALTER TABLE drift_changes
	ADD COLUMN IF NOT EXISTS rule_place TEXT       NULL, -- JSON Pointer from path; NULL: the change's own place
	ADD COLUMN IF NOT EXISTS judged     VARCHAR(8) NULL, -- "partly"; NULL: wholly
	ADD COLUMN IF NOT EXISTS controls   TEXT       NULL  -- JSON list
--;;
ALTER TABLE drift_reports
	ADD COLUMN IF NOT EXISTS controls MEDIUMTEXT NULL -- JSON list: those of its changes
--;;
ALTER TABLE drift_configs
	ADD COLUMN IF NOT EXISTS suggested_packs TEXT NULL -- JSON list of names; NULL: nobody has looked
