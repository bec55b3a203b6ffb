"""`rap` in scripts, and forwards that somebody wants for long."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import threading
import unittest

from harness.case import FabricCase
from harness.process import BIN
from harness.rap import FAILED, Forward
from harness.stream import Stream
from harness.wait import patiently, until
from harness.world import USER_EMAIL, USER_PASSWORD

MANY = 300  # more than an entry takes on one connection


class Scripts(FabricCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.world.wait_settled()
        cls.person = cls.world.person("scripts")

    def sh(self, script, **options):
        return subprocess.run(["sh", "-c", script, self.person.command()[-1]], text=True,
                              env=self.person.environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=patiently(60), check=False, **options)

    def test_a_write_that_fails_is_said_and_fails(self):
        for command in ("sessions", "sessions --json", "--help", "man", "ssh-config"):
            done = self.sh(f'"$0" {command} >/dev/full')
            self.assertEqual(FAILED, done.returncode, command)
            self.assertIn("No space left on device", done.stderr, command)

    def test_a_closed_descriptor_is_no_other_file(self):
        done = self.sh('"$0" sessions >&-')
        self.assertEqual(FAILED, done.returncode)
        self.assertIn("Cannot write the output", done.stderr)
        done = self.sh('"$0" sessions <&- 2>&-')
        self.assertEqual(0, done.returncode)
        self.assertTrue(done.stdout)
        done = self.sh('"$0" nonsense <&- >&- 2>&-')
        self.assertEqual(2, done.returncode)

    def test_a_reader_that_leaves_ends_it_without_a_word(self):
        reading, writing = os.pipe()
        os.close(reading)
        done = subprocess.run(self.person.command("man"), env=self.person.environment,
                              stdout=writing, stderr=subprocess.PIPE, text=True, check=False,
                              timeout=patiently(30))
        os.close(writing)
        self.assertEqual((-signal.SIGPIPE, ""), (done.returncode, done.stderr))

    def test_a_failure_is_an_object_with_json(self):
        done = self.person.run("sessions", "terminate", "nonsense", "--json")
        self.assertEqual("", done.stdout)
        error = json.loads(done.stderr)["error"]
        self.assertEqual(done.returncode, error["status"])
        self.assertTrue(error["text"])

    def test_a_mistyped_command_is_named_with_the_right_one(self):
        done = self.person.run("forwrd", "echo")
        self.assertEqual(2, done.returncode)
        self.assertIn("'forward'", done.stderr)
        self.assertIn("--listen", self.person.ok("help", "forward"))

    def completed(self, *words, instead=""):
        """What bash offers where the cursor is at the end of these words."""
        script = ('PATH=$1:$PATH; source <(rap completion bash); shift; COMP_WORDS=("$@"); ' +
                  instead +
                  'COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _rap; printf "%s\\n" "${COMPREPLY[@]}"')
        done = subprocess.run(["bash", "-c", script, "bash", BIN.resolve(), *words], check=True,
                              env=self.person.environment, text=True, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, timeout=patiently(30))
        return done.stdout.split("\n")[:-1]

    def test_a_shell_completes_the_names_of_resources(self):
        self.world.add_resource("two-words", self.world.address, 1)
        self.assertEqual(["echo"], self.completed("rap", "forward", "ec"))
        self.assertEqual(["two-words"], self.completed("rap", "proxy", "two"))
        self.assertIn("echo", self.completed("rap", "ssh", ""))
        self.assertIn("echo", self.completed("rap", "ssh", "-v", "e"))
        self.assertEqual(["echo"], self.completed("rap", "ssh", "root", "@", "ec"))
        for words in (("rap", "forward", "--li"), ("rap", "ssh", "echo", "ec"), ("rap", "log")):
            self.assertNotIn("echo", self.completed(*words))
        self.assertEqual("echo\ntwo-words\n", self.person.ok("resources", "--names"))

    def test_a_shell_expands_nothing_that_a_server_calls_a_resource(self):
        mark = self.world.folder / "expanded"
        for name in (f"e$(touch {mark})", f"e`touch {mark}`", f"e; touch {mark}"):
            offered = self.completed("rap", "ssh", "e",
                                     instead=f"rap() {{ printf '%s\\n' '{name}'; }}; ")
            self.assertEqual(name, subprocess.run(["bash", "-c", f"printf %s {offered[0]}"],
                                                  stdout=subprocess.PIPE, text=True,
                                                  check=True).stdout)
            self.assertFalse(mark.exists())

    def test_nohup_protects_a_forward(self):
        with subprocess.Popen(["nohup", *self.person.command("forward", "echo", "--json")],
                              env=self.person.environment, stdin=subprocess.DEVNULL, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as running:
            self.addCleanup(running.kill)
            address = json.loads(running.stdout.readline())["listening"].split(":")
            os.kill(running.pid, signal.SIGHUP)
            with contextlib.closing(Stream(address)) as stream:
                stream.round_trip(b"still here")
            running.terminate()
            self.assertEqual(0, running.wait(patiently(20)))


class Forwards(FabricCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.world.wait_settled()

    def connected(self, forward):
        return contextlib.closing(Stream(forward.address, 30))

    def answers(self, forward):
        with contextlib.suppress(OSError, AssertionError), self.connected(forward) as stream:
            stream.round_trip(b"ping")
            return True
        return False

    def sign_in(self, person):
        person.login(self.world.control.url, USER_EMAIL, USER_PASSWORD,
                     self.world.control.root_ca)

    def test_another_sign_in_heals_a_forward(self):
        person = self.world.person("again")
        with Forward(person, "echo") as forward:
            self.assertTrue(self.answers(forward))
            person.ok("logout")
            self.assertFalse(self.answers(forward))
            self.assertFalse(self.answers(forward))
            self.sign_in(person)
            self.assertTrue(self.answers(forward))
            until(lambda: forward.said, "what was said of it")
        self.assertEqual(1, sum("rap login" in line for line in forward.said), forward.said)

    def test_a_session_that_was_ended_is_followed_by_another(self):
        person = self.world.person("ended")
        with Forward(person, "echo") as forward:
            self.assertTrue(self.answers(forward))
            for session in person.json("sessions")["items"]:
                if session["state"] != "terminated":
                    person.ok("sessions", "terminate", session["id"])
            self.assertTrue(self.answers(forward))
        self.assertEqual([], [s for s in person.json("sessions")["items"]
                              if s["state"] != "terminated"], "it ends what it started")

    def test_more_connections_than_an_entry_takes_on_one_link_work(self):
        with Forward(self.world.person("many"), "echo") as forward, \
                contextlib.ExitStack() as opened:
            connections = [opened.enter_context(self.connected(forward)) for _ in range(MANY)]
            wrong = []

            def talk(number):
                try:
                    connections[number].round_trip(b"%04d" % number)
                except (OSError, AssertionError) as error:
                    wrong.append((number, error))

            threads = [threading.Thread(target=talk, args=(n,)) for n in range(MANY)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(patiently(60))
            self.assertEqual([], wrong)

    def test_port_0_of_any_address_takes_a_free_one(self):
        person = self.world.person("ports")
        for address in ("127.0.0.2:0", "[::1]:0", "127.0.0.1:0"):
            with Forward(person, "echo", "--listen", address) as forward:
                self.assertTrue(forward.address[1])

    def test_a_target_that_resets_was_reached(self):
        person = self.world.person("reset")
        with socket.create_server((self.world.address, 0)) as target:
            self.world.add_resource("rude", self.world.address, target.getsockname()[1])
            self.world.wait_settled()

            def reset():
                connection, _ = target.accept()
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, bytes([1] + [0] * 7))
                connection.close()
            threading.Thread(target=reset, daemon=True).start()
            done = person.run("proxy", "rude")
        self.assertIn("broke the connection off", done.stderr)
        self.assertNotIn("cannot be reached", done.stderr)


if __name__ == "__main__":
    unittest.main()
