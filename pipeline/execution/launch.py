"""Run a stage on the devices and processes that its resources give it.

    python -m pipeline.execution.launch [--processes P] STAGE ARGUMENTS...
    python -m pipeline.execution.launch --processes P --nodes N --node K --head ADDRESS STAGE ARGUMENTS...

Without a GPU one process hands the stage to what `pipeline.execution.fork_server` holds ready, else becomes
it itself; several become `accelerate launch`. The nodes of a Slurm job share the processes evenly; without
Slurm give the second command on each of N nodes, with K from 0 and the address of node 0. On a machine with
GPUs every process has one, chosen by `pipeline.execution.gpu_slots`, unless the stage has no use for it
(`--cpu`).
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

from pipeline.execution import environment, fork_server, gpu_slots
from pipeline.execution.processes import PARENT, die_with_parent
from pipeline.store import code

_CONFIG = Path(__file__).with_name("accelerate.yaml")
_PORTS = range(20_000, 40_000)  # of node 0, one for each Slurm job that runs at the same time
_NO_JOB = 9_500  # outside Slurm: it makes the port 29,500, torch's own


def become(command: list[str]) -> NoReturn:
    """Replace this process: whoever started it stays the parent of the stage and the receiver of its end."""
    sys.stdout.flush()
    os.execvp(command[0], command)


def allocated_nodes() -> int:
    """Nodes of the Slurm job around this process, else 1. Snakemake's executor leaves only the job's number
    in the environment."""
    job = os.environ.get("SLURM_JOB_ID")
    if not job:
        return 1
    asked = ["squeue", "--noheader", "--jobs", job, "--format", "%D"]
    return int(subprocess.run(asked, capture_output=True, text=True, check=True).stdout)


def on_every_node(args: argparse.Namespace) -> NoReturn:
    """This launcher once a node, as Slurm's tasks, each knowing its number and the first one's address."""
    os.environ.pop(PARENT, None)  # there, processes are Slurm's children
    ranked = (
        f'exec "{sys.executable}" -m pipeline.execution.launch --processes {args.processes}'
        f" --nodes {args.nodes}"
        ' --node "$SLURM_NODEID" --head "$SLURM_LAUNCH_NODE_IPADDR" "$@"'
    )
    nodes = str(args.nodes)
    srun = ["srun", "--overlap", "--kill-on-bad-exit", "--nodes", nodes, "--ntasks", nodes]
    become([*srun, "--ntasks-per-node", "1", "sh", "-c", ranked, "sh", args.stage, *args.arguments])


def accelerate(args: argparse.Namespace) -> list[str]:
    """The command that starts this node's processes."""
    port = args.port if args.nodes > 1 else 0  # 0: any free one
    command = [sys.executable, "-m", "accelerate.commands.launch", "--multi_gpu"]  # also what gives gloo
    command += ["--num_processes", str(args.processes), "--num_machines", str(args.nodes)]
    command += ["--config_file", str(_CONFIG)]
    command += ["--mixed_precision", "no", "--dynamo_backend", "no"]  # the stage's own decisions
    command += ["--main_process_port", str(port)]
    if args.nodes > 1:
        command += ["--machine_rank", str(args.node), "--main_process_ip", args.head]
    return [*command, "--module", args.stage, *args.arguments]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--processes", type=int, default=1, help="of all nodes together (default: 1)")
    parser.add_argument("--cpu", action="store_true", help="the stage has no use for a GPU")
    parser.add_argument("--nodes", type=int, help="that take part (default: those of the Slurm job, or 1)")
    parser.add_argument("--node", type=int, help="number of this node, from 0")
    parser.add_argument("--head", help="address of node 0")
    job = int(os.environ.get("SLURM_JOB_ID", _NO_JOB))
    parser.add_argument("--port", type=int, default=_PORTS[job % len(_PORTS)], help="a free one of node 0")
    parser.add_argument("stage", help="module to run, such as pipeline.stages.train")
    parser.add_argument("arguments", nargs=argparse.REMAINDER)
    args = parser.parse_args()
    environment.clean()  # before the change of program, at which some variables take effect
    if args.nodes is None:
        args.nodes = allocated_nodes() if args.processes > 1 else 1
    each, rest = divmod(args.processes, args.nodes)
    if rest or not each:
        parser.error(f"--processes {args.processes}: a multiple of the {args.nodes} nodes is needed")
    die_with_parent()
    if args.nodes > 1 and args.node is None:
        if "SLURM_JOB_ID" not in os.environ:
            parser.error("--nodes: outside Slurm give the command on each node, with --node and --head")
        on_every_node(args)
    if gpu_slots.visible() and not args.cpu:
        os.environ.pop(fork_server.SOCKET, None)  # CUDA and forks do not go together
        try:
            held = gpu_slots.take(each)
        except gpu_slots.TooFewDevicesError as error:
            parser.error(str(error))
        for file in held.values():
            os.set_inheritable(file.fileno(), True)  # the lock outlives the change of program
        os.environ[gpu_slots.VISIBLE] = ",".join(held)
    if args.processes == 1 and (status := fork_server.run_stage(args.stage, args.arguments)) is not None:
        sys.exit(status)
    stages, _, stage = args.stage.rpartition(".")
    if stages == "pipeline.stages":
        os.environ[code.SEEN] = f"{stage} {code.digest(stage)}"
    if args.processes == 1:
        become([sys.executable, "-m", args.stage, *args.arguments])
    for name in (PARENT, environment.LAUNCHED):
        os.environ[name] = str(os.getpid())  # the launcher of the processes, in whose place it stands
    become(accelerate(args))


if __name__ == "__main__":
    main()
