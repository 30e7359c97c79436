#!/usr/bin/env bash
# Runs the programs that /etc/frr/daemons names, in the foreground, under FRR's own watchdog.
set -euo pipefail
install -d -o frr -g frr /run/frr
set +u
# shellcheck source=/dev/null
source /usr/lib/frr/frrcommon.sh
# daemon_list prints several words on purpose.
# shellcheck disable=SC2046
exec /usr/lib/frr/watchfrr $(daemon_list)
