-- Histories of the database. What nodes hold is numbered: configurations, commands, routes, lists.
-- Restored from a backup, or continued elsewhere from an earlier moment, the database would hand
-- out numbers for the second time, and nodes rightly refuse to go back. So a new history begins
-- there: every number jumps beyond those that the lost one can have handed out, and nodes follow
-- as they follow any change (docs/decisions/histories.md).

ALTER TABLE clusters ADD COLUMN histories bigint NOT NULL DEFAULT 1;
ALTER TABLE clusters ADD COLUMN history_began bigint NOT NULL DEFAULT 0;  -- 0: the first one
ALTER TABLE clusters ADD COLUMN lineage text;  -- as in 0016; null: nobody has looked yet
GRANT UPDATE (histories, history_began, lineage) ON clusters TO rap_app;

-- A second of time has room for 2^10 numbers (snapshot/history.hpp has the same), so what the lost
-- history has numbered is below, unless it counted faster than that from its beginning to its end.
-- `known`: a number of it that somebody has seen.
CREATE FUNCTION rap_beyond(counted bigint, known bigint, at bigint) RETURNS bigint
  LANGUAGE sql IMMUTABLE RETURN greatest(greatest(counted, known) + (1 << 10), at << 10);

-- The delta channel's numbers jump by themselves (0019), as their lineage is not known any more.
CREATE FUNCTION rap_begin_history(wanted uuid, known bigint, at bigint) RETURNS void
LANGUAGE sql AS $$
  UPDATE delta_counters SET lineage = 'unknown' WHERE cluster_id = wanted;
  SELECT rap_jump_numbers(wanted, rap_lineage());
  INSERT INTO node_status (cluster_id, node_id, command_seq)
    SELECT wanted, id, rap_beyond(0, known, at) FROM nodes WHERE cluster_id = wanted
    ON CONFLICT (node_id) DO UPDATE
      SET command_seq = rap_beyond(node_status.command_seq, known, at);
  UPDATE clusters SET config_version = rap_beyond(config_version, known, at),
    revocation_version = rap_beyond(revocation_version, known, at),
    route_epoch = rap_beyond(route_epoch, known, at),
    admissions = rap_beyond(admissions, known, at), histories = histories + 1,
    history_began = at, lineage = rap_lineage() WHERE id = wanted;
$$;

CREATE OR REPLACE FUNCTION rap_begin_lineage() RETURNS void LANGUAGE sql AS $$
  SELECT set_config('rap.scope', 'platform', true), set_config('rap.cluster_id', '', true);
  SELECT rap_begin_history(id, 0, extract(epoch FROM clock_timestamp())::bigint) FROM clusters
$$;
