"""`rap` as people and scripts use it: exit codes, JSON, completion, manual, trust at first use."""

import json
import pathlib
import re
import subprocess
import unittest

from harness import rap as exits
from harness.case import FabricCase
from harness.control import OWNER_EMAIL, OWNER_PASSWORD
from harness.process import BIN
from harness.rap import Rap
from harness.world import ORGANIZATION, USER_EMAIL, USER_PASSWORD, World


OPENAPI = pathlib.Path(__file__).resolve().parent.parent.parent / "docs/api/openapi.json"


class CommandLine(FabricCase):
    def home(self, name):
        return Rap(self.world.folder / f"home-{name}")

    def login(self, rap, *options, email=USER_EMAIL, password=USER_PASSWORD):
        return rap.run("login", "--server", self.world.control.url, "--email", email,
                       "--password-stdin", *options, text_in=password + "\n")

    def fingerprint(self):
        out = subprocess.run(["openssl", "x509", "-in", self.world.control.root_ca, "-noout",
                              "-fingerprint", "-sha256"], check=True, text=True,
                             stdout=subprocess.PIPE).stdout
        return out.split("=")[1].strip()

    def test_the_description_that_is_served_is_the_one_clients_are_made_of(self):
        served = self.world.owner.get("openapi.json")
        checked_in = json.loads(OPENAPI.read_text())
        self.assertEqual([{"url": self.world.control.url}], served.pop("servers"))
        del checked_in["servers"]
        self.assertEqual(checked_in, served)

    def test_whoever_is_not_signed_in_is_told_to_sign_in(self):
        done = self.home("nobody").run("resources")
        self.assertEqual(exits.NOT_SIGNED_IN, done.returncode)
        self.assertIn("rap login", done.stderr)

    def test_a_wrong_password_says_so(self):
        rap = self.home("wrong")
        done = self.login(rap, "--ca-file", self.world.control.root_ca, password="wrong")
        self.assertIn(done.returncode, (exits.FAILED, exits.NOT_SIGNED_IN, exits.DENIED))
        self.assertIn("password", done.stderr)

    def test_the_right_fingerprint_is_trusted_and_remembered(self):
        rap = self.home("pinned")
        for spelled in (self.fingerprint(), self.fingerprint().replace(":", "").lower()):
            done = self.login(rap, "--ca-fingerprint", spelled)
            self.assertEqual(exits.OK, done.returncode, done.stderr)
        self.assertEqual(USER_EMAIL, rap.json("whoami")["email"])
        self.assertEqual(0o600, (rap.home / "profile.json").stat().st_mode & 0o777)

    def test_a_wrong_fingerprint_is_refused_before_the_password_is_sent(self):
        done = self.login(self.home("lured"), "--ca-fingerprint", "00" * 32)
        self.assertEqual(exits.UNTRUSTED, done.returncode, done.stderr)

    def test_a_first_contact_without_a_terminal_trusts_nobody(self):
        rap = self.home("script")
        done = self.login(rap)
        self.assertEqual(exits.UNTRUSTED, done.returncode, done.stderr)
        self.assertIn("--ca-fingerprint", done.stderr)
        self.assertFalse((rap.home / "ca.pem").exists())

    def test_a_server_under_another_root_is_refused_later_too(self):
        rap = self.home("moved")
        self.login(rap, "--ca-file", self.world.control.root_ca)
        with World(nodes=False) as other:
            profile = json.loads((rap.home / "profile.json").read_text())
            profile["server"] = other.control.url
            (rap.home / "profile.json").write_text(json.dumps(profile))
            self.assertEqual(exits.UNTRUSTED, rap.run("whoami").returncode)

    def test_logout_ends_the_session_on_the_server(self):
        rap = self.home("leaving")
        self.login(rap, "--ca-file", self.world.control.root_ca)
        token = json.loads((rap.home / "profile.json").read_text())["token"]
        rap.ok("logout")
        self.assertEqual(exits.NOT_SIGNED_IN, rap.run("whoami").returncode)
        api = self.world.control.api()
        api.token = token
        self.refused(401, "not_signed_in", api.get, "me")

    def test_an_unreachable_server_says_so(self):
        rap = self.home("offline")
        self.login(rap, "--ca-file", self.world.control.root_ca)
        profile = json.loads((rap.home / "profile.json").read_text())
        profile["server"] = "https://127.0.0.1:1"
        (rap.home / "profile.json").write_text(json.dumps(profile))
        self.assertEqual(exits.UNREACHABLE, rap.run("whoami").returncode)

    def test_a_person_may_not_administrate(self):
        rap = self.world.person("plain")
        self.assertEqual(exits.DENIED, rap.run("admin", "nodes", "list").returncode)

    def test_every_listing_has_json(self):
        person = self.world.person("json")
        owner = self.world.person("owner", OWNER_EMAIL, OWNER_PASSWORD)
        self.assertEqual("echo", person.json("resources")["items"][0]["name"])
        person.json("sessions")
        for words in ("organizations list", "users list", f"members list {ORGANIZATION}",
                      f"pools list {ORGANIZATION}", f"resources list {ORGANIZATION}",
                      f"grants list {ORGANIZATION} echo", "join-tokens list", "enrolments list",
                      "nodes list", "channels", "audit list"):
            with self.subTest(words):
                self.assertTrue(owner.json("admin", *words.split())["items"])
        self.assertTrue(owner.json("admin", "audit", "verify")["ok"])

    def test_a_typing_error_is_a_usage_error(self):
        for words in (("frobnicate",), ("proxy",), ("login", "--sever", "x")):
            self.assertEqual(exits.USAGE, self.home("typo").run(*words).returncode, words)
        self.assertEqual(exits.OF_SSH, self.home("typo").run("ssh").returncode)

    def test_every_program_tells_wrong_usage_from_a_failure(self):
        for program in ("rap", "rap-control", "rap-node-agent", "rap-fabric"):
            for words in ((), ("--nonsense",)):
                done = subprocess.run([BIN / program, *words], stdin=subprocess.DEVNULL,
                                      stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
                self.assertEqual((exits.USAGE, b""), (done.returncode, done.stdout), program)
                self.assertTrue(done.stderr, program)

    def test_the_manual_names_every_command_and_option_of_the_help(self):
        rap = self.home("reader")
        manual = rap.ok("man")
        self.assertTrue(manual.lstrip(".\\\"").strip())
        plain = manual.replace("\\-", "-")
        for words in ([], ["login"], ["ssh"], ["proxy"], ["forward"], ["sessions"]):
            for option in re.findall(r"--[a-z][a-z-]+", rap.ok(*words, "--help")):
                self.assertIn(option, plain, f"{option} of rap {' '.join(words)}")

    def test_every_program_prints_a_manual_that_names_what_its_help_does(self):
        commands = {"rap-node-agent": [[]], "rap-fabric": [[]],
                    "rap-control": [[], ["init"], ["serve"], ["backup"], ["restore"],
                                    ["trust", "prepare"], ["audit", "verify"], ["names", "add"]]}
        for program, words in commands.items():
            def said(*arguments, of=program):
                return subprocess.run([str(BIN / of), *arguments], text=True, check=True,
                                      stdout=subprocess.PIPE).stdout
            plain = said("--man").replace("\\-", "-")
            self.assertTrue(plain.startswith(f".TH {program.upper()} 1"), plain[:80])
            for command in words:
                with self.subTest(program, command=command):
                    self.assertIn(" ".join([program, *command]), plain)
                    for option in re.findall(r"--[a-z][a-z-]+", said(*command, "--help")):
                        self.assertIn(option, plain)

    def test_completion_scripts_are_accepted_by_their_shells(self):
        rap = self.home("completing")
        script = rap.ok("completion", "bash")
        checked = subprocess.run(["bash", "-n"], input=script, text=True, check=False)
        self.assertEqual(0, checked.returncode)
        complete = script + (
            "\nCOMP_WORDS=(rap lo); COMP_CWORD=1; COMP_LINE='rap lo'; COMP_POINT=6"
            "\n$(complete -p rap | sed -E 's/.*-F ([^ ]+).*/\\1/') rap lo rap"
            "\necho \"${COMPREPLY[@]}\"")
        done = subprocess.run(["bash", "-c", complete], text=True, check=False,
                              stdout=subprocess.PIPE)
        self.assertEqual({"login", "logout"}, set(done.stdout.split()))
        for shell in ("zsh", "fish"):
            self.assertIn("login", rap.ok("completion", shell))


if __name__ == "__main__":
    unittest.main()
