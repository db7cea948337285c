"""docs/parameters.md: every key of the parameters with its limits, unit, default, reason and runs."""

import json
import re
from typing import Any

from pipeline.config.experiments import Params, distinct_runs, expand
from pipeline.config.schema import Schema, definitions, leaves, resolved

_UNIT = re.compile(r"^\[([^]]*)\] ?(.*)$", re.S)
_TYPES = {"integer": "integer", "number": "number", "boolean": "true or false", "string": "text"}
_NONE = "—"
HEAD = """# Parameters

Every key of `params.yaml` and of the files in `scales/`. Made from the typed classes in `pipeline/config` by
`python -m pipeline.commands.parameters`; a test fails where this page is not what they say. Editors that know
`docs/params.schema.json`, which the first line of `params.yaml` names, complete keys and check limits.

Keys of experiments are dotted paths, as in the tables: `training.steps`. Whether values go together is
checked when a run is resolved, before anything is computed: `snakemake -n` says in one line what is wrong.

An edit re-trains the runs whose resolved parameters it changes, and no others. The last column says how many
of the {runs} runs of the default scale have the default's value, themselves or in the run that they start
from: an edit of it re-trains those, but for runs whose experiment writes the same value out.
"""


def _allowed(schema: Schema, defs: dict[str, Schema]) -> str:
    """Type and range, as a reader would write them."""
    null = any(part.get("type") == "null" for part in schema.get("anyOf", ()))
    inner = resolved(schema, defs)
    if "enum" in inner:
        text = ", ".join(f"`{value}`" for value in inner["enum"])
    elif "const" in inner:
        text = f"`{inner['const']}`"
    elif inner.get("type") == "array":
        text = f"list of {_allowed(inner['items'], defs)}"
    elif inner.get("type") == "object":
        values = inner.get("additionalProperties")
        each = f": {_allowed(values, defs)}" if isinstance(values, dict) and values else ""
        text = f"mapping{each}"
    else:
        text = ", ".join(filter(None, [_TYPES.get(inner.get("type", ""), "value"), _range(inner)]))
    return f"{text}, or null" if null else text


def _number(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:g}"


def _range(inner: Schema) -> str:
    bounds = {
        "exclusiveMinimum": "above",
        "minimum": "at least",
        "exclusiveMaximum": "below",
        "maximum": "at most",
    }
    return ", ".join(f"{word} {_number(inner[key])}" for key, word in bounds.items() if key in inner)


def _row(key: str, schema: Schema, defs: dict[str, Schema], default: str, *more: str) -> str:
    unit, text = _NONE, " ".join(schema.get("description", "").split())
    if found := _UNIT.match(text):
        unit, text = found.groups()
    cells = [f"`{key}`", _allowed(schema, defs), unit, default, text, *more]
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _table(rows: list[str], *more: str) -> str:
    head = ["key", "type and range", "unit", "default", "what and why", *more]
    return "\n".join([f"| {' | '.join(head)} |", "|" + " --- |" * len(head), *rows])


def _value(value: Any) -> str:
    return f"`{json.dumps(value)}`"


def _at(config: Any, path: str) -> Any:
    for key in path.split("."):
        config = (config or {}).get(key)
    return config


def _has(run: Any, path: str, value: Any) -> bool:
    """Whether a run has the value, or one that it starts from."""
    return run is not None and (_at(run, path) == value or _has(run.get("base"), path, value))


def _of_runs(block: str, defs: dict[str, Schema], default: dict[str, Any], runs: list[dict[str, Any]]) -> str:
    """A block of the default run: its keys, their values in params.yaml, the runs that have them."""
    rows = []
    for path, schema in leaves(defs["RunConfig"]["properties"][block], defs, block).items():
        if "properties" in resolved(schema, defs):
            continue
        same = sum(_has(run, path, _at(runs[0], path)) for run in runs)
        rows.append(_row(path, schema, defs, _value(_at(default, path)), str(same)))
    return _table(rows, "runs")


def _of_class(name: str, defs: dict[str, Schema], prefix: str = "", values: Any = None) -> str:
    """A class's keys, and those of the classes in it. values: those in params.yaml, if it has them once."""
    rows = []
    for key, schema in defs[name]["properties"].items():
        for path, part in leaves(schema, defs, key).items():
            if "properties" in resolved(part, defs):
                continue
            default = _value(part["default"]) if "default" in part else _NONE
            rows.append(_row(prefix + path, part, defs, _value(_at(values, path)) if values else default))
    return _table(rows)


def page(params: Params) -> str:
    """The page, with the values of `params`."""
    defs = definitions()
    runs = [run.model_dump(mode="json") for run in distinct_runs(expand(params)).values()]
    asked = {"properties": {k: defs["Params"]["properties"][k] for k in ("seeds", "defaults", "experiments")}}
    parts = [HEAD.format(runs=len(runs)), "## At the top\n", _of_class("asked", {**defs, "asked": asked})]
    parts += ["\n## The default run\n\n`defaults:` in the file; paths in experiments begin after it.\n"]
    for block in ("population", "model", "training", "evaluation"):
        told = " ".join(defs[block.capitalize()]["description"].split())
        parts += [f"### {block}\n\n{told}\n", _of_runs(block, defs, params.defaults, runs), ""]
    parts += ["### distribution\n\nOne kind, with its keys. `replay` and `seen` are of fine-tuning runs.\n"]
    for kind in defs["RunConfig"]["properties"]["distribution"]["oneOf"]:
        name = kind["$ref"].rpartition("/")[2]
        told = " ".join(defs[name]["description"].split())
        parts += [f"**{defs[name]['properties']['kind']['const']}.** {told}\n"]
        parts += [_of_class(name, defs, "distribution."), ""]
    later = {"observe": "Observation", "patching": "Patching"}
    for key, name in later.items():
        told = " ".join(defs[name]["description"].split())
        number = sum(run.get(key) is not None for run in runs)
        parts += [f"### {key}\n\n{told} {number} runs have it.\n", _of_class(name, defs, f"{key}."), ""]
    parts += ["## An experiment\n", _of_class("Experiment", defs)]
    parts += ["\n## Fine-tuning\n\n`finetuning:` in the file; it re-trains the fine-tuning runs alone.\n"]
    parts += [_of_class("FineTuning", defs, values=params.finetuning.model_dump(mode="json"))]
    parts += ["\n## The associative memory\n\n`toy:` in the file; it re-trains the memory alone.\n"]
    parts += [_of_class("Toy", defs, values=params.toy and params.toy.model_dump(mode="json")), ""]
    return "\n".join(parts)
