"""Judge every claim of the paper on the measured tables, or answer what a table of facts was brought for.

    python -m pipeline.stages.claims --tables FOLDER --experiments NAME ... --out FILE

Writes a JSON list, one entry a claim: id, statement, verdict, size, whether it is calibrated, its checks
(key, kind, quantity, estimate, 95 % interval over seeds, bounds, seeds, verdict, the paper's value and
margin, size, P values, what one more seed would give, the smallest visible effect and the seeds that would
decide), the regimes that it needs with theirs, note, paper, P value of its main contrast as it is and
adjusted, seeds, seeds that would decide, runs, figure, drawn, origin, the digests of its rules and of the
parameters of its experiments, its trend over numbers of people, and verdicts at other margins. Writes its
manifest beside it, and, small enough to compare between commits, metrics.json and learning.csv. Prints how
many claims have each verdict; a red one is a result, not an error.

Where people are rows of a table, the paper's claims are not judged. An entry is then an answer: id, origin
"U", title (the question), statement, values (quantity, estimate, 95 % interval over seeds, seeds), runs.
Prints them.
"""

import argparse
import json
from pathlib import Path

from pipeline.findings import ledger
from pipeline.findings.facts import answers, expected
from pipeline.findings.metrics import learning_curve, metrics
from pipeline.stages import common
from pipeline.store import provenance
from pipeline.store.artefacts import verify
from pipeline.store.files import write_atomically
from pipeline.tables.read import Tables


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    common.add_tables(parser)
    parser.add_argument("--out", type=Path, required=True, help="file to write, claims.json")
    parser.add_argument(
        "--sizes", type=Path, help="folder of tables over numbers of drawn people, of which a table expects"
    )
    args = parser.parse_args()
    tables = Tables.read(args.tables, args.experiments)
    plans = {name: verify(args.tables / name).get("plan") for name in tables.names}
    judged = [] if tables.on_facts else ledger.judge_all(tables, plans=plans)
    met = None
    if tables.on_facts and args.sizes:
        met = expected.exposures(int(tables.runs.individuals.mode().max()), args.sizes)
    entries = answers.entries(tables, met) if tables.on_facts else judged
    learned = learning_curve(tables).to_csv(index=False, float_format="%.6g")
    write_atomically(args.out.with_name("learning.csv"), learned)
    numbers = json.dumps(metrics(tables, judged), indent=1)
    write_atomically(args.out.with_name("metrics.json"), numbers + "\n")
    ledger.write(
        entries,
        args.out,
        ["learning.csv", "metrics.json"],
        **provenance.made_from("claims", args.tables, tables.names),
    )
    for verdict, count in ledger.counts(judged).items():
        print(f"{count:3} {verdict}")
    if tables.on_facts:
        print("\n".join(answers.told(entries)))


if __name__ == "__main__":
    common.run_stage(main)
