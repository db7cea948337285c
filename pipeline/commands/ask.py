"""Ask a trained model about a person.

    python -m pipeline.commands.ask --run RUN "James Lee Smith"
    python -m pipeline.commands.ask --run RUN               one of each kind: seen, held out, made up
    python -m pipeline.commands.ask --run RUN --at 540      as the model was at that step, of an observed run
    python -m pipeline.commands.ask --run RUN --at all      at each step that there is

RUN is a run's folder, or its name at the scale. For each attribute: the five likeliest values with their
probabilities (* the right one), and where the truth stands if it is not among them. --out FILE writes JSON
for the page instead: at all steps, about three people of each kind.
"""

import argparse
import json
from pathlib import Path
from typing import Any

from pipeline.config import scales
from pipeline.config.errors import ConfigError
from pipeline.stages import common
from pipeline.store import provenance
from pipeline.store.artefacts import checksum, manifest_of, seal
from pipeline.store.files import write_atomically
from pipeline.training.trained import HELD_OUT, MADE_UP, SEEN, TUNED, Answer, Person, Trained, steps

LIKELIEST = 5
OF_EACH = 3  # people of each kind that --out asks about


def told(person: Person, trained: Trained, step: int) -> list[str]:
    """Lines about one person."""
    who = (
        f", person {person.index + 1:,} of {trained.population.people:,}" if person.index is not None else ""
    )
    lines = [f"{person.name} ({person.kind}{who}), step {step:,}"]
    for answer in trained.ask(person):
        values = answer.values[:LIKELIEST]
        said = ", ".join(f"{'*' if text == answer.truth else ''}{text} {p:.2f}" for text, p in values)
        if answer.truth and answer.truth not in dict(values):
            rank = [text for text, _ in answer.values].index(answer.truth) + 1
            said += f"; truth: {answer.truth} {answer.of_truth:.2g}, place {rank} of {len(answer.values)}"
        lines.append(f"  {answer.attribute.replace('_', ' '):<13} {said}")
    return lines


def _entry(answer: Answer) -> dict[str, Any]:
    likeliest, p = answer.values[0]
    return {
        "value": likeliest,
        "probability": round(p, 4),
        "truth": answer.truth,
        "of_truth": None if answer.of_truth is None else round(answer.of_truth, 4),
    }


def over_training(folder: Path) -> dict[str, Any]:
    """The likeliest value of each attribute at every step that there is, of OF_EACH people of each kind."""
    people: dict[str, dict[str, Any]] = {}
    for step in steps(folder):
        trained = Trained.load(folder, step)
        for kind in (SEEN, HELD_OUT, MADE_UP):
            for person in trained.some(kind, OF_EACH):
                entry = people.setdefault(person.name, {"kind": kind, "answers": {}})
                for answer in trained.ask(person):
                    entry["answers"].setdefault(answer.attribute, []).append(_entry(answer))
    return {"run": folder.name, "steps": steps(folder), "people": people}


def _chosen(trained: Trained, name: str | None) -> list[Person]:
    if name:
        return [trained.person(name)]
    return [person for kind in (SEEN, TUNED, HELD_OUT, MADE_UP) for person in trained.some(kind, 1)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("name", nargs="?", help="a name (default: one of each kind)")
    parser.add_argument("--run", required=True, help="folder of a run, or its name")
    parser.add_argument(
        "--scale", default=scales.DEFAULT, help="of a run that is given by its name (default: laptop)"
    )
    parser.add_argument("--at", help="step, or all (default: the last)")
    parser.add_argument("--out", type=Path, help="JSON file to write, with its manifest beside it")
    args = parser.parse_args()
    folder = Path(args.run)
    if not folder.is_dir():
        folder = Path("results") / args.scale / "runs" / args.run
    if args.out:
        text = json.dumps(over_training(folder), indent=1, ensure_ascii=False) + "\n"
        write_atomically(args.out, text)
        inputs = {folder.name: checksum(folder, "weights.safetensors")}
        facts = {"inputs": inputs, "environment": provenance.environment()}
        seal(args.out.parent, [args.out.name], manifest_of(args.out.stem), **facts)
        return
    try:
        asked = [None] if args.at is None else steps(folder) if args.at == "all" else [int(args.at)]
    except ValueError:
        raise ConfigError(f"at: given {args.at!r}, allowed: a step, or all") from None
    for step in asked:
        trained = Trained.load(folder, step)
        for person in _chosen(trained, args.name):
            at = trained.run.training.steps if step is None else step
            print("\n".join(told(person, trained, at)))


if __name__ == "__main__":
    common.run_stage(main)
