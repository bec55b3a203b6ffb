-- Each request with a device's bearer asks whether the device is blocked.
CREATE INDEX ON server_blocklist_changes (value) WHERE kind = 'device';
