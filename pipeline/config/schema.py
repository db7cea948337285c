"""The JSON schema of params.yaml and of the files in scales/, for editors: completion, limits, texts.

A scale's file names only what differs from params.yaml, so no key is required but the kind of a distribution.
What two keys allow together is checked when a run is resolved, and not here.
"""

from typing import Any

from pydantic.json_schema import models_json_schema

from pipeline.config.experiments import Params
from pipeline.config.run import RunConfig

Schema = dict[str, Any]
DIALECT = "https://json-schema.org/draft/2020-12/schema"
BLOCKS = ("population", "distribution", "model", "training", "evaluation")  # of the default run
LATER = ("observe", "patching")  # only in some runs
_KINDS = "distribution"


def definitions() -> dict[str, Schema]:
    """The schema of each typed class by name, without pydantic's titles."""
    _, found = models_json_schema([(RunConfig, "validation"), (Params, "validation")])
    return {name: _plain(schema) for name, schema in found["$defs"].items()}


def _plain(schema: Any) -> Any:
    """Without titles, and without required keys."""
    if isinstance(schema, list):
        return [_plain(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    required = ["kind"] if "kind" in schema.get("properties", {}) else []
    kept = {k: v for k, v in schema.items() if k != "required" and not (k == "title" and isinstance(v, str))}
    out = {k: _plain(v) for k, v in kept.items()}
    return {**out, "required": required} if required else out


def resolved(schema: Schema, defs: dict[str, Schema]) -> Schema:
    """What a reference, or a value that may also be null, stands for."""
    if several := [part for part in schema.get("anyOf", ()) if part.get("type") != "null"]:
        schema = {**several[0], **{k: v for k, v in schema.items() if k != "anyOf"}}
    if "$ref" in schema:
        return {**defs[schema["$ref"].rpartition("/")[2]], **{k: v for k, v in schema.items() if k != "$ref"}}
    return schema


def leaves(schema: Schema, defs: dict[str, Schema], path: str) -> dict[str, Schema]:
    """Every dotted path from `path` on that an experiment may set, with what it allows."""
    inner = resolved(schema, defs)
    out = {path: schema}
    for name, part in inner.get("properties", {}).items():
        out |= leaves(part, defs, f"{path}.{name}")
    return out


def paths(defs: dict[str, Schema]) -> dict[str, Schema]:
    """All of them."""
    run = defs["RunConfig"]["properties"]
    out: dict[str, Schema] = {}
    for block in (*BLOCKS, *LATER):
        out |= leaves(run[block], defs, block)
    for kind in run[_KINDS]["oneOf"]:
        for name, part in resolved(kind, defs)["properties"].items():
            allowed = out.setdefault(f"{_KINDS}.{name}", {"anyOf": []})["anyOf"]
            if part not in allowed:
                allowed.append(part)
    return out


def schema() -> Schema:
    """The whole, as one document."""
    defs = definitions()
    dotted, run, params = paths(defs), defs.pop("RunConfig"), defs.pop("Params")["properties"]
    lists = {path: {"type": "array", "items": part, "minItems": 1} for path, part in dotted.items()}
    defs["Values"] = {"type": "object", "properties": dotted, "additionalProperties": False}
    of_values = {"$ref": "#/$defs/Values"}
    experiment, tuning = defs["Experiment"]["properties"], defs["FineTuning"]["properties"]
    experiment["set"] |= of_values
    experiment["cases"]["additionalProperties"] = of_values
    experiment["grid"] |= {"properties": lists, "additionalProperties": False}
    for part in tuning:
        tuning[part] |= {"$ref": f"#/$defs/{part.capitalize()}"}
    blocks = {name: run["properties"][name] for name in BLOCKS}
    return {
        "$schema": DIALECT,
        "title": "Parameters of the reproduction",
        "type": "object",
        "properties": {
            "over": {
                "type": "string",
                "description": "The scale that this file is laid over; else params.yaml.",
            },
            **params,
            "defaults": {"type": "object", "properties": blocks, "additionalProperties": False},
            "experiments": {
                "type": "object",
                "additionalProperties": {"anyOf": [{"$ref": "#/$defs/Experiment"}, {"type": "null"}]},
            },
        },
        "additionalProperties": False,
        "$defs": defs,
    }
