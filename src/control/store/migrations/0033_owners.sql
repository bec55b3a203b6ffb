-- What an organization decides of its own hosts and people: who disabled a host, whom it invited.

SELECT set_config('rap.scope', 'platform', true);

-- A host of an organization may be shut by the platform, by the organization's owner, or by both.
-- It takes part again when each has taken back what it did.
ALTER TABLE nodes ADD COLUMN disabled_by_platform boolean NOT NULL DEFAULT false;
ALTER TABLE nodes ADD COLUMN disabled_by_organization boolean NOT NULL DEFAULT false;
UPDATE nodes SET disabled_by_platform = true WHERE state = 'disabled';
ALTER TABLE nodes
  ADD CHECK (state = 'disabled' OR NOT (disabled_by_platform OR disabled_by_organization)),
  ADD CHECK (organization_id IS NOT NULL OR NOT disabled_by_organization);

-- A membership that waits for the person of that address to accept. A row names an address and
-- refers to no account of it: whether there is one, an organization does not learn.
CREATE TABLE invitations (
  organization_id uuid NOT NULL REFERENCES organizations,
  email text NOT NULL CHECK (email = lower(email)),
  role text NOT NULL
    CHECK (role IN ('organization_user', 'organization_admin', 'organization_owner')),
  created_at bigint NOT NULL,
  created_by uuid NOT NULL REFERENCES users,
  expires_at bigint NOT NULL CHECK (expires_at > created_at),
  PRIMARY KEY (organization_id, email)
);
CREATE INDEX ON invitations (email);
CALL rap_wall_by_organization('invitations');
GRANT SELECT, INSERT, DELETE ON invitations TO rap_app;
GRANT UPDATE (role, created_at, created_by, expires_at) ON invitations TO rap_app;
