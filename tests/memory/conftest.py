import pytest

from pipeline.config.memory import Toy


@pytest.fixture(scope="session")
def toy() -> Toy:
    """A memory that learns in half a second."""
    return Toy.model_validate(
        {
            "seeds": [0, 1],
            "pairs": 96,
            "values": 5,
            "dimension": 16,
            "hidden": 32,
            "read_outs": ["value_embeddings", "linear"],
            "batch": 24,
            "weight_decay": 0.01,
            "beta1": 0.9,
            "beta2": 0.95,
            "pretraining": {"steps": 300, "learning_rate": 0.03},
            "finetuning": {"steps": 60, "learning_rate": 0.01},
            "measuring": {"early": 10, "until": 20, "late": 20},
            "sizes": [8, 16],
            "replay": {"new": 16, "weights": [2, 0.125]},
        }
    )
