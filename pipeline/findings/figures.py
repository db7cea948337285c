"""The figures of figures.yaml, by name: "phases/three_phases". What draws them is in drawing.py."""

import functools
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from pipeline.config import strict_yaml
from pipeline.config.errors import ConfigError

FILE = Path(__file__).with_name("figures.yaml")


class FigureSpec(BaseModel):
    """A figure of the report. paper: its figure in the paper, None for one of ours; needs: the experiments
    without which it is not drawn; caption: a template for the facts of its module."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    paper: str | None = None
    title: str = Field(min_length=1)
    needs: list[str] = Field(min_length=1)
    caption: str = Field(min_length=1)

    @property
    def heading(self) -> str:
        """The title, after the number of the paper's figure."""
        return f"Figure {self.paper}. {self.title}" if self.paper else f"Not in the paper: {self.title}"


def _known(names: list[str]) -> list[str]:
    if unknown := [name for name in names if name not in load()]:
        raise ValueError(f"given {unknown[0]!r}, allowed: {', '.join(load())}")
    return names


# Of figures.yaml, at least one.
FigureNames = Annotated[list[str], Field(min_length=1), AfterValidator(_known)]


@functools.cache
def load(path: Path = FILE) -> dict[str, FigureSpec]:
    """The figures in the order of the file. Raises ConfigError with one line that says how to mend it."""
    chapters = strict_yaml.read(path)
    if not isinstance(chapters, dict) or not all(isinstance(part, dict) for part in chapters.values()):
        raise ConfigError(f"{path.name}: a mapping of chapters is needed, each a mapping of figures")
    out = {}
    for chapter, figures in chapters.items():
        for module, entry in figures.items():
            name = f"{chapter}/{module}"
            if not path.parent.joinpath(chapter, "figures", f"{module}.py").is_file():
                raise ConfigError(f"{path.name}: {name}: there is no {chapter}/figures/{module}.py beside it")
            try:
                out[name] = FigureSpec.model_validate({"name": name, **(entry or {})})
            except ValidationError as error:
                first = error.errors()[0]
                where = ".".join([name, *map(str, first["loc"])])
                raise ConfigError(f"{path.name}: {where}: {first['msg']}") from None
    return out
