#!/bin/sh
# What Snakemake asks about a job: prints running, success or failed. $1: what the submit command printed.
case "$(squeue --noheader --states=all --jobs "$1" --format %T)" in
COMPLETED) echo success ;;
PENDING | CONFIGURING | RUNNING | COMPLETING | REQUEUED | PREEMPTED | SUSPENDED) echo running ;;
*) echo failed ;;
esac
