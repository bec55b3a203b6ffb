"""A program that scrapes: a token in a file, which opens the metrics and nothing else."""

import unittest

from harness import metrics
from harness.case import ControlCase


class Scraping(ControlCase):
    def setUp(self):
        self.scraper = self.world.control.api()
        self.scraper.device = None

    def get(self, path):
        return self.scraper.raw("GET", path,
                                headers={"Authorization": f"Bearer {self.scraper.token}"})

    def test_a_token_from_a_file_opens_the_metrics_alone_and_no_database_holds_it(self):
        rap = self.world.platform_owner()
        said = rap.ok("admin", "metrics-tokens", "create", "prometheus", "--for", "365d")
        self.scraper.token = said.removesuffix("\n")
        self.assertRegex(self.scraper.token, r"\Arapmt_[A-Za-z0-9_-]{43}\Z")
        status, _, body = self.get("/metrics")
        self.assertEqual(200, status, body)
        figures = metrics.parse(body.decode())
        self.assertIn('rap_metrics_token_expires_timestamp_seconds{name="prometheus"}', figures)
        self.refused(401, "not_signed_in", self.scraper.get, "nodes")
        self.assertIn("prometheus", rap.ok("admin", "metrics-tokens", "list"))
        self.assertNotIn(self.scraper.token.removeprefix("rapmt_"),
                         self.world.control.dump_database())
        rap.ok("admin", "metrics-tokens", "remove", "prometheus")
        self.assertEqual(401, self.get("/metrics")[0])


if __name__ == "__main__":
    unittest.main()
