-- A node of an organization serves that organization alone, as an egress: whoever writes, and
-- whatever rows they may see. The checks of 0031 saw what the writer saw, and an organization sees
-- none but its own nodes; and they did not ask again when a node changed hands.
--
-- Here they look with the platform's eyes, and hold the node as it is until the writer is done. A
-- function cannot bring settings of its own without a superuser, so each puts back what it found;
-- an error takes the settings back with everything else.

CREATE FUNCTION rap_owner_of_node(wanted uuid) RETURNS uuid LANGUAGE plpgsql
  SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  scope text := coalesce(current_setting('rap.scope', true), '');
  cluster text := coalesce(current_setting('rap.cluster_id', true), '');
  owner uuid;
BEGIN
  PERFORM set_config('rap.scope', 'platform', true), set_config('rap.cluster_id', '', true);
  SELECT n.organization_id INTO owner FROM nodes n WHERE n.id = wanted FOR SHARE;
  PERFORM set_config('rap.scope', scope, true), set_config('rap.cluster_id', cluster, true);
  RETURN owner;
END $$;
REVOKE EXECUTE ON FUNCTION rap_owner_of_node FROM PUBLIC;

CREATE OR REPLACE FUNCTION rap_check_pool_node() RETURNS trigger LANGUAGE plpgsql
  SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF rap_owner_of_node(NEW.node_id) <> NEW.organization_id THEN
    RAISE EXCEPTION 'a node of an organization serves no other' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;

CREATE OR REPLACE FUNCTION rap_check_node_role() RETURNS trigger LANGUAGE plpgsql
  SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF rap_owner_of_node(NEW.node_id) IS NOT NULL AND NEW.role <> 'egress' THEN
    RAISE EXCEPTION 'a node of an organization is an egress' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;

CREATE FUNCTION rap_check_changed_hands() RETURNS trigger LANGUAGE plpgsql
  SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  scope text := coalesce(current_setting('rap.scope', true), '');
  cluster text := coalesce(current_setting('rap.cluster_id', true), '');
BEGIN
  PERFORM set_config('rap.scope', 'platform', true), set_config('rap.cluster_id', '', true);
  IF EXISTS (SELECT FROM egress_pool_nodes p WHERE p.node_id = NEW.id) THEN
    RAISE EXCEPTION 'a node that serves a pool does not change hands'
      USING ERRCODE = 'check_violation';
  END IF;
  IF NEW.organization_id IS NOT NULL AND EXISTS (SELECT FROM node_roles r
      WHERE r.node_id = NEW.id AND r.role <> 'egress') THEN
    RAISE EXCEPTION 'a node of an organization is an egress' USING ERRCODE = 'check_violation';
  END IF;
  PERFORM set_config('rap.scope', scope, true), set_config('rap.cluster_id', cluster, true);
  RETURN NEW;
END $$;
CREATE TRIGGER changed_hands BEFORE UPDATE OF organization_id ON nodes
  FOR EACH ROW WHEN (NEW.organization_id IS DISTINCT FROM OLD.organization_id)
  EXECUTE FUNCTION rap_check_changed_hands();
