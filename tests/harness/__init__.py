"""Real programs in temporary folders, on addresses of their own, for the tests and the benchmark."""
