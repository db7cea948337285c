"""Which runs are compared, whichever experiments they stand in."""

from pipeline.findings.cells import families, power_laws
from pipeline.findings.distributions.figures import imbalance
from tests.findings.synthetic_tables import build


def test_power_laws_on_other_numbers_of_people_count_wherever_they_stand():
    together, apart = build(), build()
    few = together.of("power_law").individuals.min()
    runs = together.runs.run[together.runs.individuals == few]
    mine = (apart.experiments.experiment == "power_law") & apart.experiments.run.isin(runs)
    fewer = apart.experiments.index[mine & (apart.experiments.seed == apart.experiments.seed.max())]
    for tables in (together, apart):
        tables.experiments = tables.experiments.drop(index=fewer)
    apart.experiments.loc[mine.drop(fewer), "experiment"] = "power_law_sizes"
    assert mine.any() and few not in set(apart.of("power_law").individuals)
    for rows in (power_laws, families):
        assert set(rows(apart).run) == set(rows(together).run)
    assert imbalance.plateau_ends(apart).equals(imbalance.plateau_ends(together))
    assert imbalance.best_alpha(apart).equals(imbalance.best_alpha(together))
    assert imbalance.facts(apart) == imbalance.facts(together)
