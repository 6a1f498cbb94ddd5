#!/usr/bin/env bash
# ccgate: set-up and every command. `./run.sh help` lists them.
#
# The first call finds a Python that really runs, makes .venv beside this file and installs the pinned
# packages with their hashes. Later calls compare a stamp and go straight to the command.
# Written for bash 3.2, which is what macOS ships.
set -euo pipefail

EX_USAGE=64
EX_UNAVAILABLE=69
EX_CANTCREAT=73
EX_TEMPFAIL=75

LOCK_WAIT=900 # seconds that a second call waits for the first one's set-up

say() { printf 'ccgate: %s\n' "$*" >&2; }

# die CODE LINE...
die() {
  local code=$1
  shift
  say "$1"
  shift
  [ $# -eq 0 ] || printf '  %s\n' "$@" >&2
  exit "$code"
}

# -- where are we -----------------------------------------------------------------------------------

# The folder that holds this file, symbolic links followed (readlink -f is missing on older macOS).
project_folder() {
  local file=$1 target
  case $file in */*) ;; *) file=./$file ;; esac
  while [ -L "$file" ]; do
    target=$(readlink "$file")
    case $target in
      /*) file=$target ;;
      *) file=${file%/*}/$target ;;
    esac
  done
  CDPATH='' cd -P -- "${file%/*}" && pwd
}

here=$(project_folder "${BASH_SOURCE[0]}")
venv=${CCGATE_VENV:-$here/.venv}
case $venv in /*) ;; *) venv=$PWD/$venv ;; esac
venv=${venv%/}
setup=$venv-setup # the lock and the log of a set-up: outside of the venv, which is made anew
log=$setup/log
lock=$setup/lock
python=$venv/bin/python

# What runs where the secrets are is what the lock file names, nothing that a shell brings along.
unset PYTHONHOME PYTHONSTARTUP
export PYTHONPATH=$here/addons
case $0 in
  */*) export CCGATE_PROG=$0 ;;
  *) export CCGATE_PROG=./$0 ;;
esac

# -- a Python that really runs ----------------------------------------------------------------------

# Being on the PATH proves nothing: a pyenv shim may stand for no version, Debian may lack ensurepip, a
# Python built by hand may lack ssl or sqlite3. So each candidate is run.
PROBE='
import sys
version = "%d.%d.%d" % sys.version_info[:3]
lacking = []
for name in ("ssl", "sqlite3", "venv", "ensurepip"):
    try:
        __import__(name)
    except ImportError:
        lacking.append(name)
if not (3, 12) <= sys.version_info[:2] < (3, 15):
    print("is %s" % version)
elif lacking:
    print("is %s without %s" % (version, ", ".join(lacking)))
else:
    print("ok %s" % version)
'

ELSEWHERE="/opt/homebrew/bin /usr/local/bin /opt/local/bin"

candidates() {
  local version file folder
  for version in 3.13 3.14 3.12; do
    type -aP "python$version" || true
  done
  type -aP python3 python || true
  for version in 3.13 3.14 3.12; do
    for file in \
      "${PYENV_ROOT:-${HOME:-}/.pyenv}/versions/$version."*/bin/python \
      "${UV_PYTHON_INSTALL_DIR:-${XDG_DATA_HOME:-${HOME:-}/.local/share}/uv/python}/cpython-$version."*/bin/python3; do
      [ ! -x "$file" ] || printf '%s\n' "$file"
    done
    for folder in $ELSEWHERE; do
      [ ! -x "$folder/python$version" ] || printf '%s\n' "$folder/python$version"
    done
  done
}

# Prints what the probe says of $1: "ok VERSION", "is VERSION …" or "does not run".
probe() {
  local verdict
  verdict=$("$1" -I -c "$PROBE" 2>/dev/null </dev/null) || verdict=''
  printf '%s\n' "${verdict:-does not run}"
}

# Sets base_python and base_version, or ends with exit 69 and what was found.
find_python() {
  local candidate verdict found='' seen=:
  if [ -n "${CCGATE_PYTHON:-}" ]; then
    candidate=$(type -P "$CCGATE_PYTHON" || true)
    verdict="is not a program"
    [ -z "$candidate" ] || verdict=$(probe "$candidate")
    case $verdict in
      ok\ *)
        base_python=$candidate
        base_version=${verdict#ok }
        return
        ;;
    esac
    die "$EX_UNAVAILABLE" "CCGATE_PYTHON=$CCGATE_PYTHON $verdict; ccgate needs Python 3.12, 3.13 or 3.14" \
      "with ssl, sqlite3, venv and ensurepip. Name another one, or unset CCGATE_PYTHON to have one looked for."
  fi
  while IFS= read -r candidate; do
    case $seen in *":$candidate:"*) continue ;; esac
    seen=$seen$candidate:
    # Apple's stand-in opens a dialogue when it is run without the developer tools, and is too old with them.
    if [ "$candidate" = /usr/bin/python3 ] && [ "$(uname -s)" = Darwin ]; then continue; fi
    verdict=$(probe "$candidate")
    case $verdict in
      ok\ *)
        base_python=$candidate
        base_version=${verdict#ok }
        return
        ;;
    esac
    found="$found$candidate $verdict
"
  done <<CANDIDATES
$(candidates)
CANDIDATES
  no_python "$found"
}

# no_python FOUND: the end of a search; FOUND holds one line for each candidate.
no_python() {
  say "no Python that ccgate can run on was found (3.12, 3.13 or 3.14, with ssl, sqlite3, venv and ensurepip)"
  if [ -n "$1" ]; then
    printf '  found:\n' >&2
    printf '%s' "$1" | sed 's/^/    /' >&2
  fi
  cat >&2 <<'HELP'
  install one, then call this again:
    Debian, Ubuntu   apt install python3.13 python3.13-venv    (python3-venv when python3 is 3.12 or newer)
    Fedora           dnf install python3.13
    macOS            brew install python@3.13
    uv               uv python install 3.13
    pyenv            pyenv install 3.13
  or name one that is somewhere else: CCGATE_PYTHON=/path/to/python
HELP
  exit "$EX_UNAVAILABLE"
}

# -- one set-up at a time ---------------------------------------------------------------------------

# The lock is a symbolic link whose target is the holder's process id: made in one step, id and all.
release() { [ "$(readlink "$lock" 2>/dev/null)" != "$$" ] || rm -f "$lock"; }

acquire() {
  local holder waited=0
  mkdir -p "$setup" 2>/dev/null ||
    die "$EX_CANTCREAT" "$setup cannot be made; give yourself the right to write to ${setup%/*}, or set CCGATE_VENV"
  trap release EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  until ln -s "$$" "$lock" 2>/dev/null; do
    holder=$(readlink "$lock" 2>/dev/null || true)
    if [ -n "$holder" ] && ! kill -0 "$holder" 2>/dev/null; then
      break_lock "$holder"
      continue
    fi
    [ -w "$setup" ] || die "$EX_CANTCREAT" "$setup cannot be written to; give yourself the right, or set CCGATE_VENV"
    [ "$waited" -ne 0 ] || say "another call (process ${holder:-unknown}) is setting up; waiting for it"
    [ "$waited" -lt "$LOCK_WAIT" ] ||
      die "$EX_TEMPFAIL" "process $holder has been setting up for $((LOCK_WAIT / 60)) minutes" \
        "End it, then: rm -r '$setup'"
    sleep 1
    waited=$((waited + 1))
  done
}

# break_lock HOLDER: removes the lock that a dead process left. Of several waiting calls only one may,
# and it looks again first, or it could remove the lock of the next holder.
break_lock() {
  if mkdir "$lock.breaking" 2>/dev/null; then
    [ "$(readlink "$lock" 2>/dev/null)" != "$1" ] || rm -f "$lock"
    rmdir "$lock.breaking"
  else
    sleep 1
    # Whoever broke it needs no second; if that one died as well, its mark must not stay for ever.
    rmdir "$lock.breaking" 2>/dev/null || true
  fi
}

# -- the venv and its stamps ------------------------------------------------------------------------

# The stamp of a requirements file: its checksum and the version of the Python that serves it. Empty,
# thus equal to no stamp, when the venv's Python no longer runs.
stamp_of() {
  local version
  version=$("$python" -I -S -c 'import sys; print("%d.%d.%d" % sys.version_info[:3])' 2>/dev/null) || return 0
  printf '%s Python %s\n' "$(cksum <"$here/$1")" "$version"
}

# installed FILE: is what FILE names in the venv?
installed() {
  local stamp='' now
  if [ -f "$venv/$1.stamp" ]; then
    IFS= read -r stamp <"$venv/$1.stamp" || true
  fi
  [ -n "$stamp" ] || return 1
  now=$(stamp_of "$1")
  [ "$stamp" = "$now" ]
}

# logged COMMAND...: runs it with its output in the log alone; when it fails, says so with the end of the log.
logged() {
  printf '\n$ %s\n' "$*" >>"$log"
  if "$@" >>"$log" 2>&1 </dev/null; then return 0; fi
  say "this command failed: $*"
  tail -n 4 "$log" | sed 's/^/  /' >&2
  say "the whole log is at $log"
  return 1
}

install_packages() {
  rm -f "$venv/$1.stamp"
  logged "$python" -I -m pip --disable-pip-version-check --no-input install --no-user --require-hashes -r "$here/$1" ||
    die "$EX_UNAVAILABLE" "the packages are not installed, so nothing was started; mend this and call again" \
      "Is the network there? Behind a proxy set HTTPS_PROXY; for a mirror of the package index set PIP_INDEX_URL."
  stamp_of "$1" >"$venv/$1.stamp"
}

make_venv() {
  if [ -e "$venv" ] && [ ! -f "$venv/pyvenv.cfg" ] && [ -n "$(ls -A "$venv")" ]; then
    die "$EX_CANTCREAT" "$venv is there, is not empty and is not a Python environment; move it away, or set CCGATE_VENV"
  fi
  find_python
  say "setting up, once: Python $base_version and packages in $venv (half a minute or so)"
  rm -rf "$venv"
  logged "$base_python" -I -m venv "$venv" ||
    die "$EX_UNAVAILABLE" "$base_python cannot make an environment in $venv" \
      "Mend this, or name another Python with CCGATE_PYTHON."
}

# ready FILE...: everything that the requirement FILEs name is in the venv.
ready() {
  local file complete=yes
  for file in "$@"; do
    installed "$file" || complete=no
  done
  [ "$complete" = no ] || return 0
  acquire
  : >"$log"
  installed requirements.txt || make_venv
  for file in "$@"; do
    installed "$file" && continue
    [ "$file" = requirements.txt ] || say "installing what the tests need, once"
    install_packages "$file"
  done
  release
}

# The real client that the end-to-end tests drive, as pinned beside them.
ready_clients() {
  local folder=$here/tests/e2e stamp
  [ -f "$folder/package-lock.json" ] || return 0
  if ! type -P npm >/dev/null; then
    no_clients "npm is missing"
    return 0
  fi
  stamp=$(cksum <"$folder/package-lock.json")
  [ "$stamp" != "$(cat "$folder/node_modules/.ccgate.stamp" 2>/dev/null || true)" ] || return 0
  acquire
  say "installing the real clients for the end-to-end tests, once"
  : >"$log"
  # Install scripts stay off: the client's binary comes in its platform's own package.
  if logged npm --prefix "$folder" ci --ignore-scripts --no-audit --no-fund; then
    printf '%s\n' "$stamp" >"$folder/node_modules/.ccgate.stamp"
  else
    no_clients "npm could not install it"
  fi
  release
}

# no_clients REASON: goes on without the real client; in CI that is a failure.
no_clients() {
  [ -z "${CI:-}" ] || die "$EX_UNAVAILABLE" "$1: CI cannot do without the real Claude Code"
  say "$1: the end-to-end tests with the real Claude Code are skipped"
}

# -- commands ---------------------------------------------------------------------------------------

COMMANDS="start web client usage verify demo test bench lock help"

show_help() {
  cat <<HELP
usage: $CCGATE_PROG [COMMAND] [ARGUMENTS]

  start    forward proxy and API endpoint in one process; the default
           [--profile NAME-or-FILE] [--host H] [--proxy-port 8080] [--api-port 8081] [-- mitmdump options]
  web      the same in mitmweb
  client   who may use it: add NAME [--owner O], list, revoke NAME, rotate NAME, env NAME, import FILE
  usage    what was used and what it cost: [--by owner|client|model|session|day] [--format table|json|csv]
  verify   what of a captured request would leave: FILE [--profile NAME-or-FILE] [--show]; sends nothing
  demo     the whole job on this machine alone, with a stand-in upstream; ends by itself
  test     all checks and tests; with arguments: pytest ARGUMENTS
  bench    how fast it is, against bare mitmdump; bench detection: how much it finds
  lock     writes requirements.txt and requirements-test.txt anew from pyproject.toml
  help     this

COMMAND --help says more. The first call sets up .venv beside this file.
  CCGATE_HOME     the state folder: ledger, clients, certificate authority
  CCGATE_PYTHON   the Python to set up with, instead of one that is looked for
  CCGATE_VENV     the folder of the Python environment, instead of .venv
HELP
}

unknown() {
  local command
  for command in $COMMANDS; do
    case $command in
      "${1:0:2}"*)
        die "$EX_USAGE" "there is no command '$1'; did you mean '$command'? '$CCGATE_PROG help' lists them all"
        ;;
    esac
  done
  die "$EX_USAGE" "there is no command '$1'; the commands are: $COMMANDS"
}

# -P: the folder that the call came from is not searched for modules.
cli() { exec "$python" -P -m ccgate.cli "$@"; }

checks() {
  local failed=''
  "$venv/bin/ruff" check addons tests || failed="$failed ruff-check"
  "$venv/bin/ruff" format --check addons tests || failed="$failed ruff-format"
  "$python" -P -m mypy || failed="$failed mypy"
  "$venv/bin/shellcheck" run.sh .ci/run || failed="$failed shellcheck"
  "$python" -P -m pytest || failed="$failed pytest"
  [ -z "$failed" ] || die 1 "failed:$failed"
}

run_tests() {
  ready requirements.txt requirements-test.txt
  ready_clients
  cd "$here"
  [ $# -eq 0 ] || exec "$python" -P -m pytest "$@"
  checks
}

# uv resolves for all platforms at once, which pip cannot.
write_lock() {
  local uv scratch
  cd "$here"
  uv=$(type -P uv || true)
  if [ -z "$uv" ]; then
    find_python
    scratch=$(mktemp -d)
    # shellcheck disable=SC2064  # the folder's name is known now and gone later
    trap "rm -rf '$scratch'" EXIT
    say "uv is not on the PATH; installing it for this call"
    "$base_python" -I -m venv "$scratch"
    "$scratch/bin/python" -I -m pip -q --disable-pip-version-check install uv
    uv=$scratch/bin/uv
  fi
  set -- pip compile -q pyproject.toml --universal --python-version 3.12 --generate-hashes \
    --no-header --no-emit-index-url
  "$uv" "$@" -o requirements.txt
  "$uv" "$@" --extra test -c requirements.txt -o requirements-test.txt
  say "requirements.txt and requirements-test.txt are written; the next call installs them"
}

main() {
  case ${1:-start} in
    help | -h | --help) show_help ;;
    start | web | client | usage | verify)
      ready requirements.txt
      cli "${@:-start}"
      ;;
    demo | bench)
      ready requirements.txt requirements-test.txt
      cli "$@"
      ;;
    test)
      shift
      run_tests "$@"
      ;;
    lock) write_lock ;;
    -*)
      ready requirements.txt
      cli start "$@"
      ;;
    *) unknown "$1" ;;
  esac
}

main "$@"
