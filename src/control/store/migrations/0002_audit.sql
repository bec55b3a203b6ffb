-- The audit log (SE-2): append-only, tamper-evident. Each entry's hash covers its content and the
-- hash of the entry before it, so a changed, removed or inserted entry breaks the chain there.

CREATE TABLE audit_log (
  seq bigint PRIMARY KEY,
  at bigint NOT NULL,
  organization_id uuid,  -- NULL: a matter of the platform
  actor_kind text NOT NULL CHECK (actor_kind IN ('user', 'node', 'system', 'anonymous')),
  actor_id text NOT NULL,
  actor_name text NOT NULL,
  action text NOT NULL,
  target_kind text NOT NULL,
  target_id text NOT NULL,
  target_name text NOT NULL,
  outcome text NOT NULL CHECK (outcome IN ('ok', 'denied')),
  source_ip text NOT NULL,
  detail jsonb NOT NULL,
  previous_hash bytea NOT NULL,
  hash bytea NOT NULL
);
CREATE INDEX ON audit_log (organization_id, seq);
CALL rap_wall_by_organization('audit_log');
-- A person's own doings outside any organization (sign-out) are written under their own scope.
CREATE POLICY own ON audit_log FOR INSERT
  WITH CHECK (organization_id IS NULL AND actor_id = rap_user()::text);
GRANT SELECT, INSERT ON audit_log TO rap_app;

-- The newest entry. Its row lock puts writers in order; nobody but the trigger below may touch it.
CREATE TABLE audit_head (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  seq bigint NOT NULL,
  hash bytea NOT NULL
);
INSERT INTO audit_head (seq, hash) VALUES (0, decode(repeat('00', 32), 'hex'));
ALTER TABLE audit_head ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_head FORCE ROW LEVEL SECURITY;
CREATE POLICY chain ON audit_head TO rap_owner USING (true) WITH CHECK (true);

-- What the hash covers: the columns in order as a JSON array in PostgreSQL's text form of jsonb.
CREATE FUNCTION rap_audit_hash(e audit_log) RETURNS bytea LANGUAGE sql STABLE
  RETURN sha256(e.previous_hash || convert_to(jsonb_build_array(
    e.seq, e.at, e.organization_id, e.actor_kind, e.actor_id, e.actor_name, e.action,
    e.target_kind, e.target_id, e.target_name, e.outcome, e.source_ip, e.detail)::text, 'UTF8'));

CREATE FUNCTION rap_audit_chain() RETURNS trigger LANGUAGE plpgsql
  SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  head audit_head;
BEGIN
  SELECT * INTO STRICT head FROM audit_head FOR UPDATE;
  NEW.seq := head.seq + 1;
  NEW.previous_hash := head.hash;
  NEW.hash := rap_audit_hash(NEW);
  UPDATE audit_head SET seq = NEW.seq, hash = NEW.hash;
  RETURN NEW;
END $$;
CREATE TRIGGER chain BEFORE INSERT ON audit_log
  FOR EACH ROW EXECUTE FUNCTION rap_audit_chain();

CREATE FUNCTION rap_audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the audit log is append-only';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON audit_log
  FOR EACH ROW EXECUTE FUNCTION rap_audit_refuse();
CREATE TRIGGER never_truncated BEFORE TRUNCATE ON audit_log
  FOR EACH STATEMENT EXECUTE FUNCTION rap_audit_refuse();

-- Recomputes the chain: how many entries, the head, and the first entry that does not fit. Sees all
-- entries whatever the policies, because it belongs to the platform's scope only.
CREATE FUNCTION rap_audit_verify()
  RETURNS TABLE (entries bigint, head_hash bytea, first_broken bigint) LANGUAGE plpgsql
  SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  head audit_head;
BEGIN
  IF rap_scope() IS DISTINCT FROM 'platform' THEN
    RAISE EXCEPTION 'only the platform verifies the whole audit log';
  END IF;
  SELECT * INTO STRICT head FROM audit_head;
  SELECT count(*) INTO entries FROM audit_log;
  SELECT min(c.seq) INTO first_broken FROM (
    SELECT e.seq, e.previous_hash, e.hash, rap_audit_hash(e) AS expected,
           row_number() OVER w AS place,
           lag(e.hash, 1, decode(repeat('00', 32), 'hex')) OVER w AS before
    FROM audit_log e WINDOW w AS (ORDER BY e.seq)) c
  WHERE c.seq <> c.place OR c.previous_hash <> c.before OR c.hash <> c.expected;
  -- The newest entries were cut off.
  IF first_broken IS NULL AND (entries <> head.seq
      OR head.hash <> coalesce((SELECT e.hash FROM audit_log e WHERE e.seq = head.seq),
                               decode(repeat('00', 32), 'hex'))) THEN
    first_broken := entries + 1;
  END IF;
  head_hash := head.hash;
  RETURN NEXT;
END $$;
