# SPDX-License-Identifier: Apache-2.0
"""Requests and answers against openapi.json: as much of JSON Schema 2020-12 as that file uses, and no more."""
import re

KNOWN = {"type", "enum", "const", "properties", "required", "additionalProperties", "items", "allOf", "minItems", "maxItems",
         "uniqueItems", "minLength", "maxLength", "pattern", "format", "minimum", "maximum", "minProperties", "maxProperties",
         "description", "default", "$ref"}
TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "number": (int, float), "integer": int}
FORMATS = {"uuid": r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}",
           "date-time": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z"}


class Api:
    def __init__(self, document):
        self.document = document

    def deref(self, value):
        while "$ref" in value:
            at = self.document
            for part in value["$ref"].split("/")[1:]:
                at = at[part]
            value = at
        return value

    def route(self, method, path):
        """The operation that this request is, or None."""
        path = path.split("?")[0]
        for template, item in self.document["paths"].items():
            if re.fullmatch(re.sub(r"\{[^}]*\}", "[^/]+", template), path) and method.lower() in item:
                return item[method.lower()]
        return None

    def check_answer(self, method, path, status, kind, body):
        """What is wrong with an answer; an empty list when nothing is. body: parsed, a list of lines for NDJSON."""
        operation = self.route(method, path)
        if operation is None:
            return []
        answer = operation["responses"].get(str(status), operation["responses"]["default"] if status >= 400 else None)
        if answer is None:
            return [f"status {status} is not described"]
        content = self.deref(answer).get("content", {})
        if not content:
            return [] if body is None else ["a body where none is described"]
        if kind not in content:
            return [f"content type {kind} is not described"]
        schema = content[kind]["schema"]
        if kind == "text/event-stream":
            return []
        wrong = []
        for value in body if kind == "application/x-ndjson" else [body]:
            self.check(value, schema, "", wrong)
        return wrong

    def check_request(self, method, path, body):
        """What is wrong with what was asked; body: parsed, None when there is none."""
        operation = self.route(method, path)
        if operation is None:
            return ["no such request is described"]
        described = self.deref(operation.get("requestBody", {}))
        if not described or body is None:
            return ["a body where none is described"] if body is not None else \
                ["no body"] if described.get("required") else []
        wrong = []
        self.check(body, described["content"]["application/json"]["schema"], "", wrong)
        return wrong

    def check(self, value, schema, where, wrong):
        schema = self.deref(schema)
        assert set(schema) <= KNOWN, f"schema words that are not checked here: {set(schema) - KNOWN}"
        for part in schema.get("allOf", []):
            self.check(value, part, where, wrong)
        if "const" in schema and value != schema["const"]:
            wrong.append(f"{where} is {value!r}, not {schema['const']!r}")
        if "enum" in schema and value not in schema["enum"]:
            wrong.append(f"{where} is {value!r}, not one of {schema['enum']}")
        kind = schema.get("type")
        if kind is None:
            return
        if not isinstance(value, TYPES[kind]) or (isinstance(value, bool) and kind != "boolean"):
            wrong.append(f"{where} is {type(value).__name__}, not {kind}")
        elif kind == "object":
            self.check_object(value, schema, where, wrong)
        elif kind == "array":
            for i, item in enumerate(value):
                self.check(item, schema.get("items", {}), f"{where}[{i}]", wrong)
        elif kind == "string":
            if "format" in schema and not re.fullmatch(FORMATS[schema["format"]], value):
                wrong.append(f"{where} is {value!r}, no {schema['format']}")
            if "pattern" in schema and not re.search(schema["pattern"], value):
                wrong.append(f"{where} is {value!r}, not like {schema['pattern']}")

    def check_object(self, value, schema, where, wrong):
        properties = schema.get("properties", {})
        for name in schema.get("required", []):
            if name not in value:
                wrong.append(f"{where} has no {name}")
        for name, member in value.items():
            if name in properties:
                self.check(member, properties[name], f"{where}.{name}", wrong)
            elif schema.get("additionalProperties") is False:
                wrong.append(f"{where} has {name}, which is not described")
