"""How long a plateau is expected to be, before anything is trained."""

from pathlib import Path

from pipeline.findings.phases.scaling import plateau_law
from pipeline.store.artefacts import ArtefactError
from pipeline.tables.read import Tables


def exposures(people: int, tables: Path) -> float | None:
    """Exposures of a person at t(0.99) by the runs over numbers of drawn people whose tables lie in a folder;
    None without them. How long a table's own plateau is depends on its names and sentences too."""
    try:
        rows = Tables.read(tables, ["population_size"]).of("population_size")
    except ArtefactError:
        return None
    law = plateau_law(rows)
    return None if law is None else float(law(people)) * rows.batch.iloc[0] / people
