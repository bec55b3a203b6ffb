-- A resource that is disabled keeps its grants; nobody reaches it, and no node is told of it.
ALTER TABLE resources ADD disabled_at bigint;
GRANT UPDATE (disabled_at) ON resources TO rap_app;
