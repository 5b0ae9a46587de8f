#!/usr/bin/env bash
# Debian packages that some tests and benches use; without them those are skipped outside CI.
#   chromium      opens the report and the browser bundles
#   libopenblas0  native matrix products for runtime-cpu
set -u
wanted=(chromium libopenblas0-pthread)
[ "${1:-}" = --peers ] && wanted+=(python3-numpy python3-scipy python3-torch python3-pot coinor-cbc) # benchmark peers
missing=()
for name in "${wanted[@]}"; do
  dpkg-query -W -f='${Status}' "$name" 2>/dev/null | grep -q 'install ok installed' || missing+=("$name")
done
[ ${#missing[@]} -eq 0 ] && exit 0
if ! command -v apt-get >/dev/null || [ "$(id -u)" -ne 0 ]; then
  echo "Install these Debian packages for the full test suite: ${missing[*]}"
  exit 0
fi
apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
