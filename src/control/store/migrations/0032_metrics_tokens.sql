-- What opens GET /metrics and nothing else, for programs that scrape.

SELECT set_config('rap.scope', 'platform', true);

CREATE TABLE metrics_tokens (
  token_sha256 bytea PRIMARY KEY CHECK (length(token_sha256) = 32),
  name text NOT NULL,
  created_at bigint NOT NULL,
  created_by uuid NOT NULL REFERENCES users,
  expires_at bigint NOT NULL,
  last_used_at bigint,  -- to the minute; NULL: never
  CHECK (expires_at > created_at)
);
CREATE UNIQUE INDEX metrics_tokens_name ON metrics_tokens (lower(name));
CALL rap_wall_for_platform('metrics_tokens');
GRANT SELECT, INSERT, DELETE ON metrics_tokens TO rap_app;
GRANT UPDATE (last_used_at) ON metrics_tokens TO rap_app;
