"""The paper's numbers without a unit by their keys in pipeline/costs/units.yaml, most from its curves.

Its default run: 64,000 people, 16,000 steps of 128 biographies, 8 layers, a peak rate of 4e-4 (version 1,
p. 19). Families of distributions are compared in runs of 8,000 steps (Figures G, H and I). Fine-tuning is at
a rate of 3e-5 (p. 39); its batch is not named, and taken to be the same.
"""

from pipeline.paper import published
from pipeline.tables.crossings import first_crossing

PEOPLE, STEPS, SHORT, BATCH, LAYERS = 64_000, 16_000, 8_000, 128, 8
RATE, TUNING_RATE = 4e-4, 3e-5
CELEBRITIES = (4_000, 16_000, 64_000)  # Figure H
TOKENS_A_NAME = 6  # of all tokens 37 % are of names, by uniform attention at step 0 of Figure F


def values() -> dict[str, tuple[float, ...]]:
    """Every number by its key: one value, or one a setting, ascending."""
    loss, uniform = published.curve("2_left", "loss"), published.curve("G", "0.0")
    ends, warm_ups = published.points("2_right"), published.points("K_8k")
    (default,) = (ends["individuals"] == PEOPLE).nonzero()[0]
    end, spread = ends["plateau_end"][default], ends["std"][default]
    new = sorted(published.number(name) for name in published.names("N_pre_acc"))
    first = {
        ratio: first_crossing(loss.steps, loss.values, ratio * published.baseline(), rising=False)
        for ratio in (1.10, 1.06)
    }
    attention = {name: published.curve("3_right", name).values[-1] for name in published.names("3_right")}
    return {
        "people_a_batch": (PEOPLE / BATCH,),
        "biographies": (STEPS * BATCH / PEOPLE,),
        "layers": (LAYERS,),
        "rate": (RATE,),
        "new_a_batch": tuple(n / BATCH for n in new),
        "new_of_old": tuple(n / PEOPLE for n in new),
        "tuning_rate": (TUNING_RATE / RATE,),
        "tuning_batch": (1.0,),
        "celebrities": tuple(count / PEOPLE for count in CELEBRITIES),
        "subset": tuple(sorted(warm_ups["subset"] / PEOPLE)),
        "warm_up": tuple(sorted(warm_ups["steps"] / SHORT)),
        "tokens_a_name": (TOKENS_A_NAME,),
        # Before training, a value's loss is that of a token times its tokens.
        "tokens_a_value": (loss.values[0] / published.curve("A_left", "loss").values[0],),
        "exposures": (end * BATCH / PEOPLE,),
        "at_1_10": (first[1.10] / loss.plateau_end(),),
        "at_1_06": (first[1.06] / loss.plateau_end(),),
        "length": (STEPS / end,),
        "families_length": (SHORT / uniform.plateau_end(),),
        "accuracy": (published.curve("2_mid", "acc").values[-1],),
        "attribute_to_name": (attention["attr->name"],),
        "attribute_to_text": (attention["attr->text"],),
        "name_to_name": (attention["name->name"],),
        "spread": (spread / end,),
    }
