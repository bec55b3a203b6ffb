-- The rotation of the key that signs data-plane tokens, apart from the root. The private keys are
-- in files on the control plane's host; which of them is in force is said here.
ALTER TABLE trust
  ADD COLUMN token_phase text NOT NULL DEFAULT 'stable'
    CHECK (token_phase IN ('stable', 'distributing', 'overlapping')),
  ADD COLUMN token_since bigint NOT NULL DEFAULT 0,
  ADD COLUMN token_config_version bigint NOT NULL DEFAULT 0,  -- whoever has it knows the next key
  ADD COLUMN token_kid text NOT NULL DEFAULT '',  -- in force; empty: it was never rotated
  ADD COLUMN token_pem text NOT NULL DEFAULT '',
  ADD COLUMN token_next_kid text NOT NULL DEFAULT '',
  ADD COLUMN token_next_pem text NOT NULL DEFAULT '';
CREATE TRIGGER token_keys_changed AFTER UPDATE OF token_phase ON trust
  FOR EACH ROW WHEN (OLD.token_phase <> NEW.token_phase) EXECUTE FUNCTION rap_bump_config_version();
