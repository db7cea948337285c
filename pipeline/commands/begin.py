"""The first `facts.yaml` and scale of a table: general sentences and sizes, for a user to go on from."""

import shutil
import textwrap
from pathlib import Path

import yaml

from pipeline.config import scales
from pipeline.config.errors import ConfigError
from pipeline.config.facts import rows as files
from pipeline.config.facts import spec
from pipeline.store.files import write_atomically

SENTENCES = (
    "The {} of [X] is [Y].",
    "[X] has the {} [Y].",
    "For [X], the {} is [Y].",
    "[X] is listed with the {} [Y].",
    "In the record of [X], the {} reads [Y].",
    "Whoever asks for the {} of [X] hears [Y].",
    "As to [X], its {} is [Y].",
    "About [X] it is known that the {} is [Y].",
)
FEWER = [1, 3]  # of the wordings that are not held out, to train on
_BATCH = 32  # of the default scale
_EXPOSURES = 68  # of a row in a run, as the default scale has: some six plateaus
_TUNING_BATCH, _TUNED = 4, 32  # biographies a step of fine-tuning; exposures of each of the most new rows

SCALE = """# Facts from {folder}: {rows:,} rows, of which {unseen:,} are held out. What is not named here
# is as in params.yaml.
seeds: [0, 1, 2]
defaults:
  population: {{facts: {folder}}}
  training: {{steps: {steps}}}
  evaluation: {{dense_every: 0.02}}
finetuning:
  training: {{steps: {tuning}}}

experiments:
  uniform:  # every row alike
    set: &observed {{observe: {{sequences: 128, probes: {{by_attribute: 256}}}}}}

  schedules:  # the same budget, half of that above, on data that is not uniform at first, or at all
    set: &short {{training.steps: {half_steps}}}
    cases:
      uniform: {{}}
      power-law: {{distribution: {{kind: power_law, alpha: 0.6}}}}
      warm-up: {{distribution: {{kind: warm_up, subset: {subset}, steps: {warm}}}}}
      growing: {{distribution: {{kind: growing, subset: {subset}, until: {until}, stages: 3}}}}
      adaptive: {{distribution: {{kind: adaptive, subset: {subset}, known: 0.2}}}}

  wordings:  # each fact in fewer wordings than there are, others for each row
    set: *short
    cases:
      all: {{}}
{wordings}
  fine_tuning:  # on rows that are held out, by their number: what becomes of the others?
    finetune: true
    set: *observed
    cases:
{new}
  replay:  # {half} of them, with others: each is drawn `weight` times as often as a new one
    finetune: true
    set: *observed
    cases:
{weights}
toy: null
"""


def _facts(name: str, columns: dict[str, list[str]], file: str) -> str:
    """The text of a first `facts.yaml`."""
    lines = [
        "# What the columns of the table mean, and sentences that state its facts: [X] is the name, [Y] the",
        "# value.",
        "# These are general ones: own words, and more of them, are better.",
        yaml.safe_dump({"table": file, "name": name}, allow_unicode=True).strip(),
        "attributes:",
    ]
    for column in columns:
        words = column.replace("_", " ").strip()
        sentences = [line.format(words) for line in SENTENCES]
        written = yaml.safe_dump({column: sentences}, allow_unicode=True, width=200)
        lines.append(textwrap.indent(written.rstrip(), "  "))
    return "\n".join(lines) + "\n"


def _scale(folder: str, rows: int, unseen: int) -> str:
    individuals = rows - unseen
    steps = max(500, 10 * round(_EXPOSURES * individuals / _BATCH / 10))
    sizes = sorted({max(1, unseen // part) for part in (8, 4, 2, 1)})
    half = sizes[-1] if len(sizes) == 1 else sizes[-2]
    weights = {"1/8": 0.125, "1/2": 0.5, "2": 2}
    return SCALE.format(
        folder=folder,
        rows=rows,
        unseen=unseen,
        steps=steps,
        half_steps=steps // 2,
        tuning=min(4000, max(200, _TUNED * unseen // _TUNING_BATCH)),
        subset=max(1, individuals // 8),
        warm=max(1, round(0.095 * steps)),
        until=round(0.19 * steps),
        half=half,
        wordings="".join(f"      sentences-{n}: {{population.wordings: {n}}}\n" for n in FEWER),
        new="".join(f"      new-{n}: {{distribution: {{kind: replay, new: {n}}}}}\n" for n in sizes),
        weights="".join(
            f"      weight-{name}: {{distribution: {{kind: replay, new: {half}, weight: {w:g}}}}}\n"
            for name, w in weights.items()
        ),
    )


def begin(root: Path, folder: str, source: Path) -> list[Path]:
    """Puts a table into a folder of the project, with a `facts.yaml` and a scale of the folder's name, and
    returns the files. Raises ConfigError, and writes nothing, where one is there, or the table is not to be
    taken."""
    given = files.read(source)
    name, *others = given.columns
    told = {column: given.columns[column] for column in others if len({*given.columns[column]} - {""}) > 1}
    if not told:
        raise ConfigError(f"{source.name}: allowed: a column of names, then columns of two values or more")
    if len(told) > spec.MOST_ATTRIBUTES:
        raise ConfigError(
            f"{source.name}: {len(told)} columns of facts, allowed: at most {spec.MOST_ATTRIBUTES}"
        )
    scale = Path(folder).name
    if not scales.NAME.fullmatch(scale) or scale == scales.DEFAULT:
        raise ConfigError(
            f"folder: given {scale!r}, allowed: a name of a-z, 0-9, _ and -, which the scale gets"
        )
    made = [root / folder / source.name, root / folder / spec.FILE, root / "scales" / f"{scale}.yaml"]
    for path in made[1:]:
        if path.exists():
            raise ConfigError(f"{path.relative_to(root)}: is there; edit it, or take another folder")
    (root / folder).mkdir(parents=True, exist_ok=True)
    if source.resolve() != made[0].resolve():
        shutil.copyfile(source, made[0])
    write_atomically(made[1], _facts(name, told, source.name))
    rows = len(given)
    write_atomically(made[2], _scale(folder, rows, max(1, rows // scales.UNSEEN)))
    return made
