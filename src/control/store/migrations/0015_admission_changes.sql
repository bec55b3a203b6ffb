-- Of which node the admission changed last, and as which of all changes: a server that remembers
-- thousands of admitted nodes forgets those that changed and keeps the others.

CREATE TABLE admission_changes (
  node_id uuid PRIMARY KEY,  -- of a node that may be gone
  number bigint NOT NULL
);
CREATE INDEX ON admission_changes (number);
CALL rap_wall_for_platform('admission_changes');
GRANT SELECT, INSERT, UPDATE ON admission_changes TO rap_app;

DROP TRIGGER admissions_changed ON nodes;
DROP TRIGGER admissions_changed ON node_certificates;
DROP FUNCTION rap_count_admission;

-- Argument: the column that names the node. The cluster's row stays locked until the transaction
-- ends, so numbers become visible in order: who has seen N has seen all below.
CREATE FUNCTION rap_number_admission() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  changed uuid := to_jsonb(OLD) ->> TG_ARGV[0];
  next bigint;
BEGIN
  UPDATE cluster SET admissions = admissions + 1 RETURNING admissions INTO next;
  INSERT INTO admission_changes VALUES (changed, next)
    ON CONFLICT (node_id) DO UPDATE SET number = EXCLUDED.number;
  RETURN NULL;
END $$;

CREATE TRIGGER admissions_changed AFTER DELETE OR UPDATE OF state ON nodes
  FOR EACH ROW EXECUTE FUNCTION rap_number_admission('id');
CREATE TRIGGER admissions_changed AFTER DELETE OR UPDATE OF status ON node_certificates
  FOR EACH ROW EXECUTE FUNCTION rap_number_admission('node_id');
