-- The control plane's own certificates are in the inventory too (PK-6), of no node: they are looked
-- up by OCSP, revoked, and denied like those of nodes.

ALTER TABLE node_certificates ALTER COLUMN node_id DROP NOT NULL,
  DROP CONSTRAINT node_certificates_kind_check,
  ADD CHECK (kind IN ('node', 'worker', 'control')),
  ADD CHECK ((kind = 'control') = (node_id IS NULL));

ALTER TABLE revocations DROP CONSTRAINT revocations_pkey,
  ALTER COLUMN node_id DROP NOT NULL,
  ADD UNIQUE NULLS NOT DISTINCT (cluster_id, kind, node_id, issuer_sha256, serial, key_sha256),
  ADD CHECK (kind <> 'node' OR node_id IS NOT NULL);

-- What is published of certificates counts admissions; no node's admission changed.
CREATE OR REPLACE FUNCTION rap_number_admission() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  changed uuid := to_jsonb(OLD) ->> TG_ARGV[0];
  counted bigint;
BEGIN
  UPDATE clusters SET admissions = admissions + 1 WHERE id = OLD.cluster_id
    RETURNING admissions INTO STRICT counted;
  IF changed IS NOT NULL THEN
    INSERT INTO admission_changes (cluster_id, node_id, number)
      VALUES (OLD.cluster_id, changed, counted)
      ON CONFLICT (cluster_id, node_id) DO UPDATE SET number = EXCLUDED.number;
  END IF;
  RETURN NULL;
END $$;
