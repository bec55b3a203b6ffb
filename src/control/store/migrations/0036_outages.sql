-- Outages of the database are sought in the audit log whenever nodes are listed: however long the
-- log is, they are found at once.

CREATE INDEX audit_log_outages ON audit_log (seq) WHERE action = 'database.was_away';
