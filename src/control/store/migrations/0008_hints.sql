-- Hints: what a transaction changed for nodes is announced when it commits, and only then, to every
-- server that listens, whichever of them made the change. A hint says where to look and nothing
-- more:
--   config           every node: there may be a new configuration
--   commands <node>  that node: there are new commands
--   end <node>       that node's rights have changed: end its stream, it may come again if it can

CREATE FUNCTION rap_hint() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('rap_hints', TG_ARGV[0]);
  RETURN NULL;
END $$;

-- Arguments: what, and the column with the node.
CREATE FUNCTION rap_hint_of_node() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('rap_hints', TG_ARGV[0] || ' ' || (to_jsonb(NEW) ->> TG_ARGV[1]));
  RETURN NULL;
END $$;

CREATE TRIGGER hint AFTER UPDATE OF config_version ON cluster
  FOR EACH STATEMENT EXECUTE FUNCTION rap_hint('config');
CREATE TRIGGER hint AFTER INSERT ON node_commands
  FOR EACH ROW EXECUTE FUNCTION rap_hint_of_node('commands', 'node_id');
CREATE TRIGGER hint AFTER UPDATE OF state ON nodes
  FOR EACH ROW WHEN (OLD.state = 'approved' AND NEW.state <> 'approved')
  EXECUTE FUNCTION rap_hint_of_node('end', 'id');
CREATE TRIGGER hint AFTER INSERT ON revocations
  FOR EACH ROW EXECUTE FUNCTION rap_hint_of_node('end', 'node_id');
