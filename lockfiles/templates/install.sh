#!/usr/bin/env bash
# Installs the lock set of @@TITLE@@ stage by stage.
# Written by depcheck; see --help.
# shellcheck disable=SC1003,SC2016  # a `\` or `$` in a value of the lock is meant as it stands
set -euo pipefail

readonly TARGET_PYTHON=@@PYTHON@@
# Free bytes wanted per byte to download: the file itself, and twice that once unpacked (measured
# on three images: 1.9).
readonly DISK_FACTOR=3
STAGES=(@@STAGES@@)
# Variables that the image needs when it runs.
ENVIRONMENT=(@@ENVIRONMENT@@)

# Sets what is particular to one stage.
describe() {
  index_url='' index_variable='' constraints='' build_env=()
  hashed=yes builds=no isolation=yes direct=no
  case "$1" in
@@CASES@@
    *) fail 2 "no stage is called $1; --list names them" ;;
  esac
}

usage() {
  cat <<'END'
usage: install.sh [--stage NAME] [--no-hashes] [--dry-run] [--list] [--help]

Installs the locked packages stage by stage, each with one command: by uv where it is on PATH, else
by pip. A stage that is complete already is skipped, and one that a killed run left half done is
installed over, so a run that broke off can be repeated.

  --stage NAME  install this stage only (may be given more than once)
  --no-hashes   do not check hashes (for mirrors that repack files)
  --dry-run     print the command of each stage, run nothing
  --list        print number, name, pins and download size of each stage
  --help        print this

environment:
  PYTHON                    interpreter to install for; else the one of $VIRTUAL_ENV, else python3
  DEPCHECK_INDEX_URL_NAME   take the packages of index NAME from this URL (a mirror); letters in
                            upper case, anything else but digits as _, for instance
                            DEPCHECK_INDEX_URL_DEFAULT. A stage whose index has a URL, locked or
                            given like this, takes packages from there and from nowhere else;
                            the default index is otherwise that of your uv or pip configuration.
                            uv then reads no configuration file (name certificates and proxies by
                            variables).

exit status: 0 installed and verified; 1 what is installed differs from the lock; 2 wrong use or
wrong Python; 3 the installer failed or the disk is too small
END
}

log() {
  printf '[%s] %s\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$*" >&2
}

fail() {
  local status=$1
  shift
  log "error: $*"
  exit "$status"
}

# Says what of a stage is not as locked; further options of the validator may follow its name.
verify() {
  "$PYTHON" "$here/validate_dependencies" --quiet --python "$PYTHON" --stage "$@" >&2
}

find_python() {
  PYTHON=${PYTHON:-${VIRTUAL_ENV:+$VIRTUAL_ENV/bin/python}}
  PYTHON=${PYTHON:-python3}
  [[ $dry_run == yes ]] && return
  local found
  found=$("$PYTHON" -c 'import sys; print("%d.%d %s" % (*sys.version_info[:2], sys.executable))') ||
    fail 2 "cannot run $PYTHON; name an interpreter by PYTHON"
  PYTHON=${found#* }
  [[ ${found%% *} == "$TARGET_PYTHON" ]] ||
    fail 2 "$PYTHON is Python ${found%% *}, the lock is for $TARGET_PYTHON; name another by PYTHON"
}

site_packages() {
  "$PYTHON" -c 'import sysconfig; print(sysconfig.get_path("purelib"))'
}

check_disk() {
  local free needed
  if ((unknown > 0)); then
    log "stage $1: the disk check leaves out what has an unknown size"
  fi
  needed=$((bytes * DISK_FACTOR))
  free=$("$PYTHON" - "$(site_packages)" <<'END'
import pathlib, shutil, sys
path = pathlib.Path(sys.argv[1])
print(shutil.disk_usage(next(p for p in (path, *path.parents) if p.exists())).free)
END
  )
  ((free >= needed)) ||
    fail 3 "stage $1 wants $((needed / 1000000)) MB of free disk, $((free / 1000000)) MB are left"
}

# Removes what a killed installer leaves that would stop the next one: what pip had put aside, and
# lists of files that uv had not written to their end.
clear_debris() {
  "$PYTHON" - "$(site_packages)" <<'END'
import csv, pathlib, shutil, sys
packages = pathlib.Path(sys.argv[1])
for path in packages.glob("~*"):
    shutil.rmtree(path) if path.is_dir() else path.unlink()
for path in packages.glob("*.dist-info/RECORD"):
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    if any(len(row) != 3 for row in csv.reader(lines) if row):
        path.unlink()
END
}

# Sets `command` to what installs the stage described last, reading requirements from $1.
compose() {
  local requirements=$1 url=$index_url
  if [[ -n $index_variable && -n ${!index_variable:-} ]]; then url=${!index_variable}; fi
  if command -v uv >/dev/null; then
    compose_uv
  else
    compose_pip
  fi
  if [[ $hashed == yes && $hashes == yes ]]; then command+=(--require-hashes); fi
  if [[ $builds == no ]]; then command+=(--only-binary :all:); fi
  if [[ $isolation == no ]]; then command+=(--no-build-isolation); fi
  command+=(-r "$requirements")
}

compose_uv() {
  local settings=()
  # Other indexes of the environment would be asked first.
  if [[ -n $url ]]; then
    settings=(-u UV_INDEX -u UV_INDEX_URL -u UV_EXTRA_INDEX_URL -u UV_FIND_LINKS -u UV_CONFIG_FILE)
  fi
  set_prefix
  command+=(uv pip install --python "$PYTHON" --no-deps)
  if [[ $again == yes ]]; then command+=(--reinstall); fi
  if [[ -n $url ]]; then command+=(--no-config --default-index "$url"); fi
  if [[ -n $constraints ]]; then command+=(--build-constraints "$here/$constraints"); fi
}

compose_pip() {
  local settings=()
  # A blank empties what a configuration file says; pip ignores a variable that is empty.
  if [[ -n $url ]]; then settings=('PIP_EXTRA_INDEX_URL= ' 'PIP_FIND_LINKS= ' PIP_NO_INDEX=0); fi
  local old_constraints=no
  if [[ -n $constraints ]] && ! pip_knows --build-constraint; then
    old_constraints=yes
    settings+=("PIP_CONSTRAINT=$here/$constraints")
  fi
  set_prefix
  command+=("$PYTHON" -m pip install --no-deps --disable-pip-version-check)
  if [[ -n $url ]]; then command+=(--index-url "$url"); fi
  if [[ $again == yes ]]; then
    command+=(--ignore-installed)  # it need not remove first what has lost its RECORD
  elif [[ $direct == yes ]]; then
    command+=(--force-reinstall)  # pip takes any commit of the right version for installed
  fi
  if [[ -n $constraints && $old_constraints == no ]]; then
    command+=(--build-constraint "$here/$constraints")
  fi
}

# Starts the command with the variables that it needs, if any.
set_prefix() {
  settings+=("${build_env[@]}")
  command=()
  if ((${#settings[@]} > 0)); then command=(env "${settings[@]}"); fi
}

# pip before 25.3 takes build constraints by its environment only.
pip_knows() {
  [[ $dry_run == yes ]] || "$PYTHON" -m pip install --help | grep -q -e "$1"
}

# Runs (or prints) the command of the stage described last.
execute() {
  if [[ $hashes == yes || $hashed == no ]]; then
    compose "$here/$file"
    if [[ $dry_run == yes ]]; then
      print_words "${command[@]}"
    else
      "${command[@]}" >&2
    fi
    return
  fi
  local strip=(sed -E @@STRIP@@ "$here/$file")
  compose /dev/stdin
  if [[ $dry_run == yes ]]; then
    print_words "${strip[@]}" '|' "${command[@]}"
  else
    "${strip[@]}" | "${command[@]}" >&2
  fi
}

# Prints a command as it could be typed.
print_words() {
  local word line=''
  for word in "$@"; do
    if [[ $word == '|' ]]; then line+=' |'; else printf -v line '%s %q' "$line" "$word"; fi
  done
  printf '%s\n' "${line# }"
}

install() {
  describe "$1"
  if [[ $dry_run == yes ]]; then
    execute
    return
  fi
  if verify "$1" --only installed --only files 2>/dev/null; then
    log "stage $1: installed already"
    return
  fi
  check_disk "$1"
  log "stage $1: installing $label"
  execute || fail 3 "stage $1: the installer failed"
  local status=0
  verify "$1" --only installed --only files 2>/dev/null || status=$?
  if ((status == 1)); then
    # Installers leave alone what has the right version, though a run that was killed left half of it.
    log "stage $1: not as locked, installing it again over what is there"
    clear_debris
    again=yes
    execute || fail 3 "stage $1: the installer failed"
    again=no
  fi
  status=0
  verify "$1" || status=$?
  case $status in
    0) log "stage $1: installed and verified" ;;
    1) fail 1 "stage $1: not as locked" ;;
    *) fail 3 "stage $1: the validator failed" ;;
  esac
}

list() {
  local stage number=0
  for stage in "${STAGES[@]}"; do
    describe "$stage"
    number=$((number + 1))
    printf '%02d %s: %s\n' "$number" "$stage" "$label"
  done
}

remind() {
  local setting packages
  packages=$(site_packages)
  for setting in "${ENVIRONMENT[@]}"; do
    log "the image needs ${setting//\{site-packages\}/$packages}"
  done
  log "prove the whole: $here/validate_dependencies --python $PYTHON"
}

main() {
  local only=() dry_run=no hashes=yes again=no here command=()
  local index_url index_variable constraints build_env hashed builds isolation direct
  local file label bytes unknown
  while (($# > 0)); do
    case "$1" in
      --stage)
        (($# > 1)) || fail 2 '--stage wants a name; --list names them'
        only+=("$2")
        shift
        ;;
      --no-hashes) hashes=no ;;
      --dry-run) dry_run=yes ;;
      --list) list; exit 0 ;;
      --help) usage; exit 0 ;;
      *) fail 2 "unknown argument $1; see --help" ;;
    esac
    shift
  done
  here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
  local stage
  for stage in "${only[@]}"; do describe "$stage"; done
  if ((${#only[@]} == 0)); then only=("${STAGES[@]}"); fi
  find_python
  for stage in "${only[@]}"; do install "$stage"; done
  if [[ $dry_run == no ]]; then remind; fi
}

main "$@"
