-- What is signed once for all who ask: lists of revoked certificates. Several servers share one, so
-- that its version, or number, stands for one content.
CREATE TABLE publications (
  name text PRIMARY KEY,
  version bigint NOT NULL DEFAULT 0,
  admissions bigint NOT NULL DEFAULT 0,  -- of the cluster, when its content was looked up
  digest text NOT NULL DEFAULT '',       -- of its content
  issued_at bigint NOT NULL DEFAULT 0,
  body text NOT NULL DEFAULT ''
);
CALL rap_wall_for_platform('publications');
GRANT SELECT, INSERT, UPDATE ON publications TO rap_app;

CREATE INDEX ON node_certificates (not_after) WHERE status = 'revoked';
