-- What an organization's owner decides: which of its own hosts become nodes, and what an
-- administrator of the platform may do in the organization, for how long.

SELECT set_config('rap.scope', 'platform', true);

-- NULL: the platform's. A node of an organization serves that one alone, as an egress.
ALTER TABLE nodes ADD COLUMN organization_id uuid REFERENCES organizations;
CREATE INDEX ON nodes (organization_id) WHERE organization_id IS NOT NULL;
CREATE POLICY organization ON nodes FOR SELECT USING (organization_id = rap_organization());
CREATE POLICY organization ON enrolments FOR SELECT USING (EXISTS (
  SELECT FROM nodes n WHERE n.id = enrolments.node_id AND n.organization_id = rap_organization()));

CREATE FUNCTION rap_check_pool_node() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM nodes n WHERE n.id = NEW.node_id
      AND n.organization_id <> NEW.organization_id) THEN
    RAISE EXCEPTION 'a node of an organization serves no other' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER scoped BEFORE INSERT OR UPDATE ON egress_pool_nodes
  FOR EACH ROW EXECUTE FUNCTION rap_check_pool_node();

CREATE FUNCTION rap_check_node_role() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.role <> 'egress' AND EXISTS (SELECT FROM nodes n WHERE n.id = NEW.node_id
      AND n.organization_id IS NOT NULL) THEN
    RAISE EXCEPTION 'a node of an organization is an egress' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER scoped BEFORE INSERT OR UPDATE ON node_roles
  FOR EACH ROW EXECUTE FUNCTION rap_check_node_role();

CREATE TABLE delegations (
  organization_id uuid REFERENCES organizations,  -- NULL: by the platform's owner
  user_id uuid NOT NULL REFERENCES users,
  delegated text NOT NULL CHECK (delegated IN ('approve_nodes', 'manage')),
  created_at bigint NOT NULL,
  created_by uuid NOT NULL REFERENCES users,
  expires_at bigint NOT NULL,
  CHECK (expires_at > created_at),
  CHECK (organization_id IS NOT NULL OR delegated = 'approve_nodes'),
  UNIQUE NULLS NOT DISTINCT (organization_id, user_id, delegated)
);
CREATE INDEX ON delegations (user_id);
CALL rap_wall_by_organization('delegations');
GRANT SELECT, INSERT, DELETE ON delegations TO rap_app;
GRANT UPDATE (created_at, created_by, expires_at) ON delegations TO rap_app;
