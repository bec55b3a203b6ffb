-- Devices: the installations of the client that people sign in with, each known by its key.

SELECT set_config('rap.scope', 'platform', true);

CREATE TABLE devices (
  user_id uuid NOT NULL REFERENCES users,
  id uuid NOT NULL,  -- follows from the key
  public_key bytea NOT NULL CHECK (length(public_key) = 32),
  name text NOT NULL,  -- what it calls itself
  first_seen bigint NOT NULL,
  last_seen bigint NOT NULL,
  approved_at bigint,  -- NULL: it waits for an administrator
  PRIMARY KEY (user_id, id)
);
CREATE INDEX ON devices (id);
CALL rap_wall_for_platform('devices');
GRANT SELECT, INSERT, UPDATE, DELETE ON devices TO rap_app;

-- The device whose key proves each request with the bearer. NULL: a bare one, which needs none.
ALTER TABLE bearer_sessions ADD COLUMN device_id uuid;
CREATE INDEX ON bearer_sessions (device_id) WHERE device_id IS NOT NULL;

ALTER TABLE bearer_sessions DROP CONSTRAINT bearer_sessions_ended_because_check;
ALTER TABLE bearer_sessions ADD CHECK (ended_because IN
  ('too_many_sign_ins', 'password_changed', 'password_reset', 'signed_out', 'account_disabled',
   'account_removed', 'device_blocked', 'device_removed'));
