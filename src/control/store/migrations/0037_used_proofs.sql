-- Proofs of devices that were used for changes, which every rap-control of the database sees. Each
-- remembers for itself what it was shown, so these are for the others: a proof that one of them
-- took is no other's to take. Reads are not written down; what a nonce makes fresh is one server's
-- alone.

SELECT set_config('rap.scope', 'platform', true);

CREATE TABLE used_proofs (
  id uuid PRIMARY KEY,
  until bigint NOT NULL
);
CREATE INDEX ON used_proofs (until);
CALL rap_wall_for_platform('used_proofs');
GRANT SELECT, INSERT, DELETE ON used_proofs TO rap_app;
