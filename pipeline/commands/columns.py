"""Write results/README.md: what the committed results hold, table by table and column by column.

python -m pipeline.commands.columns
"""

import argparse
from pathlib import Path

from pipeline import ROOT
from pipeline.config import strict_yaml
from pipeline.stages import common
from pipeline.store.files import write_atomically

FILE = ROOT / "results" / "README.md"
DESCRIBED = Path(__file__).with_name("columns.yaml")
HEAD = Path(__file__).with_name("columns.md")


def described() -> dict[str, dict]:
    """Table -> what it is about, and its columns."""
    return strict_yaml.read(DESCRIBED)


def page() -> str:
    parts = [HEAD.read_text(encoding="utf-8")]
    for table, said in described().items():
        rows = "\n".join(f"| `{name}` | {what} |" for name, what in said["columns"].items())
        parts.append(f"## {table}.csv\n\n{said['about']}\n\n| column | what |\n| --- | --- |\n{rows}\n")
    return "\n".join(parts)


def main() -> None:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter).parse_args()
    write_atomically(FILE, page())


if __name__ == "__main__":
    common.run_stage(main)
