-- Which high-risk events of a node are in the audit log, and how many more may come
-- (link/security_audit.hpp).
ALTER TABLE node_status ADD COLUMN audited_events jsonb NOT NULL DEFAULT '{}';
