#!/usr/bin/env bash
# A Slurm of this one machine: munged, slurmctld and slurmd on the loopback, without systemd or cgroups.
# Debian 12 or the like, as root. All of it is in $SLURM_LOCAL, but for links in /etc/slurm: jobs must find
# their configuration there, because Snakemake's executor drops SLURM_CONF.
#   local.sh start | stop        start ends with code 77 where the packages cannot be had
set -euo pipefail
S=${SLURM_LOCAL:-${TMPDIR:-/tmp}/slurm-local}
NODES=${SLURM_LOCAL_NODES:-2} # pretended ones, on this host
CPUS=${SLURM_LOCAL_CPUS:-8}   # of each, whatever this host has
GPUS=${SLURM_LOCAL_GPUS:-1}   # of each; nothing is behind them
export SLURM_CONF=$S/slurm.conf
HOST=$(hostname -s)

wait_for() {
    for _ in $(seq 60); do
        eval "$1" >/dev/null 2>&1 && return 0
        sleep 0.5
    done
    echo "timeout: $1" >&2
    return 1
}

install_packages() {
    local packages=(slurmctld slurmd slurm-client munge) policy=/usr/sbin/policy-rc.d ours=""
    dpkg -s "${packages[@]}" >/dev/null 2>&1 && return 0
    # The packages must not start services of their own.
    [ -e "$policy" ] || { ours=yes && printf '#!/bin/sh\nexit 101\n' | install -m 755 /dev/stdin "$policy"; }
    apt-get update -qq &&
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null ||
        no_packages=yes
    [ -z "$ours" ] || rm -f "$policy"
    [ -z "${no_packages:-}" ] || exit 77
}

configure() {
    if [ -e /etc/slurm/slurm.conf ] && [ ! -L /etc/slurm/slurm.conf ]; then
        echo "/etc/slurm/slurm.conf exists: this machine has a Slurm of its own" >&2
        exit 1
    fi
    mkdir -p "$S"/{state,spool,log,run,munge} /etc/slurm
    chmod 755 "$S"
    cat >"$S/slurm.conf" <<C
ClusterName=local
SlurmctldHost=$HOST(127.0.0.1)
# A job that is put back waits until its credential is void: by default two minutes.
AuthInfo=cred_expire=20
SlurmUser=root
SlurmdUser=root
SlurmctldPort=16817
StateSaveLocation=$S/state
SlurmdSpoolDir=$S/spool/%n
SlurmctldPidFile=$S/run/slurmctld.pid
SlurmdPidFile=$S/run/slurmd-%n.pid
SlurmctldLogFile=$S/log/slurmctld.log
SlurmdLogFile=$S/log/slurmd-%n.log
SlurmdParameters=config_overrides
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MailProg=/bin/true
MpiDefault=none
ReturnToService=2
SchedulerParameters=sched_interval=2,batch_sched_delay=0,sched_min_interval=0,bf_interval=1
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
MinJobAge=3600
KillWait=20
GresTypes=gpu
C
    echo "AutoDetect=off" >"$S/gres.conf"
    for i in $(seq "$NODES"); do
        mkdir -p "$S/spool/n$i"
        local gres=""
        [ "$GPUS" = 0 ] || gres="Gres=gpu:$GPUS"
        echo "NodeName=n$i NodeHostname=$HOST NodeAddr=127.0.0.1 Port=$((16820 + i)) CPUs=$CPUS RealMemory=64000 $gres State=UNKNOWN" >>"$S/slurm.conf"
        for g in $(seq 0 $((GPUS - 1))); do
            : >"$S/spool/n$i-gpu$g" # a file must exist for the device to be believed
            echo "NodeName=n$i Name=gpu File=$S/spool/n$i-gpu$g" >>"$S/gres.conf"
        done
    done
    echo "PartitionName=cpu Nodes=n[1-$NODES] Default=YES State=UP" >>"$S/slurm.conf"
    echo "PartitionName=gpu Nodes=n[1-$NODES] State=UP" >>"$S/slurm.conf"
    ln -sfn "$S/slurm.conf" /etc/slurm/slurm.conf
    ln -sfn "$S/gres.conf" /etc/slurm/gres.conf
}

start() {
    install_packages
    stop
    rm -rf "$S"
    configure
    head -c 1024 /dev/urandom >"$S/munge/key"
    chmod 400 "$S/munge/key"
    install -d -m 755 /run/munge
    munged --force --key-file="$S/munge/key" --pid-file="$S/run/munged.pid" --log-file="$S/log/munged.log" --seed-file="$S/munge/seed" 2>>"$S/log/munged.log"
    wait_for "munge -n | unmunge"
    slurmctld -i
    for i in $(seq "$NODES"); do slurmd -N "n$i"; done
    wait_for '[ "$(sinfo --noheader --Node --partition=cpu --format=%T | grep -c idle)" = "$NODES" ]'
    sinfo
}

alive() { # not a zombie either: who reaps them may take its time
    grep -q '^State:[[:space:]]*[^ZX]' "/proc/$1/status" 2>/dev/null
}

# With slurm.conf there and no slurmctld, every `snakemake` hangs for 10 s: so the links go. Jobs would outlive
# the daemons.
stop() {
    if [ -s "$S/run/slurmctld.pid" ] && alive "$(cat "$S/run/slurmctld.pid")"; then
        scancel --partition=cpu && scancel --partition=gpu || true
        wait_for '[ -z "$(squeue --noheader)" ]' || true
    fi
    for file in "$S"/run/slurmd-*.pid "$S/run/slurmctld.pid" "$S/run/munged.pid"; do
        [ -s "$file" ] || continue
        pid=$(cat "$file")
        kill "$pid" 2>/dev/null || true
        for _ in $(seq 40); do
            alive "$pid" || break
            sleep 0.25
        done
        rm -f "$file"
    done
    for name in slurm gres; do
        [ "$(readlink "/etc/slurm/$name.conf")" != "$S/$name.conf" ] || rm -f "/etc/slurm/$name.conf"
    done
}

case "${1:-}" in
start | stop) "$1" ;;
*)
    sed -n '2,5p' "$0"
    exit 2
    ;;
esac
