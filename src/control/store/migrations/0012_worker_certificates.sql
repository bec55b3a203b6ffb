-- An entry node meets clients with a certificate of its own (PK-2), beside the one it meets nodes
-- with. Both are in the inventory; OCSP looks them up by serial.
ALTER TABLE node_certificates ADD COLUMN kind text NOT NULL DEFAULT 'node'
  CHECK (kind IN ('node', 'worker'));
CREATE INDEX ON node_certificates (serial);
