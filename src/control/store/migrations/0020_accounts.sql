-- Passwords that somebody else set, sign-ins that know why they ended, and accounts that are gone.

SELECT set_config('rap.scope', 'platform', true);

-- Until then a password that somebody else set is good, and only for choosing another. NULL: the
-- person chose theirs.
ALTER TABLE users ADD COLUMN password_expires_at bigint;

-- A disabled account keeps all it has and can be enabled again. A removed one is a tombstone: the
-- audit log and old sessions may name it, and its email is free for another account.
ALTER TABLE users ADD COLUMN removed_at bigint
  CHECK (removed_at IS NULL OR disabled_at IS NOT NULL);
UPDATE users SET removed_at = disabled_at WHERE disabled_at IS NOT NULL;
ALTER TABLE users DROP CONSTRAINT users_email_key;
CREATE UNIQUE INDEX users_email ON users (email) WHERE removed_at IS NULL;
GRANT UPDATE (password_expires_at, removed_at) ON users TO rap_app;

-- A sign-in that was ended by somebody else is kept for a while, so that its holder is told why.
ALTER TABLE bearer_sessions ADD COLUMN ended_because text CHECK (ended_because IN
  ('too_many_sign_ins', 'password_changed', 'password_reset', 'signed_out', 'account_disabled',
   'account_removed'));
GRANT UPDATE (ended_because) ON bearer_sessions TO rap_app;
-- Which of those of one second is the older.
ALTER TABLE bearer_sessions ADD COLUMN number bigint GENERATED ALWAYS AS IDENTITY;
