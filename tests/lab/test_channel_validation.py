"""The twelve validation tests of S0 §19, by name, between real rap-fabric processes over real TLS,
each on a host of its own. src/sim/validation_test.cpp has them in simulation.

   hostile ------ listener ------ dialler
      \\                              /
       '----------------------------'

Each name is a network namespace, a line is a cable; the tests themselves are the hostile host, and
the agents of both nodes.
"""

import ssl
import time
import unittest
import urllib.error
import urllib.request
import uuid

from harness import frames, namespaces
from harness.api import ApiError
from harness.case import FabricCase
from harness.lone import HOUR, Authority, LoneNode, revocation
from harness.pair import Pair, set_up_hosts
from harness.process import BIN
from harness.wait import assert_within, patiently, until


CLOSED_WITHIN_S = 5.0  # after a revocation is known here

TERMINAL = ("closing", "closed", "failed")


def setUpModule():
    set_up_hosts()


class ChannelValidation(Pair):
    def test_valid_node_to_node_mtls_succeeds(self):
        self.connect()
        channel, = self.dialler.channels(self.listener)
        self.assertEqual(["interactive", "bulk"], channel["lanes"])
        self.assertEqual(sorted(frames.CLASSES), sorted(channel["classes"]))
        until(lambda: self.dialler.channels(self.listener)[0]["rtt_us"] > 0, "a round trip")

    def test_wrong_cluster_certificate_is_rejected(self):
        stranger = str(uuid.uuid4())
        self.dialler.certificate, self.dialler.key = self.authority.issue(stranger, self.dialler.id)
        self.start()
        self.wait_refused_handshake("wrong_cluster")
        self.assertNotIn(("established", ""), self.listener.transitions())

    def test_wrong_node_id_is_rejected(self):
        other = str(uuid.uuid4())
        self.listener.certificate, self.listener.key = self.authority.issue(self.cluster, other)
        self.start()
        self.dialler.wait_transition("failed", "wrong_node", self.listener)
        self.assertNotIn(("established", ""), self.dialler.transitions())

    def test_expired_certificate_is_rejected(self):
        self.dialler.certificate, self.dialler.key = self.authority.issue(
            self.cluster, self.dialler.id, end=-HOUR / 2)
        self.start()
        self.wait_refused_handshake("certificate_invalid")
        self.assertNotIn(("established", ""), self.listener.transitions())

    def test_revoked_certificate_closes_active_channel(self):
        self.connect()
        for by_key in (False, True):
            with self.subTest(by_key=by_key):
                closed = lambda by_key=by_key: self.closed_after(
                    revocation(self.dialler.certificate, by_key=by_key))
                assert_within(CLOSED_WITHIN_S, BIN / "rap-fabric", closed)

    def closed_after(self, entry):
        """How long it takes until the revocation has closed the channel, which then comes back."""
        seen = len(self.listener.transitions(self.dialler))
        began = time.monotonic()
        self.listener.configure(revocations=[entry])
        self.listener.wait_transition("failed", "certificate_revoked", self.dialler, after=seen)
        took = time.monotonic() - began
        self.listener.configure(revocations=[])
        self.dialler.configure()
        self.listener.wait_transition("established", peer=self.dialler, after=seen)
        return took

    def test_a_revoked_node_is_refused_at_every_try(self):
        self.only_listener()
        self.listener.configure(revocations=[revocation(node=self.dialler.id)])
        for _ in range(3):
            try:
                channel = self.hostile()
                channel.send(self.hello())
                said = self.said_until_closed(channel)
            except (ssl.SSLError, ConnectionError):
                said = []
            self.assertEqual([], said)

    def test_unauthorized_channel_class_is_rejected(self):
        self.connect()
        self.listener.configure(peers=[self.listener.peer(self.dialler, classes=["input"])])
        until(lambda: self.listener.channels(self.dialler)
              and self.listener.channels(self.dialler)[0]["classes"] == ["input"]
              and self.dialler.channels(self.listener)[0]["classes"] == ["input"],
              lambda: f"both ends to narrow: {self.dialler.observed}")
        self.listener.configure(peers=[self.listener.peer(self.dialler, classes=["vpn_packet"])])
        self.dialler.configure(
            peers=[self.dialler.peer(self.listener, dial=True, classes=["input"])])
        until(lambda: "channel_class_denied" in str(self.listener.transitions(self.dialler)),
              lambda: f"a refusal: {self.listener.transitions(self.dialler)}")
        self.assertNotEqual("established", self.listener.transitions(self.dialler)[-1][0])

    def test_a_disabled_peer_is_shut_out_by_that_name(self):
        self.connect()
        self.listener.configure(peers=[self.listener.peer(self.dialler, disabled=True, classes=[])])
        self.listener.wait_transition("failed", "peer_disabled", self.dialler)
        self.dialler.wait_transition("closed", "peer_disabled", self.listener)
        seen = len(self.dialler.transitions(self.listener))
        self.listener.configure(peers=[self.listener.peer(self.dialler)])
        self.dialler.wait_transition("established", peer=self.listener, after=seen)

    def test_who_is_behind_the_required_routes_is_out_until_it_has_them(self):
        self.connect()
        seen = len(self.listener.transitions(self.dialler))
        self.listener.configure(route_epoch=2, route_epoch_floor=2)
        self.listener.wait_transition("failed", "route_epoch_stale", self.dialler, after=seen)
        self.dialler.configure(route_epoch=2)
        self.listener.wait_transition("established", peer=self.dialler, after=seen)

    def test_a_peer_that_says_too_much_of_the_channel_is_out_and_the_log_says_why(self):
        self.only_listener()
        channel = self.hostile()
        channel.send(self.hello() * 100)
        self.said_until_closed(channel)
        self.listener.wait_transition("failed", "policy_denied", self.dialler)
        said = self.listener.log("channel.too_many_control_frames")
        self.assertIn(self.dialler.id, said)

    def test_the_receiver_refuses_a_class_the_sender_did_not_agree_to(self):
        self.only_listener()
        self.listener.configure(peers=[self.listener.peer(self.dialler, classes=["input"])])
        channel = self.hostile()
        channel.send(self.hello() + frames.frame(
            frames.FLOW_ATTACH, 1, frames.flow_attach(uuid.uuid4().bytes), frames.FILE_TRANSFER))
        while (frame := channel.receive())[0] != frames.FLOW_REFUSE:
            pass
        self.assertEqual("channel_class_denied", frames.reason(frame[3]))

    def test_channel_cannot_carry_traffic_before_authorization(self):
        self.only_listener()
        channel = self.hostile()
        channel.send(frames.frame(frames.FLOW_ATTACH, 1, frames.flow_attach(uuid.uuid4().bytes)))
        self.assertEqual([frames.GOODBYE], self.said_until_closed(channel))
        self.listener.wait_transition("failed", "policy_denied", self.dialler)

    def test_heartbeat_timeout_triggers_failure(self):
        self.connect()
        self.dialler.pause()
        self.listener.wait_transition("degraded", peer=self.dialler)
        self.listener.wait_transition("failed", "heartbeat_timeout", self.dialler)
        self.assertTrue(self.listener.log("channel.failover_hint"))
        seen = len(self.listener.transitions(self.dialler))
        self.dialler.resume()
        self.listener.wait_transition("established", peer=self.dialler, after=seen)

    def test_draining_stops_new_channels(self):
        self.connect()
        self.listener.configure(draining=True)
        self.listener.wait_transition("draining", "peer_draining", self.dialler)
        self.dialler.wait_transition("draining", "peer_draining", self.listener)
        self.listener.wait_transition("closed", "peer_draining", self.dialler)
        until(lambda: self.listener.observed.get("drained"), "the listener to be drained")
        late = self.hostile()
        late.send(self.hello())
        self.assertEqual([frames.GOODBYE], self.said_until_closed(late))
        seen = len(self.listener.transitions(self.dialler))
        self.listener.configure(draining=False)
        self.listener.wait_transition("established", peer=self.dialler, after=seen)

    def test_trust_rotation_revalidates_channels(self):
        self.connect()
        before = self.listener.counter("revalidations")
        first = self.listener.channels(self.dialler)[0]["id"]
        new = Authority("Next Root")
        for node, _ in self.both():
            node.configure(trust_bundle_pem=self.authority.pem + new.pem, trust_bundle_version=2)
        until(lambda: self.listener.counter("revalidations") > before, "a revalidation")
        # Each shows the other its old certificate again, for the new trust, on both lanes.
        until(lambda: all(len(self.proofs(node)) >= 2 for node, _ in self.both()),
              "the old certificates to be shown again")
        for node, peer in self.both():
            seen = len(self.proofs(peer))
            node.renew(*new.issue(self.cluster, node.id))
            until(lambda peer=peer, seen=seen: len(self.proofs(peer)) >= seen + 2,
                  "the proof on both lanes")
        for node, _ in self.both():
            node.configure(trust_bundle_pem=new.pem, trust_bundle_version=3, trust_bundle_floor=2)
        until(lambda: self.listener.counter("revalidations") > before + 1, "another one")
        for node, peer in self.both():
            self.assertEqual([], [t for t in node.transitions(peer) if t[0] in TERMINAL])
            self.assertEqual([first], [c["id"] for c in node.channels(peer)], "never interrupted")

    def proofs(self, node):
        return [line for line in node.log("channel.reauthentication").splitlines()
                if '"accepted":true' in line]

    def test_who_stays_with_the_old_root_is_out_when_it_retires(self):
        self.connect()
        new = Authority("Next Root")
        self.listener.configure(trust_bundle_pem=new.pem, trust_bundle_version=2)
        self.listener.wait_transition("failed", "certificate_invalid", self.dialler)

    def test_degraded_mode_honors_ttl_and_forbidden_actions(self):
        self.connect(valid_for_s=36)
        for node, _ in self.both():
            node.tell(type="control", reachable=False)
        self.dialler.wait_transition("degraded", peer=self.listener, timeout=40)
        self.assertEqual(sorted(frames.CLASSES), sorted(
            self.dialler.channels(self.listener)[0]["classes"]), "what there is goes on")
        self.assertNotIn("failed", [to for to, _ in self.dialler.transitions(self.listener)])
        until(lambda: "trust_bundle_stale" in str(self.listener.transitions(self.dialler)),
              "the end of the configuration", 20)
        until(lambda: self.dialler.metrics()[
            'rap_fabric_authority{authority="expired"}'] == 1, "its own end too")
        seen = len(self.dialler.transitions())
        attempts = self.dialler.counter("reconnects")
        due = f'rap_fabric_reconnect_wait_seconds{{peer="{self.listener.id}"}}'
        # The reconnector would dial now, were there anything to found a channel on.
        until(lambda: self.dialler.metrics().get(due) == 0, "the next attempt being due", 40)
        self.assertNotIn("connecting", [to for to, _ in self.dialler.transitions()[seen:]])
        self.assertEqual(attempts, self.dialler.counter("reconnects"))


    def test_degraded_mode_authorizes_nothing_that_is_forbidden_in_it(self):
        # It starts while the control plane is away, and so has never heard of it.
        self.only_listener(control=False)
        until(lambda: self.listener.metrics()['rap_fabric_authority{authority="degraded"}'] == 1,
              "the degraded mode")
        with self.subTest("enrolment"):
            newcomer = LoneNode(self.folder / "newcomer", "dialler", self.cluster, self.authority,
                                self.hosts)
            channel = self.hostile(newcomer)
            channel.send(self.hello(newcomer))
            self.assertEqual([frames.GOODBYE], self.said_until_closed(channel))
            self.listener.wait_transition("failed", "policy_denied", newcomer)
        with self.subTest("trust roots"):
            root = Authority("Next Root")
            self.refused_at_the_door(root.issue(self.cluster, self.dialler.id))
            self.wait_refused_handshake("certificate_invalid")
        with self.subTest("cross-cluster trust"):
            self.refused_at_the_door(self.authority.issue(str(uuid.uuid4()), self.dialler.id))
            self.wait_refused_handshake("wrong_cluster")
        channel = self.hostile()
        # The hello names a configuration, trust and routes that nobody else has heard of.
        channel.send(self.hello(config_version=10**9, peer_directory_version=10**9))
        with self.subTest("roles, promotion"):
            self.listener.wait_transition("degraded", peer=self.dialler)
            self.assertEqual([["input"]],
                             [c["classes"] for c in self.seen_channels(self.dialler)])
        with self.subTest("a new channel of high risk"):
            channel.send(frames.frame(frames.FLOW_ATTACH, 1, frames.flow_attach(uuid.uuid4().bytes),
                                      frames.CLASSES.index("vpn_packet")))
            while (frame := channel.receive())[0] != frames.FLOW_REFUSE:
                pass
            self.assertEqual("channel_class_denied", frames.reason(frame[3]))
            self.listener.configure(peers=[self.listener.peer(self.dialler,
                                                              classes=["vpn_packet"])])
            self.listener.wait_transition("failed", "channel_class_denied", self.dialler)
        # The word of the control plane, and nothing else, ends it.
        self.listener.configure(peers=[self.listener.peer(self.dialler)])
        seen = len(self.listener.transitions(self.dialler))
        self.listener.tell(type="control", reachable=True)
        until(lambda: self.listener.metrics()['rap_fabric_authority{authority="current"}'] == 1,
              "the control plane to count")
        self.hostile().send(self.hello())
        self.listener.wait_transition("established", peer=self.dialler, after=seen)

    def seen_channels(self, peer):
        until(lambda: self.listener.channels(peer), "the channel to be observed")
        return self.listener.channels(peer)

    def refused_at_the_door(self, proof):
        """A handshake with this certificate and key comes to nothing."""
        try:
            channel = self.hostile(proof=proof)
            channel.send(self.hello())
            self.assertEqual([], self.said_until_closed(channel))
        except (ssl.SSLError, ConnectionError):
            pass


class ChannelMetrics(Pair):
    def test_what_a_channel_goes_through_is_a_metric(self):
        self.connect()
        established = 'rap_fabric_channels{state="established"}'
        until(lambda: self.listener.metrics().get(established) == 1, "the channel as a metric")
        seen = self.listener.metrics()
        labels = f'{{peer="{self.dialler.id}",lane="interactive"}}'
        for name in ("heartbeat_rtt_seconds", "heartbeat_jitter_seconds",
                     "heartbeat_loss_permille"):
            self.assertIn(f"rap_fabric_{name}{labels}", seen)
        self.assertEqual(1, seen['rap_fabric_channel_classes{class="input"}'])
        self.assertEqual(1, seen["rap_fabric_route_epoch"])
        self.assertEqual(2, seen['rap_fabric_handshakes_completed_total{listener="nodes"}'])
        self.assertEqual(0, seen["rap_fabric_draining"])
        self.listener.configure(revocations=[revocation(self.dialler.certificate)])
        until(lambda: self.listener.metrics()["rap_fabric_channel_revocations_total"] == 1,
              "the revocation as a metric")
        until(lambda: self.listener.metrics()[
            'rap_fabric_handshakes_refused_total{listener="nodes",fault="revoked"}'] > 0,
              "the refused reconnection as a metric")
        waits = f'rap_fabric_reconnect_failures{{peer="{self.listener.id}"}}'
        until(lambda: self.dialler.metrics()["rap_fabric_channel_reconnects_total"] > 0
              and self.dialler.metrics()[waits] > 0, "the reconnections as metrics")

    def test_the_metrics_answer_nothing_else(self):
        self.only_listener()
        until(lambda: self.listener.metrics(), "the metrics")
        url = f"http://{self.listener.address}:{self.listener.ports['metrics']}/"
        with self.assertRaises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(url, timeout=patiently(5))
        refused.exception.close()
        self.assertEqual(404, refused.exception.code)


class TenantSafeViews(FabricCase):
    def test_tenant_safe_views_hide_topology(self):
        tenant = self.world.user()
        for path in ("channels", "nodes", "certificates"):
            with self.assertRaises(ApiError) as refused:
                tenant.get(path)
            self.assertIn(refused.exception.status, (403, 404), path)
        seen = str(tenant.get("organizations/acme/resources"))
        for node in self.world.nodes.values():
            self.assertNotIn(node.node_id, seen)
            self.assertNotIn(node.name, seen)


if __name__ == "__main__":
    namespaces.enter()
    unittest.main()
