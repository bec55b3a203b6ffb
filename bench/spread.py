"""Times of many, as a bench reports them."""

import json


def percentile(values, part):
    """The nearest rank."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -(-len(ordered) * part // 100) - 1))]


def row(name, seconds):
    ms = [1000 * s for s in seconds]
    return {"name": name, "unit": "ms", "better": "lower", "count": len(ms),
            "p50": round(percentile(ms, 50), 1), "p99": round(percentile(ms, 99), 1),
            "max": round(max(ms), 1)}


def show(rows):
    width = max(len(r["name"]) for r in rows)
    print(f"\n{'':{width}} {'count':>6} {'p50 ms':>9} {'p99 ms':>9} {'max ms':>9}")
    for r in rows:
        print(f"{r['name']:{width}} {r['count']:6} {r['p50']:9.1f} {r['p99']:9.1f} "
              f"{r['max']:9.1f}")


def write(root, name, result):
    output = root / "build" / f"{name}.json"
    output.write_text(json.dumps(result, indent=1) + "\n")
    print(f"\nwritten: {output.relative_to(root)}")
