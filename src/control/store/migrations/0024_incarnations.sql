-- Which runs of its agent a node was heard of with (nodes/incarnations.hpp): two that take turns
-- have one identity.
ALTER TABLE node_status ADD COLUMN incarnations jsonb NOT NULL DEFAULT '{}';
