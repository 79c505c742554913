#!/bin/sh
# Exports a made-up caseload in every format and has each checked by a tool that others wrote:
#   FHIR     fhir.resources (models of R4B: the resources used here are as in R4), and every reference has its end
#   iCal     icalendar
#   vCard    vobject
#   XLSX     openpyxl
#   CSV      frictionless, of every list: shape, types and rows; and that no cell begins a formula
#   HSDS     jsonschema with the schemas of the specification, and frictionless for the folder of tables
#   HMIS     the columns of FY2026, by the csv module of Python
#   JSON     Python's own reader, and the counts that the program told
# Needs Python 3 with: pip install fhir.resources icalendar vobject openpyxl frictionless jsonschema; and for HSDS a folder
# with the specification's schemas (service.json and those it names, from github.com/openreferral/specification, schema/)
# in HSDS_SCHEMAS: without it HSDS is not checked by its schemas, and the script says so.
# Usage: scripts/validate-exports.sh [path to caseload]
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
lists=$("$caseload" export "$folder/none.csv" --format csv --list none 2>&1 | tr '\n' ' ' | sed -n 's/.*There are: \([a-z_, -]*\)\..*/\1/p' | tr -d ',') || true
[ -n "$lists" ] || { echo "The program does not say which lists it writes." >&2; exit 1; }
write() { "$caseload" export "$folder/$1" --json --format "$2" ${3:+--list "$3"} >"$folder/$1.told" || echo "WRONG  not written: $1"; }
for format in $formats; do
    case $format in
        csv | xlsx) for list in $lists; do write "$list.$format" "$format" "$list"; done ;;
        hsds) write hsds.json hsds && write hsds hsds ;;
        hmis-csv) write hmis hmis-csv ;;
        *) write "all.$format" "$format" ;;
    esac
done
python3 "$here/validate_exports.py" "$folder" "$here/.."
