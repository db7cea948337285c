"""Tables of facts for the tests, as a user would have them."""

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

import yaml

SENTENCES = {
    "country": ["[X] lies in [Y].", "[X] is a city of [Y].", "The country of [X] is [Y].", "[X] is in [Y]."],
    "river": [
        "[X] stands on the [Y].",
        "The river of [X] is the [Y].",
        "[X] was built by the [Y].",
        "Through [X] flows the [Y].",
        "[X] has a port on the [Y].",
    ],
}
HEADER = ("city", "country", "river", "people", "apart")


def rows(number: int = 40) -> list[list[str]]:
    """Cities of five countries and seven rivers, some without a river."""
    return [
        [
            f"City {k}",
            f"Land {k % 5}",
            f"River {k % 7}" if k % 4 else "",
            str(1000 - k),
            str(int(k >= number - 8)),
        ]
        for k in range(number)
    ]


def separated(lines: Iterable[Sequence[str]], separator: str = ",") -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=separator).writerows(lines)
    return out.getvalue()


def folder(
    path: Path, content: str | bytes | None = None, name: str = "cities.csv", **changes: object
) -> Path:
    """A folder with a table, and a `facts.yaml` about it with some changes; None leaves a key out."""
    path.mkdir(parents=True, exist_ok=True)
    if content is None:
        content = separated([HEADER, *rows()])
    (path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    spec = {
        "table": name,
        "name": "city",
        "attributes": SENTENCES,
        "frequencies": "people",
        "held_out": "apart",
    }
    kept = {key: value for key, value in (spec | changes).items() if value is not None}
    written = yaml.safe_dump(kept, allow_unicode=True, sort_keys=False)
    (path / "facts.yaml").write_text(written, encoding="utf-8")
    return path
