#!/bin/sh
# Exports a made-up caseload in every format and has each checked by a tool that others wrote:
#   FHIR     fhir.resources (models of R4B: the resources used here are as in R4), and every reference has its end
#   iCal     icalendar
#   XLSX     openpyxl
#   HMIS     the columns of FY2026, by the csv module of Python
#   JSON     Python's own reader, and the counts that the program told
# Needs Python 3 with: pip install fhir.resources icalendar openpyxl. Usage: scripts/validate-exports.sh [path to caseload]
set -eu
caseload=${1:-target/debug/caseload}
here=$(cd "$(dirname "$0")" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
echo "otter lamp seven canal" >"$folder/pass"
export CASELOAD_FILE="$folder/demo.db" CASELOAD_PASSPHRASE_FILE="$folder/pass" HOME="$folder"
"$caseload" demo --write "$CASELOAD_FILE" --clients 47 --notes 400 >/dev/null
formats=$("$caseload" export --help | tr '\n' ' ' | sed -n 's/.*--format <FORMAT>  *bundle; or \([a-z, -]*\): not encrypted.*/\1/p' | tr -d ',')
[ -n "$formats" ] || { echo "The program does not say which formats it writes." >&2; exit 1; }
for format in $formats; do
    case $format in
        csv | xlsx) lists="clients" ;;
        *) lists="" ;;
    esac
    if [ -n "$lists" ]; then
        for list in $lists; do "$caseload" export "$folder/$list.$format" --format "$format" --list "$list" >/dev/null || echo "not written: $format"; done
    else
        "$caseload" export "$folder/all.$format" --format "$format" --json >"$folder/$format.told" || echo "not written: $format"
    fi
done
python3 "$here/validate_exports.py" "$folder" "$here/.."
