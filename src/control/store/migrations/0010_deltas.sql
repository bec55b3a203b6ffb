-- The delta channel (CP-4): security data that nodes pull from a cursor on. One row a key with the
-- number of its newest change, a removal being a row too, so a node that was away for a month
-- catches up with every key once. What is stored is bounded by keys, not by changes.
--
-- Numbers are handed out under a lock on the counter's row, which the transaction keeps to its end:
-- they become visible in order, so whoever has seen N has seen all below. Numbers have gaps.

CREATE TABLE delta_counters (
  stream text PRIMARY KEY CHECK (stream IN ('epochs', 'blocklist')),
  seq bigint NOT NULL DEFAULT 0,
  forgotten bigint NOT NULL DEFAULT 0  -- the highest number of a removal that is not kept any more
);
INSERT INTO delta_counters (stream) VALUES ('epochs'), ('blocklist');
CALL rap_wall_for_platform('delta_counters');
GRANT SELECT, UPDATE ON delta_counters TO rap_app;

-- Argument: the stream.
CREATE FUNCTION rap_number_delta() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE delta_counters SET seq = seq + 1 WHERE stream = TG_ARGV[0]
    RETURNING seq INTO STRICT NEW.seq;
  RETURN NEW;
END $$;

-- Tokens of a user with a lower epoch are not good any more. Users without a row have epoch 0.
CREATE TABLE auth_epoch_changes (
  user_id uuid PRIMARY KEY REFERENCES users,
  epoch bigint NOT NULL CHECK (epoch > 0),
  changed_at bigint NOT NULL,
  seq bigint NOT NULL UNIQUE
);
CALL rap_wall_for_platform('auth_epoch_changes');
GRANT SELECT, INSERT, UPDATE ON auth_epoch_changes TO rap_app;
CREATE TRIGGER number BEFORE INSERT OR UPDATE ON auth_epoch_changes
  FOR EACH ROW EXECUTE FUNCTION rap_number_delta('epochs');
CREATE TRIGGER hint AFTER INSERT OR UPDATE ON auth_epoch_changes
  FOR EACH STATEMENT EXECUTE FUNCTION rap_hint('epochs');

CREATE FUNCTION rap_bump_auth_epoch(wanted uuid, at bigint) RETURNS bigint LANGUAGE sql AS $$
  INSERT INTO auth_epoch_changes (user_id, epoch, changed_at) VALUES (wanted, 1, at)
  ON CONFLICT (user_id) DO UPDATE
    SET epoch = auth_epoch_changes.epoch + 1, changed_at = EXCLUDED.changed_at
  RETURNING epoch
$$;

CREATE FUNCTION rap_disabled_user() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM rap_bump_auth_epoch(NEW.id, NEW.disabled_at);
  RETURN NULL;
END $$;
CREATE TRIGGER signed_out AFTER UPDATE OF disabled_at ON users
  FOR EACH ROW WHEN (OLD.disabled_at IS NULL AND NEW.disabled_at IS NOT NULL)
  EXECUTE FUNCTION rap_disabled_user();

CREATE TABLE server_blocklist_changes (
  kind text NOT NULL CHECK (kind IN ('ip', 'device', 'user')),
  value text NOT NULL,  -- an address or a prefix in its one form, a UUID
  action text NOT NULL CHECK (action IN ('add', 'remove')),
  expires_at bigint CHECK (expires_at IS NULL OR action = 'add'),
  reason text NOT NULL DEFAULT '',
  changed_at bigint NOT NULL,
  seq bigint NOT NULL UNIQUE,
  network inet GENERATED ALWAYS AS (CASE WHEN kind = 'ip' THEN value::inet END) STORED,
  PRIMARY KEY (kind, value)
);
CREATE INDEX ON server_blocklist_changes USING gist (network inet_ops);
CREATE INDEX ON server_blocklist_changes (action, changed_at);
CALL rap_wall_for_platform('server_blocklist_changes');
GRANT SELECT, INSERT, UPDATE, DELETE ON server_blocklist_changes TO rap_app;
CREATE TRIGGER number BEFORE INSERT OR UPDATE ON server_blocklist_changes
  FOR EACH ROW EXECUTE FUNCTION rap_number_delta('blocklist');
CREATE TRIGGER hint AFTER INSERT OR UPDATE ON server_blocklist_changes
  FOR EACH STATEMENT EXECUTE FUNCTION rap_hint('blocklist');
