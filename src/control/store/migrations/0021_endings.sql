-- Whatever can be made can be changed and removed, and what has ended is not kept for ever.

SELECT set_config('rap.scope', 'platform', true);

-- Nobody uses anything of a disabled organization, but it keeps all it has. A removed one is a
-- tombstone for the audit log and old sessions; its name is free.
ALTER TABLE organizations ADD COLUMN disabled_at bigint;
ALTER TABLE organizations ADD COLUMN removed_at bigint;
DROP INDEX organizations_name;
CREATE UNIQUE INDEX organizations_name ON organizations (lower(name)) WHERE removed_at IS NULL;
GRANT UPDATE (name, disabled_at, removed_at) ON organizations TO rap_app;
GRANT DELETE ON cluster_organizations TO rap_app;

GRANT UPDATE (name) ON egress_pools TO rap_app;
GRANT DELETE ON egress_pools TO rap_app;
GRANT UPDATE (name, protocol, host, port, egress_pool_id, ssh_host_key) ON resources TO rap_app;

-- Ended sessions go after a while, and so do the attachments of a session that lives for long.
GRANT DELETE ON sessions, attachments TO rap_app;
CREATE INDEX sessions_ended ON sessions (changed_at) WHERE state = 'terminated';
CREATE INDEX ON attachments (created_at);
