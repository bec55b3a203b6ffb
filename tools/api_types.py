#!/usr/bin/python3
"""Writes the C++ client's side of the API from docs/api/openapi.json: for each operation a function
that makes its call, a struct for each of request, query and answer, and how these are JSON.

usage: api_types.py OPENAPI HEADER SOURCE
"""

import json
import re
import sys

PREFIX = "/api/v1/"
HEADER = """\
// Generated from docs/api/openapi.json by tools/api_types.py: the operations of the API. A function
// makes the call of its operation, as<Answer>() reads what came back.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/api/api_client.hpp"

namespace rap::client::op {

template <class Answer>
Fallible<Answer> as(const Fallible<nlohmann::json>& answer) {
  if (!answer) return std::unexpected(answer.error());
  try {
    return answer->get<Answer>();
  } catch (const nlohmann::json::exception& e) {
    return std::unexpected(not_understood(e.what()));
  }
}
"""
SOURCE = """\
// Generated from docs/api/openapi.json by tools/api_types.py.
#include "client/api/api_types.hpp"

namespace rap::client::op {

using nlohmann::json;

namespace {

template <class T>
void read(const json& from, const char* name, T& to) {
  from.at(name).get_to(to);
}
template <class T>
void read(const json& from, const char* name, std::optional<T>& to) {
  const auto it = from.find(name);
  if (it == from.end()) return;
  T value{};
  it->get_to(value);
  to = std::move(value);
}
template <class T>
void write(json& to, const char* name, const T& value) {
  to[name] = value;
}
template <class T>
void write(json& to, const char* name, const std::optional<T>& value) {
  if (value) to[name] = *value;
}
void add_query(std::string& path, std::string_view name, const std::string& value) {
  path += (path.find('?') == path.npos ? "?" : "&") + std::string(name) + "=" + segment(value);
}

}  // namespace
"""
END = "\n}  // namespace rap::client::op\n"


def camel(name):
    return "".join(part[:1].upper() + part[1:] for part in re.split(r"[_-]", name))


def snake(name):
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


def is_struct(schema):
    return schema["type"] == "object" and "properties" in schema


class Struct:
    """One object of the API as a C++ struct, with those inside it."""

    def __init__(self, name, schema, outer=""):
        self.name, self.full = name, outer + name
        self.inner, self.members = [], []
        for member, of in schema["properties"].items():
            kind = self.kind_of(member, of)
            required = member in schema.get("required", [])
            self.members.append((member, kind if required else f"std::optional<{kind}>"))

    def kind_of(self, member, schema):
        if schema["type"] == "array":
            item = "Item" if member == "items" else camel(member) + "Item"
            return f"std::vector<{self.kind_of(item, schema['items'])}>"
        if is_struct(schema):
            self.inner.append(Struct(camel(member), schema, self.full + "::"))
            return camel(member)
        return {"string": "std::string", "integer": "std::int64_t", "boolean": "bool",
                "object": "nlohmann::json"}[schema["type"]]

    def declared(self, indent=""):
        lines = [f"{indent}struct {self.name} {{"]
        for inner in self.inner:
            lines += inner.declared(indent + "  ")
        lines += [f"{indent}  {kind} {member}{{}};" for member, kind in self.members]
        return lines + [f"{indent}}};"]

    def converted(self, to_json):
        lines = []
        for inner in self.inner:
            lines += inner.converted(to_json)
        if to_json:
            lines += [f"void to_json(json& to, const {self.full}& value) {{",
                      "  to = json::object();"]
            lines += [f'  write(to, "{m}", value.{m});' for m, _ in self.members]
        else:
            lines += [f"void from_json(const json& from, {self.full}& value) {{"]
            lines += [f'  read(from, "{m}", value.{m});' for m, _ in self.members]
        return lines + ["}"]


class Operation:
    def __init__(self, method, path, told):
        self.method, self.path, self.summary = method.upper(), path, told["summary"]
        self.name = told["operationId"]
        parameters = told.get("parameters", [])
        self.words = [p["name"] for p in parameters if p["in"] == "path"]
        query = [p for p in parameters if p["in"] == "query"]
        self.query = query and {"type": "object",
                                "properties": {p["name"]: p["schema"] for p in query},
                                "required": [p["name"] for p in query if p["required"]]}
        self.request = told.get("requestBody", {}).get("content", {}) \
                           .get("application/json", {}).get("schema")
        success = next(a for status, a in told["responses"].items() if status.startswith("2"))
        self.answer = success.get("content", {}).get("application/json", {}).get("schema")

    def signature(self, declared):
        given = [f"std::string_view {word}" for word in self.words]
        for schema, kind in ((self.request, "Request"), (self.query, "Query")):
            if schema:
                default = " = {}" if declared and not schema.get("required") else ""
                given.append(f"const {camel(self.name)}{kind}& {kind.lower()}{default}")
        return f"ApiCall {snake(self.name)}({', '.join(given)})"

    def made(self):
        """The function's body. A POST has a body always, be it an empty object."""
        path = '"' + re.sub(r"\{(\w+)\}", r'" + segment(\1) + "', self.path) + '"'
        lines = [f"{self.signature(False)} {{",
                 f"  std::string path = {path.removesuffix(' + ' + chr(34) * 2)};"]
        for name, schema in (self.query or {"properties": {}})["properties"].items():
            value = f"query.{name}"
            required = name in self.query["required"]
            given = value if required else "*" + value
            text = given if schema["type"] == "string" else f"std::to_string({given})"
            test = "" if required else f"if ({value}) "
            lines.append(f'  {test}add_query(path, "{name}", {text});')
        body = "json(request)" if self.request else "json::object()" \
            if self.method == "POST" else "json()"
        return lines + [f'  return make_call("{self.method}", std::move(path), {body});', "}"]


def generate(document):
    """The texts of header and source."""
    header, source, known = [HEADER], [SOURCE], {}
    for path, methods in document["paths"].items():
        if not path.startswith(PREFIX):
            continue
        for method, told in methods.items():
            operation = Operation(method, path[len(PREFIX):], told)
            header.append(f"\n// {operation.method} {operation.path}: {operation.summary}.")
            for kind in ("Request", "Query", "Answer"):
                schema = getattr(operation, kind.lower())
                if not schema or not is_struct(schema):
                    continue
                name = camel(operation.name) + kind
                key = kind + json.dumps(schema, sort_keys=True)
                if known.setdefault(key, name) != name:
                    header.append(f"using {name} = {known[key]};")
                    continue
                struct = Struct(name, schema)
                header += struct.declared()
                if kind == "Answer":
                    header.append(f"void from_json(const nlohmann::json& from, {name}& value);")
                if kind != "Query":
                    source.append("")
                    source += struct.converted(to_json=kind == "Request")
            header.append(operation.signature(True) + ";")
            source.append("")
            source += operation.made()
    return "\n".join(header) + END, "\n".join(source) + END


def main():
    openapi, *outputs = sys.argv[1:]
    with open(openapi, encoding="utf-8") as file:
        texts = generate(json.load(file))
    for output, text in zip(outputs, texts, strict=True):
        with open(output, "w", encoding="utf-8") as file:
            file.write(text)


if __name__ == "__main__":
    main()
