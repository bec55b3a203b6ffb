-- What gives a right or a way can be shut for a while and opened again, with all it had: egress
-- pools, memberships, grants, metrics tokens.

SELECT set_config('rap.scope', 'platform', true);

-- Nobody reaches what is behind a disabled pool, and no node is told of it.
ALTER TABLE egress_pools ADD disabled_at bigint;
GRANT UPDATE (disabled_at) ON egress_pools TO rap_app;
CREATE TRIGGER config_changed AFTER UPDATE OF disabled_at ON egress_pools
  FOR EACH ROW EXECUTE FUNCTION rap_bump_config_version();

-- Whose membership is disabled has no role in the organization and reaches nothing of it; the role,
-- and the grants, wait.
ALTER TABLE memberships ADD disabled_at bigint;
DROP POLICY own ON organizations;
CREATE POLICY own ON organizations FOR SELECT USING (EXISTS (
  SELECT FROM memberships m WHERE m.organization_id = organizations.id AND m.user_id = rap_user()
    AND m.disabled_at IS NULL));

ALTER TABLE resource_grants ADD disabled_at bigint;
GRANT UPDATE (disabled_at) ON resource_grants TO rap_app;
DROP POLICY own ON resources;
CREATE POLICY own ON resources FOR SELECT USING (EXISTS (
  SELECT FROM resource_grants g JOIN memberships m
    ON m.organization_id = g.organization_id AND m.user_id = g.user_id
  WHERE g.resource_id = resources.id AND g.user_id = rap_user()
    AND g.disabled_at IS NULL AND m.disabled_at IS NULL));

ALTER TABLE metrics_tokens ADD disabled_at bigint;
GRANT UPDATE (disabled_at) ON metrics_tokens TO rap_app;
