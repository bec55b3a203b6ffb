-- Access sessions (DP-4): pending → active ⇄ detached → terminated, which is final.
-- A session keeps the name and the protocol its resource had: history outlives the resource.

CREATE TABLE sessions (
  organization_id uuid NOT NULL REFERENCES organizations,
  id uuid NOT NULL UNIQUE,
  user_id uuid NOT NULL REFERENCES users,
  resource_id uuid NOT NULL,
  resource_name text NOT NULL,
  protocol text NOT NULL,
  egress_pool_id uuid NOT NULL,
  state text NOT NULL CHECK (state IN ('pending', 'active', 'detached', 'terminated')),
  created_at bigint NOT NULL,
  changed_at bigint NOT NULL,  -- when it entered its state
  ended_because text,
  PRIMARY KEY (organization_id, id)
);
CREATE INDEX ON sessions (user_id, created_at);
CREATE INDEX ON sessions (organization_id, created_at);
CREATE INDEX sessions_living ON sessions (state, changed_at) WHERE state <> 'terminated';
CALL rap_wall_by_organization('sessions');
CREATE POLICY own ON sessions FOR SELECT USING (user_id = rap_user());
GRANT SELECT, INSERT ON sessions TO rap_app;
GRANT UPDATE (state, changed_at, ended_because) ON sessions TO rap_app;

CREATE FUNCTION rap_session_stays_terminated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'session % is terminated, which is final', OLD.id;
END $$;
CREATE TRIGGER terminated_is_final BEFORE UPDATE ON sessions FOR EACH ROW
  WHEN (OLD.state = 'terminated') EXECUTE FUNCTION rap_session_stays_terminated();

CREATE TABLE attachments (
  organization_id uuid NOT NULL,
  id uuid PRIMARY KEY,
  session_id uuid NOT NULL,
  source_ip text NOT NULL,
  created_at bigint NOT NULL,
  FOREIGN KEY (organization_id, session_id) REFERENCES sessions
);
CREATE INDEX ON attachments (session_id);
CALL rap_wall_by_organization('attachments');
GRANT SELECT, INSERT ON attachments TO rap_app;

-- Which node carried flows of a session when it last checked in. Rows of nodes that fell silent go
-- stale and are removed.
CREATE TABLE session_presence (
  organization_id uuid NOT NULL,
  session_id uuid NOT NULL,
  node_id uuid NOT NULL REFERENCES nodes,
  flows bigint NOT NULL,
  bytes_up bigint NOT NULL,
  bytes_down bigint NOT NULL,
  seen_at bigint NOT NULL,
  PRIMARY KEY (session_id, node_id),
  FOREIGN KEY (organization_id, session_id) REFERENCES sessions
);
CREATE INDEX ON session_presence (node_id);
CREATE INDEX ON session_presence (seen_at);
CALL rap_wall_for_platform('session_presence');
GRANT SELECT, INSERT, UPDATE, DELETE ON session_presence TO rap_app;
