#!/usr/bin/env bash
# Runs the tests on the newest Python of this machine with the newest Django, in a venv of its own.
# Django 6 needs Python 3.12; where there is none, this says so and is no failure.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=${1:-.venv-next}

find_python() {
    local candidate
    for candidate in python3.14 "$HOME"/.pyenv/versions/3.14.*/bin/python3 \
        python3.13 "$HOME"/.pyenv/versions/3.13.*/bin/python3 \
        python3.12 "$HOME"/.pyenv/versions/3.12.*/bin/python3 \
        /usr/local/bin/python3 /usr/bin/python3; do
        if "$candidate" -c 'import sys, ensurepip; sys.exit(sys.version_info < (3, 12))' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
}

python=$(find_python)
if [ -z "$python" ]; then
    echo "SKIPPED: no Python 3.12 or newer on this machine, so the newest Django was not tested."
    exit 0
fi
"$python" -m venv "$venv"
"$venv/bin/python" -m pip install --quiet --upgrade "pip>=25.1"
"$venv/bin/python" -m pip install --quiet --upgrade --editable . --group test "django>=6"
"$venv/bin/python" -c 'import django, sys; print(f"Python {sys.version.split()[0]}, Django {django.__version__}")'
exec "$venv/bin/python" -m pytest --ignore=tests/clients --ignore=tests/example ${PYTEST_ARGS:-}
