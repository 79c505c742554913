#!/usr/bin/env bash
# Throws broken bytes at everything that reads strangers' files, so many minutes at each, or seconds (30s):
# scripts/fuzz.sh [minutes] [target ...]
# What is found lies in fuzz/artifacts; put it into tests/strangers.rs as a small input.
set -euo pipefail
cd "$(dirname "$0")/.."
time="${1:-10}"
[ $# -gt 0 ] && shift
case "$time" in
  *s) seconds="${time%s}" ;;
  *) seconds=$((time * 60)) ;;
esac
if ! cargo fuzz --version >/dev/null 2>&1; then
  echo "cargo-fuzz is not installed: nothing was fuzzed (cargo install cargo-fuzz)."
  exit 0
fi
toolchain=()
if rustup toolchain list 2>/dev/null | grep -q '^nightly'; then
  toolchain=(+nightly)
else
  export RUSTC_BOOTSTRAP=1
fi
targets=("$@")
[ ${#targets[@]} -gt 0 ] || targets=(bundle card place csv xlsx ods fhir ics vcard hsds agency)
for target in "${targets[@]}"; do
  echo "== $target, $seconds seconds"
  cargo "${toolchain[@]}" fuzz run "$target" -- -max_total_time="$seconds" -rss_limit_mb=2048 -timeout=20
done
