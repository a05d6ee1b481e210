"""The command line: parses, calls and prints. Results to stdout, all else to stderr."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from askalms.errors import AskALMSError, QuestionFileError

app = typer.Typer(
    help="Questions about Alström syndrome, answered with exact quotes from your documents.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
_complaints = Console(stderr=True, highlight=False)

IndexOption = Annotated[Path, typer.Option("--index", help="Folder of the index.")]
SettingsOption = Annotated[
    Path | None, typer.Option("--settings", help="Settings file; askalms.toml of this folder unless named.")
]


@app.command()
def index(
    corpus: Annotated[Path, typer.Argument(help="Folder of the documents.")] = Path("corpus"),
    index: IndexOption = Path("index"),
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what would change.")] = False,
    settings: SettingsOption = None,
) -> None:
    """Build the index of a folder of documents, or renew it."""
    from askalms.corpus import load_corpus
    from askalms.index import build_index, difference, is_up_to_date
    from askalms.reranking import published
    from askalms.settings import load_settings

    chosen = load_settings(settings)
    with _progress() as report:
        loaded = load_corpus(corpus, chosen.corpus, lambda n, total, name: report(f"Reading {name}", n, total))
        change = difference(index, loaded)
        calibration = published(chosen.embedding.sentence_model, chosen.reranking.model)
        fresh = is_up_to_date(index, loaded, chosen, calibration)
        if loaded.documents and not fresh and not dry_run:
            from askalms.embedding import load_encoders

            build_index(index, loaded, load_encoders(chosen.embedding), chosen, report, calibration)
    for name, doc_ids in (("added", change.added), ("changed", change.changed), ("removed", change.removed)):
        for doc_id in doc_ids:
            print(f"{name} {doc_id}")
    state = "would be " if dry_run else ""
    print(
        f"{state}{len(change.added)} added, {len(change.changed)} changed, {len(change.removed)} removed, "
        f"{change.unchanged} unchanged" + ("; the index is up to date" if fresh else "")
    )
    if loaded.problems:
        table = Table("Left out", "Why", title=f"{len(loaded.problems)} files could not be read", title_justify="left")
        for problem in loaded.problems:
            table.add_row(repr(problem.doc_id)[1:-1], problem.reason)
        _complaints.print(table)
    if not loaded.documents:
        raise AskALMSError(f"{str(corpus)!r} holds no document that can be read; put .txt or .md files there")
    if loaded.problems:
        raise typer.Exit(1)


@app.command()
def ask(
    question: Annotated[str | None, typer.Argument(help="The question, in quotation marks.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer as one JSON object.")] = False,
    batch: Annotated[
        Path | None, typer.Option("--batch", help="File of questions, one JSON object a line; - reads stdin.")
    ] = None,
    index: IndexOption = Path("index"),
    settings: SettingsOption = None,
) -> None:
    """Answer one question, or a file of questions."""
    if (question is None) == (batch is None):
        raise typer.BadParameter('give either a question ("Is it inherited?") or --batch FILE')
    from askalms.answering import Assistant
    from askalms.rendering import to_json, to_text
    from askalms.settings import load_settings

    if batch is not None:
        items = list(_questions(batch))
        assistant = Assistant.open(index, load_settings(settings))
        for question_id, turns in items:
            for i in range(len(turns)):
                answer = assistant.ask(turns[i], tuple(turns[:i]))
            _print(json.dumps(to_json(answer, question_id), ensure_ascii=False))
        return
    answer = Assistant.open(index, load_settings(settings)).ask(question or "")
    _print(json.dumps(to_json(answer), ensure_ascii=False, indent=1) if as_json else to_text(answer))


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 lets other machines in.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.", min=1, max=65535)] = 7860,
    index: IndexOption = Path("index"),
    settings: SettingsOption = None,
) -> None:
    """Open the chat page."""
    from askalms.answering import Assistant
    from askalms.settings import load_settings

    assistant = Assistant.open(index, load_settings(settings))

    from askalms.page import build_page, launch

    page = build_page(assistant)
    address = launch(page, host, port)
    _complaints.print(f"AskALMS answers at {address} (stop it with Ctrl+C)")
    page.block_thread()


@app.command()
def show(
    document: Annotated[str, typer.Argument(help="Path of the document below the corpus folder.")],
    index: IndexOption = Path("index"),
) -> None:
    """Print the text of a document as the index holds it; quotes count its characters."""
    from askalms.index import read_document

    sys.stdout.buffer.write(read_document(index, document).text.encode("utf-8"))


def main() -> None:
    """Run the command line; a problem that the user can mend is told in one line, with status 1."""
    try:
        app()
    except AskALMSError as error:
        _complaints.print(f"askalms: {error}", markup=False, soft_wrap=True)
        sys.exit(1)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)


def _questions(path: Path) -> Iterator[tuple[str, list[str]]]:
    """Read a file of questions.

    Raises:
        QuestionFileError: It cannot be read, or a line is no question.
    """
    try:
        text = sys.stdin.read() if str(path) == "-" else path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise QuestionFileError(
            f"the questions in {str(path)!r} cannot be read ({error}); expected UTF-8 text"
        ) from None
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        where = f"{path}:{number}"
        try:
            item: Any = json.loads(line)
        except json.JSONDecodeError as error:
            raise QuestionFileError(f"{where} is not JSON ({error}); expected one object a line") from None
        turns = item.get("turns", [item.get("question")]) if isinstance(item, dict) else []
        if not isinstance(turns, list) or not turns or not all(isinstance(t, str) for t in turns):
            raise QuestionFileError(
                f'{where} holds no question; expected {{"id": ..., "question": "..."}}, '
                'or {"id": ..., "turns": ["..."]}'
            )
        yield str(number if item.get("id") is None else item["id"]), turns


def _print(text: str) -> None:
    sys.stdout.buffer.write(text.encode("utf-8", errors="replace") + b"\n")
    sys.stdout.buffer.flush()


@contextmanager
def _progress() -> Iterator[Any]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=_complaints, transient=True) as progress:
        task = progress.add_task("Reading")

        def report(what: str, done: int, total: int) -> None:
            progress.update(task, description=what[:60], completed=done, total=total)

        yield report


if __name__ == "__main__":
    main()
