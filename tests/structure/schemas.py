"""Are the schemas schemas?"""
import json
import re

from structure.repository import FILES, text


def schema_problems(where, node):
    if isinstance(node, bool):
        return
    if not isinstance(node, dict):
        yield f"{where}: a schema must be an object or a boolean"
        return
    types = node.get("type", [])
    for name in [types] if isinstance(types, str) else types:
        if name not in ("object", "array", "string", "integer", "number", "boolean", "null"):
            yield f"{where}: unknown type {name}"
    for pattern in [node.get("pattern", "")] + list(node.get("patternProperties", {})):
        try:
            re.compile(pattern)
        except re.error as problem:
            yield f"{where}: pattern {pattern}: {problem}"
    for key in ("properties", "$defs", "definitions", "patternProperties"):
        for name, child in node.get(key, {}).items():
            yield from schema_problems(f"{where}/{key}/{name}", child)
    for key in ("items", "additionalProperties", "not", "if", "then", "else", "contains", "propertyNames"):
        if key in node:
            yield from schema_problems(f"{where}/{key}", node[key])
    for key in ("oneOf", "anyOf", "allOf"):
        for index, child in enumerate(node.get(key, [])):
            yield from schema_problems(f"{where}/{key}/{index}", child)
    if set(node.get("required", [])) - set(node.get("properties", node.get("required", []))):
        yield f"{where}: requires a key it does not describe"


def check_schemas():
    """every schema is a schema: closed, described, with references that lead somewhere"""
    for name in [f for f in FILES if f.endswith(".schema.json")]:
        try:
            schema = json.loads(text(name))
        except ValueError as problem:
            yield f"{name}: {problem}"
            continue
        yield from schema_problems(name, schema)
        if schema.get("additionalProperties") is not False and "oneOf" not in schema:
            yield f"{name}: additionalProperties is not false"
        for key, value in schema.get("properties", {}).items():
            if isinstance(value, dict) and not {"description", "$ref", "const"} & set(value):
                yield f"{name}: {key} has no description"
        for reference in re.findall(r'"\$ref"\s*:\s*"#/([^"]*)"', text(name)):
            node = schema
            for part in reference.split("/"):
                node = node.get(part) if isinstance(node, dict) else None
            if node is None:
                yield f"{name}: $ref #/{reference} leads nowhere"
