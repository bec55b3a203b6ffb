"""Devices: a sign-in is worth nothing without the key of the device it was made on, and a device
that is disabled is out."""

import contextlib
import json
import shutil
import socket
import stat
import unittest
import uuid

from harness import rap as exits
from harness.case import FabricCase
from harness.rap import Forward, Rap
from harness.stream import Stream
from harness.wait import until
from harness.world import ORGANIZATION, USER_EMAIL, USER_PASSWORD


class Devices(FabricCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.admin = cls.world.platform_owner()

    def person(self, name):
        return self.world.person(name)

    def device_of(self, rap):
        return rap.json("whoami")["device"]

    def login(self, rap):
        return rap.run("login", "--server", self.world.control.url, "--email", USER_EMAIL,
                       "--password-stdin", "--ca-file", str(self.world.control.root_ca),
                       text_in=USER_PASSWORD + "\n")

    def test_a_profile_that_is_copied_without_the_key_is_refused(self):
        owner = self.person("robbed")
        thief = Rap(self.world.folder / "home-thief")
        for name in ("profile.json", "ca.pem"):
            shutil.copy(owner.home / name, thief.home / name)
        done = thief.run("whoami")
        self.assertEqual(exits.NOT_SIGNED_IN, done.returncode, done.stderr)
        self.assertIn("belongs to a device", done.stderr)
        # Nor does a key of the thief's own help.
        shutil.copy(self.person("another").home / "device.pem", thief.home / "device.pem")
        done = thief.run("whoami")
        self.assertIn("belongs to another device", done.stderr)
        self.assertNotEqual(0, thief.run("proxy", "echo").returncode)
        owner.ok("whoami")

    def test_a_disabled_device_stays_out_whatever_its_files_say(self):
        rap = self.person("blocked")
        device = self.device_of(rap)
        listed = [d for d in self.admin.json("admin", "devices", "list", "--user",
                                             USER_EMAIL)["items"] if d["id"] == device]
        self.assertEqual([socket.gethostname()[:64]], [d["name"] for d in listed])
        self.admin.ok("admin", "devices", "disable", device, "--reason", "a test")
        done = rap.run("whoami")
        self.assertEqual(exits.NOT_SIGNED_IN, done.returncode)
        self.assertIn("disabled this device", done.stderr)

        profile = json.loads((rap.home / "profile.json").read_text())
        profile["device"] = str(uuid.uuid4())
        (rap.home / "profile.json").write_text(json.dumps(profile))
        for _ in range(2):
            done = self.login(rap)
            self.assertEqual(exits.DENIED, done.returncode, done.stdout + done.stderr)
            self.assertIn(device, done.stderr)
            (rap.home / "profile.json").unlink(missing_ok=True)
        self.admin.ok("admin", "devices", "enable", device)
        self.assertEqual(0, self.login(rap).returncode)
        self.assertEqual(device, self.device_of(rap))

    def test_a_forward_of_a_disabled_device_ends(self):
        rap = self.person("forwarding")
        with Forward(rap, "echo", "--organization", ORGANIZATION) as forward:
            with contextlib.closing(Stream(forward.address, 30)) as stream:
                stream.round_trip(b"alive")
                self.admin.ok("admin", "devices", "disable", self.device_of(rap))
                self.assertTrue(stream.ended())
            with contextlib.closing(Stream(forward.address, 30)) as stream:
                self.assertTrue(stream.ended())
            until(lambda: "disabled this device" in "".join(forward.said), "the reason to be said")

    def test_what_was_signed_in_before_there_were_keys_gets_one_with_its_next_sign_in(self):
        rap = Rap(self.world.folder / "home-older")
        bare = self.world.control.api().call(
            "POST", "auth/login", {"email": USER_EMAIL, "password": USER_PASSWORD})
        (rap.home / "profile.json").write_text(json.dumps({
            "server": self.world.control.url, "email": USER_EMAIL, "token": bare["token"],
            "expires_at": bare["expires_at"], "device": str(uuid.uuid4())}))
        shutil.copy(self.world.control.root_ca, rap.home / "ca.pem")
        rap.ok("whoami")
        done = rap.run("proxy", "echo")
        self.assertEqual(exits.DENIED, done.returncode, done.stderr)
        self.assertIn("rap login", done.stderr)
        self.assertEqual(0, self.login(rap).returncode)
        key = rap.home / "device.pem"
        self.assertEqual(0o600, stat.S_IMODE(key.stat().st_mode))
        with Forward(rap, "echo", "--organization", ORGANIZATION) as forward:
            with contextlib.closing(Stream(forward.address, 30)) as stream:
                stream.round_trip(b"alive")

    def test_people_forget_a_device_of_theirs(self):
        lost, kept = self.person("lost"), self.person("kept")
        device = self.device_of(lost)
        self.assertIn(device, kept.ok("devices", "list"))
        kept.ok("devices", "remove", device)
        self.assertNotIn(device, kept.ok("devices", "list"))
        self.assertEqual(exits.NOT_SIGNED_IN, lost.run("whoami").returncode)
        self.assertEqual(exits.NOT_FOUND, kept.run("devices", "remove", device).returncode)

    def test_a_device_whose_clock_is_wrong_is_proven_with_a_nonce(self):
        user = self.world.user()
        device, control = user.device, self.world.control
        for nonce in ("", "guess"):
            device.nonce = nonce
            proof = device.proof(device.cluster(control.root_ca), "GET", "/api/v1/me", user.token,
                                 "", iat=1)
            headers = {"Authorization": f"Bearer {user.token}", "Device-Proof": proof}
            status, _, content = user.once("GET", "/api/v1/me", headers=headers)
            self.assertEqual(401, status)
            self.assertTrue(device.asked_again(status, content), content)
        proof = device.proof(device.cluster(control.root_ca), "GET", "/api/v1/me", user.token, "",
                             iat=1)
        headers["Device-Proof"] = proof
        self.assertEqual(200, user.once("GET", "/api/v1/me", headers=headers)[0])
        self.assertEqual(401, user.once("GET", "/api/v1/me", headers=headers)[0], "it was used")


if __name__ == "__main__":
    unittest.main()
