-- Cursors belong to one history of the database (CP-4). After it was restored from a backup, or
-- continued elsewhere from an earlier moment, numbers would be handed out a second time, and a node
-- whose cursor the new ones have passed would miss changes. So before the first number of another
-- history all numbers jump beyond those that the lost one can have handed out, and whoever comes
-- with a cursor from below that starts anew.
--
-- A history is told by where it is: the server's data directory, its timeline, the database, the
-- table. A data directory that is copied back as files, without recovery, looks the same:
-- rap_begin_lineage() says it then.

ALTER TABLE delta_counters ADD COLUMN lineage text;  -- null: nothing was numbered yet

CREATE FUNCTION rap_lineage() RETURNS text LANGUAGE sql STABLE AS $$
  SELECT concat_ws('.', (SELECT system_identifier FROM pg_control_system()),
    left(pg_walfile_name(pg_current_wal_lsn()), 8),
    (SELECT oid FROM pg_database WHERE datname = current_database()),
    'delta_counters'::regclass::oid)
$$;

-- A second of time has room for 2^20 numbers, so what the lost history has numbered is below.
CREATE FUNCTION rap_jump_numbers(here text) RETURNS void LANGUAGE sql AS $$
  WITH jump AS (
    SELECT greatest(max(seq) + (1 << 20)::bigint,
      extract(epoch FROM clock_timestamp())::bigint << 20) AS base FROM delta_counters)
  UPDATE delta_counters SET seq = base, forgotten = base, lineage = here FROM jump
    WHERE lineage IS DISTINCT FROM here
$$;

CREATE FUNCTION rap_begin_lineage() RETURNS void LANGUAGE sql AS $$
  SELECT set_config('rap.scope', 'platform', true);
  UPDATE delta_counters SET lineage = 'unknown';
  SELECT rap_jump_numbers(rap_lineage())
$$;

CREATE OR REPLACE FUNCTION rap_number_delta() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  here text := rap_lineage();
  known text;
BEGIN
  SELECT lineage INTO STRICT known FROM delta_counters WHERE stream = TG_ARGV[0] FOR UPDATE;
  IF known <> here THEN PERFORM rap_jump_numbers(here); END IF;
  UPDATE delta_counters SET seq = seq + 1, lineage = here WHERE stream = TG_ARGV[0]
    RETURNING seq INTO STRICT NEW.seq;
  RETURN NEW;
END $$;

-- A user's epoch stays with the user, so that its change can be forgotten when no flow or token of
-- a lower one can be left anywhere.
ALTER TABLE users ADD COLUMN auth_epoch bigint NOT NULL DEFAULT 0;
GRANT UPDATE (auth_epoch) ON users TO rap_app;
GRANT DELETE ON auth_epoch_changes TO rap_app;
CREATE INDEX ON auth_epoch_changes (changed_at);

SELECT set_config('rap.scope', 'platform', true);
UPDATE users SET auth_epoch = e.epoch FROM auth_epoch_changes e WHERE e.user_id = users.id;

CREATE OR REPLACE FUNCTION rap_bump_auth_epoch(wanted uuid, at bigint) RETURNS bigint
LANGUAGE sql AS $$
  WITH bumped AS (
    UPDATE users SET auth_epoch = auth_epoch + 1 WHERE id = wanted RETURNING id, auth_epoch)
  INSERT INTO auth_epoch_changes (user_id, epoch, changed_at) SELECT id, auth_epoch, at FROM bumped
  ON CONFLICT (user_id) DO UPDATE SET epoch = EXCLUDED.epoch, changed_at = EXCLUDED.changed_at
  RETURNING epoch
$$;
