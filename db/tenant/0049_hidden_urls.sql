-- A channel whose url lets whoever has it write there keeps it sealed in the secret's place, and a url is longer than a key.

ALTER TABLE channels
	MODIFY COLUMN secret VARBINARY(4096) NULL
