-- 0085: what the migrations of tenants up to that number make. Made by tools/flatten; not to be written by hand.
CREATE TABLE IF NOT EXISTS `alerts` (
  `id` binary(16) NOT NULL,
  `config_id` binary(16) DEFAULT NULL,
  `report_id` binary(16) DEFAULT NULL,
  `kind` varchar(32) NOT NULL,
  `severity` varchar(8) NOT NULL,
  `title` varchar(500) NOT NULL,
  `status` varchar(16) NOT NULL,
  `changes` int(10) unsigned NOT NULL DEFAULT 0,
  `opened_at` datetime(3) NOT NULL,
  `updated_at` datetime(3) NOT NULL,
  `acknowledged_by` varchar(254) DEFAULT NULL,
  `acknowledged_at` datetime(3) DEFAULT NULL,
  `assigned_to` binary(16) DEFAULT NULL,
  `resolved_at` datetime(3) DEFAULT NULL,
  `resolved_by` varchar(254) DEFAULT NULL,
  `suppressed_by` varchar(254) DEFAULT NULL,
  `open_key` varbinary(64) DEFAULT NULL,
  `version` bigint(20) unsigned NOT NULL DEFAULT 1,
  `suppressed` varchar(5) GENERATED ALWAYS AS (if(`suppressed_by` is null,'false','true')) VIRTUAL,
  `title_values` varbinary(2048) DEFAULT NULL,
  `attribution` text DEFAULT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `open_key` (`open_key`),
  KEY `config` (`config_id`,`id`),
  KEY `suppressed` (`suppressed`,`id`),
  KEY `report` (`report_id`,`id`),
  KEY `assigned` (`assigned_to`,`id`),
  KEY `status` (`status`,`id`),
  KEY `severity` (`severity`,`id`),
  KEY `kind` (`kind`,`id`),
  KEY `resolved` (`config_id`,`resolved_at`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin
--;;
CREATE TABLE IF NOT EXISTS `alert_answers` (
  `id` binary(16) NOT NULL,
  `alert_id` binary(16) NOT NULL,
  `deed` varchar(16) NOT NULL,
  `name` varchar(254) NOT NULL,
  `used_at` datetime(3) NOT NULL,
  `expires_at` datetime(3) NOT NULL,
  PRIMARY KEY (`id`),
  KEY `expires_at` (`expires_at`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin
--;;
CREATE TABLE IF NOT EXISTS `alert_controls` (
  `alert_id` binary(16) NOT NULL,
  `control` varchar(64) NOT NULL,
  PRIMARY KEY (`alert_id`,`control`),
  KEY `control` (`control`,`alert_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin
--;;
CREATE TABLE IF NOT EXISTS `alert_escalations` (
  `id` binary(16) NOT NULL,
  `alert_id` binary(16) NOT NULL,
  `route_id` binary(16) NOT NULL,
  `step` int(10) unsigned NOT NULL DEFAULT 0,
  `repeats` int(10) unsigned NOT NULL DEFAULT 0,
  `begun_at` datetime(3) NOT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `alert` (`alert_id`,`route_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin
--;;
CREATE TABLE IF NOT EXISTS `alert_findings` (
  `alert_id` binary(16) NOT NULL,
  `fingerprint` binary(32) NOT NULL,
  `value_hash` binary(32) NOT NULL,
  PRIMARY KEY (`alert_id`,`fingerprint`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin
--;;
CREATE TABLE IF NOT EXISTS `alert_groups` (
  `id` binary(16) NOT NULL,
  `route_id` binary(16) NOT NULL,
  `channel_id` binary(16) NOT NULL,
  `quiet` tinyint(1) NOT NULL DEFAULT 0,
  `interval_s` int(10) unsigned NOT NULL,
  `due_at` datetime(3) DEFAULT NULL,
  `told_at` datetime(3) DEFAULT NULL,
  `worst` tinyint(3) unsigned NOT NULL DEFAULT 0,
  `used_at` datetime(3) NOT NULL,
  PRIMARY KEY (`id`),
  KEY `used_at` (`used_at`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin
--;;
CREATE TABLE IF NOT EXISTS `alert_lanes` (
  `id` binary(16) NOT NULL,
  `alert_id` binary(16) NOT NULL,
  `channel_id` binary(16) NOT NULL,
  `sent` int(10) unsigned NOT NULL DEFAULT 0,
  `severity` varchar(8) DEFAULT NULL,
  `told_at` datetime(3) DEFAULT NULL,
  `below` tinyint(1) NOT NULL DEFAULT 0,
  `untold` tinyint(1) NOT NULL DEFAULT 0,
  `route_id` binary(16) DEFAULT NULL,
  `group_id` binary(16) DEFAULT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `alert` (`alert_id`,`channel_id`),
  KEY `grouped` (`group_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin
--;;
CREATE TABLE IF NOT EXISTS `alert_routing` (
  `id` tinyint(3) unsigned NOT NULL,
  `version` bigint(20) unsigned NOT NULL,
  `routes` mediumtext NOT NULL,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin
--;;
CREATE TABLE IF NOT EXISTS `alert_watch` (
  `id` tinyint(3) unsigned NOT NULL,
  `seq` bigint(20) unsigned NOT NULL,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin
--;;
CREATE TABLE IF NOT EXISTS `api_keys` (
  `id` binary(16) NOT NULL,
  `name` varchar(200) NOT NULL,
  `prefix` varchar(32) NOT NULL,
  `secret_hash` binary(32) NOT NULL,
  `scopes` longtext NOT NULL,
  `allowed_addresses` longtext NOT NULL,
  `created_by` binary(16) DEFAULT NULL,
  `created_at` datetime(3) NOT NULL,
  `expires_at` datetime(3) DEFAULT NULL,
  `last_used_at` datetime(3) DEFAULT NULL,
  `revoked_at` datetime(3) DEFAULT NULL,
  `kind` varchar(16) NOT NULL DEFAULT 'personal',
  `administrative` tinyint(1) NOT NULL DEFAULT 0,
  `config_ids` longtext NOT NULL DEFAULT '[]',
  `converted` tinyint(1) NOT NULL DEFAULT 0,
  `told_days` int(11) NOT NULL DEFAULT 0,
  `pepper` int(10) unsigned NOT NULL DEFAULT 0,
  PRIMARY KEY (`id`),
  KEY `maker` (`created_by`,`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin
--;;
CREATE TABLE IF NOT EXISTS `audit` (
  `seq` bigint(20) unsigned NOT NULL,
  `id` binary(16) NOT NULL,
  `at` datetime(3) NOT NULL,
  `action` varchar(64) NOT NULL,
  `outcome` varchar(16) NOT NULL,
  `actor_kind` varchar(16) NOT NULL,
  `actor_id` binary(16) DEFAULT NULL,
  `actor_name` varchar(254) NOT NULL,
  `acting_tenant` binary(16) DEFAULT NULL,
  `target_kind` varchar(32) NOT NULL,
  `target_id` varchar(64) NOT NULL,
  `address` varchar(45) NOT NULL,
  `user_agent` varchar(400) NOT NULL,
  `request_id` varchar(64) NOT NULL,
  `details` longtext NOT NULL,
  `prev_mac` binary(32) NOT NULL,
  `mac` binary(32) NOT NULL,
  `salt` binary(16) NOT NULL DEFAULT random_bytes(16),
  PRIMARY KEY (`seq`),
  UNIQUE KEY `id` (`id`),
  KEY `at` (`at`),
  KEY `action` (`action`,`seq`),
  KEY `actor` (`actor_id`,`seq`),
  KEY `target` (`target_id`,`at`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin
--;;
CREATE TABLE IF NOT EXISTS `audit_chains` (
  `chain` int(10) unsigned NOT NULL,
  `size` bigint(20) unsigned NOT NULL,
  `mac` binary(32) NOT NULL,
  `closed_at` datetime(3) NOT NULL,
  PRIMARY KEY (`chain`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin
--;;
CREATE TABLE IF NOT EXISTS `audit_checkpoints` (
  `chain` int(10) unsigned NOT NULL,
  `size` bigint(20) unsigned NOT NULL,
  `at` datetime(3) NOT NULL,
  `note` varchar(4096) NOT NULL,
  PRIMARY KEY (`chain`,`size`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin
--;;
CREATE TABLE IF NOT EXISTS `audit_feeds` (
  `channel_id` binary(16) NOT NULL,
  `chain` bigint(20) unsigned NOT NULL,
  `seq` bigint(20) unsigned NOT NULL,
  `lost` bigint(20) unsigned NOT NULL DEFAULT 0,
  `tries` int(10) unsigned NOT NULL DEFAULT 0,
  `told_at` datetime(3) DEFAULT NULL,
  `detail` varchar(300) NOT NULL DEFAULT '',
  `made_at` datetime(3) NOT NULL,
  `most` int(10) unsigned NOT NULL DEFAULT 0,
  `most_until` datetime(3) DEFAULT NULL,
  `failed_at` datetime(3) DEFAULT NULL,
  PRIMARY KEY (`channel_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin
--;;
CREATE TABLE IF NOT EXISTS `audit_former` (
  `chain` int(10) unsigned NOT NULL,
  `seq` bigint(20) unsigned NOT NULL,
  `id` binary(16) NOT NULL,
  `at` datetime(3) NOT NULL,
  `action` varchar(64) NOT NULL,
  `outcome` varchar(16) NOT NULL,
  `actor_kind` varchar(16) NOT NULL,
  `actor_id` binary(16) DEFAULT NULL,
  `actor_name` varchar(320) NOT NULL,
  `acting_tenant` binary(16) DEFAULT NULL,
  `target_kind` varchar(32) NOT NULL,
  `target_id` varchar(64) NOT NULL,
  `address` varchar(45) NOT NULL,
  `user_agent` varchar(400) NOT NULL,
  `request_id` varchar(64) NOT NULL,
  `details` longtext NOT NULL,
  `prev_mac` binary(32) NOT NULL,
  `mac` binary(32) NOT NULL,
  `salt` binary(16) NOT NULL,
  PRIMARY KEY (`chain`,`seq`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin
--;;
CREATE TABLE IF NOT EXISTS `audit_tree` (
  `chain` int(10) unsigned NOT NULL,
  `seq` bigint(20) unsigned NOT NULL,
  `hashes` varbinary(2048) NOT NULL,
  PRIMARY KEY (`chain`,`seq`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin
--;;
CREATE TABLE IF NOT EXISTS `channels` (
  `id` binary(16) NOT NULL,
  `name` varchar(200) NOT NULL,
  `kind` varchar(16) NOT NULL,
  `target` varchar(2048) NOT NULL,
  `secret` varbinary(4096) DEFAULT NULL,
  `status` varchar(16) NOT NULL,
  `status_reason` varchar(200) NOT NULL DEFAULT '',
  `created_at` datetime(3) NOT NULL,
  `updated_at` datetime(3) NOT NULL,
  `with_values` tinyint(1) NOT NULL DEFAULT 0,
  `paused_at` datetime(3) DEFAULT NULL,
  `former_secret` varbinary(4096) DEFAULT NULL,
  `former_until` datetime(3) DEFAULT NULL,
  `template` text DEFAULT NULL,
  `rate_per_minute` smallint(5) unsigned DEFAULT NULL,
  `rate_burst` smallint(5) unsigned DEFAULT NULL,
  `ca` text DEFAULT NULL,
  `digest` text DEFAULT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `name` (`name`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin
--;;
CREATE TABLE IF NOT EXISTS `channel_paces` (
  `channel_id` binary(16) NOT NULL,
  `next_at` datetime(3) NOT NULL,
  `held_until` datetime(3) DEFAULT NULL,
  PRIMARY KEY (`channel_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin
--;;
CREATE TABLE IF NOT EXISTS `config_collections` (
  `config_id` binary(16) NOT NULL,
  `category` varbinary(128) NOT NULL,
  `baseline_snapshot` binary(16) DEFAULT NULL,
  `baseline_seq` bigint(20) unsigned DEFAULT NULL,
  `baseline_late` tinyint(1) NOT NULL DEFAULT 0,
  `how` varchar(16) NOT NULL,
  `kept_snapshot` binary(16) DEFAULT NULL,
  `kept_seq` bigint(20) unsigned DEFAULT NULL,
  `complete_at` datetime(3) DEFAULT NULL,
  `incomplete_runs` int(10) unsigned NOT NULL DEFAULT 0,
  `blind_since` datetime(3) DEFAULT NULL,
  `read_by` binary(16) DEFAULT NULL,
  `left_out` int(10) unsigned NOT NULL DEFAULT 0,
  `held` tinyint(1) NOT NULL DEFAULT 0,
  `look_report` binary(16) DEFAULT NULL,
  `unsettled` int(10) unsigned NOT NULL DEFAULT 0,
  `read_at` datetime(3) DEFAULT NULL,
  `look_due` tinyint(1) NOT NULL DEFAULT 0,
  `checks` bigint(20) unsigned NOT NULL DEFAULT 0,
  `clean` smallint(5) unsigned NOT NULL DEFAULT 0,
  PRIMARY KEY (`config_id`,`category`),
  KEY `read_at` (`read_at`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin
--;;
CREATE TABLE IF NOT EXISTS `config_pushers` (
  `config_id` binary(16) NOT NULL,
  `pusher` binary(16) NOT NULL,
  `name` varchar(254) NOT NULL,
  `late_runs` int(10) unsigned NOT NULL DEFAULT 0,
  `late_by_s` bigint(20) NOT NULL DEFAULT 0,
  `refused_runs` int(10) unsigned NOT NULL DEFAULT 0,
  `refused_at` datetime(3) DEFAULT NULL,
  `refused_code` varchar(32) DEFAULT NULL,
  `refused_why` varchar(300) DEFAULT NULL,
  `seen_at` datetime(3) NOT NULL,
  PRIMARY KEY (`config_id`,`pusher`),
  KEY `seen` (`seen_at`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin
--;;
CREATE TABLE IF NOT EXISTS `config_rules` (
  `config_id` binary(16) NOT NULL,
  `seq` bigint(20) unsigned NOT NULL,
  `digest` binary(32) NOT NULL,
  `hits` longtext NOT NULL,
  PRIMARY KEY (`config_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin
--;;
CREATE TABLE IF NOT EXISTS `config_snapshots` (
  `id` binary(16) NOT NULL,
  `config_id` binary(16) NOT NULL,
  `seq` bigint(20) unsigned NOT NULL,
  `in_order` tinyint(1) NOT NULL,
  `manifest` binary(32) DEFAULT NULL,
  `digest` binary(32) NOT NULL,
  `collections` longtext NOT NULL,
  `resources` int(10) unsigned NOT NULL,
  `actor` varchar(254) NOT NULL,
  `pushed_by` varchar(254) NOT NULL,
  `collected_at` datetime(3) NOT NULL,
  `received_at` datetime(3) NOT NULL,
  `report_id` binary(16) DEFAULT NULL,
  `idempotency_key` varchar(128) DEFAULT NULL,
  `body_hash` binary(32) DEFAULT NULL,
  `rendered` varchar(8) DEFAULT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `config_seq` (`config_id`,`seq`),
  UNIQUE KEY `idempotency` (`config_id`,`idempotency_key`),
  KEY `late` (`in_order`,`id`),
  KEY `config` (`config_id`,`id`),
  KEY `instant` (`config_id`,`collected_at`,`seq`),
  KEY `report` (`report_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin
--;;
CREATE TABLE IF NOT EXISTS `config_state` (
  `config_id` binary(16) NOT NULL,
  `seq` bigint(20) unsigned NOT NULL DEFAULT 0,
  `state` varchar(16) NOT NULL,
  `snapshot_id` binary(16) DEFAULT NULL,
  `digest` binary(32) DEFAULT NULL,
  `collected_at` datetime(3) DEFAULT NULL,
  `baseline_snapshot` binary(16) DEFAULT NULL,
  `baseline_seq` bigint(20) unsigned DEFAULT NULL,
  `baseline_approved` tinyint(1) NOT NULL DEFAULT 0,
  `report_id` binary(16) DEFAULT NULL,
  `config_version` bigint(20) unsigned NOT NULL DEFAULT 0,
  `last_complete_at` datetime(3) DEFAULT NULL,
  `last_run_at` datetime(3) DEFAULT NULL,
  `life` bigint(20) unsigned NOT NULL DEFAULT 0,
  `recheck_at` datetime(3) DEFAULT NULL,
  `incomplete_runs` int(10) unsigned NOT NULL DEFAULT 0,
  `clean_runs` int(10) unsigned NOT NULL DEFAULT 0,
  `held` longtext DEFAULT NULL,
  `golden` tinyint(1) NOT NULL DEFAULT 0,
  `pusher` binary(16) DEFAULT NULL,
  `late_runs` int(10) unsigned NOT NULL DEFAULT 0,
  `late_by_s` bigint(20) NOT NULL DEFAULT 0,
  PRIMARY KEY (`config_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin
--;;
CREATE TABLE IF NOT EXISTS `config_templates` (
  `id` binary(16) NOT NULL,
  `name` varchar(200) NOT NULL,
  `description` varchar(2000) NOT NULL,
  `version` bigint(20) unsigned NOT NULL,
  `revision` bigint(20) unsigned NOT NULL,
  `created_at` datetime(3) NOT NULL,
  `updated_at` datetime(3) NOT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `name` (`name`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin
--;;
CREATE TABLE IF NOT EXISTS `config_template_bindings` (
  `template_id` binary(16) NOT NULL,
  `owner` binary(16) NOT NULL,
  `config_id` binary(16) NOT NULL,
  `name` varchar(200) NOT NULL,
  `version` bigint(20) unsigned NOT NULL,
  `said` mediumtext NOT NULL,
  `applied` mediumtext NOT NULL,
  `was_version` bigint(20) unsigned NOT NULL,
  `was_said` mediumtext DEFAULT NULL,
  `was` mediumtext DEFAULT NULL,
  `back` varchar(8) NOT NULL,
  `credential` binary(32) DEFAULT NULL,
  `operation` binary(16) NOT NULL,
  `applied_by` varchar(254) NOT NULL,
  `at` datetime(3) NOT NULL,
  PRIMARY KEY (`template_id`),
  KEY `config` (`config_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin
--;;
CREATE TABLE IF NOT EXISTS `config_template_results` (
  `id` binary(16) NOT NULL,
  `operation` binary(16) NOT NULL,
  `template_id` binary(16) NOT NULL,
  `tenant` varchar(63) NOT NULL,
  `tenant_id` binary(16) DEFAULT NULL,
  `variables` mediumtext DEFAULT NULL,
  `outcome` varchar(16) NOT NULL,
  `detail` varchar(300) DEFAULT NULL,
  `changes` mediumtext NOT NULL,
  `asked_at` datetime(3) NOT NULL,
  `at` datetime(3) DEFAULT NULL,
  PRIMARY KEY (`id`),
  KEY `operation` (`operation`,`id`),
  KEY `waiting` (`operation`,`outcome`,`id`),
  KEY `template` (`template_id`,`id`),
  KEY `old` (`asked_at`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin
--;;
CREATE TABLE IF NOT EXISTS `config_template_uses` (
  `id` binary(16) NOT NULL,
  `template_id` binary(16) NOT NULL,
  `tenant_id` binary(16) NOT NULL,
  `slug` varchar(63) NOT NULL,
  `variables` mediumtext NOT NULL,
  `version` bigint(20) unsigned NOT NULL,
  `config_id` binary(16) NOT NULL,
  `kept` mediumtext NOT NULL,
  `outcome` varchar(16) NOT NULL,
  `detail` varchar(300) DEFAULT NULL,
  `operation` binary(16) NOT NULL,
  `at` datetime(3) NOT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `tenant` (`template_id`,`tenant_id`),
  KEY `page` (`template_id`,`id`),
  KEY `slug` (`template_id`,`slug`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin
--;;
CREATE TABLE IF NOT EXISTS `config_template_versions` (
  `template_id` binary(16) NOT NULL,
  `version` bigint(20) unsigned NOT NULL,
  `config` mediumtext NOT NULL,
  `variables` mediumtext NOT NULL,
  `author` varchar(254) NOT NULL,
  `at` datetime(3) NOT NULL,
  PRIMARY KEY (`template_id`,`version`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin
--;;
CREATE TABLE IF NOT EXISTS `config_unsettled` (
  `config_id` binary(16) NOT NULL,
  `resource_id` binary(16) NOT NULL,
  `seq` bigint(20) unsigned NOT NULL,
  `snapshot_id` binary(16) NOT NULL,
  `told` tinyint(1) NOT NULL,
  PRIMARY KEY (`config_id`,`resource_id`),
  KEY `snapshot` (`config_id`,`snapshot_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin
--;;
CREATE TABLE IF NOT EXISTS `contents` (
  `address` binary(32) NOT NULL,
  `chunk` int(10) unsigned NOT NULL,
  `size` int(10) unsigned NOT NULL,
  `body` mediumblob NOT NULL,
  `stored_again` int(10) unsigned NOT NULL DEFAULT 0,
  PRIMARY KEY (`address`,`chunk`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin
--;;
CREATE TABLE IF NOT EXISTS `credential_troubles` (
  `digest` binary(32) NOT NULL,
  `failures` int(10) unsigned NOT NULL DEFAULT 0,
  `try_at` datetime(3) DEFAULT NULL,
  `told_in` binary(16) DEFAULT NULL,
  `told_days` smallint(5) unsigned DEFAULT NULL,
  PRIMARY KEY (`digest`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin
--;;
CREATE TABLE IF NOT EXISTS `deliveries` (
  `id` binary(16) NOT NULL,
  `outbox_id` binary(16) NOT NULL,
  `channel_id` binary(16) NOT NULL,
  `attempt` int(10) unsigned NOT NULL,
  `at` datetime(3) NOT NULL,
  `outcome` varchar(16) NOT NULL,
  `http_status` int(11) DEFAULT NULL,
  `took_ms` int(10) unsigned NOT NULL,
  `detail` varchar(300) NOT NULL,
  `wire_id` binary(16) DEFAULT NULL,
  `event` varchar(64) DEFAULT NULL,
  `request_bytes` int(10) unsigned DEFAULT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `attempt` (`outbox_id`,`attempt`),
  KEY `channel` (`channel_id`,`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin
--;;
CREATE TABLE IF NOT EXISTS `drift_acceptances` (
  `id` binary(16) NOT NULL,
  `kind` varchar(16) NOT NULL,
  `config_id` binary(16) DEFAULT NULL,
  `report_id` binary(16) DEFAULT NULL,
  `snapshot_id` binary(16) DEFAULT NULL,
  `baseline_id` binary(16) DEFAULT NULL,
  `status` varchar(16) NOT NULL,
  `reason` varchar(1000) NOT NULL,
  `expires_at` datetime(3) DEFAULT NULL,
  `reviewed` tinyint(1) NOT NULL,
  `severity` varchar(16) NOT NULL,
  `findings` int(10) unsigned NOT NULL,
  `asked_by` binary(16) DEFAULT NULL,
  `asked_name` varchar(254) NOT NULL,
  `asked_at` datetime(3) NOT NULL,
  `ends_at` datetime(3) NOT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `config` (`config_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin
--;;
CREATE TABLE IF NOT EXISTS `drift_acceptance_findings` (
  `config_id` binary(16) NOT NULL,
  `fingerprint` binary(32) NOT NULL,
  `value_hash` binary(32) NOT NULL,
  `acceptance_id` binary(16) NOT NULL,
  PRIMARY KEY (`config_id`,`fingerprint`,`value_hash`),
  KEY `acceptance` (`acceptance_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin
--;;
CREATE TABLE IF NOT EXISTS `drift_awaited` (
  `change_id` binary(16) NOT NULL,
  `config_id` binary(16) NOT NULL,
  `since` datetime(3) NOT NULL,
  `until` datetime(3) NOT NULL,
  `ends_at` datetime(3) NOT NULL,
  PRIMARY KEY (`change_id`),
  KEY `config` (`config_id`,`change_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin
--;;
CREATE TABLE IF NOT EXISTS `drift_changes` (
  `id` binary(16) NOT NULL,
  `report_id` binary(16) NOT NULL,
  `config_id` binary(16) NOT NULL,
  `position` int(10) unsigned NOT NULL,
  `category` varbinary(128) NOT NULL,
  `key` varbinary(512) NOT NULL,
  `op` varchar(8) NOT NULL,
  `path` mediumtext NOT NULL,
  `canonical_path` mediumtext NOT NULL,
  `old_value` mediumblob DEFAULT NULL,
  `new_value` mediumblob DEFAULT NULL,
  `old_truncated` tinyint(1) NOT NULL DEFAULT 0,
  `new_truncated` tinyint(1) NOT NULL DEFAULT 0,
  `severity` varchar(8) NOT NULL,
  `rule` varchar(128) NOT NULL,
  `reason` varchar(500) NOT NULL,
  `fingerprint` binary(32) NOT NULL,
  `value_hash` binary(32) NOT NULL,
  `status` varchar(16) NOT NULL,
  `attribution` longtext DEFAULT NULL,
  `created_at` datetime(3) NOT NULL,
  `suppressed_by` varchar(64) DEFAULT NULL,
  `rule_place` text DEFAULT NULL,
  `judged` varchar(8) DEFAULT NULL,
  `controls` text DEFAULT NULL,
  `text_diff` blob DEFAULT NULL,
  `renamed_from` varchar(512) DEFAULT NULL,
  `renamed_severity` varchar(8) DEFAULT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `report` (`report_id`,`position`),
  KEY `by_category` (`report_id`,`category`,`position`),
  KEY `finding` (`config_id`,`fingerprint`,`report_id`),
  KEY `by_severity` (`report_id`,`severity`,`position`),
  KEY `by_all` (`report_id`,`category`,`severity`,`position`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin
--;;
CREATE TABLE IF NOT EXISTS `drift_configs` (
  `id` binary(16) NOT NULL,
  `name` varchar(200) NOT NULL,
  `spec` longtext NOT NULL,
  `version` bigint(20) unsigned NOT NULL DEFAULT 1,
  `created_at` datetime(3) NOT NULL,
  `updated_at` datetime(3) NOT NULL,
  `edition` tinyint(3) unsigned NOT NULL DEFAULT 1,
  `masked_edition` tinyint(3) unsigned NOT NULL DEFAULT 1,
  `suggested_packs` text DEFAULT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `name` (`name`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin
--;;
CREATE TABLE IF NOT EXISTS `drift_daily` (
  `kind` varchar(8) NOT NULL,
  `day` int(10) unsigned NOT NULL,
  `config_id` binary(16) NOT NULL,
  `name` binary(16) NOT NULL,
  `category` varbinary(128) NOT NULL,
  `label` varbinary(512) NOT NULL,
  `changes` bigint(20) unsigned NOT NULL,
  `findings` bigint(20) unsigned NOT NULL,
  PRIMARY KEY (`kind`,`day`,`config_id`,`name`),
  KEY `config` (`config_id`,`day`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin
--;;
CREATE TABLE IF NOT EXISTS `drift_decisions` (
  `config_id` binary(16) NOT NULL,
  `number` bigint(20) unsigned NOT NULL,
  `owner` varchar(254) NOT NULL,
  `reason` varchar(1000) NOT NULL,
  `at` datetime(3) NOT NULL,
  PRIMARY KEY (`config_id`,`number`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin
--;;
CREATE TABLE IF NOT EXISTS `drift_decision_lines` (
  `config_id` binary(16) NOT NULL,
  `number` bigint(20) unsigned NOT NULL,
  `report_id` binary(16) NOT NULL,
  `event` binary(16) NOT NULL,
  `next` int(10) unsigned NOT NULL,
  PRIMARY KEY (`config_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin
--;;
CREATE TABLE IF NOT EXISTS `drift_findings` (
  `config_id` binary(16) NOT NULL,
  `fingerprint` binary(32) NOT NULL,
  `value_hash` binary(32) NOT NULL,
  `status` varchar(16) NOT NULL,
  `present` tinyint(1) NOT NULL,
  `runs` int(10) unsigned NOT NULL,
  `promoted` tinyint(1) NOT NULL DEFAULT 0,
  `reason` varchar(1000) DEFAULT NULL,
  `owner` varchar(254) DEFAULT NULL,
  `expires_at` datetime(3) DEFAULT NULL,
  `assigned_to` binary(16) DEFAULT NULL,
  `created_at` datetime(3) NOT NULL,
  `updated_at` datetime(3) NOT NULL,
  `attribution` text DEFAULT NULL,
  `decision` bigint(20) unsigned NOT NULL DEFAULT 0,
  `was` tinyint(3) unsigned NOT NULL DEFAULT 0,
  `announced` varchar(64) DEFAULT NULL,
  PRIMARY KEY (`config_id`,`fingerprint`,`value_hash`),
  KEY `ended` (`config_id`,`status`,`promoted`,`updated_at`,`expires_at`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin
--;;
CREATE TABLE IF NOT EXISTS `drift_flaps` (
  `config_id` binary(16) NOT NULL,
  `fingerprint` binary(32) NOT NULL,
  `value_hash` binary(32) DEFAULT NULL,
  `bits` int(10) unsigned NOT NULL,
  `checked` bigint(20) unsigned NOT NULL,
  `flapping` tinyint(1) NOT NULL,
  `category` varbinary(128) DEFAULT NULL,
  PRIMARY KEY (`config_id`,`fingerprint`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin
--;;
CREATE TABLE IF NOT EXISTS `drift_history` (
  `id` binary(16) NOT NULL,
  `config_id` binary(16) DEFAULT NULL,
  `subject` varbinary(32) NOT NULL,
  `value_hash` binary(32) DEFAULT NULL,
  `at` datetime(3) NOT NULL,
  `actor` varchar(254) NOT NULL,
  `from_status` varchar(16) DEFAULT NULL,
  `to_status` varchar(16) NOT NULL,
  `note` varchar(1000) NOT NULL,
  `decision` bigint(20) unsigned NOT NULL DEFAULT 0,
  PRIMARY KEY (`id`),
  KEY `subject` (`subject`,`id`),
  KEY `age` (`config_id`,`at`),
  KEY `became` (`to_status`,`id`),
  KEY `was` (`from_status`,`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin
--;;
CREATE TABLE IF NOT EXISTS `drift_intents` (
  `id` binary(16) NOT NULL,
  `config_id` binary(16) NOT NULL,
  `category` varchar(128) NOT NULL,
  `key` varchar(512) NOT NULL,
  `path` varchar(1024) NOT NULL,
  `expect` varchar(8) NOT NULL,
  `value` mediumblob DEFAULT NULL,
  `actor` varchar(256) DEFAULT NULL,
  `ticket` varchar(200) DEFAULT NULL,
  `reason` varchar(1000) NOT NULL,
  `owner` varchar(254) NOT NULL,
  `person_id` binary(16) DEFAULT NULL,
  `starts_at` datetime(3) NOT NULL,
  `ends_at` datetime(3) NOT NULL,
  `created_at` datetime(3) NOT NULL,
  `confirmed_by` varchar(254) DEFAULT NULL,
  `confirmed_at` datetime(3) DEFAULT NULL,
  `ended_by` varchar(254) DEFAULT NULL,
  `ended_at` datetime(3) DEFAULT NULL,
  `changes` bigint(20) NOT NULL DEFAULT 0,
  `fulfilled_at` datetime(3) DEFAULT NULL,
  `report_id` binary(16) DEFAULT NULL,
  `missed_at` datetime(3) DEFAULT NULL,
  PRIMARY KEY (`id`),
  KEY `config` (`config_id`,`ends_at`),
  KEY `ended` (`ends_at`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin
--;;
CREATE TABLE IF NOT EXISTS `drift_reports` (
  `id` binary(16) NOT NULL,
  `config_id` binary(16) NOT NULL,
  `snapshot_id` binary(16) NOT NULL,
  `baseline_id` binary(16) DEFAULT NULL,
  `status` varchar(16) NOT NULL,
  `created` int(10) unsigned NOT NULL DEFAULT 0,
  `modified` int(10) unsigned NOT NULL DEFAULT 0,
  `deleted` int(10) unsigned NOT NULL DEFAULT 0,
  `by_severity` longtext NOT NULL,
  `score` bigint(20) NOT NULL DEFAULT 0,
  `max_severity` varchar(16) DEFAULT NULL,
  `incomplete` longtext NOT NULL,
  `not_alerted` longtext DEFAULT NULL,
  `started_at` datetime(3) NOT NULL,
  `finished_at` datetime(3) NOT NULL,
  `accepted` int(10) unsigned NOT NULL DEFAULT 0,
  `held` longtext DEFAULT NULL,
  `anomaly` longtext DEFAULT NULL,
  `suppressed` longtext DEFAULT NULL,
  `shortened` int(10) unsigned NOT NULL DEFAULT 0,
  `moved` int(10) unsigned NOT NULL DEFAULT 0,
  `notes` longtext DEFAULT NULL,
  `collections` longtext DEFAULT NULL,
  `first_look` longtext DEFAULT NULL,
  `controls` mediumtext DEFAULT NULL,
  `renamed` int(10) unsigned NOT NULL DEFAULT 0,
  `incomplete_more` int(10) unsigned NOT NULL DEFAULT 0,
  PRIMARY KEY (`id`),
  KEY `config` (`config_id`,`id`),
  KEY `status` (`status`,`id`),
  KEY `finished` (`config_id`,`finished_at`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin
--;;
CREATE TABLE IF NOT EXISTS `drift_trends` (
  `config_id` binary(16) NOT NULL,
  `checks` bigint(20) unsigned NOT NULL DEFAULT 0,
  `flapping` int(10) unsigned NOT NULL DEFAULT 0,
  `anomalous` tinyint(1) NOT NULL DEFAULT 0,
  `counts` varchar(2000) NOT NULL,
  `collections` longtext DEFAULT NULL,
  PRIMARY KEY (`config_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin
--;;
CREATE TABLE IF NOT EXISTS `dropped_reports` (
  `id` binary(16) NOT NULL,
  `dropped_at` datetime(3) NOT NULL,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin
--;;
CREATE TABLE IF NOT EXISTS `golden_baselines` (
  `id` binary(16) NOT NULL,
  `name` varchar(200) NOT NULL,
  `description` varchar(2000) NOT NULL,
  `shared` tinyint(1) NOT NULL,
  `version` bigint(20) unsigned NOT NULL,
  `revision` bigint(20) unsigned NOT NULL,
  `address` binary(32) NOT NULL,
  `resources` int(10) unsigned NOT NULL,
  `masked` tinyint(1) NOT NULL,
  `created_at` datetime(3) NOT NULL,
  `updated_at` datetime(3) NOT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `name` (`name`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin
--;;
CREATE TABLE IF NOT EXISTS `golden_bindings` (
  `config_id` binary(16) NOT NULL,
  `golden_id` binary(16) NOT NULL,
  `shared` tinyint(1) NOT NULL,
  `golden_version` bigint(20) unsigned NOT NULL,
  `config_version` bigint(20) unsigned NOT NULL,
  `snapshot_id` binary(16) NOT NULL,
  `body` mediumblob NOT NULL,
  `recheck_at` datetime(3) DEFAULT NULL,
  `stale_version` bigint(20) unsigned DEFAULT NULL,
  `stale_why` varchar(300) DEFAULT NULL,
  `bound_by` varchar(254) NOT NULL,
  `bound_at` datetime(3) NOT NULL,
  PRIMARY KEY (`config_id`),
  KEY `golden` (`golden_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin
--;;
CREATE TABLE IF NOT EXISTS `golden_versions` (
  `golden_id` binary(16) NOT NULL,
  `version` bigint(20) unsigned NOT NULL,
  `address` binary(32) NOT NULL,
  `author` varchar(254) NOT NULL,
  `at` datetime(3) NOT NULL,
  PRIMARY KEY (`golden_id`,`version`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin
--;;
CREATE TABLE IF NOT EXISTS `idempotency` (
  `actor_id` binary(16) NOT NULL,
  `kind` varchar(32) NOT NULL,
  `key` varchar(128) NOT NULL,
  `body_mac` binary(32) NOT NULL,
  `made_id` binary(16) NOT NULL,
  `created_at` datetime(3) NOT NULL,
  PRIMARY KEY (`actor_id`,`kind`,`key`),
  KEY `created_at` (`created_at`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin
--;;
CREATE TABLE IF NOT EXISTS `identity_providers` (
  `id` binary(16) NOT NULL,
  `name` varchar(40) NOT NULL,
  `kind` varchar(16) NOT NULL,
  `client_id` varchar(255) NOT NULL,
  `client_secret` varbinary(1024) DEFAULT NULL,
  `issuer` varchar(500) DEFAULT NULL,
  `entra_tenant_id` varchar(36) DEFAULT NULL,
  `allowed_domains` longtext NOT NULL,
  `role_map` longtext NOT NULL,
  `auto_provision` tinyint(1) NOT NULL,
  `trust_mfa` tinyint(1) NOT NULL,
  `created_at` datetime(3) NOT NULL,
  `updated_at` datetime(3) NOT NULL,
  `claims` longtext DEFAULT NULL,
  `authorized_parties` longtext NOT NULL DEFAULT '[]',
  `mfa_acr` longtext NOT NULL DEFAULT '[]',
  `mfa_amr` longtext NOT NULL DEFAULT '["mfa"]',
  `absent_roles` varchar(16) NOT NULL DEFAULT 'keep',
  `assume_email_verified` tinyint(1) NOT NULL DEFAULT 0,
  `group_lookup` tinyint(1) NOT NULL DEFAULT 0,
  `scopes` longtext NOT NULL DEFAULT '[]',
  `own_address` tinyint(1) NOT NULL DEFAULT 0,
  PRIMARY KEY (`id`),
  UNIQUE KEY `name` (`name`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin
--;;
CREATE TABLE IF NOT EXISTS `login_transactions` (
  `id` binary(16) NOT NULL,
  `token_hash` binary(32) NOT NULL,
  `user_id` binary(16) NOT NULL,
  `user_epoch` bigint(20) unsigned NOT NULL,
  `provider` varchar(64) NOT NULL,
  `in_body` tinyint(1) NOT NULL,
  `tries` int(11) NOT NULL DEFAULT 0,
  `created_at` datetime(3) NOT NULL,
  `expires_at` datetime(3) NOT NULL,
  `ended_at` datetime(3) DEFAULT NULL,
  `return_to` varchar(1024) DEFAULT NULL,
  PRIMARY KEY (`id`),
  KEY `user_id` (`user_id`),
  KEY `expires_at` (`expires_at`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin
--;;
CREATE TABLE IF NOT EXISTS `mail_tokens` (
  `id` binary(16) NOT NULL,
  `user_id` binary(16) NOT NULL,
  `purpose` varchar(16) NOT NULL,
  `email` varchar(254) NOT NULL,
  `token_hash` binary(32) NOT NULL,
  `created_at` datetime(3) NOT NULL,
  `expires_at` datetime(3) NOT NULL,
  `used_at` datetime(3) DEFAULT NULL,
  `epoch` bigint(20) unsigned NOT NULL DEFAULT 0,
  PRIMARY KEY (`id`),
  UNIQUE KEY `token_hash` (`token_hash`),
  KEY `user_id` (`user_id`),
  KEY `expires_at` (`expires_at`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin
--;;
CREATE TABLE IF NOT EXISTS `manifest_contents` (
  `snapshot_id` binary(16) NOT NULL,
  `address` binary(32) NOT NULL,
  PRIMARY KEY (`snapshot_id`,`address`),
  KEY `address` (`address`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin
--;;
CREATE TABLE IF NOT EXISTS `masked_changes` (
  `actor` binary(16) NOT NULL,
  `place` binary(32) NOT NULL,
  `config_id` binary(16) NOT NULL,
  `day` int(10) unsigned NOT NULL,
  `changes` int(10) unsigned NOT NULL,
  `last` binary(32) NOT NULL,
  `told` tinyint(1) NOT NULL DEFAULT 0,
  PRIMARY KEY (`actor`,`place`),
  KEY `due` (`actor`,`day`,`told`,`changes`),
  KEY `day` (`day`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin
--;;
CREATE TABLE IF NOT EXISTS `oidc_marks` (
  `id` binary(32) NOT NULL,
  `expires_at` datetime(3) NOT NULL,
  PRIMARY KEY (`id`),
  KEY `expires_at` (`expires_at`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin
--;;
CREATE TABLE IF NOT EXISTS `onboardings` (
  `id` binary(16) NOT NULL,
  `tenant` varchar(63) NOT NULL,
  `tenant_id` binary(16) NOT NULL,
  `directory` varchar(255) NOT NULL,
  `packs` mediumtext NOT NULL,
  `secret` mediumblob DEFAULT NULL,
  `state` varchar(16) NOT NULL,
  `why` varchar(600) DEFAULT NULL,
  `answered` varchar(64) DEFAULT NULL,
  `tries` int(10) unsigned NOT NULL,
  `operations` mediumtext NOT NULL,
  `asked_name` varchar(254) NOT NULL,
  `ends_at` datetime(3) NOT NULL,
  `created_at` datetime(3) NOT NULL,
  `answered_at` datetime(3) DEFAULT NULL,
  `finished_at` datetime(3) DEFAULT NULL,
  PRIMARY KEY (`id`),
  KEY `ended` (`ends_at`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin
--;;
CREATE TABLE IF NOT EXISTS `outbox` (
  `id` binary(16) NOT NULL,
  `channel_id` binary(16) NOT NULL,
  `alert_id` binary(16) DEFAULT NULL,
  `event` varchar(64) NOT NULL,
  `body` mediumblob NOT NULL,
  `state` varchar(16) NOT NULL,
  `attempts` int(10) unsigned NOT NULL DEFAULT 0,
  `created_at` datetime(3) NOT NULL,
  `done_at` datetime(3) DEFAULT NULL,
  `kind` varchar(16) DEFAULT NULL,
  `template` smallint(5) unsigned NOT NULL DEFAULT 0,
  `lane_id` binary(16) DEFAULT NULL,
  `wire_id` binary(16) DEFAULT NULL,
  `severity` varchar(8) DEFAULT NULL,
  `worst` varchar(8) DEFAULT NULL,
  `folded` int(10) unsigned NOT NULL DEFAULT 0,
  `opens` tinyint(1) NOT NULL DEFAULT 0,
  `below` tinyint(1) NOT NULL DEFAULT 0,
  `wait_s` int(10) unsigned NOT NULL DEFAULT 0,
  `sending` tinyint(1) NOT NULL DEFAULT 0,
  `replayed` int(10) unsigned NOT NULL DEFAULT 0,
  `told_in` binary(16) DEFAULT NULL,
  `group_id` binary(16) DEFAULT NULL,
  PRIMARY KEY (`id`),
  KEY `state` (`state`,`id`),
  KEY `lane` (`lane_id`,`state`,`id`),
  KEY `told_in` (`told_in`,`state`),
  KEY `waiting` (`channel_id`,`state`,`id`),
  KEY `grouped` (`group_id`,`state`,`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin
--;;
CREATE TABLE IF NOT EXISTS `recovery_codes` (
  `user_id` binary(16) NOT NULL,
  `code_hash` binary(32) NOT NULL,
  `created_at` datetime(3) NOT NULL,
  `used_at` datetime(3) DEFAULT NULL,
  `pepper` int(10) unsigned NOT NULL DEFAULT 0,
  PRIMARY KEY (`user_id`,`code_hash`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin
--;;
CREATE TABLE IF NOT EXISTS `resources` (
  `id` binary(16) NOT NULL,
  `config_id` binary(16) NOT NULL,
  `category` varbinary(128) NOT NULL,
  `key` varbinary(512) NOT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `place` (`config_id`,`category`,`key`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin
--;;
CREATE TABLE IF NOT EXISTS `resource_versions` (
  `resource_id` binary(16) NOT NULL,
  `from_seq` bigint(20) unsigned NOT NULL,
  `until_seq` bigint(20) unsigned DEFAULT NULL,
  `config_id` binary(16) NOT NULL,
  `address` binary(32) NOT NULL,
  `span` tinyint(3) unsigned NOT NULL DEFAULT 0,
  PRIMARY KEY (`resource_id`,`from_seq`),
  KEY `content` (`address`(8)),
  KEY `in_force` (`config_id`,`span`,`until_seq`,`from_seq`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin ROW_FORMAT=REDUNDANT
--;;
CREATE TABLE IF NOT EXISTS `roles` (
  `id` binary(16) NOT NULL,
  `name` varchar(64) NOT NULL,
  `description` varchar(500) NOT NULL,
  `built_in` tinyint(1) NOT NULL DEFAULT 0,
  `created_at` datetime(3) NOT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `name` (`name`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin
--;;
CREATE TABLE IF NOT EXISTS `role_permissions` (
  `role_id` binary(16) NOT NULL,
  `permission` varchar(64) NOT NULL,
  PRIMARY KEY (`role_id`,`permission`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin
--;;
CREATE TABLE IF NOT EXISTS `runs` (
  `id` binary(16) NOT NULL,
  `config_id` binary(16) NOT NULL,
  `kind` varchar(16) NOT NULL,
  `slot` datetime(3) NOT NULL,
  `due_at` datetime(3) NOT NULL,
  `state` varchar(16) NOT NULL,
  `started_at` datetime(3) DEFAULT NULL,
  `finished_at` datetime(3) DEFAULT NULL,
  `missed` int(10) unsigned NOT NULL DEFAULT 0,
  `attempts` int(10) unsigned NOT NULL DEFAULT 0,
  `fence` bigint(20) unsigned NOT NULL DEFAULT 0,
  `reason` varchar(500) DEFAULT NULL,
  `remedy` varchar(500) DEFAULT NULL,
  `asked_by` varchar(254) DEFAULT NULL,
  `report_id` binary(16) DEFAULT NULL,
  `snapshot_id` binary(16) DEFAULT NULL,
  `progress` longtext DEFAULT NULL,
  `queued_of` binary(16) GENERATED ALWAYS AS (if(`state` = 'queued',`config_id`,NULL)) STORED,
  `running_of` binary(16) GENERATED ALWAYS AS (if(`state` = 'running',`config_id`,NULL)) STORED,
  `categories` text DEFAULT NULL,
  `activity` text DEFAULT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `slot` (`config_id`,`kind`,`slot`),
  UNIQUE KEY `queued` (`queued_of`,`kind`),
  UNIQUE KEY `running` (`running_of`),
  KEY `config` (`config_id`,`id`),
  KEY `state` (`state`,`id`),
  KEY `finished` (`finished_at`),
  KEY `kind` (`kind`,`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin
--;;
CREATE TABLE IF NOT EXISTS `run_state` (
  `config_id` binary(16) NOT NULL,
  `last_slot` datetime(3) DEFAULT NULL,
  `next_at` datetime(3) DEFAULT NULL,
  `failures` int(10) unsigned NOT NULL DEFAULT 0,
  `held` tinyint(1) NOT NULL DEFAULT 0,
  `last_run` binary(16) DEFAULT NULL,
  `moves` int(10) unsigned NOT NULL DEFAULT 0,
  `tail_began` datetime(3) DEFAULT NULL,
  `tail_since` datetime(3) DEFAULT NULL,
  `tail_failures` int(10) unsigned NOT NULL DEFAULT 0,
  `tail_seen` varbinary(4096) NOT NULL DEFAULT '',
  `tail_known_until` datetime(3) DEFAULT NULL,
  PRIMARY KEY (`config_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin
--;;
CREATE TABLE IF NOT EXISTS `silences` (
  `id` binary(16) NOT NULL,
  `matcher` longtext NOT NULL,
  `reason` varchar(1000) NOT NULL,
  `owner` varchar(254) NOT NULL,
  `starts_at` datetime(3) NOT NULL,
  `expires_at` datetime(3) NOT NULL,
  `created_at` datetime(3) NOT NULL,
  `kind` varchar(16) NOT NULL DEFAULT 'silence',
  `ended_at` datetime(3) DEFAULT NULL,
  `ended_by` varchar(254) DEFAULT NULL,
  `series_id` binary(16) DEFAULT NULL,
  PRIMARY KEY (`id`),
  KEY `expires_at` (`expires_at`),
  KEY `series` (`series_id`,`starts_at`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin
--;;
CREATE TABLE IF NOT EXISTS `silence_series` (
  `id` binary(16) NOT NULL,
  `matcher` longtext NOT NULL,
  `reason` varchar(1000) NOT NULL,
  `owner` varchar(254) NOT NULL,
  `rule` varchar(200) NOT NULL,
  `timezone` varchar(64) NOT NULL,
  `starts_at` datetime(3) NOT NULL,
  `duration_s` int(10) unsigned NOT NULL,
  `made_until` datetime(3) NOT NULL,
  `ends_at` datetime(3) NOT NULL,
  `created_at` datetime(3) NOT NULL,
  `updated_at` datetime(3) NOT NULL,
  `ended_at` datetime(3) DEFAULT NULL,
  `ended_by` varchar(254) DEFAULT NULL,
  PRIMARY KEY (`id`),
  KEY `ends_at` (`ends_at`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin
--;;
CREATE TABLE IF NOT EXISTS `source_credentials` (
  `config_id` binary(16) NOT NULL,
  `secret` blob NOT NULL,
  `digest` binary(32) NOT NULL,
  `ends_at` datetime(3) DEFAULT NULL,
  PRIMARY KEY (`config_id`),
  KEY `digest` (`digest`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin
--;;
CREATE TABLE IF NOT EXISTS `tenant_usage` (
  `name` varchar(32) NOT NULL,
  `used` bigint(20) unsigned NOT NULL,
  `day` int(10) unsigned NOT NULL DEFAULT 0,
  `counted_at` datetime(3) DEFAULT NULL,
  PRIMARY KEY (`name`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin
--;;
CREATE TABLE IF NOT EXISTS `users` (
  `id` binary(16) NOT NULL,
  `email` varchar(254) NOT NULL,
  `password` varchar(128) DEFAULT NULL,
  `display_name` varchar(200) NOT NULL,
  `status` varchar(16) NOT NULL,
  `2fa_enabled` tinyint(1) NOT NULL DEFAULT 0,
  `2fa_secret` varbinary(255) DEFAULT NULL,
  `last_step` bigint(20) NOT NULL DEFAULT 0,
  `epoch` bigint(20) unsigned NOT NULL DEFAULT 0,
  `last_login` datetime(3) DEFAULT NULL,
  `created_at` datetime(3) NOT NULL,
  `updated_at` datetime(3) NOT NULL,
  `2fa_pending` varbinary(255) DEFAULT NULL,
  `2fa_pending_at` datetime(3) DEFAULT NULL,
  `2fa_tries` int(11) NOT NULL DEFAULT 0,
  `2fa_tries_since` datetime(3) DEFAULT NULL,
  `reset_epoch` bigint(20) unsigned NOT NULL DEFAULT 0,
  `invite_epoch` bigint(20) unsigned NOT NULL DEFAULT 0,
  `email_epoch` bigint(20) unsigned NOT NULL DEFAULT 0,
  `device_epoch` bigint(20) unsigned NOT NULL DEFAULT 0,
  PRIMARY KEY (`id`),
  UNIQUE KEY `email` (`email`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin
--;;
CREATE TABLE IF NOT EXISTS `user_identities` (
  `provider_id` binary(16) NOT NULL,
  `issuer` varchar(500) NOT NULL,
  `subject` varchar(255) NOT NULL,
  `user_id` binary(16) NOT NULL,
  `provisioned` tinyint(1) NOT NULL,
  `created_at` datetime(3) NOT NULL,
  `last_login` datetime(3) NOT NULL,
  `unasked_since` datetime(3) DEFAULT NULL,
  `told_at` datetime(3) DEFAULT NULL,
  PRIMARY KEY (`provider_id`,`issuer`,`subject`),
  UNIQUE KEY `user_provider` (`user_id`,`provider_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin
--;;
CREATE TABLE IF NOT EXISTS `user_roles` (
  `user_id` binary(16) NOT NULL,
  `position` int(11) NOT NULL,
  `role_id` binary(16) NOT NULL,
  `ends_at` datetime(3) DEFAULT NULL,
  `given_by` binary(16) DEFAULT NULL,
  `given_name` varchar(254) DEFAULT NULL,
  `given_at` datetime(3) DEFAULT NULL,
  PRIMARY KEY (`user_id`,`position`),
  UNIQUE KEY `user_role` (`user_id`,`role_id`),
  KEY `role_id` (`role_id`),
  KEY `ends_at` (`ends_at`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin
--;;
CREATE TABLE IF NOT EXISTS `user_sessions` (
  `id` binary(16) NOT NULL,
  `user_id` binary(16) NOT NULL,
  `auth_time` datetime(3) NOT NULL,
  `aal` int(11) NOT NULL,
  `provider` varchar(64) NOT NULL,
  `idle_end` datetime(3) NOT NULL,
  `absolute_end` datetime(3) NOT NULL,
  `address` varchar(45) NOT NULL,
  `user_agent` varchar(400) NOT NULL,
  `generation` bigint(20) unsigned NOT NULL DEFAULT 0,
  `rotated_at` datetime(3) DEFAULT NULL,
  `epoch` bigint(20) unsigned NOT NULL DEFAULT 0,
  `last_seen` datetime(3) NOT NULL,
  `created_at` datetime(3) NOT NULL,
  `revoked_at` datetime(3) DEFAULT NULL,
  `revoked_reason` varchar(64) DEFAULT NULL,
  `wrong_proofs` int(10) unsigned NOT NULL DEFAULT 0,
  PRIMARY KEY (`id`),
  KEY `user_id` (`user_id`,`created_at`),
  KEY `absolute_end` (`absolute_end`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin
--;;
INSERT IGNORE INTO `alert_routing` (`id`, `version`, `routes`) VALUES (1,1,'{\"routes\":[]}')
--;;
INSERT IGNORE INTO `alert_watch` (`id`, `seq`) VALUES (1,0)
--;;
INSERT IGNORE INTO `tenant_usage` (`name`, `used`, `day`, `counted_at`) VALUES ('api_keys',0,0,NULL)
--;;
INSERT IGNORE INTO `tenant_usage` (`name`, `used`, `day`, `counted_at`) VALUES ('drift_configs',0,0,NULL)
--;;
INSERT IGNORE INTO `tenant_usage` (`name`, `used`, `day`, `counted_at`) VALUES ('snapshots_per_day',0,0,NULL)
--;;
INSERT IGNORE INTO `tenant_usage` (`name`, `used`, `day`, `counted_at`) VALUES ('storage_bytes',0,0,NULL)
--;;
INSERT IGNORE INTO `tenant_usage` (`name`, `used`, `day`, `counted_at`) VALUES ('users',0,0,NULL)
--;;
CREATE OR REPLACE DEFINER = '{control}definer'@'localhost' TRIGGER audit_chains_no_delete BEFORE DELETE ON audit_chains FOR EACH ROW
SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'a closed chain stays'
--;;
CREATE OR REPLACE DEFINER = '{control}definer'@'localhost' TRIGGER audit_chains_no_update BEFORE UPDATE ON audit_chains FOR EACH ROW
SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'a closed chain never changes'
--;;
CREATE OR REPLACE DEFINER = '{control}definer'@'localhost' TRIGGER audit_checkpoints_no_delete BEFORE DELETE ON audit_checkpoints FOR EACH ROW
SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'a checkpoint stays'
--;;
CREATE OR REPLACE DEFINER = '{control}definer'@'localhost' TRIGGER audit_checkpoints_no_update BEFORE UPDATE ON audit_checkpoints FOR EACH ROW
SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'a checkpoint never changes'
--;;
CREATE OR REPLACE DEFINER = '{control}definer'@'localhost' TRIGGER audit_former_no_delete BEFORE DELETE ON audit_former FOR EACH ROW
SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'a closed chain stays'
--;;
CREATE OR REPLACE DEFINER = '{control}definer'@'localhost' TRIGGER audit_former_no_update BEFORE UPDATE ON audit_former FOR EACH ROW
SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'a closed chain never changes'
--;;
CREATE OR REPLACE DEFINER = '{control}definer'@'localhost' TRIGGER audit_no_delete BEFORE DELETE ON audit FOR EACH ROW
IF OLD.seq > COALESCE((SELECT floor FROM `{control}`.audit_heads WHERE schema_name = DATABASE()), 0) THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'an audit entry stays'; END IF
--;;
CREATE OR REPLACE DEFINER = '{control}definer'@'localhost' TRIGGER audit_no_update BEFORE UPDATE ON audit FOR EACH ROW
SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'an audit entry never changes'
--;;
CREATE OR REPLACE DEFINER = '{control}definer'@'localhost' TRIGGER audit_tree_no_delete BEFORE DELETE ON audit_tree FOR EACH ROW
SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'a leaf stays'
--;;
CREATE OR REPLACE DEFINER = '{control}definer'@'localhost' TRIGGER audit_tree_no_update BEFORE UPDATE ON audit_tree FOR EACH ROW
SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'a leaf never changes'
--;;
INSERT IGNORE INTO `{control}`.audit_heads (schema_name, seq, mac) VALUES ('{schema}', 0, UNHEX('0000000000000000000000000000000000000000000000000000000000000000'))
