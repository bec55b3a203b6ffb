-- Route epochs (CH-7): every change of who neighbours whom and where flows may go begins a new one.
-- The floor is an administrator's: below it a node is refused by its neighbours until it has caught
-- up. It does not follow by itself, or a node that the control plane cannot reach would lose, with
-- the first change elsewhere, the channels it may still have.

ALTER TABLE cluster ADD COLUMN route_epoch bigint NOT NULL DEFAULT 1;
ALTER TABLE cluster ADD COLUMN route_epoch_floor bigint NOT NULL DEFAULT 0;
GRANT UPDATE (route_epoch, route_epoch_floor) ON cluster TO rap_app;

CREATE FUNCTION rap_bump_route_epoch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE cluster SET route_epoch = route_epoch + 1;
  RETURN NULL;
END $$;

CREATE TRIGGER routes_changed AFTER UPDATE OF state, fabric_advertise, draining ON nodes
  FOR EACH STATEMENT EXECUTE FUNCTION rap_bump_route_epoch();
CREATE TRIGGER routes_changed AFTER INSERT OR DELETE OR UPDATE ON node_roles
  FOR EACH STATEMENT EXECUTE FUNCTION rap_bump_route_epoch();
CREATE TRIGGER routes_changed AFTER INSERT OR DELETE OR UPDATE ON egress_pool_nodes
  FOR EACH STATEMENT EXECUTE FUNCTION rap_bump_route_epoch();
