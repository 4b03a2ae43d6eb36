#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# filter.sh FILTERS: random filters (a fixed seed, so that a failure comes again) through the catalogue and through the lab's
# ActiveDirectory module. In a lab; SEED and COUNT may be set.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
file=$(mktemp "${TMPDIR:-/tmp}/causeway-filters.XXXXXX")
trap 'rm -f "$file"' EXIT
"$1" "${SEED:-20261124}" "${COUNT:-6000}" >"$file"
# Dates without a zone are UTC in the catalogue, local time in the module.
TZ=UTC $CAUSEWAY_LAB_POWERSHELL -NoProfile -File "$here/filter.ps1" "$file"
