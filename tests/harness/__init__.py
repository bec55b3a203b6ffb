"""Real programs in temporary folders, on addresses of their own, for the integration and lab tests."""
