#!/bin/sh
# link.sh FOLDER URL FOLDER URL: the first council asks the second, whose keeper says yes. Run again, it changes nothing.
# Real keepers compare the six words first; these councils are for trying out.
set -eu
asking=$1 asking_url=$2 asked=$3 asked_url=$4

comarca peers add "$asking" "$asked_url" --yes || echo "asked before"
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30; do
    if comarca peers list "$asked" | grep -F "$asking_url" | grep -q " accepted "; then
        exit 0
    fi
    comarca peers accept "$asked" "$asking_url" || sleep 1
done
echo "$asking_url has not reached $asked_url" >&2
exit 1
