-- What an organization reaches: resources behind egress pools, and their grants. Foreign keys
-- carry the organization along, so that no row can point into another organization.

CREATE TABLE egress_pools (
  organization_id uuid NOT NULL REFERENCES organizations,
  id uuid NOT NULL UNIQUE,
  name text NOT NULL,
  created_at bigint NOT NULL,
  PRIMARY KEY (organization_id, id)
);
CREATE UNIQUE INDEX egress_pools_name ON egress_pools (organization_id, lower(name));
CALL rap_wall_by_organization('egress_pools');
GRANT SELECT, INSERT ON egress_pools TO rap_app;

-- Which nodes serve a pool is topology: the platform's, although the pool is an organization's.
CREATE TABLE egress_pool_nodes (
  organization_id uuid NOT NULL,
  pool_id uuid NOT NULL,
  node_id uuid NOT NULL REFERENCES nodes,
  PRIMARY KEY (pool_id, node_id),
  FOREIGN KEY (organization_id, pool_id) REFERENCES egress_pools
);
CREATE INDEX ON egress_pool_nodes (node_id);
CALL rap_wall_for_platform('egress_pool_nodes');
GRANT SELECT, INSERT, DELETE ON egress_pool_nodes TO rap_app;

CREATE TABLE resources (
  organization_id uuid NOT NULL REFERENCES organizations,
  id uuid NOT NULL UNIQUE,
  name text NOT NULL,
  protocol text NOT NULL CHECK (protocol IN ('ssh', 'tcp')),
  host text NOT NULL,
  port integer NOT NULL CHECK (port BETWEEN 1 AND 65535),
  egress_pool_id uuid NOT NULL,
  ssh_host_key text,
  created_at bigint NOT NULL,
  PRIMARY KEY (organization_id, id),
  FOREIGN KEY (organization_id, egress_pool_id) REFERENCES egress_pools
);
CREATE UNIQUE INDEX resources_name ON resources (organization_id, lower(name));
CALL rap_wall_by_organization('resources');
GRANT SELECT, INSERT, DELETE ON resources TO rap_app;

CREATE TABLE resource_grants (
  organization_id uuid NOT NULL,
  resource_id uuid NOT NULL,
  user_id uuid NOT NULL,
  created_at bigint NOT NULL,
  PRIMARY KEY (resource_id, user_id),
  FOREIGN KEY (organization_id, resource_id) REFERENCES resources ON DELETE CASCADE,
  FOREIGN KEY (organization_id, user_id) REFERENCES memberships ON DELETE CASCADE
);
CREATE INDEX ON resource_grants (user_id);
CALL rap_wall_by_organization('resource_grants');
CREATE POLICY own ON resource_grants FOR SELECT USING (user_id = rap_user());
GRANT SELECT, INSERT, DELETE ON resource_grants TO rap_app;
GRANT UPDATE (created_at) ON resource_grants TO rap_app;  -- so that it may lock a row

CREATE POLICY own ON resources FOR SELECT USING (EXISTS (
  SELECT FROM resource_grants g WHERE g.resource_id = resources.id AND g.user_id = rap_user()));

CREATE TRIGGER config_changed AFTER INSERT OR DELETE OR UPDATE ON egress_pool_nodes
  FOR EACH STATEMENT EXECUTE FUNCTION rap_bump_config_version();
CREATE TRIGGER config_changed AFTER INSERT OR DELETE OR UPDATE ON resources
  FOR EACH STATEMENT EXECUTE FUNCTION rap_bump_config_version();
