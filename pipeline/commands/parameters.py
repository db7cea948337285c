"""What the parameters' classes say of every key: docs/parameters.md, and the JSON schema for editors.

python -m pipeline.commands.parameters            writes both
"""

import argparse
import json

from pipeline import ROOT
from pipeline.config import documents, scales, schema
from pipeline.stages import common
from pipeline.store.files import write_atomically


def made() -> dict[str, str]:
    """Both files by name, as they should be."""
    return {
        "docs/parameters.md": documents.page(scales.load()),
        "docs/params.schema.json": json.dumps(schema.schema(), indent=1, ensure_ascii=False) + "\n",
    }


def main() -> None:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter).parse_args()
    for name, text in made().items():
        write_atomically(ROOT / name, text)


if __name__ == "__main__":
    common.run_stage(main)
