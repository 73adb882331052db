#!/bin/sh
# A folder of clips as the numbered tasks of a farm: sbatch --array=1-8 slurm_array.sh CLIPS OUT
# Each task does its share; one that was stopped goes on from where it was when it is queued again.
set -eu
exec reel2rig batch "$1" --out "$2" --format fbx --no-setup --resume \
    --shard "$SLURM_ARRAY_TASK_ID/$SLURM_ARRAY_TASK_COUNT"
