#!/bin/sh
# Finds a Python that will do and hands everything to launch.py, which does the rest.
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd) || exit 1
check='import sys; print(sys.executable if (3, 11) <= sys.version_info[:2] <= (3, 14) else "")'

for python in "$here/.venv/bin/python" python3 python3.13 python3.12 python3.11 python3.14 python; do
    found=$("$python" -c "$check" 2>/dev/null) && [ -n "$found" ] &&
        exec "$found" "$here/launch.py" "$@"
done

echo "Error: Sottovoce needs Python 3.11 to 3.14, and none was found. Install one and start again." >&2
exit 1
