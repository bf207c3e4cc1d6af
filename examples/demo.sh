#!/usr/bin/env bash
# The main job on the example, in a fresh repository that is removed afterwards.
# Usage: examples/demo.sh [UNSHIM]    the command; default .venv/bin/unshim, relative to the repository's root
# Exits 0 only if every command ended with the exit code that is told here.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
tool=${1:-.venv/bin/unshim}
case $tool in
    /*) ;;
    */*) tool=$root/$tool ;;
    *) tool=$(command -v "$tool") || { echo "demo: there is no command $1" >&2; exit 2; } ;;
esac
python=$(dirname "$tool")/python
for needed in "$tool" "$python"; do
    [[ -x $needed ]] || { echo "demo: there is no $needed; 'make demo' installs it" >&2; exit 2; }
done

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
unset $(git rev-parse --local-env-vars) PYTEST_ADDOPTS PYTHONPATH
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1
export GIT_AUTHOR_NAME="Ada Example" GIT_AUTHOR_EMAIL="ada@example.org"
export GIT_COMMITTER_NAME="Ada Example" GIT_COMMITTER_EMAIL="ada@example.org"
export PYTHONDONTWRITEBYTECODE=1 PYTEST_DISABLE_PLUGIN_AUTOLOAD=1

unshim() { "$tool" "$@"; }
python() { "$python" "$@"; }

step=0
heading() {
    step=$((step + 1))
    printf '\n\n%d. %s\n\n' "$step" "$1"
}

# run CODE LINES COMMAND...: show the command, run it, show up to LINES lines of its output (0: all),
# and end the demo if it exits with another code than CODE.
run() {
    local expected=$1 shown=$2 code=0 lines
    shift 2
    printf '$ %s\n' "$*"
    "$@" >"$scratch/out" 2>"$scratch/err" || code=$?
    lines=$(wc -l <"$scratch/out")
    if ((shown > 0 && lines > shown)); then
        head -n "$shown" "$scratch/out"
        printf '[... %d more lines are not shown here; to see the whole: %s | less]\n' "$((lines - shown))" "$*"
    elif [[ -s $scratch/out ]]; then
        printf '%s\n' "$(<"$scratch/out")"
    fi
    cat "$scratch/err"
    if ((code != expected)); then
        printf '\ndemo: "%s" ended with exit code %d; expected was %d\n' "$*" "$code" "$expected" >&2
        exit 1
    fi
}

say() {
    echo
    printf '%s\n' "$@"
}

# What apply must not change: HEAD, the index, the files.
state() {
    git rev-parse HEAD
    git write-tree
    git status --short --branch
    find . -path ./.git -prune -o -type f -print0 | sort -z | xargs -0 cksum
}

cp -R "$root/examples/websocket_manager" "$scratch/parley"
find "$scratch/parley" \( -name __pycache__ -o -name .pytest_cache \) -prune -exec rm -rf {} +
cd "$scratch/parley"
git init --quiet
git symbolic-ref HEAD refs/heads/main
git add --all
git commit --quiet --message "Parley, a chat server"
branch=unshim/websocket-manager

printf '%s\n' \
    "Parley is a small chat server. Its WebSocket manager can be imported from a dozen places." \
    "Its recipe, unshim.toml, names the one that counts: chat.realtime.websocket_manager." \
    "All this happens in a temporary repository with one commit, on the branch main."

heading "Before: the application's own tests pass"
run 0 0 python -m pytest -q --disable-warnings -p no:cacheprovider

heading "The map: which modules and references are not canonical"
run 0 0 unshim scan

heading "The preview: what would change (nothing is written)"
run 0 44 unshim diff

heading "A migration that would leave something stops, and says what"
run 3 0 unshim apply
say "Exit code 3: nothing was written. Each reason has an explanation:"
echo
run 0 0 unshim explain different-object

before=$(state)
heading "With --partial: rewrite what is proved, leave the rest"
run 0 0 unshim apply --partial

heading "The branch: one commit a step"
run 0 0 git log --reverse --oneline --stat "main..$branch"
say "The message of the last one:"
echo
run 0 0 git log -1 --format=%B "$branch"

heading "Your files, index and HEAD are as they were"
run 0 0 git status --short --branch
[[ $(state) == "$before" ]] || { echo "demo: unshim touched the working tree, the index or HEAD" >&2; exit 1; }

heading "After: the application's own tests pass on the branch"
run 0 0 git worktree add --quiet ../migrated "$branch"
run 0 0 cd ../migrated
run 0 0 python -m pytest -q --disable-warnings -p no:cacheprovider
run 0 0 cd ../parley

heading "The check: what is still non-canonical on the branch"
run 1 0 unshim check --rev "$branch"
say "Exit code 1: something is non-canonical or was not checked; here it is what a person has to decide." \
    "Where nothing is left the exit code is 0: in CI, the check keeps old paths from coming back."

heading "Finished? Each condition is measured, and said to be met only if it is"
run 1 0 unshim verify --rev "$branch"

heading "The way back"
run 0 0 git worktree remove --force ../migrated
run 0 0 unshim undo

printf '\n\nThe demo is done: every command ended as told.\n'
