"""Passwords and accounts from the command lines of people, administrators and the host."""

import concurrent.futures
import json
import subprocess
import unittest

from harness.api import Api, ApiError
from harness.case import ControlCase
from harness.control import OWNER_EMAIL, OWNER_PASSWORD
from harness.process import BIN
from harness.rap import DENIED, NOT_SIGNED_IN, USAGE, Rap
from harness.wait import patiently, until

PASSWORD = "a long enough password"
NEXT = "another long password"


class Accounts(ControlCase):
    """Everybody has a home of their own."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.control = cls.world.control
        cls.rap = cls.world.platform_owner()
        cls.owner.post("organizations", name="acme")

    def home(self, name):
        return Rap(self.world.folder / f"home-{name}")

    def person(self, name, password=PASSWORD):
        email = f"{name}@acme.test"
        try:
            self.owner.post("users", email=email, password=password)
        except ApiError as e:
            self.assertEqual("user_exists", e.code)
        home = self.home(name)
        home.login(self.control.url, email, password, self.control.root_ca)
        return email, home

    def on_host(self, *words):
        return subprocess.run([str(BIN / "rap-control"), *words, "--state",
                               str(self.control.state)], text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=patiently(60), check=False)

    def login(self, home, email, password):
        return home.run("login", "--server", self.control.url, "--email", email,
                        "--password-stdin", "--ca-file", str(self.control.root_ca),
                        text_in=password + "\n")

    def test_a_person_changes_their_password_and_other_sign_ins_are_told_why_they_ended(self):
        email, here = self.person("changer")
        there = self.home("changer-2")
        there.login(self.control.url, email, PASSWORD, self.control.root_ca)
        wrong = here.run("password", "--password-stdin", text_in=f"nonsense\n{NEXT}\n")
        self.assertEqual(DENIED, wrong.returncode, wrong.stderr)
        here.ok("password", "--password-stdin", text_in=f"{PASSWORD}\n{NEXT}\n")
        here.ok("whoami")
        out = there.run("whoami")
        self.assertEqual(NOT_SIGNED_IN, out.returncode)
        self.assertIn("because the password of this account was changed", out.stderr)
        self.assertEqual(DENIED, self.login(there, email, PASSWORD).returncode)
        self.assertEqual(0, self.login(there, email, NEXT).returncode)

    def test_a_reset_password_opens_nothing_but_its_change(self):
        email, home = self.person("forgot")
        temporary = self.rap.json("admin", "users", "reset-password", email)["password"]
        self.assertIn("administrator reset your password", home.run("whoami").stderr)
        said = self.login(home, email, temporary)
        self.assertEqual(0, said.returncode, said.stderr)
        self.assertIn("rap password", said.stdout)
        refused = home.run("resources")
        self.assertEqual(0, home.run("whoami").returncode)
        sessions = home.run("sessions")
        self.assertEqual(DENIED, sessions.returncode, refused.stderr)
        self.assertIn("rap password", sessions.stderr)
        home.ok("password", "--password-stdin", text_in=f"{temporary}\n{NEXT}\n")
        home.ok("sessions")

    def test_the_platforms_owner_gets_in_again_from_the_host_while_the_server_runs(self):
        done = self.on_host("reset-password", OWNER_EMAIL)
        self.assertEqual(0, done.returncode, done.stderr)
        temporary = done.stdout.strip()
        home = self.home("owner-again")
        try:
            self.assertEqual(0, self.login(home, OWNER_EMAIL, temporary).returncode)
            home.ok("password", "--password-stdin", text_in=f"{temporary}\n{OWNER_PASSWORD}\n")
            entries = home.json("admin", "audit", "list")["items"]
            reset = next(e for e in entries if e["action"] == "user.password_reset"
                         and e["target"]["name"] == OWNER_EMAIL)
            self.assertEqual("system", reset["actor"]["kind"])
            self.assertIn(" on ", reset["actor"]["name"], "which host it was")
        finally:
            type(self).owner = self.control.owner()
            type(self).rap = self.world.platform_owner()
        self.assertNotEqual(0, self.on_host("reset-password", "who@nowhere.test").returncode)

    def test_who_was_kept_out_gets_in_again_from_the_host(self):
        email, home = self.person("locked")
        self.rap.ok("admin", "users", "disable", email, "--yes")
        self.assertIn("disabled your account", home.run("whoami").stderr)
        self.assertEqual(DENIED, self.login(home, email, PASSWORD).returncode)
        api = self.control.api()

        def refused_for_guessing():
            try:
                api.as_user(email, "guess")
            except ApiError as e:
                return e.status == 429
            return False
        until(refused_for_guessing, "guesses to be refused with 429", 60)
        done = self.on_host("unlock", email)
        self.assertEqual(0, done.returncode, done.stderr)
        until(lambda: self.login(home, email, PASSWORD).returncode == 0, "the sign-in", 30)

    def test_right_passwords_at_once_are_not_too_many_attempts(self):
        email, _ = self.person("many")
        homes = [self.home(f"many-{n}") for n in range(20)]
        with concurrent.futures.ThreadPoolExecutor(len(homes)) as pool:
            done = list(pool.map(lambda home: self.login(home, email, PASSWORD), homes))
        self.assertEqual([], [d.stderr for d in done if d.returncode != 0])

    def test_who_guesses_in_one_network_keeps_nobody_out_elsewhere(self):
        email, _ = self.person("target")

        def sign_in(source, password):
            api = self.control.api()
            there = Api(api.host, api.port, api.ca_file, source=source)
            return there.once("POST", "/api/v1/auth/login",
                              json.dumps({"email": email, "password": password}).encode(),
                              {"Content-Type": "application/json"}, 20)[0]

        guesses = [sign_in("127.77.0.1", "a wrong password") for _ in range(25)]
        self.assertEqual(401, guesses[0])
        self.assertEqual(429, guesses[-1])
        self.assertEqual(429, sign_in("127.77.0.1", PASSWORD), "there even the right one waits")
        self.assertEqual(200, sign_in("127.88.0.1", PASSWORD))

    def test_a_script_says_yes_to_what_cannot_be_taken_back(self):
        email, _ = self.person("leaver")
        asked = self.rap.run("admin", "users", "delete", email)
        self.assertEqual(USAGE, asked.returncode)
        self.assertIn("memberships, grants, sign-ins, sessions", asked.stderr)
        self.assertIn("--yes", asked.stderr)
        self.rap.ok("admin", "users", "delete", email, "--yes")
        self.owner.post("users", email=email, password=NEXT)  # the address is free
        self.assertEqual(0, self.login(self.home("leaver-2"), email, NEXT).returncode)

    def test_whatever_an_administrator_makes_has_an_end(self):
        admin = lambda *words: self.rap.ok("admin", *words)  # noqa: E731
        email, _ = self.person("worker")
        admin("organizations", "create", "brief")
        admin("members", "add", "brief", email, "--role", "organization_user")
        admin("pools", "create", "brief", "Office")
        admin("resources", "create", "brief", "box", "--protocol", "ssh", "--host", "box.internal",
              "--port", "22", "--pool", "Office")
        admin("grants", "add", "brief", "box", email)
        admin("resources", "update", "brief", "box", "--port", "2222", "--name", "crate")
        listed = self.rap.json("admin", "resources", "list", "brief")["items"]
        self.assertEqual([("crate", 2222, "box.internal")],
                         [(r["name"], r["port"], r["host"]) for r in listed])
        self.assertEqual(USAGE, self.rap.run("admin", "resources", "update", "brief",
                                             "crate").returncode)
        in_use = self.rap.run("admin", "organizations", "delete", "brief", "--yes")
        self.assertIn("1 resources and 1 egress pools", in_use.stderr)
        in_use = self.rap.run("admin", "pools", "delete", "brief", "Office")
        self.assertIn("'crate'", in_use.stderr)
        shut = (("pools", "Office"), ("members", email), ("grants", "crate", email))
        for kind, *words in shut:
            said = self.rap.run("admin", kind, "disable", "brief", *words)
            self.assertEqual(0, said.returncode, said.stderr)
            self.assertIn("no session ends", said.stderr)
            listed = self.rap.json("admin", kind, "list", "brief", *words[:-1])["items"]
            self.assertEqual([True], [one["disabled"] for one in listed])
            admin(kind, "enable", "brief", *words)
        gone = self.rap.run("admin", "resources", "delete", "brief", "crate")
        self.assertEqual(0, gone.returncode)
        self.assertIn("1 person loses their grant, and no session ends.", gone.stderr)
        admin("pools", "rename", "brief", "Office", "Bureau")
        admin("pools", "delete", "brief", "Bureau")
        admin("organizations", "disable", "brief", "--yes")
        admin("organizations", "enable", "brief")
        admin("organizations", "rename", "brief", "short")
        admin("members", "remove", "short", email)
        admin("organizations", "delete", "short", "--yes")
        self.rap.ok("admin", "join-tokens", "create", "--node", "guest")
        token = next(t for t in self.rap.json("admin", "join-tokens", "list")["items"]
                     if t["node_name"] == "guest")
        admin("join-tokens", "delete", token["id"])
        admin("users", "role", email, "platform_admin")
        admin("users", "role", email, "none")
        admin("users", "sign-out", email)


class Limits(ControlCase):
    CONTROL_OPTIONS = ("--max-sign-ins", "2")

    def test_how_many_sign_ins_a_person_has_can_be_set(self):
        self.owner.post("users", email="shared@acme.test", password=PASSWORD)
        api = self.world.control.api()
        first, *_ = [api.as_user("shared@acme.test", PASSWORD) for _ in range(3)]
        problem = self.refused(401, "signed_out", first.get, "me")
        self.assertIn("signed in elsewhere too many times", problem["detail"])


if __name__ == "__main__":
    unittest.main()
