"""The population of a run: the people that were drawn, with the values that its distribution tells."""

from dataclasses import replace
from pathlib import Path

from pipeline.config.run import RunConfig
from pipeline.data.population import Population


def load(folder: Path, run: RunConfig) -> Population:
    """The population of a folder that the dataset stage made, as the run has it. Raises ArtefactError if it
    is damaged."""
    return told(Population.load(folder), run)


def told(people: Population, run: RunConfig) -> Population:
    """The same people as the run has them."""
    entries = [len(attribute.values) for attribute in people.schema.attributes]
    values = run.distribution.values(people.values, entries, run.population.individuals)
    return replace(people, values=values, at_first=run.distribution.values_at_first(values))
