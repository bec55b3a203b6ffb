-- Which notices of a node the audit log was told of, and when (nodes/noticing.hpp).
ALTER TABLE node_status ADD COLUMN told_notices jsonb NOT NULL DEFAULT '{}';

-- A revoked node that is deleted is listed no more. Its row stays: what was issued to it is denied
-- until it expires, and the audit log names it.
ALTER TABLE nodes ADD COLUMN removed_at bigint CHECK (removed_at IS NULL OR state = 'revoked');
