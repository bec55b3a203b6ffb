-- Clusters: whatever is a cluster's carries its cluster (docs/decisions/clusters.md). One cluster
-- works as before; what was stored so far is given to the one there is.
--
-- People, organizations, platform roles and the audit chain are the platform's. Ids are random and
-- unique over all clusters; names, numbers and counters are unique within one.
--
-- Besides its scope (0001_organizations.sql) a transaction may name the one cluster it acts for:
--   rap.scope            also: cluster, for nodes' calls: that cluster's rows and no others
--   rap.cluster_id       narrows every scope to the rows of this cluster; new rows are its rows

CREATE FUNCTION rap_cluster() RETURNS uuid LANGUAGE sql STABLE
  RETURN nullif(current_setting('rap.cluster_id', true), '')::uuid;

-- After rap_wall_for_platform or rap_wall_by_organization, on a table with a cluster_id.
CREATE PROCEDURE rap_wall_by_cluster(wanted regclass) LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format($p$CREATE POLICY cluster ON %s
    USING (rap_scope() = 'cluster' AND cluster_id = rap_cluster())
    WITH CHECK (rap_scope() = 'cluster' AND cluster_id = rap_cluster())$p$, wanted);
  EXECUTE format($p$CREATE POLICY one_cluster ON %s AS RESTRICTIVE
    USING (cluster_id = coalesce(rap_cluster(), cluster_id))
    WITH CHECK (cluster_id = coalesce(rap_cluster(), cluster_id))$p$, wanted);
END $$;

-- The registry of clusters, each with its counters.

SELECT set_config('rap.scope', 'platform', true);
ALTER TABLE cluster RENAME TO clusters;
ALTER TABLE clusters DROP COLUMN only_row, ADD PRIMARY KEY (id);
-- The rows there are become this one's: the default below is worked out once, for all of them.
SELECT set_config('rap.cluster_id', (SELECT id::text FROM clusters), true);

-- Which clusters serve an organization; its egress pools are in those.
CREATE TABLE cluster_organizations (
  cluster_id uuid NOT NULL DEFAULT rap_cluster() REFERENCES clusters,
  organization_id uuid NOT NULL REFERENCES organizations,
  created_at bigint NOT NULL,
  PRIMARY KEY (cluster_id, organization_id)
);
CREATE INDEX ON cluster_organizations (organization_id);
CALL rap_wall_for_platform('cluster_organizations');
CALL rap_wall_by_cluster('cluster_organizations');
CREATE POLICY organization ON cluster_organizations FOR SELECT
  USING (organization_id = rap_organization());
GRANT SELECT, INSERT ON cluster_organizations TO rap_app;
INSERT INTO cluster_organizations
  SELECT c.id, o.id, o.created_at FROM clusters c, organizations o;

DROP POLICY scoped ON clusters;
CREATE POLICY platform ON clusters
  USING (rap_scope() = 'platform') WITH CHECK (rap_scope() = 'platform');
CREATE POLICY cluster ON clusters
  USING (rap_scope() = 'cluster' AND id = rap_cluster())
  WITH CHECK (rap_scope() = 'cluster' AND id = rap_cluster());
-- What an organization changes for nodes counts in the clusters that serve it.
CREATE POLICY organization ON clusters
  USING (EXISTS (SELECT FROM cluster_organizations o
    WHERE o.cluster_id = clusters.id AND o.organization_id = rap_organization()))
  WITH CHECK (EXISTS (SELECT FROM cluster_organizations o
    WHERE o.cluster_id = clusters.id AND o.organization_id = rap_organization()));
CREATE POLICY one_cluster ON clusters AS RESTRICTIVE
  USING (id = coalesce(rap_cluster(), id)) WITH CHECK (id = coalesce(rap_cluster(), id));

-- Every cluster's tables. What hangs on a row of a cluster refers to it together with the cluster,
-- so that no row can point into another one.

DELETE FROM trust WHERE rap_cluster() IS NULL;           -- they come with their cluster
DELETE FROM delta_counters WHERE rap_cluster() IS NULL;

DO $$
DECLARE
  wanted text;
BEGIN
  FOREACH wanted IN ARRAY ARRAY['nodes', 'admission_changes', 'trust', 'trust_bundles',
      'delta_counters', 'auth_epoch_changes', 'server_blocklist_changes', 'publications',
      'sessions'] LOOP
    EXECUTE format('ALTER TABLE %s ADD COLUMN cluster_id uuid NOT NULL DEFAULT rap_cluster() '
                   'REFERENCES clusters', wanted);
    CALL rap_wall_by_cluster(wanted::regclass);
  END LOOP;
  FOREACH wanted IN ARRAY ARRAY['node_roles', 'join_tokens', 'enrolments', 'node_certificates',
      'node_status', 'node_commands', 'node_config_documents', 'revocations', 'egress_pools',
      'egress_pool_nodes', 'resources', 'resource_grants', 'attachments', 'session_presence'] LOOP
    EXECUTE format('ALTER TABLE %s ADD COLUMN cluster_id uuid NOT NULL DEFAULT rap_cluster()',
                   wanted);
    CALL rap_wall_by_cluster(wanted::regclass);
  END LOOP;
END $$;

ALTER TABLE nodes ADD UNIQUE (cluster_id, id);
DROP INDEX nodes_name;
CREATE UNIQUE INDEX nodes_name ON nodes (cluster_id, lower(name)) WHERE state <> 'revoked';
DO $$
DECLARE
  wanted text;
BEGIN
  FOREACH wanted IN ARRAY ARRAY['node_roles', 'join_tokens', 'enrolments', 'node_certificates',
      'node_status', 'node_commands', 'node_config_documents', 'revocations', 'egress_pool_nodes',
      'session_presence'] LOOP
    EXECUTE format('ALTER TABLE %1$s DROP CONSTRAINT %1$s_node_id_fkey, '
                   'ADD FOREIGN KEY (cluster_id, node_id) REFERENCES nodes (cluster_id, id)',
                   wanted);
  END LOOP;
END $$;
ALTER TABLE join_tokens ADD UNIQUE (cluster_id, id);
ALTER TABLE enrolments DROP CONSTRAINT enrolments_join_token_id_fkey,
  ADD FOREIGN KEY (cluster_id, join_token_id) REFERENCES join_tokens (cluster_id, id);
ALTER TABLE node_certificates DROP CONSTRAINT node_certificates_pkey,
  ADD PRIMARY KEY (cluster_id, ca_ref, serial);
ALTER TABLE revocations DROP CONSTRAINT revocations_pkey,
  ADD PRIMARY KEY (cluster_id, kind, node_id, issuer_sha256, serial, key_sha256);
ALTER TABLE admission_changes DROP CONSTRAINT admission_changes_pkey,
  ADD PRIMARY KEY (cluster_id, node_id);
DROP INDEX admission_changes_number_idx;
CREATE INDEX ON admission_changes (cluster_id, number);

ALTER TABLE trust DROP COLUMN only_row, ADD PRIMARY KEY (cluster_id);
ALTER TABLE trust_bundles DROP CONSTRAINT trust_bundles_pkey, ADD PRIMARY KEY (cluster_id, version);
ALTER TABLE publications DROP CONSTRAINT publications_pkey, ADD PRIMARY KEY (cluster_id, name);
ALTER TABLE delta_counters DROP CONSTRAINT delta_counters_pkey,
  ADD PRIMARY KEY (cluster_id, stream);
ALTER TABLE auth_epoch_changes DROP CONSTRAINT auth_epoch_changes_pkey,
  DROP CONSTRAINT auth_epoch_changes_seq_key,
  ADD PRIMARY KEY (cluster_id, user_id), ADD UNIQUE (cluster_id, seq);
ALTER TABLE server_blocklist_changes DROP CONSTRAINT server_blocklist_changes_pkey,
  DROP CONSTRAINT server_blocklist_changes_seq_key,
  ADD PRIMARY KEY (cluster_id, kind, value), ADD UNIQUE (cluster_id, seq);

-- What an organization names it names once, in whichever cluster it is; so the names of pools and
-- resources stay unique in the organization.
ALTER TABLE egress_pools DROP CONSTRAINT egress_pools_pkey CASCADE,
  ADD PRIMARY KEY (cluster_id, organization_id, id),
  ADD FOREIGN KEY (cluster_id, organization_id) REFERENCES cluster_organizations;
ALTER TABLE egress_pool_nodes
  ADD FOREIGN KEY (cluster_id, organization_id, pool_id) REFERENCES egress_pools;
ALTER TABLE resources DROP CONSTRAINT resources_pkey CASCADE,
  ADD PRIMARY KEY (cluster_id, organization_id, id),
  ADD FOREIGN KEY (cluster_id, organization_id, egress_pool_id) REFERENCES egress_pools;
ALTER TABLE resource_grants ADD FOREIGN KEY (cluster_id, organization_id, resource_id)
  REFERENCES resources ON DELETE CASCADE;
ALTER TABLE sessions DROP CONSTRAINT sessions_pkey CASCADE,
  ADD PRIMARY KEY (cluster_id, organization_id, id);
ALTER TABLE attachments
  ADD FOREIGN KEY (cluster_id, organization_id, session_id) REFERENCES sessions;
ALTER TABLE session_presence
  ADD FOREIGN KEY (cluster_id, organization_id, session_id) REFERENCES sessions;

-- Values of the platform and of organizations are for every cluster that they concern; those of a
-- cluster, and of a resource, are their cluster's.
DROP TRIGGER config_changed ON config_documents;
DROP TRIGGER config_removed ON config_documents;
ALTER TABLE config_documents ADD COLUMN cluster_id uuid REFERENCES clusters;
UPDATE config_documents SET cluster_id = rap_cluster() WHERE layer IN ('cluster', 'service');
ALTER TABLE config_documents
  DROP CONSTRAINT config_documents_type_layer_organization_id_resource_id_key,
  ADD UNIQUE NULLS NOT DISTINCT (type, layer, cluster_id, organization_id, resource_id),
  ADD FOREIGN KEY (cluster_id, organization_id, resource_id) REFERENCES resources ON DELETE CASCADE,
  ADD CHECK ((layer IN ('cluster', 'service')) = (cluster_id IS NOT NULL));
CREATE POLICY cluster ON config_documents FOR SELECT
  USING (rap_scope() = 'cluster' AND (cluster_id = rap_cluster() OR (cluster_id IS NULL AND
    (organization_id IS NULL OR EXISTS (SELECT FROM cluster_organizations o
      WHERE o.cluster_id = rap_cluster()
        AND o.organization_id = config_documents.organization_id)))));
CREATE POLICY one_cluster ON config_documents AS RESTRICTIVE
  USING (cluster_id IS NULL OR cluster_id = coalesce(rap_cluster(), cluster_id))
  WITH CHECK (cluster_id IS NULL OR cluster_id = coalesce(rap_cluster(), cluster_id));

-- An entry of the audit chain, which is the platform's, says in which cluster it happened. Entries
-- of the time before, and those of no cluster, are hashed as they were.
ALTER TABLE audit_log ADD COLUMN cluster_id uuid;
ALTER TABLE audit_log ALTER COLUMN cluster_id SET DEFAULT rap_cluster();
CREATE POLICY cluster ON audit_log FOR INSERT
  WITH CHECK (rap_scope() = 'cluster' AND cluster_id = rap_cluster());
CREATE OR REPLACE FUNCTION rap_audit_hash(e audit_log) RETURNS bytea LANGUAGE sql STABLE
  RETURN sha256(e.previous_hash || convert_to((jsonb_build_array(
    e.seq, e.at, e.organization_id, e.actor_kind, e.actor_id, e.actor_name, e.action,
    e.target_kind, e.target_id, e.target_name, e.outcome, e.source_ip, e.detail)
    || CASE WHEN e.cluster_id IS NULL THEN '[]'::jsonb ELSE jsonb_build_array(e.cluster_id) END
    )::text, 'UTF8'));

SELECT set_config('rap.cluster_id', '', true);
