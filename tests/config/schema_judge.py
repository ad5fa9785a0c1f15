#!/usr/bin/env python3
"""Judges texts by the schema as an editor does. usage: schema_judge.py SCHEMA < texts (JSON strings, one a line)
Prints one line a text: yes, no (and why), or broken (no YAML). YAML after the core schema of 1.2, as editors read it."""
import json
import re
import sys

import jsonschema
import yaml


class Core(yaml.SafeLoader):
    """PyYAML resolves after YAML 1.1 (off is false, 1:30 is 90): this one as YAML 1.2.2, 10.3.2 says."""


Core.yaml_implicit_resolvers = {}
for tag, pattern, first in (
    ("null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", list("tTfF")),
    ("int", r"^(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)$", list("-+0123456789")),
    ("float", r"^(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$",
     list("-+0123456789.")),
):
    Core.add_implicit_resolver("tag:yaml.org,2002:" + tag, re.compile(pattern), first)


def integer(loader, node):
    text = loader.construct_scalar(node)
    return int(text, 8 if text.startswith("0o") else 16 if text.startswith("0x") else 10)


Core.add_constructor("tag:yaml.org,2002:int", integer)
Core.add_constructor("tag:yaml.org,2002:float",
                     lambda loader, node: float(loader.construct_scalar(node).replace(".inf", "inf").replace(".nan", "nan")))

with open(sys.argv[1], encoding="utf-8") as file:
    schema = json.load(file)
jsonschema.Draft7Validator.check_schema(schema)
judge = jsonschema.Draft7Validator(schema)
for line in sys.stdin:
    try:
        value = yaml.load(json.loads(line), Loader=Core)
    except yaml.YAMLError:
        print("broken")
        continue
    fault = jsonschema.exceptions.best_match(judge.iter_errors(value))
    print("yes" if fault is None else "no %s: %s" % (list(fault.absolute_path), fault.message.replace("\n", " ")[:200]))
