"""Files, calls, times, folders and signals: what people and machines do to a copy of the project."""

from tests.hostile.kinds import DRY, LONG, RUN, Environment, dry, finished, params

# Shell: wait until `call`, the command just begun, has come so far.
_UNTIL = "call=$!; until {} >/dev/null 2>&1; do kill -0 $call || exit 9; sleep 0.1; done; "
_BEGUN = _UNTIL.format("ls logs/laptop/dataset/*.log")
_TRAINS = _UNTIL.format("ls logs/laptop/train/*.log")
_STEPPING = _UNTIL.format("grep 'first step' logs/laptop/train/*.log")
_STATE = "results/laptop/state/*/step*"
_SAVED = _UNTIL.format(f"ls {_STATE}")
_NO_LOCKS = (
    "mkdir locks; printf 'import errno, fcntl\\n\\ndef flock(*_):\\n    raise OSError(errno.ENOLCK, "
    '"No locks available")\\n\\nfcntl.flock = flock\\n\' >locks/sitecustomize.py'
)
_CRLF = (
    "git init -q . && git add -A && git -c user.name=a -c user.email=a@b commit -qm a && "
    "git config core.autocrlf true && git ls-files -z | xargs -0 rm && git checkout -q -- ."
)
_READ_ONLY = 'mount --bind "$PWD" "$PWD" && mount -o remount,bind,ro "$PWD" && cd "$PWD" && exec ' + DRY
_USERS_MOUNT = "unshare --user --map-root-user --mount"

ENVIRONMENTS = [
    # Parameters.
    params("with a key twice", "printf 'seeds: [1]\\n' >>params.yaml", "twice"),
    params("with `010`", "sed -i 's/batch: 16$/batch: 010/' params.yaml", "010"),
    params("with `16:40`", "sed -i 's/batch: 16$/batch: 16:40/' params.yaml", "16:40"),
    params("with `yes`", "sed -i 's/shuffle: true/shuffle: yes/' params.yaml", "yes"),
    params("in UTF-16", "iconv -t UTF-16 params.yaml >a; mv a params.yaml", "UTF-8"),
    params("with a Latin-1 byte", "printf '# \\344\\n' >>params.yaml", "UTF-8"),
    params("with a NUL", "printf '# \\0\\n' >>params.yaml", "params.yaml line"),
    params("with a byte order mark", "sed -i '1s/^/\\xef\\xbb\\xbf/' params.yaml", "byte order mark"),
    params("empty", ": >params.yaml", "a mapping is needed"),
    params("missing", "rm params.yaml", "no such file"),
    params("a folder", "rm params.yaml; mkdir params.yaml", "is a directory"),
    params(
        "with an experiment called `evaluate`", "sed -i 's/^  phases:/  evaluate:/' params.yaml", "evaluate"
    ),
    Environment(
        "`params.yaml` with a case called `NA`",
        setup="sed -i 's/ new-8:/ NA:/' params.yaml",
        command=f"{RUN} && cut -d, -f1-3 results/laptop/tables/finetune_sizes/experiments.csv",
        says=",NA",
        compared="runs/",
    ),
    # Calls.
    dry("a scale that does not exist", "scale: given 'desktop'", command=f"{DRY} --config scale=desktop"),
    dry("an unknown key after `--config`", "unknown key", command=f"{DRY} --config sacle=smoke"),
    dry("an unknown target", "target: given 'claimz'", command="snakemake -n --cores 1 claimz"),
    dry("`snakemake --directory` elsewhere", "working folder", command=f"{DRY} --directory ../elsewhere"),
    dry(
        "`snakemake -s` from another folder",
        "working folder",
        "mkdir ../elsewhere",
        f"cd ../elsewhere && {DRY} -s ../tree/Snakefile",
    ),
    Environment(
        "a read-only checkout",
        command=f"{_USERS_MOUNT} bash -c '{_READ_ONLY}'",
        trains=False,
        refused="cannot be written",
        needs=f"{_USERS_MOUNT} true",
    ),
    Environment(
        "`PIPELINE_CALL`, `_PARENT`, `_PRELOADED` of another call",
        {
            "PIPELINE_CALL": "/nowhere.json",
            "PIPELINE_PARENT": "1",
            "PIPELINE_PRELOADED": "/nowhere.socket",
        },
    ),
    Environment(
        "parameters edited while a call runs",
        command=f"{RUN} & {_BEGUN} sed -i 's/steps: 8$/steps: 6/' params.yaml; wait $call",
        ci=True,
    ),
    Environment(
        "code edited while a call runs, and back",
        command=f"{RUN} & {_TRAINS} echo EDITED = 1 >>pipeline/model/transformer.py; wait $call && "
        f"sed -i '$d' pipeline/model/transformer.py && {DRY} && {RUN}",
        says="made-by-other-code",
    ),
    # Times and memories.
    finished(
        "sources dated in the future",
        "find pipeline scales params.yaml Snakefile -exec touch -d '2 days' {} +",
    ),
    finished("results dated in the future", "find results -type f -exec touch -d '2 days' {} +"),
    finished("results all of one second", "find results -type f -exec touch -d '2020-01-01 00:00:00' {} +"),
    finished(
        "results in reverse order of time",
        "t=1700000000; for f in $(ls -t $(find results -type f)); do t=$((t + 60)); touch -d @$t $f; done",
    ),
    finished("`.snakemake` deleted", "rm -r .snakemake"),
    finished("truncated files in `.snakemake/calls`", "truncate -s 40 .snakemake/calls/*"),
    Environment(
        "a stage with a truncated file of its call",
        setup="truncate -s 40 .snakemake/calls/*",
        trains=False,
        command="python -m pipeline.stages.tables --results results/laptop --out results/laptop/tables "
        "--call .snakemake/calls/*",
        start="finished",
        refused="give the workflow's command again",
    ),
    # Folders and file systems.
    Environment(
        "a folder with spaces, quotes, `$` in its name", folder='it\'s "a" $(touch pwned) clöne', ci=True
    ),
    Environment("a clone with `core.autocrlf=true`", setup=_CRLF),
    Environment(
        "no `flock` (simulated: every call fails with ENOLCK)",
        {"PYTHONPATH": "{folder}/locks"},
        setup=_NO_LOCKS,
        says="this file system has no locks",
    ),
    # make. The environment that it builds has no packages here, to spare the network.
    finished(
        "`PIP_USER=1` and `make`",
        ": >requirements.txt; : >constraints.txt",
        "PIP_USER=1 make .venv/ok && .venv/bin/python -c 'print(\"built\")'",
        says="built",
    ),
    finished(
        "the folder is moved after `make`",
        ": >requirements.txt; : >constraints.txt; make .venv/ok; cp -a . ../moved; rm -r .venv",
        "cd ../moved && make .venv/ok && .venv/bin/pip --version",
        says="moved/.venv",
    ),
    # Signals.
    Environment(
        "SIGTERM to Snakemake, and the same command again",
        setup=LONG,
        against="long",
        command=f"{RUN} & {_STEPPING} kill -TERM $call; SECONDS=0; wait $call; "
        f"[ $SECONDS -lt 15 ] && ls results/laptop/state/* && {RUN}",
        says="resumed at step",
    ),
    Environment(
        "Ctrl-C, and the same command again",
        setup=LONG,
        against="long",
        command=f"set -m; {RUN} & {_STEPPING} kill -INT -- -$call; SECONDS=0; wait $call; "
        f"[ $SECONDS -lt 15 ] && ls results/laptop/state/* && {RUN}",
        says="resumed at step",
    ),
    Environment(
        "Ctrl-Z and `fg`",
        {"PIPELINE_SAVE_EVERY": "0"},
        setup=LONG,
        against="long",
        command=f"set -m; {RUN} & {_SAVED} kill -TSTP -- -$call; sleep 3; ls -l --full-time {_STATE} >a; "
        f"sleep 5; ls -l --full-time {_STATE} | cmp a - && echo stands still; kill -CONT -- -$call; "
        "wait $call",
        says="stands still",
    ),
    Environment(
        "the terminal is closed (SIGHUP), and the same command again",
        {"PIPELINE_SAVE_EVERY": "0"},
        setup=LONG,
        against="long",
        command=f"set -m; {RUN} & {_SAVED} kill -HUP -- -$call; wait $call; {RUN}",
        says="resumed at step",
    ),
]
