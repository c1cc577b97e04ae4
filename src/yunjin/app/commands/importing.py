"""`yunjin import FILE…`: ISO 20022 messages and CSV files into the ledger."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from yunjin.app.commands.opening import bank_of, check_source, check_target, progress_bar

Files = Annotated[list[Path], typer.Argument(help="Messages, posted in this order.")]


def import_files(
    files: Files,
    xsd: Annotated[Path | None, typer.Option(help="Check XML by the XSD files in here.")] = None,
    open_accounts: Annotated[
        bool, typer.Option("--open-accounts", help="Open what is missing.")
    ] = False,
    mapping: Annotated[Path | None, typer.Option(help="How to read CSV: a TOML file.")] = None,
    nostro: Annotated[
        list[str] | None,
        typer.Option(help="Alias of the nostro to post against: ALIAS, or EUR=ALIAS; repeatable."),
    ] = None,
    require_controls: Annotated[
        bool, typer.Option("--require-controls", help="Refuse a file with a wrong control sum.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Post nothing, tell all.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object last.")] = False,
    report: Annotated[
        Path | None, typer.Option(help="Write every line to this file: .csv or JSON.")
    ] = None,
    home: Annotated[Path | None, typer.Option(help="Folder of all data.")] = None,
) -> None:
    """Post what files tell of; exit 1 where anything was refused or does not agree."""
    from yunjin.app import reporting
    from yunjin.kernel.errors import Malformed

    if xsd is not None:
        check_source(xsd, "folder")
    shared = {
        "mapping": _text(mapping) if mapping else None,
        "schema_directory": str(xsd) if xsd else None,
        "opens_accounts": open_accounts,
        "nostros": _nostros(nostro or []),
        "requires_controls": require_controls,
        "is_dry_run": dry_run,
    }
    folders = [str(path) for path in files if path.is_dir()]
    if folders:
        raise Malformed(f"expected files, were folders: {', '.join(folders)}")
    missing = [str(path) for path in files if not path.is_file()]
    if missing:
        raise Malformed(f"expected files, were not there: {', '.join(missing)}")
    if report is not None:
        check_target(report)
    documents: list[dict[str, Any]] = []
    try:
        for each, words in _imported(files, home, shared):
            documents.append(each)
            if not as_json:
                print("\n".join(words))
    finally:  # an outage in a later file must not lose what is known of the first ones
        if report is not None and documents:
            reporting.write(report, documents)
    if as_json:
        print(json.dumps({"files": documents}, ensure_ascii=False))
    if not all(each.get("is_clean") for each in documents):
        raise typer.Exit(1)


def _imported(
    files: list[Path], home: Path | None, shared: dict[str, Any]
) -> Iterator[tuple[dict[str, Any], list[str]]]:
    """Import each file; a refused one does not stop the others."""
    from yunjin.app import reporting
    from yunjin.foundation.ledger.adapters.reading import FILE_BYTES_MAX
    from yunjin.foundation.ledger.api import ImportApi, ImportFile, ImportPort
    from yunjin.foundation.ledger.errors import ImportRefused

    with bank_of(home, may_be_new=shared["opens_accounts"]) as bank, progress_bar() as progress:
        importer: ImportPort = bank.door(ImportApi)
        for path in files:
            with path.open("rb") as source:  # one byte more tells that it is too long
                content = source.read(FILE_BYTES_MAX + 1)
            try:
                command = ImportFile(name=path.name, content=content, **shared)
                done = importer.import_file(command, progress=progress)
                yield reporting.document(done), list(reporting.words(done))
            except ImportRefused as refused:
                lines = [
                    f"  line {finding['line']} {finding['path']}: {finding['what']}"
                    for finding in refused.facts.get("findings", [])
                ]
                head = f"{path.name}: refused: {refused.detail}"
                document = {"name": path.name, "is_clean": False, "refused": refused.document()}
                yield document, [head, *(lines if len(lines) > 1 else [])]


def _nostros(options: list[str]) -> dict[str, str]:
    """Read ALIAS (for every currency) and EUR=ALIAS."""
    from yunjin.kernel.errors import Malformed

    found: dict[str, str] = {}
    for option in options:
        left, equals, right = option.partition("=")
        currency, alias = (left.strip().upper(), right.strip()) if equals else ("", left.strip())
        if not alias or (equals and len(currency) != 3):
            raise Malformed(f"expected ALIAS or EUR=ALIAS as nostro, was {option[:60]!r}")
        if currency in found:
            raise Malformed(f"expected one nostro for {currency or 'all currencies'}, were more")
        found[currency] = alias
    return found


def _text(path: Path) -> str:
    from yunjin.kernel.errors import Malformed

    check_source(path)
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise Malformed(f"expected {path} in UTF-8, was: {error.reason}") from None
