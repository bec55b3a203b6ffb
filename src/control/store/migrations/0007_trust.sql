-- The rotation of the platform's trust: which bundle of roots is in force, and how far the change
-- to another root has come.

CREATE TABLE trust (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  phase text NOT NULL DEFAULT 'stable'
    CHECK (phase IN ('stable', 'distributing', 'reissuing', 'retiring')),
  phase_since bigint NOT NULL DEFAULT 0,
  config_version bigint NOT NULL DEFAULT 0,   -- a node that acknowledged it knows the bundle
  ca_ref text NOT NULL DEFAULT '',            -- of the root that issues; empty: the first one
  next_ca_ref text NOT NULL DEFAULT '',       -- of the one that takes over
  bundle_version bigint NOT NULL DEFAULT 1,
  bundle_floor bigint NOT NULL DEFAULT 1
);
INSERT INTO trust DEFAULT VALUES;
ALTER TABLE trust ENABLE ROW LEVEL SECURITY;
ALTER TABLE trust FORCE ROW LEVEL SECURITY;
CREATE POLICY platform ON trust
  USING (rap_scope() = 'platform') WITH CHECK (rap_scope() = 'platform');
GRANT SELECT, UPDATE ON trust TO rap_app;

-- Signed by roots, and public: whoever trusts an older root follows them to the newest.
CREATE TABLE trust_bundles (
  version bigint PRIMARY KEY,
  envelope text NOT NULL,
  pem text NOT NULL,
  created_at bigint NOT NULL
);
CALL rap_wall_for_platform('trust_bundles');
GRANT SELECT, INSERT ON trust_bundles TO rap_app;

CREATE TRIGGER trust_changed AFTER UPDATE OF bundle_version, bundle_floor ON trust
  FOR EACH ROW EXECUTE FUNCTION rap_bump_config_version();

-- The same request again is answered with the same certificate.
ALTER TABLE node_certificates ADD COLUMN pem text NOT NULL DEFAULT '';

-- With which certificate the node came last.
ALTER TABLE node_status ADD COLUMN certificate_serial text NOT NULL DEFAULT '';
