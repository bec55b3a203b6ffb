"""A node's configuration as the control plane writes it, for tests that are the control plane."""

import time


def node_config(cluster, node, name, trust_bundle_pem, **changes):
    """A relay without neighbours; `changes` are other values of its members."""
    config = {
        "version": 1, "cluster": cluster, "node": node, "node_name": name,
        "issued_at": int(time.time()), "valid_for_s": 86400, "roles": ["relay"],
        "trust_bundle_pem": trust_bundle_pem, "token_keys": [], "peers": [], "routes": [],
        "origins": [],
        "pools": [], "resources": [], "draining": False, "drain_deadline": 0,
        "degraded_classes": [], "peer_directory_version": 1, "trust_bundle_version": 1,
        "trust_bundle_floor": 0, "revocation_version": 1, "route_epoch": 1,
        "route_epoch_floor": 0, "revocations": [], "documents": []}
    assert set(changes) <= set(config), changes
    return {**config, **changes}


def peer(node, roles, classes, *, endpoints=(), draining=False, bootstrap=False, disabled=False):
    """An entry in a node's list of neighbours; with endpoints the node dials it."""
    return {"node": node, "roles": list(roles), "dial": bool(endpoints),
            "endpoints": list(endpoints), "classes": list(classes), "draining": draining,
            "disabled": disabled, "bootstrap": bootstrap}
