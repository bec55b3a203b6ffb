"""Real programs in temporary folders, on addresses of their own."""
