-- Configuration by registered type (CP-7): one value per type and scope. A value of an
-- organization, or of one of its resources, is behind that organization's wall; those of the
-- platform and the cluster are the platform's.

CREATE SEQUENCE config_documents_version;
GRANT USAGE ON SEQUENCE config_documents_version TO rap_app;

CREATE TABLE config_documents (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  type text NOT NULL,
  layer text NOT NULL CHECK (layer IN ('platform', 'cluster', 'organization', 'service')),
  organization_id uuid REFERENCES organizations,
  resource_id uuid,
  version bigint NOT NULL,     -- never the same for two values, and grows
  value text NOT NULL,         -- a JSON object, in the form in which it is signed
  for_nodes boolean NOT NULL,  -- is any node told of it?
  changed_at bigint NOT NULL,
  changed_by uuid NOT NULL REFERENCES users,
  UNIQUE NULLS NOT DISTINCT (type, layer, organization_id, resource_id),
  FOREIGN KEY (organization_id, resource_id) REFERENCES resources ON DELETE CASCADE,
  CHECK ((layer IN ('organization', 'service')) = (organization_id IS NOT NULL)),
  CHECK ((layer = 'service') = (resource_id IS NOT NULL))
);
CREATE INDEX ON config_documents (organization_id);
CALL rap_wall_by_organization('config_documents');
GRANT SELECT, INSERT, UPDATE, DELETE ON config_documents TO rap_app;

CREATE TRIGGER config_changed AFTER INSERT OR UPDATE ON config_documents
  FOR EACH ROW WHEN (NEW.for_nodes) EXECUTE FUNCTION rap_bump_config_version();
CREATE TRIGGER config_removed AFTER DELETE ON config_documents
  FOR EACH ROW WHEN (OLD.for_nodes) EXECUTE FUNCTION rap_bump_config_version();

-- Which version of a value a node runs with, and what it last said it could not use.
CREATE TABLE node_config_documents (
  node_id uuid NOT NULL REFERENCES nodes,
  document_id uuid NOT NULL REFERENCES config_documents ON DELETE CASCADE,
  version bigint NOT NULL DEFAULT 0,
  applied_at bigint,
  error text NOT NULL DEFAULT '',
  error_at bigint,
  PRIMARY KEY (node_id, document_id)
);
CREATE INDEX ON node_config_documents (document_id);
CALL rap_wall_for_platform('node_config_documents');
GRANT SELECT, INSERT, UPDATE, DELETE ON node_config_documents TO rap_app;
