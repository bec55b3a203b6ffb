-- What an organization's owner decides of its own hosts: who disabled one.

SELECT set_config('rap.scope', 'platform', true);

-- A host of an organization may be shut by the platform, by the organization's owner, or by both. It
-- takes part again when each has taken back what it did.
ALTER TABLE nodes ADD COLUMN disabled_by_platform boolean NOT NULL DEFAULT false;
ALTER TABLE nodes ADD COLUMN disabled_by_organization boolean NOT NULL DEFAULT false;
UPDATE nodes SET disabled_by_platform = true WHERE state = 'disabled';
ALTER TABLE nodes
  ADD CHECK (state = 'disabled' OR NOT (disabled_by_platform OR disabled_by_organization)),
  ADD CHECK (organization_id IS NOT NULL OR NOT disabled_by_organization);
