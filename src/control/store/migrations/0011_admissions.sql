-- Counts whatever decides over which node is admitted with which certificate, so that a server can
-- tell that nothing has changed since it looked.

ALTER TABLE cluster ADD COLUMN admissions bigint NOT NULL DEFAULT 1;
GRANT UPDATE (admissions) ON cluster TO rap_app;

CREATE FUNCTION rap_count_admission() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE cluster SET admissions = admissions + 1;
  RETURN NULL;
END $$;

CREATE TRIGGER admissions_changed AFTER DELETE OR UPDATE OF state ON nodes
  FOR EACH STATEMENT EXECUTE FUNCTION rap_count_admission();
CREATE TRIGGER admissions_changed AFTER DELETE OR UPDATE OF status ON node_certificates
  FOR EACH STATEMENT EXECUTE FUNCTION rap_count_admission();
