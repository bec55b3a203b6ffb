"""What the benches share: their small form, times of many, and where results go."""

import json


def options_of(parser, **small):
    """The command line's options. With --quick they are these small ones: everything is done once,
    as the test suite does it, and nothing that was measured before is replaced."""
    parser.add_argument("--quick", action="store_true",
                        help="run everything once and small, to see that it works")
    options = parser.parse_args()
    if options.quick:
        vars(options).update(small)
    return options


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


def write(root, name, result, options):
    if options.quick:
        print("\nit works; nothing is written with --quick")
        return
    output = root / "build" / f"{name}.json"
    output.write_text(json.dumps(result, indent=1) + "\n")
    print(f"\nwritten: {output.relative_to(root)}")
