"""tools/api_types.py: the client's structs follow the API's description, member by member."""

import copy
import json
import pathlib
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tools"))

import api_types  # noqa: E402

DESCRIPTION = json.loads((ROOT / "docs/api/openapi.json").read_text())


def answer_of(document, method, path):
    responses = document["paths"][path][method]["responses"]
    return responses["200"]["content"]["application/json"]["schema"]


class ApiTypes(unittest.TestCase):
    def test_every_operation_below_the_api_has_a_call(self):
        header, source = api_types.generate(DESCRIPTION)
        for path, methods in DESCRIPTION["paths"].items():
            for told in methods.values():
                call = f"ApiCall {api_types.snake(told['operationId'])}("
                wanted = 1 if path.startswith(api_types.PREFIX) else 0
                self.assertEqual((wanted, wanted), (header.count(call), source.count(call)), call)

    def test_members_come_and_go_with_the_description(self):
        for change in ("renamed", "optional", "of another type"):
            document = copy.deepcopy(DESCRIPTION)
            schema = answer_of(document, "get", "/api/v1/me")
            if change == "renamed":
                schema["properties"]["mail"] = schema["properties"].pop("email")
                wanted = "  std::optional<std::string> mail{};"
            elif change == "optional":
                schema["required"].remove("email")
                wanted = "  std::optional<std::string> email{};"
            else:
                schema["properties"]["email"] = {"type": "boolean"}
                wanted = "  bool email{};"
            header, _ = api_types.generate(document)
            struct = header[header.index("struct GetMeAnswer {"):]
            struct = struct[:struct.index("\n};")]
            self.assertIn(wanted, struct.splitlines())
            self.assertNotIn("  std::string email{};", struct.splitlines())

    def test_what_it_cannot_say_in_cpp_is_an_error(self):
        document = copy.deepcopy(DESCRIPTION)
        answer_of(document, "get", "/api/v1/me")["properties"]["email"] = {"type": "number"}
        with self.assertRaises(KeyError):
            api_types.generate(document)


if __name__ == "__main__":
    unittest.main()
