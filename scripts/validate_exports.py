"""Checks what validate-exports.sh exported. Says what was checked; exits 1 when anything does not hold."""

import csv
import importlib
import importlib.metadata
import json
import os
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


def cards(path):
    import vobject

    read = list(vobject.readComponents(path.read_text(encoding="utf-8"), validate=False))
    whole = [card for card in read if card.name == "VCARD" and card.fn.value and card.version.value == "4.0"]
    told = json.loads((folder / "all.vcard.told").read_text())["counts"]["cards"]
    said(len(whole) == len(read) == told, f"vCard: {len(whole)} cards by vobject {vobject.VERSION}, as told")


def lists():
    import frictionless
    import openpyxl

    rows, wrong, books = 0, [], 0
    for path in sorted(folder.glob("*.csv")):
        if path.is_dir():
            continue
        resource = frictionless.Resource(path=path.name, basepath=str(folder), dialect=frictionless.Dialect.from_descriptor({"csv": {"delimiter": ","}}))
        report = resource.validate()
        wrong += [f"{path.name}: {error.message}" for task in report.tasks for error in task.errors]
        with open(path, newline="", encoding="utf-8-sig") as text:
            table = list(csv.reader(text, strict=True))
        wrong += [f"{path.name}: a formula" for row in table for cell in row if cell[:1] in ("=", "+", "@", "\t", "\r")]
        book = openpyxl.load_workbook(path.with_suffix(".xlsx")).active
        wrong += [f"{path.stem}.xlsx: a formula" for row in book.iter_rows() for cell in row if cell.data_type == "f"]
        if book.max_row != len(table):
            wrong.append(f"{path.stem}: {len(table)} rows as CSV, {book.max_row} as XLSX")
        rows += len(table) - 1
        books += 1
    for one in wrong[:5]:
        print("      " + one)
    said(books > 30 and not wrong, f"CSV and XLSX: {books} lists with {rows} rows by frictionless {frictionless.__version__} and openpyxl {openpyxl.__version__}, no formula among them")


def directory(path):
    schemas = os.environ.get("HSDS_SCHEMAS")
    services = json.loads(path.read_text())["contents"]
    told = json.loads((folder / "hsds.json.told").read_text())["counts"]["services"]
    said(len(services) == told, f"HSDS: {len(services)} services, as told")
    if not schemas:
        return print("      HSDS: not checked by its schemas: HSDS_SCHEMAS names no folder")
    import jsonschema
    import referencing

    read = {file.name: json.loads(file.read_text()) for file in pathlib.Path(schemas).glob("*.json")}
    plain = referencing.jsonschema.DRAFT202012
    registry = referencing.Registry().with_resources((name, plain.create_resource(schema)) for name, schema in read.items())
    by = jsonschema.Draft202012Validator(read["service.json"], registry=registry, format_checker=jsonschema.FormatChecker())
    wrong = [f"{service['name']}: {'/'.join(map(str, error.path))}: {error.message}" for service in services for error in by.iter_errors(service)]

    def strange(value, schema, at):
        schema = read.get(schema.get("$ref"), schema)
        for name, inner in value.items():
            known = schema["properties"].get(name)
            # Of 3.0, where it is deprecated; later versions have nothing in its place.
            if known is None and name == "wait_time":
                continue
            if known is None:
                yield f"{at}/{name}: the specification has no such field"
            elif isinstance(inner, dict):
                yield from strange(inner, known, f"{at}/{name}")
            elif isinstance(inner, list):
                for one in inner:
                    yield from strange(one, known["items"], f"{at}/{name}")

    wrong += [text for service in services for text in strange(service, read["service.json"], service["name"])]
    for one in sorted(set(wrong))[:8]:
        print("      " + one)
    said(not wrong, f"HSDS: {len(services)} services by jsonschema {importlib.metadata.version('jsonschema')} and the specification's schemas")


def directory_tables(path):
    import frictionless

    tables = {file.stem: file for file in path.glob("*.csv")}
    # Which column leads to which table.
    ends = {"organization_id": "organizations", "service_id": "services", "location_id": "locations", "taxonomy_term_id": "taxonomy_terms"}
    resources = []
    for name, file in sorted(tables.items()):
        with open(file, newline="", encoding="utf-8") as text:
            header = next(csv.reader(text))
        keys = [{"fields": [column], "reference": {"resource": table, "fields": ["id"]}} for column, table in ends.items() if column in header and table in tables]
        fields = [{"name": column, "type": "any", "constraints": {"required": column == "id" or column in ends, "unique": column == "id"}} for column in header]
        resources.append({"name": name, "path": file.name, "schema": {"fields": fields, "primaryKey": ["id"], "foreignKeys": keys}})
    package = frictionless.Package.from_descriptor({"name": "directory", "resources": resources}, basepath=str(path))
    report = package.validate()
    errors = [error.message for task in report.tasks for error in task.errors]
    for one in errors[:5]:
        print("      " + one)
    said(report.valid and len(tables) > 5, f"HSDS: {len(tables)} tables by frictionless {frictionless.__version__}: every id once, every reference has its end")


def everything(path):
    told = json.loads((folder / "all.json.told").read_text())["counts"]
    whole = json.loads(path.read_text())
    rows = sum(len(rows) for rows in whole["own"].values())
    for client in whole["clients"]:
        rows += 1 + sum(len(value) for value in client.values() if isinstance(value, list))
    said((len(whole["clients"]), rows) == (told["clients"], told["rows"]), f"JSON: {len(whole['clients'])} clients, {rows} rows, as told")


checks = {
    "all.fhir": fhir,
    "hmis": hmis,
    "all.ics": calendar,
    "all.vcard": cards,
    "hsds.json": directory,
    "hsds": directory_tables,
    "all.json": everything,
}
for name, check in checks.items():
    path = folder / name
    if path.exists():
        check(path)
    else:
        said(False, f"{name} was not written")
lists()
sys.exit(1 if bad else 0)
