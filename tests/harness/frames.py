"""The fabric's frame, written from docs/protocol and not from the code: a second opinion."""

import struct

HEADER = struct.Struct(">BBHI")
MAX_PAYLOAD = 16 * 1024 - HEADER.size

HELLO, HEARTBEAT, HEARTBEAT_ACK, GOODBYE = 0x01, 0x02, 0x03, 0x04
FLOW_ACCEPT, FLOW_REFUSE, DATA, CREDIT, RESET = 0x12, 0x13, 0x14, 0x15, 0x17
FLOW_REQUEST, FLOW_RESUME, FLOW_ATTACH = 0x19, 0x1a, 0x1b
FLOW_CONFIRM, FLOW_ACK, FLOW_END, FLOW_CLOSE = 0x1c, 0x1d, 0x1e, 0x1f

CLASSES = ("fabric_control", "route_control", "health", "telemetry", "render", "input", "clipboard",
           "file_transfer", "storage_fetch", "update_fetch", "vpn_packet")
INPUT = CLASSES.index("input")
FILE_TRANSFER = CLASSES.index("file_transfer")

REASONS = (None, "protocol_error", "unknown_label", "flow_control", "limit_reached",
           "token_invalid", "token_expired", "token_replayed", "wrong_cluster", "wrong_entry",
           "wrong_resource", "channel_class_denied", "session_ended", "no_route", "hop_limit",
           "seal_failed", "target_unreachable", "target_refused", "target_timeout", "peer_lost",
           "setup_timeout", "shutting_down", "not_ready", "signed_out",
           "blocklisted", "target_denied", "lookup_limit", "target_reset",
           "out_of_sequence", "tail_gone", "unknown_flow", "hold_expired", "superseded",
           "proof_invalid")

_FLOW_REQUEST = struct.Struct(">16sH")
_FLOW_ATTACH = struct.Struct(">16sBB32s")
_HELLO = struct.Struct(">H16s16s16sBHIQQQQB")
INTERACTIVE, BULK = 0, 1


def frame(kind, label=0, payload=b"", traffic_class=INPUT, length=None):
    """One frame's bytes; `length` may lie."""
    return HEADER.pack(kind, traffic_class, len(payload) if length is None else length,
                       label) + payload


def split(buffer):
    """(frames, rest): each frame is (type, class, label, payload)."""
    found = []
    while len(buffer) >= HEADER.size:
        kind, traffic_class, length, label = HEADER.unpack_from(buffer)
        end = HEADER.size + length
        if len(buffer) < end:
            break
        found.append((kind, traffic_class, label, bytes(buffer[HEADER.size:end])))
        buffer = buffer[end:]
    return found, buffer


def hello(cluster, node, *, version=2, channel=b"c" * 16, lane=INTERACTIVE,
          classes=(1 << len(CLASSES)) - 1, config_version=1, peer_directory_version=0,
          trust_bundle_version=0, route_epoch=0, draining=False, degraded=False):
    """A hello payload (CH-4); ids are 16 bytes."""
    return _HELLO.pack(version, cluster, node, channel, lane, classes, 0, config_version,
                       peer_directory_version, trust_bundle_version, route_epoch,
                       int(draining) | int(degraded) << 1)


def flow_request(egress, token, first_message):
    """A payload of a client's; `egress` is 16 bytes."""
    return _FLOW_REQUEST.pack(egress, len(token)) + token + first_message


def flow_attach(egress=bytes(16), first_message=b"sealed", hops=8):
    """A payload of a node's, for a new flow whose token nobody knows."""
    return _FLOW_ATTACH.pack(egress, hops, 1, bytes(32)) + first_message


def credit(label, amount, traffic_class=INPUT):
    return frame(CREDIT, label, struct.pack(">I", amount), traffic_class)


def reason(payload):
    return REASONS[payload[0]]
