"""Draw a population and train its tokenizer, or show what biographies look like.

python -m pipeline.stages.dataset --show 3
python -m pipeline.stages.dataset --scale smoke --population ID --out FOLDER
"""

import argparse
from pathlib import Path

from tokenizers import Tokenizer

from pipeline.config.distributions import Uniform
from pipeline.config.errors import ConfigError
from pipeline.config.population import Population as PopulationConfig
from pipeline.data import source
from pipeline.data import tokenizer as tok
from pipeline.data.drawing import draw
from pipeline.data.population import Population
from pipeline.data.sampler import Batch, Sampler
from pipeline.stages import common
from pipeline.store import code, provenance
from pipeline.store.artefacts import seal
from pipeline.store.files import write_atomically

FILES = ("people.safetensors", "population.json", "tokenizer.json")


def text(batch: Batch, population: Population, tokenizer: Tokenizer) -> list[str]:
    """The biographies of a batch as text; padding and BOS are special tokens and left out."""
    ids = population.token_ids[batch.tokens.numpy()]
    return [t.strip() for t in tokenizer.decode_batch(ids.tolist(), skip_special_tokens=True)]


def show(config: PopulationConfig, seed: int, count: int) -> None:
    tokenizer = tok.train(source.schema(config), config.vocabulary)
    population = draw(config, seed, tokenizer)
    sampler = Sampler(population, Uniform(), seed)
    for k, biography in enumerate(text(sampler.batch(0, count), population, tokenizer)):
        print(f"[{k + 1}] {biography}\n")
    describe(population)


def describe(population: Population) -> None:
    who, m = population.config, population.meta
    print(
        f"{who.individuals} individuals and {who.unseen} unseen people; "
        f"vocabulary {m['vocabulary_used']} of {m['vocabulary']} tokens; "
        f"{m['tokens_per_name']:.2f} tokens a name, {m['tokens_per_value']:.2f} a value, "
        f"{m['tokens_per_biography']:.1f} a biography (longest {population.longest_biography()}); "
        f"baseline {population.baseline:.4f} nats a value"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    common.add_scale(parser)
    parser.add_argument("--population", help="id of the population to draw (default: the first run's)")
    parser.add_argument("--out", type=Path, help="folder to write")
    parser.add_argument("--show", type=int, metavar="N", help="print N biographies and write nothing")
    args = parser.parse_args()
    runs = common.all_runs(args)
    by_population = {run.population_id: run for run in reversed(runs.values())}
    chosen = args.population or next(iter(runs.values())).population_id
    if chosen not in by_population:
        raise ConfigError(
            f"population: given {chosen!r}, allowed: one of the {len(by_population)} of scale {args.scale}"
        )
    run = by_population[chosen]
    if args.show:
        show(run.population, run.seed, args.show)
        return
    if not args.out:
        parser.error("--out or --show is needed")
    tokenizer = tok.train(source.schema(run.population), run.population.vocabulary)
    population = draw(run.population, run.seed, tokenizer)
    write_atomically(args.out / "tokenizer.json", tokenizer.to_str(pretty=True))
    population.save(args.out)
    seal(
        args.out,
        FILES,
        population=run.population_id,
        seed=run.seed,
        inputs={"code": code.digest("dataset")},
        environment=provenance.environment(),
    )
    describe(population)


if __name__ == "__main__":
    common.run_stage(main)
