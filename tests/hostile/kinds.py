"""What an environment is: data, which `tests/environments.py` runs.

Variables, a preparation of the copy, a command, and the outcome: the bits of a clean run, or one line. In
variables and commands {folder} is the copy, {bin} where Python's programs are, {path} the usual PATH.
"""

from dataclasses import dataclass, field

CLAIMS, FIGURE = "results/laptop/claims.json", "results/laptop/figures/hallucination/confidence.svg"
RUN, DRY = f"snakemake --cores 1 {CLAIMS}", f"snakemake -n --cores 1 {CLAIMS}"
DONE = "Nothing to be done"
COMPILE = {"PIPELINE_COMPILE": "1"}  # the runs are too short to repay it by themselves


@dataclass(frozen=True)
class Reference:
    """A clean run to compare with."""

    env: dict[str, str] = field(default_factory=dict)
    setup: str = ""
    command: str = f"{RUN} {FIGURE}"


# Long: a run of some ten seconds, to be interrupted.
LONG = "sed -i 's/steps: 8$/steps: 300/' params.yaml"
REFERENCES = {
    "plain": Reference(),
    "compiled": Reference(COMPILE),
    "long": Reference(setup=LONG, command=RUN),
}


@dataclass(frozen=True)
class Environment:
    """One environment. `refused`: a phrase of the one line that ends the call; without it the results are
    those of the reference `against`, to the bit, as far as `compared` (a pattern) has their names.
    """

    name: str
    env: dict[str, str | None] = field(default_factory=dict)  # None: not set
    setup: str = ""  # shell, in the copy, before the environment takes hold
    command: str = RUN
    trains: bool = True
    start: str = "clean"  # or "finished": a copy with the reference's results
    refused: str = ""
    says: str = ""  # and this is told, on the terminal or in a job's log
    against: str = "plain"
    compared: str = r"(?!figures/)"
    folder: str = "tree"  # the name of the copy
    needs: str = ""  # a command that fails where the environment cannot be had
    ci: bool = False  # of those that train: in .ci/run too

    @property
    def promise(self) -> str:
        """What happens, for the table."""
        if self.refused:
            return f"refused in one line: … {self.refused} …"
        return f"the same bits, and it says: … {self.says.strip()} …" if self.says else "the same bits"


def variables(name: str = "", **env: str) -> Environment:
    return Environment(name or ", ".join(f"`{k}={v}`" for k, v in env.items()), env)


def dry(name: str, refused: str = "", setup: str = "", command: str = DRY) -> Environment:
    """A call that starts no job, and is refused."""
    return Environment(name, setup=setup, command=command, refused=refused, trains=False)


def params(name: str, setup: str, refused: str) -> Environment:
    return dry(f"`params.yaml` {name}", refused, setup)


def finished(name: str, setup: str, command: str = DRY, **more: str) -> Environment:
    return Environment(
        name, setup=setup, command=command, start="finished", trains=False, **{"says": DONE} | more
    )


def figures(name: str, setup: str = "", **env: str) -> Environment:
    return Environment(
        name,
        env,
        setup=f"rm -r results/laptop/figures; {setup}",
        command=f"snakemake --cores 1 {FIGURE}",
        start="finished",
        trains=False,
        compared="",
    )
