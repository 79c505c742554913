"""Checks what validate-exports.sh exported. Says what was checked; exits 1 when anything does not hold."""

import csv
import importlib
import json
import pathlib
import sys
import tomllib

folder, project = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
bad = 0


def said(ok, text):
    global bad
    bad += not ok
    print(("ok    " if ok else "WRONG ") + text)


def fhir(path):
    from collections import Counter

    bundle = json.loads(path.read_text())
    models = importlib.import_module("fhir.resources.R4B")
    counts, wrong = Counter(), []
    for entry in bundle["entry"]:
        resource = entry["resource"]
        kind = resource["resourceType"]
        model = getattr(importlib.import_module(f"fhir.resources.R4B.{kind.lower()}"), kind)
        try:
            model.model_validate(resource)
            counts[kind] += 1
        except Exception as error:
            wrong.append(f"{kind}/{resource['id']}: {error}")
    getattr(importlib.import_module("fhir.resources.R4B.bundle"), "Bundle").model_validate(bundle)
    for one in wrong[:5]:
        print("      " + one.replace("\n", "\n      "))
    ids = {entry["fullUrl"] for entry in bundle["entry"]}
    said(len(ids) == len(bundle["entry"]), "FHIR: every fullUrl is there once")

    def references(value):
        if isinstance(value, dict):
            if isinstance(value.get("reference"), str):
                yield value["reference"]
            for inner in value.values():
                yield from references(inner)
        elif isinstance(value, list):
            for inner in value:
                yield from references(inner)

    said(not [ref for ref in references(bundle) if ref not in ids], "FHIR: every reference leads to a resource of the bundle")
    said(not wrong, f"FHIR: {sum(counts.values())} resources by {models.__name__}: {dict(counts)}")


def hmis(path):
    columns = tomllib.loads((project / "assets/exchange/hmis-columns.toml").read_text())
    for file in sorted(path.glob("*.csv")):
        with open(file, newline="", encoding="utf-8") as text:
            rows = list(csv.reader(text))
        whole = rows[0] == columns[file.stem] and all(len(row) == len(rows[0]) for row in rows)
        said(whole, f"HMIS: {file.name}, {len(rows) - 1} rows, columns as FY2026 has them")


def calendar(path):
    import icalendar

    cal = icalendar.Calendar.from_ical(path.read_bytes())
    events = list(cal.walk("VEVENT"))
    said(all(event.get("dtstart") and event.get("uid") for event in events), f"iCalendar: {len(events)} events by icalendar {icalendar.__version__}")


def workbook(path):
    import openpyxl

    sheet = openpyxl.load_workbook(path).active
    formulas = [cell for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]
    said(not formulas, f"XLSX: {sheet.max_row - 1} rows by openpyxl {openpyxl.__version__}, no formula among them")


def everything(path):
    told = json.loads((folder / "json.told").read_text())["counts"]
    whole = json.loads(path.read_text())
    rows = sum(len(rows) for rows in whole["own"].values())
    for client in whole["clients"]:
        rows += 1 + sum(len(value) for value in client.values() if isinstance(value, list))
    said((len(whole["clients"]), rows) == (told["clients"], told["rows"]), f"JSON: {len(whole['clients'])} clients, {rows} rows, as told")


checks = {"all.fhir": fhir, "all.hmis-csv": hmis, "all.ics": calendar, "clients.xlsx": workbook, "all.json": everything}
for name, check in checks.items():
    path = folder / name
    if path.exists():
        check(path)
    else:
        print(f"      {name} was not written")
sys.exit(1 if bad else 0)
