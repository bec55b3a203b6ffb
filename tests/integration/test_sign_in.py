"""Signing in and out: wrong passwords, guessing, and what the server keeps."""

import unittest

from harness.api import ApiError
from harness.case import ControlCase
from harness.control import OWNER_EMAIL, OWNER_PASSWORD
from harness.wait import until

PASSWORD = "a long enough password"


class SignIn(ControlCase):
    def person(self, email):
        self.owner.post("users", email=email, password=PASSWORD)
        return email

    def test_the_right_password_opens_a_session_that_logout_ends(self):
        user = self.world.control.api().as_user(self.person("in@acme.test"), PASSWORD)
        self.assertEqual("in@acme.test", user.get("me")["email"])
        user.post("auth/logout")
        self.refused(401, "not_signed_in", user.get, "me")

    def test_a_wrong_password_and_an_unknown_person_are_refused_alike(self):
        api = self.world.control.api()
        known = self.person("known@acme.test")
        wrong = self.refused(401, "wrong_credentials", api.as_user, known, "no")
        unknown = self.refused(401, "wrong_credentials", api.as_user, "nobody@acme.test", "no")
        self.assertEqual(wrong, unknown)

    def test_guessing_is_slowed_down_and_others_are_not_locked_out(self):
        api = self.world.control.api()
        victim = self.person("guessed@acme.test")

        def refused_for_guessing():
            try:
                api.as_user(victim, "guess")
            except ApiError as e:
                return e.status == 429
            return False
        until(refused_for_guessing, "guesses to be refused with 429", 60)
        api.as_user(self.person("calm@acme.test"), PASSWORD)

    def test_no_password_or_bearer_token_is_stored_in_clear(self):
        user = self.world.control.api().as_user(self.person("stored@acme.test"), PASSWORD)
        user.get("me")
        dump = self.world.control.dump_database()
        self.assertIn("stored@acme.test", dump)
        self.assertIn("$argon2id$", dump)
        for secret in (PASSWORD, OWNER_PASSWORD, user.token, user.token.removeprefix("rapst_")):
            self.assertNotIn(secret, dump)

    def test_a_request_without_a_bearer_or_with_a_made_up_one_is_refused(self):
        api = self.world.control.api()
        self.refused(401, "not_signed_in", api.get, "me")
        api.token = "rapst_" + "A" * 43
        self.refused(401, "not_signed_in", api.get, "me")

    def test_an_unknown_member_of_a_body_is_named(self):
        problem = self.refused(400, "invalid_member", self.world.control.api().post, "auth/login",
                               email=OWNER_EMAIL, password=OWNER_PASSWORD, remember="yes")
        self.assertIn("remember", problem["detail"])


if __name__ == "__main__":
    unittest.main()
