-- A node that is disabled may be enabled again, and then its certificates are good again: RFC 5280
-- calls that certificateHold. What was revoked for itself stays revoked.
ALTER TABLE node_certificates ADD COLUMN held_status text
  CHECK (held_status IN ('active', 'retiring'));  -- what it was before its node was disabled
GRANT UPDATE (held_status) ON node_certificates TO rap_app;
