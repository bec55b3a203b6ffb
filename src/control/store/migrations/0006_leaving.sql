-- How nodes leave: drained for a while, or revoked for good. What is revoked stays in a list that
-- every node is given, until the certificates in question have expired anyway.

ALTER TABLE nodes DROP CONSTRAINT nodes_state_check;
ALTER TABLE nodes ADD CHECK
  (state IN ('invited', 'pending', 'approved', 'denied', 'disabled', 'revoked'));
ALTER TABLE nodes ADD COLUMN draining boolean NOT NULL DEFAULT false;
ALTER TABLE nodes ADD COLUMN drain_deadline bigint;  -- NULL: whenever the last flow is gone

-- A revoked node never comes back; its name may be given to another.
DROP INDEX nodes_name;
CREATE UNIQUE INDEX nodes_name ON nodes (lower(name)) WHERE state <> 'revoked';

CREATE TRIGGER draining_changed AFTER UPDATE OF draining, drain_deadline ON nodes
  FOR EACH STATEMENT EXECUTE FUNCTION rap_bump_config_version();

-- What nodes deny a certificate by. Empty for those issued before this was kept.
ALTER TABLE node_certificates ADD COLUMN issuer_sha256 text NOT NULL DEFAULT '';
ALTER TABLE node_certificates ADD COLUMN key_sha256 text NOT NULL DEFAULT '';
ALTER TABLE node_certificates ADD COLUMN revoked_at bigint;
GRANT UPDATE (revoked_at) ON node_certificates TO rap_app;

CREATE TABLE revocations (
  kind text NOT NULL CHECK (kind IN ('node', 'certificate', 'key')),
  node_id uuid NOT NULL REFERENCES nodes,       -- whose it was
  issuer_sha256 text NOT NULL DEFAULT '',       -- of a certificate
  serial text NOT NULL DEFAULT '',              -- of a certificate
  key_sha256 text NOT NULL DEFAULT '',          -- of a key
  severity text NOT NULL CHECK (severity IN ('close', 'drain')),
  created_at bigint NOT NULL,
  expires_at bigint NOT NULL,                   -- then no certificate it concerns is valid
  PRIMARY KEY (kind, node_id, issuer_sha256, serial, key_sha256),
  CHECK ((kind = 'certificate') = (issuer_sha256 <> '' AND serial <> '')),
  CHECK ((kind = 'key') = (key_sha256 <> ''))
);
CREATE INDEX ON revocations (expires_at);
CALL rap_wall_for_platform('revocations');
GRANT SELECT, INSERT, UPDATE, DELETE ON revocations TO rap_app;

ALTER TABLE cluster ADD COLUMN revocation_version bigint NOT NULL DEFAULT 0;
GRANT UPDATE (revocation_version) ON cluster TO rap_app;

CREATE FUNCTION rap_bump_revocation_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE cluster SET revocation_version = revocation_version + 1,
                     config_version = config_version + 1;
  RETURN NULL;
END $$;
CREATE TRIGGER revocations_changed AFTER INSERT OR UPDATE ON revocations
  FOR EACH STATEMENT EXECUTE FUNCTION rap_bump_revocation_version();
