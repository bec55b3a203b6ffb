-- Counters, hints and numbers of a cluster move with what changes in that cluster, and not with
-- what changes in another.

-- A cluster begins with its trust and its numbers.
CREATE FUNCTION rap_begin_cluster() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO trust (cluster_id) VALUES (NEW.id);
  INSERT INTO delta_counters (cluster_id, stream) VALUES (NEW.id, 'epochs'), (NEW.id, 'blocklist');
  RETURN NULL;
END $$;
CREATE TRIGGER begin AFTER INSERT ON clusters
  FOR EACH ROW EXECUTE FUNCTION rap_begin_cluster();
GRANT INSERT ON trust, delta_counters TO rap_app;

-- The version of the configuration.

CREATE OR REPLACE FUNCTION rap_bump_config_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE clusters SET config_version = config_version + 1
    WHERE id = coalesce(NEW.cluster_id, OLD.cluster_id);
  RETURN NULL;
END $$;

DROP TRIGGER config_changed ON nodes;
DROP TRIGGER draining_changed ON nodes;
CREATE TRIGGER config_changed AFTER INSERT OR DELETE
    OR UPDATE OF name, state, seal_key, fabric_advertise, draining, drain_deadline ON nodes
  FOR EACH ROW EXECUTE FUNCTION rap_bump_config_version();
DROP TRIGGER config_changed ON node_roles;
CREATE TRIGGER config_changed AFTER INSERT OR DELETE OR UPDATE ON node_roles
  FOR EACH ROW EXECUTE FUNCTION rap_bump_config_version();
DROP TRIGGER config_changed ON egress_pool_nodes;
CREATE TRIGGER config_changed AFTER INSERT OR DELETE OR UPDATE ON egress_pool_nodes
  FOR EACH ROW EXECUTE FUNCTION rap_bump_config_version();
DROP TRIGGER config_changed ON resources;
CREATE TRIGGER config_changed AFTER INSERT OR DELETE OR UPDATE ON resources
  FOR EACH ROW EXECUTE FUNCTION rap_bump_config_version();

-- A value of no cluster changes the configuration of every cluster it concerns, so who writes it
-- must see them all.
CREATE FUNCTION rap_count_document(d config_documents) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF d.cluster_id IS NULL AND rap_cluster() IS NOT NULL THEN
    RAISE EXCEPTION 'a value of layer % is not for one cluster to write', d.layer;
  END IF;
  UPDATE clusters SET config_version = config_version + 1 WHERE CASE
    WHEN d.cluster_id IS NOT NULL THEN id = d.cluster_id
    WHEN d.organization_id IS NOT NULL THEN id IN (SELECT o.cluster_id
      FROM cluster_organizations o WHERE o.organization_id = d.organization_id)
    ELSE true END;
END $$;
CREATE FUNCTION rap_document_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN PERFORM rap_count_document(OLD);
  ELSE PERFORM rap_count_document(NEW); END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER config_changed AFTER INSERT OR UPDATE ON config_documents
  FOR EACH ROW WHEN (NEW.for_nodes) EXECUTE FUNCTION rap_document_changed();
CREATE TRIGGER config_removed AFTER DELETE ON config_documents
  FOR EACH ROW WHEN (OLD.for_nodes) EXECUTE FUNCTION rap_document_changed();

-- What is revoked, the routes, and who is admitted.

CREATE OR REPLACE FUNCTION rap_bump_revocation_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE clusters SET revocation_version = revocation_version + 1,
                      config_version = config_version + 1 WHERE id = NEW.cluster_id;
  RETURN NULL;
END $$;
DROP TRIGGER revocations_changed ON revocations;
CREATE TRIGGER revocations_changed AFTER INSERT OR UPDATE ON revocations
  FOR EACH ROW EXECUTE FUNCTION rap_bump_revocation_version();

CREATE OR REPLACE FUNCTION rap_bump_route_epoch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE clusters SET route_epoch = route_epoch + 1
    WHERE id = coalesce(NEW.cluster_id, OLD.cluster_id);
  RETURN NULL;
END $$;
DROP TRIGGER routes_changed ON nodes;
CREATE TRIGGER routes_changed AFTER UPDATE OF state, fabric_advertise, draining ON nodes
  FOR EACH ROW EXECUTE FUNCTION rap_bump_route_epoch();
DROP TRIGGER routes_changed ON node_roles;
CREATE TRIGGER routes_changed AFTER INSERT OR DELETE OR UPDATE ON node_roles
  FOR EACH ROW EXECUTE FUNCTION rap_bump_route_epoch();
DROP TRIGGER routes_changed ON egress_pool_nodes;
CREATE TRIGGER routes_changed AFTER INSERT OR DELETE OR UPDATE ON egress_pool_nodes
  FOR EACH ROW EXECUTE FUNCTION rap_bump_route_epoch();

CREATE OR REPLACE FUNCTION rap_number_admission() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  changed uuid := to_jsonb(OLD) ->> TG_ARGV[0];
  counted bigint;
BEGIN
  UPDATE clusters SET admissions = admissions + 1 WHERE id = OLD.cluster_id
    RETURNING admissions INTO STRICT counted;
  INSERT INTO admission_changes (cluster_id, node_id, number)
    VALUES (OLD.cluster_id, changed, counted)
    ON CONFLICT (cluster_id, node_id) DO UPDATE SET number = EXCLUDED.number;
  RETURN NULL;
END $$;

-- Hints name the cluster whose nodes they are for:
--   config <cluster>           every node of it; likewise epochs and blocklist
--   commands <cluster> <node>  that node; likewise end

DROP TRIGGER hint ON clusters;
DROP TRIGGER hint ON node_commands;
DROP TRIGGER hint ON nodes;
DROP TRIGGER hint ON revocations;
DROP TRIGGER hint ON auth_epoch_changes;
DROP TRIGGER hint ON server_blocklist_changes;
DROP FUNCTION rap_hint;
DROP FUNCTION rap_hint_of_node;

-- Arguments: what, the column with the cluster and, if a node is meant, the one with the node.
CREATE FUNCTION rap_hint() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  changed jsonb := to_jsonb(NEW);
BEGIN
  PERFORM pg_notify('rap_hints', concat_ws(' ', TG_ARGV[0], changed ->> TG_ARGV[1],
                                           changed ->> TG_ARGV[2]));
  RETURN NULL;
END $$;
CREATE TRIGGER hint AFTER UPDATE OF config_version ON clusters
  FOR EACH ROW EXECUTE FUNCTION rap_hint('config', 'id');
CREATE TRIGGER hint AFTER INSERT ON node_commands
  FOR EACH ROW EXECUTE FUNCTION rap_hint('commands', 'cluster_id', 'node_id');
CREATE TRIGGER hint AFTER UPDATE OF state ON nodes
  FOR EACH ROW WHEN (OLD.state = 'approved' AND NEW.state <> 'approved')
  EXECUTE FUNCTION rap_hint('end', 'cluster_id', 'id');
CREATE TRIGGER hint AFTER INSERT ON revocations
  FOR EACH ROW EXECUTE FUNCTION rap_hint('end', 'cluster_id', 'node_id');
CREATE TRIGGER hint AFTER INSERT OR UPDATE ON auth_epoch_changes
  FOR EACH ROW EXECUTE FUNCTION rap_hint('epochs', 'cluster_id');
CREATE TRIGGER hint AFTER INSERT OR UPDATE ON server_blocklist_changes
  FOR EACH ROW EXECUTE FUNCTION rap_hint('blocklist', 'cluster_id');

-- The numbers of the delta channel: each cluster counts for itself, in one history of the database.

DROP FUNCTION rap_jump_numbers;
CREATE FUNCTION rap_jump_numbers(wanted uuid, here text) RETURNS void LANGUAGE sql AS $$
  WITH jump AS (
    SELECT greatest(max(seq) + (1 << 20)::bigint,
      extract(epoch FROM clock_timestamp())::bigint << 20) AS base
    FROM delta_counters WHERE cluster_id = wanted)
  UPDATE delta_counters SET seq = base, forgotten = base, lineage = here FROM jump
    WHERE cluster_id = wanted AND lineage IS DISTINCT FROM here
$$;

CREATE OR REPLACE FUNCTION rap_begin_lineage() RETURNS void LANGUAGE sql AS $$
  SELECT set_config('rap.scope', 'platform', true), set_config('rap.cluster_id', '', true);
  UPDATE delta_counters SET lineage = 'unknown';
  SELECT rap_jump_numbers(id, rap_lineage()) FROM clusters
$$;

CREATE OR REPLACE FUNCTION rap_number_delta() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  here text := rap_lineage();
  known text;
BEGIN
  SELECT lineage INTO STRICT known FROM delta_counters
    WHERE cluster_id = NEW.cluster_id AND stream = TG_ARGV[0] FOR UPDATE;
  IF known <> here THEN PERFORM rap_jump_numbers(NEW.cluster_id, here); END IF;
  UPDATE delta_counters SET seq = seq + 1, lineage = here
    WHERE cluster_id = NEW.cluster_id AND stream = TG_ARGV[0] RETURNING seq INTO STRICT NEW.seq;
  RETURN NEW;
END $$;

-- A person's epoch is the platform's, and every cluster is told of it.
CREATE OR REPLACE FUNCTION rap_bump_auth_epoch(wanted uuid, at bigint) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
  bumped bigint;
BEGIN
  IF rap_cluster() IS NOT NULL THEN
    RAISE EXCEPTION 'the epoch of a person is not for one cluster to change';
  END IF;
  UPDATE users SET auth_epoch = auth_epoch + 1 WHERE id = wanted RETURNING auth_epoch INTO bumped;
  IF bumped IS NULL THEN RETURN NULL; END IF;
  INSERT INTO auth_epoch_changes (cluster_id, user_id, epoch, changed_at)
    SELECT c.id, wanted, bumped, at FROM clusters c ORDER BY c.id
    ON CONFLICT (cluster_id, user_id)
      DO UPDATE SET epoch = EXCLUDED.epoch, changed_at = EXCLUDED.changed_at;
  RETURN bumped;
END $$;
