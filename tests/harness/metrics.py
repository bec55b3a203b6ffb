"""Metrics as Prometheus reads them."""


def parse(text):
    """{sample with its labels: value}."""
    return {name: float(value) for name, value in
            (line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))}
