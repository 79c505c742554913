#!/usr/bin/env bash
# The whole suite on days and in zones that are not today's and ours: a test that passes only on the day it was written on
# fails here. Needs faketime (Debian and Ubuntu: apt-get install faketime). Not part of .ci/run: it takes eight times as long
# as the suite.
#
#   scripts/any-day.sh                 every date once, the zones taking turns
#   scripts/any-day.sh --all           every date in every zone
#   scripts/any-day.sh all lib         only these test programs: all (tests/main.rs), house, pictures; lib is the library's own
#   scripts/any-day.sh --on Sunday     only the dates of whose names this is a part; may stand several times
set -euo pipefail
cd "$(dirname "$0")/.."

zones=(America/New_York Pacific/Auckland UTC)
year=$(date +%Y)
# "what it is|local time"; today is the machine's own. The clock changes are those of the first zone, in the hour before:
# what runs then lives through the change.
dates=(
  "a Sunday|2027-01-17 10:00:00"
  "the last minutes of a year|2026-12-31 23:40:00"
  "the first hour of a year|2027-01-01 00:30:00"
  "clocks go forward|2027-03-14 01:55:00"
  "clocks go back|2026-11-01 01:55:00"
  "29 February|2028-02-29 12:00:00"
  "ten years ahead|$((year + 10))-07-04 09:00:00"
  "today|"
)

all=no
wanted=()
on=()
while [ $# -gt 0 ]; do
  case $1 in
    --all) all=yes ;;
    --on)
      [ $# -gt 1 ] || { echo "any-day.sh: --on what?" >&2; exit 2; }
      shift
      on+=("$1")
      ;;
    -*) echo "any-day.sh: there is no option $1; it may be --all or --on" >&2; exit 2 ;;
    *) wanted+=("$1") ;;
  esac
  shift
done

is_wanted() { # what it is
  [ ${#on[@]} -gt 0 ] || return 0
  local part
  for part in "${on[@]}"; do
    case $1 in *"$part"*) return 0 ;; esac
  done
  return 1
}
found=no
for date in "${dates[@]}"; do if is_wanted "${date%%|*}"; then found=yes; fi; done
[ $found = yes ] || { echo "any-day.sh: there is no date of that name" >&2; exit 2; }

command -v faketime >/dev/null || {
  echo "any-day.sh: faketime is not installed. On Debian and Ubuntu: apt-get install faketime" >&2
  exit 1
}
command -v python3 >/dev/null || { echo "any-day.sh: python3 is not installed" >&2; exit 1; }
for zone in "${zones[@]}"; do
  [ -e "/usr/share/zoneinfo/$zone" ] || { echo "any-day.sh: the zone $zone is not known here: apt-get install tzdata" >&2; exit 1; }
done

# Built once, by the machine's own clock.
built=$(${CARGO:-cargo} test --locked --no-run --message-format=json-render-diagnostics)
mapfile -t programs < <(python3 -c '
import json, sys
wanted = set(sys.argv[1:])
for line in sys.stdin:
    if not line.startswith("{"):
        continue
    told = json.loads(line)
    if told.get("reason") != "compiler-artifact" or not told.get("executable") or not told["profile"]["test"]:
        continue
    kinds = told["target"]["kind"]
    name = "lib" if "lib" in kinds or "rlib" in kinds else told["target"]["name"]
    if not wanted or name in wanted:
        print(name + "|" + told["executable"])
' "${wanted[@]+"${wanted[@]}"}" <<<"$built")
if [ ${#programs[@]} -eq 0 ]; then
  echo "any-day.sh: there is no test program of that name" >&2
  exit 2
fi

# The path of the library that sets the clock, for programs with threads.
preload=$(faketime -m -f '+0' sh -c 'printf %s "$LD_PRELOAD"')
# The random histories are those of every other run: only the day is another.
: "${PROPTEST_RNG_SEED:=$(sed -n 's/^PROPTEST_RNG_SEED *= *"\(.*\)"$/\1/p' .cargo/config.toml)}"
export PROPTEST_RNG_SEED
unset CASELOAD_FILE CASELOAD_AGENCY CASELOAD_PASSPHRASE_FILE CASELOAD_THEME

failed=()
at() { # zone, what it is, local time
  local zone=$1 what=$2 time=$3 ahead=0 name program log
  # As seconds from now: every program that a test starts then lives by one and the same running clock.
  if [ -n "$time" ]; then ahead=$(($(TZ=$zone date -d "$time" +%s) - $(date +%s))); fi
  echo "== $what: $(TZ=$zone date -d "@$(($(date +%s) + ahead))" '+%a %Y-%m-%d %H:%M %z'), $zone"
  for one in "${programs[@]}"; do
    name=${one%%|*} program=${one#*|}
    log=$(mktemp)
    # Waiting goes by the real clock, and files bear its times: only the calendar is another.
    if ! env TZ="$zone" LD_PRELOAD="$preload" FAKETIME="$(printf '%+d' "$ahead")" FAKETIME_DONT_FAKE_MONOTONIC=1 \
      NO_FAKE_STAT=1 INSTA_UPDATE=no "$program" --quiet >"$log" 2>&1; then
      failed+=("$name: $what, $zone")
      echo "   failed: $name"
      sed 's/^/   | /' "$log" | grep -v '^   | *$' | tail -n 60
    fi
    rm -f "$log"
  done
}

turn=0
for date in "${dates[@]}"; do
  if ! is_wanted "${date%%|*}"; then
    :
  elif [ $all = yes ]; then
    for zone in "${zones[@]}"; do at "$zone" "${date%%|*}" "${date#*|}"; done
  else
    # The changes of the clocks are this zone's.
    case $date in clocks*) zone=${zones[0]} ;; *) zone=${zones[turn % ${#zones[@]}]} ;; esac
    at "$zone" "${date%%|*}" "${date#*|}"
  fi
  turn=$((turn + 1))
done

if [ ${#failed[@]} -gt 0 ]; then
  printf '%s failed:\n' "${#failed[@]}"
  printf '  %s\n' "${failed[@]}"
  exit 1
fi
echo "All passed."
