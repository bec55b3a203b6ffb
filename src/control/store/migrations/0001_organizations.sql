-- People, organizations and memberships, and the wall between organizations.
--
-- Two roles: rap_owner owns the tables and runs these files; the server signs in as rap_app.
-- rap_app owns nothing, so row-level security always binds it; FORCE makes it apply to the owner
-- as well.
--
-- Every transaction says for whom it acts, with settings local to it:
--   rap.scope            platform | organization | user
--   rap.organization_id  when the scope is an organization
--   rap.user_id          when the scope is a user
-- Without a scope no row is visible and none can be written.
--
-- Times are unix seconds handed in by the server, so that one clock decides.

CREATE FUNCTION rap_scope() RETURNS text LANGUAGE sql STABLE
  RETURN nullif(current_setting('rap.scope', true), '');
CREATE FUNCTION rap_organization() RETURNS uuid LANGUAGE sql STABLE
  RETURN CASE WHEN rap_scope() = 'organization'
    THEN nullif(current_setting('rap.organization_id', true), '')::uuid END;
CREATE FUNCTION rap_user() RETURNS uuid LANGUAGE sql STABLE
  RETURN CASE WHEN rap_scope() = 'user'
    THEN nullif(current_setting('rap.user_id', true), '')::uuid END;

-- Walls one table off: rows of an organization are for the platform and for that organization.
CREATE PROCEDURE rap_wall_by_organization(wanted regclass) LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', wanted);
  EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', wanted);
  EXECUTE format($p$CREATE POLICY platform ON %s
    USING (rap_scope() = 'platform') WITH CHECK (rap_scope() = 'platform')$p$, wanted);
  EXECUTE format($p$CREATE POLICY organization ON %s
    USING (organization_id = rap_organization())
    WITH CHECK (organization_id = rap_organization())$p$, wanted);
END $$;

-- The same for tables that no organization may look into.
CREATE PROCEDURE rap_wall_for_platform(wanted regclass) LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', wanted);
  EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', wanted);
  EXECUTE format($p$CREATE POLICY platform ON %s
    USING (rap_scope() = 'platform') WITH CHECK (rap_scope() = 'platform')$p$, wanted);
END $$;

-- The one cluster of this control plane. config_version counts every change that a node must learn
-- of; triggers bump it, so no use case can forget to.
CREATE TABLE cluster (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  id uuid NOT NULL,
  config_version bigint NOT NULL DEFAULT 1,
  created_at bigint NOT NULL
);
ALTER TABLE cluster ENABLE ROW LEVEL SECURITY;
ALTER TABLE cluster FORCE ROW LEVEL SECURITY;
CREATE POLICY scoped ON cluster
  USING (rap_scope() IS NOT NULL) WITH CHECK (rap_scope() IS NOT NULL);
GRANT SELECT, INSERT ON cluster TO rap_app;
GRANT UPDATE (config_version) ON cluster TO rap_app;

CREATE FUNCTION rap_bump_config_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE cluster SET config_version = config_version + 1;
  RETURN NULL;
END $$;

CREATE TABLE users (
  id uuid PRIMARY KEY,
  email text NOT NULL UNIQUE CHECK (email = lower(email)),
  password_hash text NOT NULL,
  platform_role text NOT NULL CHECK (platform_role IN ('none', 'platform_admin', 'platform_owner')),
  created_at bigint NOT NULL,
  disabled_at bigint
);
GRANT SELECT, INSERT ON users TO rap_app;
GRANT UPDATE (platform_role, password_hash, disabled_at) ON users TO rap_app;

CREATE TABLE bearer_sessions (
  token_sha256 bytea PRIMARY KEY CHECK (length(token_sha256) = 32),
  user_id uuid NOT NULL REFERENCES users,
  source_ip text NOT NULL,
  created_at bigint NOT NULL,
  expires_at bigint NOT NULL
);
CREATE INDEX ON bearer_sessions (user_id, created_at);
CREATE INDEX ON bearer_sessions (expires_at);
CALL rap_wall_for_platform('bearer_sessions');
GRANT SELECT, INSERT, DELETE ON bearer_sessions TO rap_app;

CREATE TABLE organizations (
  id uuid PRIMARY KEY,
  name text NOT NULL,
  created_at bigint NOT NULL
);
CREATE UNIQUE INDEX organizations_name ON organizations (lower(name));
GRANT SELECT, INSERT ON organizations TO rap_app;

CREATE TABLE memberships (
  organization_id uuid NOT NULL REFERENCES organizations,
  user_id uuid NOT NULL REFERENCES users,
  role text NOT NULL
    CHECK (role IN ('organization_user', 'organization_admin', 'organization_owner')),
  created_at bigint NOT NULL,
  PRIMARY KEY (organization_id, user_id)
);
CREATE INDEX ON memberships (user_id);
CALL rap_wall_by_organization('memberships');
CREATE POLICY own ON memberships FOR SELECT USING (user_id = rap_user());
GRANT SELECT, INSERT, UPDATE, DELETE ON memberships TO rap_app;

ALTER TABLE organizations ENABLE ROW LEVEL SECURITY;
ALTER TABLE organizations FORCE ROW LEVEL SECURITY;
CREATE POLICY platform ON organizations
  USING (rap_scope() = 'platform') WITH CHECK (rap_scope() = 'platform');
CREATE POLICY organization ON organizations FOR SELECT USING (id = rap_organization());
CREATE POLICY own ON organizations FOR SELECT USING (EXISTS (
  SELECT FROM memberships m WHERE m.organization_id = organizations.id AND m.user_id = rap_user()));

-- An organization sees the people who are its members, a person sees themselves.
ALTER TABLE users ENABLE ROW LEVEL SECURITY;
ALTER TABLE users FORCE ROW LEVEL SECURITY;
CREATE POLICY platform ON users
  USING (rap_scope() = 'platform') WITH CHECK (rap_scope() = 'platform');
CREATE POLICY organization ON users FOR SELECT USING (EXISTS (
  SELECT FROM memberships m
  WHERE m.user_id = users.id AND m.organization_id = rap_organization()));
CREATE POLICY own ON users FOR SELECT USING (id = rap_user());
