# shellcheck shell=bash
# What to train: read by start.sh.
export STEPS=50
export LEARNING_RATE=0.05
export SEED=1221
export MASTER_PORT=29500
