"""Who passes for the control plane: nobody but itself, by a name of its own, in good standing."""

import contextlib
import json
import socket
import ssl
import subprocess
import threading
import unittest

from harness import tokens
from harness.case import FabricCase
from harness.clock import off_by
from harness.process import BIN
from harness.rap import OK, UNTRUSTED, Rap
from harness.wait import patiently, until
from harness.world import USER_EMAIL, USER_PASSWORD


class Impostor:
    """A TLS server with somebody else's certificate. `heard` is what came after the handshake."""

    def __init__(self, address, chain, key):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain, key)
        self.heard = b""
        self.met = 0
        self.answer = b""  # to every request
        self._context = context
        self._listener = socket.create_server((address, 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                plain, _ = self._listener.accept()
            except OSError:
                return
            self.met += 1
            with contextlib.suppress(OSError), plain:
                with self._context.wrap_socket(plain, server_side=True) as stream:
                    while data := stream.recv(4096):
                        self.heard += data
                        if self.answer:
                            stream.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s"
                                           % (len(self.answer), self.answer))

    def close(self):
        self._listener.close()


class Relay:
    """Passes bytes on from a port of 127.0.0.1, so that a name leads to the control plane."""

    def __init__(self, host, port):
        self._to = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                one, _ = self._listener.accept()
            except OSError:
                return
            other = socket.create_connection(self._to)
            threading.Thread(target=self._join, args=(one, other), daemon=True).start()

    def _join(self, one, other):
        with one, other:
            back = threading.Thread(target=self._pump, args=(other, one), daemon=True)
            back.start()
            self._pump(one, other)
            back.join()

    @staticmethod
    def _pump(a, b):
        with contextlib.suppress(OSError):
            while data := a.recv(4096):
                b.sendall(data)
        with contextlib.suppress(OSError):
            b.shutdown(socket.SHUT_WR)

    def close(self):
        self._listener.close()


class ControlProof(FabricCase):
    def login(self, url, name="bob", **more):
        rap = Rap(self.world.folder / f"home-{name}")
        rap.extra_environment = more.pop("env", {})
        return rap.run("login", "--server", url, "--email", USER_EMAIL, "--password-stdin",
                       "--ca-file", self.world.control.root_ca, text_in=USER_PASSWORD + "\n")

    def impostor(self, chain, key):
        server = Impostor(self.world.control.address, chain, key)
        self.addCleanup(server.close)
        return server

    def own_certificate(self):
        """As the API shows it now."""
        context = ssl.create_default_context(cafile=self.world.control.root_ca)
        context.check_hostname = False
        control = self.world.control
        with socket.create_connection((control.address, control.ports["api"])) as plain:
            with context.wrap_socket(plain) as stream:
                return stream.getpeercert()

    def test_a_nodes_certificate_is_shown_no_password(self):
        identity = self.world.nodes["egress-1"].state / "identity"
        stub = self.impostor(identity / "chain.pem", identity / "node.key")
        done = self.login(f"https://{self.world.control.address}:{stub.port}")
        self.assertEqual(UNTRUSTED, done.returncode, done.stderr)
        self.assertIn("wrong_kind", done.stderr)
        self.assertIn("a node answers there", done.stderr)
        entry = self.world.nodes["entry-1"].state / "identity"
        worker = self.impostor(entry / "worker.pem", entry / "worker.key")
        done = self.login(f"https://{self.world.control.address}:{worker.port}")
        self.assertEqual(UNTRUSTED, done.returncode, done.stderr)
        for server in (stub, worker):
            self.assertGreater(server.met, 0)
            self.assertEqual(b"", server.heard)

    def test_a_nodes_certificate_is_shown_no_join_token(self):
        identity = self.world.nodes["egress-1"].state / "identity"
        stub = self.impostor(identity / "chain.pem", identity / "node.key")
        stub.answer = json.dumps({"ca_ref": "x", "version": 1, "bundles": [],
                                  "pem": self.world.control.root_ca.read_text()}).encode()
        token = self.owner.post("join-tokens", node_name="fooled")["join_token"]
        said = json.loads(tokens.unb64(token.removeprefix("rapjt1.")))
        said["url"] = f"https://{self.world.control.address}:{stub.port}/"
        node = self.world.add_node("fooled")
        node.start("rapjt1." + tokens.b64(json.dumps(said).encode()))
        node.agent.wait_for(lambda: "wrong_kind" in node.agent.log(), "the agent to refuse")
        self.assertTrue(stub.heard.startswith(b"GET /api/v1/trust-bundle"), stub.heard)
        self.assertNotIn(b"POST", stub.heard)
        self.assertNotIn(said["secret"].encode(), stub.heard)

    def test_the_wrong_port_and_the_wrong_clock_are_named(self):
        control = self.world.control
        done = self.login(f"https://{control.address}:{control.ports['node']}", "port")
        self.assertEqual(UNTRUSTED, done.returncode, done.stderr)
        self.assertIn("port for nodes", done.stderr)
        self.assertNotIn("--ca-fingerprint", done.stderr)
        done = self.login(f"https://{control.address}:{control.ports['ocsp']}", "port")
        self.assertEqual(UNTRUSTED, done.returncode, done.stderr)
        self.assertIn("no control plane", done.stderr)
        done = self.login(control.url, "clock", env=off_by("-3600s"))
        self.assertEqual(UNTRUSTED, done.returncode, done.stderr)
        self.assertIn("machine's clock", done.stderr)
        self.assertNotIn("--ca-fingerprint", done.stderr)

    def test_its_own_certificate_is_listed_revoked_and_replaced(self):
        def own():
            return [c for c in self.owner.get("certificates")["items"] if c["kind"] == "control"]

        shown = self.own_certificate()
        serial = shown["serialNumber"].lower()
        listed, = [c for c in own() if c["status"] == "active"]
        self.assertEqual(serial, listed["serial"])
        self.assertEqual(self.world.cluster, listed["cluster"])
        self.assertTrue(shown["OCSP"])
        self.assertTrue(shown["crlDistributionPoints"])
        pki = self.world.control.pki
        old = self.impostor(self.copy(pki / "server.crt"), self.copy(pki / "server.key"))
        person = self.world.person("carol")
        self.assertEqual(OK, person.run("proxy", "echo", text_in="").returncode)
        self.owner.post(f"certificates/{serial}/revoke", key=True)
        until(lambda: self.own_certificate()["serialNumber"].lower() != serial,
              "another certificate to be shown")
        api = self.world.control.owner()  # a connection that meets the new one
        standing = {c["serial"]: c["status"] for c in own()}
        self.assertEqual("revoked", standing[serial])
        self.assertEqual("active", standing[self.own_certificate()["serialNumber"].lower()])
        self.assertIn(": revoked", self.status_of(self.world.folder / "old-server.crt"))
        self.assertIn(": good", self.status_of(pki / "server.crt"))
        # Everybody goes on under the new one, and a person with the list believes the old no more.
        self.assertEqual(OK, person.run("proxy", "echo", text_in="").returncode)
        fresh = api.post("join-tokens", node_name="probe-after")["join_token"]
        self.assertTrue(fresh)
        done = person.run("login", "--server",
                          f"https://{self.world.control.address}:{old.port}", "--ca-file",
                          self.world.control.root_ca, "--email", USER_EMAIL, "--password-stdin",
                          text_in="wrong\n")
        self.assertEqual(UNTRUSTED, done.returncode, done.stderr)
        self.assertEqual(b"", old.heard)

    def status_of(self, certificate):
        """As our responder tells openssl."""
        control = self.world.control
        return subprocess.run(
            ["openssl", "ocsp", "-issuer", control.pki / "intermediate.crt", "-cert", certificate,
             "-url", f"http://{control.address}:{control.ports['ocsp']}/ocsp/", "-CAfile",
             control.root_ca], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            timeout=patiently(60), check=False).stdout

    def copy(self, path):
        copy = self.world.folder / f"old-{path.name}"
        copy.write_bytes(path.read_bytes())
        return copy

    def names(self, *arguments):
        done = subprocess.run([BIN / "rap-control", "names", *arguments, "--state",
                               self.world.control.state], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, timeout=patiently(60), check=False)
        self.assertEqual(0, done.returncode, done.stderr)
        return done.stdout

    def test_a_name_is_added_and_removed_while_it_serves(self):
        relay = Relay(self.world.control.address, self.world.control.ports["api"])
        self.addCleanup(relay.close)
        url = f"https://localhost:{relay.port}"
        done = self.login(url, "named")
        self.assertEqual(UNTRUSTED, done.returncode, done.stderr)
        self.assertIn("names add localhost", done.stderr)
        self.names("add", "localhost")
        until(lambda: self.login(url, "named").returncode == OK, "the new name to be proven")
        self.assertEqual(OK, self.login(self.world.control.url, "named").returncode)
        self.names("remove", "localhost")
        until(lambda: self.login(url, "named").returncode == UNTRUSTED, "the name to be gone")
        self.assertIn(self.world.control.address, self.names("list"))

    def test_the_name_by_which_it_is_reached_is_not_removed_unawares(self):
        self.names("add", "localhost")
        self.addCleanup(self.names, "remove", "localhost")
        address = self.world.control.address
        done = subprocess.run([BIN / "rap-control", "names", "remove", address, "--state",
                               self.world.control.state], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, timeout=patiently(60), check=False)
        self.assertEqual(1, done.returncode)
        for part in (address, "-url", "--force"):
            self.assertIn(part, done.stderr)
        self.assertIn(address, self.names("list"))

    def test_a_root_key_on_the_host_is_said(self):
        control = self.world.control
        said, = control.log_events("root_key.online")
        self.assertEqual(str(control.root_key), said["path"])

        def online():
            return self.owner.metrics()["rap_control_root_keys_online"]

        self.assertEqual(1, online())
        away = self.world.folder / "root.key.away"
        control.root_key.rename(away)
        self.addCleanup(away.rename, control.root_key)
        until(lambda: online() == 0, "the key to be gone")


if __name__ == "__main__":
    unittest.main()
