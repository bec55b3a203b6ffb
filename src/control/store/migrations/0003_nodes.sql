-- Nodes: invited by a join token, enrolled with a signing request, approved, given roles. All of it
-- is the platform's; no organization may look in.

CREATE TABLE nodes (
  id uuid PRIMARY KEY,
  name text NOT NULL,
  state text NOT NULL CHECK (state IN ('invited', 'pending', 'approved', 'denied', 'disabled')),
  seal_key bytea CHECK (length(seal_key) = 32),  -- X25519, flows to an egress are sealed with it
  data_plane_advertise text NOT NULL DEFAULT '',
  fabric_advertise text NOT NULL DEFAULT '',
  created_at bigint NOT NULL,
  approved_at bigint,
  disabled_at bigint
);
CREATE UNIQUE INDEX nodes_name ON nodes (lower(name));
CALL rap_wall_for_platform('nodes');
GRANT SELECT, INSERT, UPDATE ON nodes TO rap_app;

CREATE TABLE node_roles (
  node_id uuid NOT NULL REFERENCES nodes,
  role text NOT NULL CHECK (role IN ('entry', 'relay', 'egress')),
  PRIMARY KEY (node_id, role)
);
CALL rap_wall_for_platform('node_roles');
GRANT SELECT, INSERT, DELETE ON node_roles TO rap_app;

CREATE TRIGGER config_changed
  AFTER INSERT OR DELETE OR UPDATE OF name, state, seal_key, fabric_advertise ON nodes
  FOR EACH STATEMENT EXECUTE FUNCTION rap_bump_config_version();
CREATE TRIGGER config_changed AFTER INSERT OR DELETE OR UPDATE ON node_roles
  FOR EACH STATEMENT EXECUTE FUNCTION rap_bump_config_version();

-- The secret of a token is kept as its SHA-256 only.
CREATE TABLE join_tokens (
  id uuid PRIMARY KEY,
  node_id uuid NOT NULL REFERENCES nodes,
  secret_sha256 bytea NOT NULL UNIQUE CHECK (length(secret_sha256) = 32),
  created_by uuid NOT NULL REFERENCES users,
  created_at bigint NOT NULL,
  expires_at bigint NOT NULL,
  used_at bigint
);
CREATE INDEX ON join_tokens (node_id);
CALL rap_wall_for_platform('join_tokens');
GRANT SELECT, INSERT, UPDATE ON join_tokens TO rap_app;

CREATE TABLE enrolments (
  id uuid PRIMARY KEY,
  node_id uuid NOT NULL REFERENCES nodes,
  join_token_id uuid NOT NULL UNIQUE REFERENCES join_tokens,
  csr text NOT NULL,
  poll_secret_sha256 bytea NOT NULL CHECK (length(poll_secret_sha256) = 32),
  seal_key bytea NOT NULL CHECK (length(seal_key) = 32),
  data_plane_advertise text NOT NULL,
  fabric_advertise text NOT NULL,
  metadata jsonb NOT NULL,
  source_ip text NOT NULL,
  state text NOT NULL CHECK (state IN ('pending', 'approved', 'denied')),
  created_at bigint NOT NULL,
  decided_at bigint,
  decided_by uuid REFERENCES users,
  certificate_pem text  -- the leaf, once approved
);
CREATE INDEX ON enrolments (node_id);
CREATE INDEX ON enrolments (state, created_at);
CALL rap_wall_for_platform('enrolments');
GRANT SELECT, INSERT, UPDATE ON enrolments TO rap_app;

-- PK-6: every certificate that was issued to a node.
CREATE TABLE node_certificates (
  node_id uuid NOT NULL REFERENCES nodes,
  serial text NOT NULL,       -- lower-case hex
  fingerprint text NOT NULL,  -- SHA-256 of the DER, lower-case hex
  ca_ref text NOT NULL,
  not_before bigint NOT NULL,
  not_after bigint NOT NULL,
  status text NOT NULL CHECK (status IN ('active', 'retiring', 'revoked', 'expired')),
  PRIMARY KEY (ca_ref, serial)
);
CREATE INDEX ON node_certificates (node_id);
CALL rap_wall_for_platform('node_certificates');
GRANT SELECT, INSERT ON node_certificates TO rap_app;
GRANT UPDATE (status) ON node_certificates TO rap_app;

-- What a node last said of itself. Apart from nodes, because it changes every few seconds and no
-- configuration depends on it.
CREATE TABLE node_status (
  node_id uuid PRIMARY KEY REFERENCES nodes,
  checked_in_at bigint NOT NULL DEFAULT 0,
  versions jsonb NOT NULL DEFAULT '{}',
  metrics jsonb NOT NULL DEFAULT '{}',
  metadata jsonb NOT NULL DEFAULT '{}',
  observations jsonb NOT NULL DEFAULT '{}',
  acked_config_version bigint NOT NULL DEFAULT 0,
  acked_at bigint,
  config_error text NOT NULL DEFAULT '',
  config_error_at bigint,
  command_seq bigint NOT NULL DEFAULT 0
);
CALL rap_wall_for_platform('node_status');
GRANT SELECT, INSERT, UPDATE ON node_status TO rap_app;

-- Commands to one node, numbered without a gap: taking the number locks node_status until the
-- transaction ends, so numbers become visible in order and "since N" skips none.
CREATE TABLE node_commands (
  node_id uuid NOT NULL REFERENCES nodes,
  seq bigint NOT NULL,
  id uuid NOT NULL UNIQUE,
  type text NOT NULL CHECK (type IN ('session.terminate')),
  session_id uuid,
  created_at bigint NOT NULL,
  status text NOT NULL DEFAULT 'sent' CHECK (status IN ('sent', 'ok', 'failed')),
  detail text NOT NULL DEFAULT '',
  finished_at bigint,
  PRIMARY KEY (node_id, seq)
);
CREATE INDEX ON node_commands (session_id, node_id);
CREATE INDEX ON node_commands (created_at);
CALL rap_wall_for_platform('node_commands');
GRANT SELECT, INSERT, UPDATE, DELETE ON node_commands TO rap_app;
