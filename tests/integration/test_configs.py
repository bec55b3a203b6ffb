"""Configuration by type, from an edit to its effect on running nodes."""

import contextlib
import json
import ssl
import stat
import unittest

from harness import rap as exits
from harness.case import FabricCase
from harness.rap import Forward
from harness.stream import Stream
from harness.wait import until
from harness.world import ORGANIZATION


class Configs(FabricCase):
    def setUp(self):
        super().setUp()
        self.admin = self.world.platform_owner()
        self.file = self.world.folder / "value.json"

    def set(self, kind, value, *options):
        self.file.write_text(value if isinstance(value, str) else json.dumps(value))
        done = self.admin.ok("admin", "configs", "set", kind, str(self.file), *options)
        self.addCleanup(self.admin.run, "admin", "configs", "unset", kind, *options)
        return done

    def applied(self, kind):
        """{node name: (version in force, version applied, error)}"""
        items = self.admin.json("admin", "configs", "status")["items"]
        return {item["node_name"]: (item["version"], item["applied_version"], item.get("error"))
                for item in items if item["type"] == kind}

    def wait_applied(self, kind, nodes):
        until(lambda: {name for name, (wanted, has, error) in self.applied(kind).items()
                       if wanted == has and not error} == set(nodes),
              lambda: f"{kind} on {nodes}: {self.applied(kind)}")

    def test_an_edit_reaches_every_node_and_is_acknowledged(self):
        self.set("cp_agent_runtime", {"checkin_interval_ms": 1500})
        self.wait_applied("cp_agent_runtime", ["entry-1", "relay-1", "egress-1"])
        shown = self.admin.json("admin", "configs", "get", "cp_agent_runtime")
        self.assertEqual({"checkin_interval_ms": 1500}, shown["value"])

    def test_a_wrong_value_is_refused_at_the_edit_and_the_member_named(self):
        self.file.write_text('{"checkin_interval_ms": 1}')
        done = self.admin.run("admin", "configs", "set", "cp_agent_runtime", str(self.file))
        self.assertNotEqual(exits.OK, done.returncode)
        self.assertIn("checkin_interval_ms", done.stderr)

    def test_limits_hold_on_a_running_entry(self):
        self.set("server_runtime_settings", {"max_clients": 1})
        self.wait_applied("server_runtime_settings", ["entry-1", "relay-1", "egress-1"])
        with Forward(self.world.person("first"), "echo") as forward:
            with contextlib.closing(Stream(forward.address, 10)) as stream:
                stream.round_trip(b"one")
                second = self.world.person("second").run("proxy", "echo", text_in="two")
                self.assertNotEqual(exits.OK, second.returncode)

    def test_a_policy_is_given_to_whom_it_concerns_and_holds(self):
        self.set("app_policy", {"protocols": ["ssh"], "flow_hold_s": 60},
                 "--organization", ORGANIZATION)
        self.wait_applied("app_policy", ["entry-1", "egress-1"])
        self.refused(403, "policy_denied", self.world.user().start_session, "echo")

    def test_a_large_bundle_arrives_at_the_egress_alone(self):
        root = self.world.control.root_ca.read_text()
        self.set("app_mtls_trust_bundle", root * (15000 // len(root)),
                 "--organization", ORGANIZATION)
        self.wait_applied("app_mtls_trust_bundle", ["egress-1"])

    def test_a_session_ends_in_time_without_the_control_plane(self):
        self.set("app_policy", {"max_session_s": 10}, "--organization", ORGANIZATION)
        self.wait_applied("app_policy", ["entry-1", "egress-1"])
        with Forward(self.world.person("timed"), "echo") as forward, \
                contextlib.closing(Stream(forward.address, 30)) as stream:
            stream.round_trip(b"alive")
            self.addCleanup(self.serve_again)
            self.world.control.process.stop()
            self.assertTrue(stream.ended())

    def serve_again(self):
        self.world.control.serve()
        type(self).owner = self.world.owner = self.world.control.owner()
        self.world.wait_settled()

    def test_services_beside_a_node_find_their_bundles_as_files(self):
        root = self.world.control.root_ca.read_text()
        self.set("app_mtls_trust_bundle", root + "the next\n" + root,
                 "--organization", ORGANIZATION)
        self.set("app_client_ca_bundle", root)
        self.wait_applied("app_mtls_trust_bundle", ["egress-1"])
        self.wait_applied("app_client_ca_bundle", ["entry-1"])
        [servers] = self.files("egress-1", "mtls.pem")
        [clients] = self.files("entry-1", "client-ca.pem")
        self.assertEqual("platform", clients.parent.name)
        self.assertEqual([], self.files("relay-1", "*.pem"))
        for file in (servers, clients):
            self.assertEqual(0o644, stat.S_IMODE(file.stat().st_mode))
            self.assertEqual(0o755, stat.S_IMODE(file.parent.stat().st_mode))
            self.assertEqual(file.stat().st_uid, self.world.nodes["egress-1"].state.stat().st_uid)
            trusted = ssl.create_default_context(cafile=file)  # as a service would
            self.assertEqual([ssl.PEM_cert_to_DER_cert(root)], trusted.get_ca_certs(True))

        self.admin.ok("admin", "configs", "unset", "app_mtls_trust_bundle",
                      "--organization", ORGANIZATION)
        until(lambda: self.files("egress-1", "*") == [], lambda: self.files("egress-1", "*"))

    def files(self, node, pattern):
        return sorted(self.world.nodes[node].state.glob(f"app-trust/*/{pattern}"))

    def test_members_read_their_organizations_variables(self):
        self.set("app_variables", {"REGION": "eu-1"}, "--organization", ORGANIZATION)
        self.assertEqual("REGION=eu-1\n", self.world.person("reader").ok("variables", ORGANIZATION))
        self.wait_applied("app_variables", ["egress-1"])  # services read them there
        [file] = self.world.nodes["egress-1"].state.glob("app-variables/*/variables.json")
        self.assertEqual({"REGION": "eu-1"}, json.loads(file.read_text()))


if __name__ == "__main__":
    unittest.main()
