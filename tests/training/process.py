"""One process of a training, as test_processes.py launches several: `process.py FOLDER [WHO STEP]`.

WHO is told to stop while STEP is computed: "rank 1" alone, or the "launcher" of all.
"""

import json
import os
import signal
import sys
from pathlib import Path

import torch

from pipeline.config.run import RunConfig
from pipeline.data.population import Population
from pipeline.execution.processes import die_with_parent
from pipeline.training import hardware
from pipeline.training.interrupts import InterruptedRunError
from pipeline.training.loop import Trainer
from pipeline.training.state import StateStore


def main() -> None:
    die_with_parent()
    hardware.precision = lambda device: "fp32"  # the same arithmetic on every machine
    torch.set_num_threads(1)
    folder = Path(sys.argv[1])
    run = RunConfig.model_validate_json((folder / "run.json").read_text())
    trainer = Trainer(run, Population.load(folder / "population"))
    rank, step = trainer.accelerator.process_index, trainer.step

    def struck(now: int) -> tuple[list[float], int]:
        if rank == 1 and now == int(sys.argv[3]):
            os.kill(os.getpid() if sys.argv[2] == "rank 1" else os.getppid(), signal.SIGTERM)
        return step(now)

    if sys.argv[2:]:
        trainer.step = struck
    try:
        result = trainer.train(StateStore(folder / "state", run.digest, {}), save_every=3600)
    except InterruptedRunError as stopped:
        (folder / f"stopped-{rank}").write_text(str(stopped))
        sys.exit(128 + stopped.signum)
    if trainer.accelerator.is_main_process:
        done = {"evaluations": result.evaluations, "log": result.training_log, "cost": result.cost}
        (folder / "result.json").write_text(json.dumps(done))


if __name__ == "__main__":
    main()
