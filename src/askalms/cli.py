"""The command line: parses, calls and prints. Results to stdout, all else to stderr."""

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from askalms.errors import AskALMSError

if TYPE_CHECKING:
    from askalms.checking import Finding
    from askalms.comparison import Comparison
    from askalms.corpus import Corpus
    from askalms.house_rules import HouseReport
    from askalms.indexing import Built, Difference
    from askalms.runs import Run
    from askalms.settings import Settings

app = typer.Typer(
    help="Questions about Alström syndrome, answered with exact quotes from your documents.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
_complaints = Console(stderr=True, highlight=False, markup=False, emoji=False)

SHOWN_FINDINGS = 30
"""Most rows of a table of findings."""
SHOWN_LINES = 10
"""Most questions that are told to have lost some of their right answers."""
SHOWN_MENTIONS = 4
"""Most places of one finding that are listed."""

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
    strict: Annotated[
        bool, typer.Option("--strict", help="Build nothing if the text of a document is damaged.")
    ] = False,
) -> None:
    """Build the index of a folder of documents, or renew it."""
    from askalms.corpus import load_corpus
    from askalms.indexing import build_index, difference, is_up_to_date, seconds_to_build
    from askalms.reranking import published
    from askalms.settings import load_settings

    chosen = load_settings(settings)
    with _progress() as report:
        loaded = load_corpus(corpus, chosen.corpus, lambda n, total, name: report(f"Reading {name}", n, total))
        damaged = sum(bool(d.damage) for d in loaded.documents)
        refused = strict and damaged > 0
        change = difference(index, loaded)
        calibration = published(chosen.embedding.sentence_model, chosen.reranking.model)
        fresh = is_up_to_date(index, loaded, chosen, calibration)
        built, seconds = None, None
        if loaded.documents and not fresh and not refused:
            if dry_run:
                seconds = seconds_to_build(index, loaded, chosen)
            else:
                from askalms.embedding import load_encoders

                built = build_index(index, loaded, lambda: load_encoders(chosen.embedding), chosen, report, calibration)
    if refused:
        _tell_problems(loaded)
        _tell_damage(loaded)
        raise AskALMSError(
            f"the text of {damaged} documents is damaged, and --strict allows none; the index stays as it was; put "
            "better copies there, or leave --strict out: damaged sentences are never quoted"
        )
    _print_difference(change, dry_run, fresh)
    if seconds is not None:
        _print(f"this would take about {_duration(seconds)}")
    if built:
        _tell_built(built, change, len(loaded.problems))
    _tell_problems(loaded)
    _tell_damage(loaded)
    if not loaded.documents:
        raise AskALMSError(
            f"{str(corpus)!r} holds no document that can be read; put .txt, .md, .html, .pdf or .docx files there"
        )
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
    from askalms.questions import read_questions
    from askalms.rendering import to_json, to_text
    from askalms.settings import load_settings

    if batch is not None:
        items = list(read_questions(batch))
        assistant = Assistant.open(index, load_settings(settings))
        for item in items:
            answer = assistant.ask(item.turns[-1], item.turns[:-1])
            _print(json.dumps(to_json(answer, item.question_id), ensure_ascii=False))
        return
    answer = Assistant.open(index, load_settings(settings)).ask(question or "")
    _print(json.dumps(to_json(answer), ensure_ascii=False, indent=1) if as_json else to_text(answer))


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 lets other machines in.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.", min=1, max=65535)] = 7860,
    mcp: Annotated[
        bool, typer.Option("--mcp", help="Offer the answers as a tool of the Model Context Protocol.")
    ] = False,
    index: IndexOption = Path("index"),
    settings: SettingsOption = None,
) -> None:
    """Open the chat page."""
    from askalms.reloading import LiveAssistant
    from askalms.settings import load_settings

    _log_to_stderr()
    chosen = load_settings(settings)
    assistant = LiveAssistant.open(index, chosen)

    from askalms.serving import Server, build_site, is_open_to_others

    server = Server(
        build_site(assistant, chosen, library=lambda: assistant.current.index, mcp=mcp),
        host,
        port,
        chosen.serving.proxies,
    )
    _complaints.print(f"AskALMS answers at {server.address} (stop it with Ctrl+C)")
    if is_open_to_others(host) and not chosen.serving.proxies:
        _complaints.print(
            "other machines can reach it, and what they send is not encrypted; put a proxy with HTTPS before it, and"
            " name the proxy's address under [serving] proxies"
        )
    server.wait()


@app.command()
def evaluate(
    questions: Annotated[
        Path | None,
        typer.Argument(help="Questions with what they expect: .jsonl, .csv, .xlsx, .json of SQuAD, or a BEIR folder."),
    ] = None,
    show: Annotated[bool, typer.Option("--show", help="Print figures by category and what was not right.")] = False,
    report: Annotated[Path | None, typer.Option(help="Write a report, one HTML file.")] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write the run; of a BEIR folder also .run and .qrels beside it.")
    ] = None,
    baseline: Annotated[Path | None, typer.Option(help="An earlier run: tell what got better and worse.")] = None,
    no_worse_than: Annotated[
        Path | None, typer.Option(help="An earlier run: status 1 if a question broke or a serious error is new.")
    ] = None,
    fail_under: Annotated[
        list[str] | None, typer.Option(help="Status 1 below such a figure, as in right=0.9; may be repeated.")
    ] = None,
    ablation: Annotated[
        bool, typer.Option("--ablation", help="Do the same with parts left out, in one table.")
    ] = False,
    cache: Annotated[
        Path | None, typer.Option(help="Folder for the embeddings of texts that a set brings along.")
    ] = None,
    from_feedback: Annotated[
        Path | None, typer.Option(help="Instead of asking: print a set of questions made of what visitors thought.")
    ] = None,
    index: IndexOption = Path("index"),
    settings: SettingsOption = None,
) -> None:
    """Ask a set of questions whose right answers are known, and tell how good the answers are."""
    from askalms.settings import load_settings

    if (questions is None) == (from_feedback is None):
        raise typer.BadParameter("give either QUESTIONS or --from-feedback FILE")
    if questions is None:
        _print_questions_from(from_feedback or Path(), index, load_settings(settings))
        return
    from askalms.comparison import compare
    from askalms.measuring import failures, measure_questions, write_trec
    from askalms.report import to_lines, write_report
    from askalms.runs import read_run, write_run

    earlier = {path: read_run(path) for path in (baseline, no_worse_than) if path}
    with _progress() as told:
        run = measure_questions(questions, index, load_settings(settings), told, cache=cache, ablation=ablation)
    low = failures(run, fail_under or [])
    beside = {path: compare(before, run) for path, before in earlier.items()}
    if json_file:
        write_run(run, json_file)
        if questions.is_dir():
            write_trec(questions, run, json_file)
    if report:
        write_report(run, report, next(iter(beside.values()), None))
    if show:
        _print_details(run)
    if run.ablation:
        _print_ablation(run)
    for line in to_lines(run):
        _print(_safe(line))
    for compared in beside.values():
        _print_comparison(compared)
    for problem in (*run.problems, *_some(run.lost)):
        _complaints.print(_safe(problem), soft_wrap=True)
    if no_worse_than and beside[no_worse_than].is_worse:
        broke = dict.fromkeys([*beside[no_worse_than].worse, *(name for name, _ in beside[no_worse_than].new_errors)])
        low.append(_safe(f"the run is worse than {no_worse_than}: {', '.join(broke)}"))
    if low:
        raise AskALMSError("; ".join(low))
    if run.problems:
        raise typer.Exit(1)


@app.command()
def calibrate(
    questions: Annotated[Path, typer.Argument(help="Questions with what they expect, as for evaluate.")],
    error_rate: Annotated[
        float, typer.Option(help="Largest share of the answers that may be wrong.", min=0.001, max=0.999)
    ] = 0.1,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell the threshold.")] = False,
    index: IndexOption = Path("index"),
    settings: SettingsOption = None,
) -> None:
    """Fit the threshold of silence to a set of questions, and write it to the settings."""
    from askalms.calibration import calibrate as fit
    from askalms.calibration import some_points, write_threshold
    from askalms.measuring import judged, opened
    from askalms.questions import read_question_set
    from askalms.settings import load_settings

    found = read_question_set(questions)
    with _progress() as told, opened(questions, found, index, load_settings(settings), told) as bench:
        judgements, lost = judged(found, bench, told)
    fitted = fit(judgements, error_rate)
    table = Table("Threshold", "Answered", "Of these wrong", title="Risk by coverage", title_justify="left")
    for point in some_points(fitted.curve):
        table.add_row(*(f"{number:.4f}" for number in point))
    _print_table(table)
    low, high = fitted.error_interval
    _print(
        f"threshold {fitted.threshold:.4f} ({min(fitted.by_fold):.4f} to {max(fitted.by_fold):.4f} by part); "
        f"cross-validated over {fitted.questions} questions: {fitted.coverage:.3f} answered, of these "
        f"{fitted.error_rate:.3f} wrong [{low:.3f}, {high:.3f}]"
    )
    for problem in (*found.problems, *_some(lost)):
        _complaints.print(_safe(problem), soft_wrap=True)
    if not dry_run:
        file = settings or Path("askalms.toml")
        write_threshold(fitted, file, questions.name)
        _print(f"written to {file}: askalms answers by it from the next start on")


@app.command()
def check(
    corpus: Annotated[Path, typer.Argument(help="Folder of the documents.")] = Path("corpus"),
    sources: Annotated[
        list[Path] | None, typer.Option(help="Folder with copies of the sources, to compare with; may be repeated.")
    ] = None,
    only: Annotated[str, typer.Option(help="Check this one document.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    settings: SettingsOption = None,
) -> None:
    """Look after the documents: what to mend, and what to know.

    Something to mend (status 1): a rule of the house broken by a document that names its sources, a page without a
    publisher or called like its file, the same page twice, a guessed title that is no known disease, no document on the
    home topic, own sentences that contradict each other by number, a file that cannot be read.

    Something to know (status 0 by itself): what else is missing of the provenance, sources past their age
    (old_after_years), the same sentence in several documents, contradictions of others, one figure in two notations,
    topics without documents, links that the pages cite (they are not fetched).
    """
    from dataclasses import asdict
    from datetime import date

    from askalms.checking import Weight, check_corpus
    from askalms.corpus import load_corpus
    from askalms.house_rules import check_house_rules, read_originals
    from askalms.settings import load_settings

    chosen = load_settings(settings)
    with _progress() as report:
        loaded = load_corpus(corpus, chosen.corpus, lambda n, total, name: report(f"Reading {name}", n, total))
    originals = read_originals(sources or [], chosen.corpus.max_file_megabytes)
    if only and only not in {d.doc_id for d in loaded.documents}:
        raise AskALMSError(f"{str(corpus)!r} has no document {only!r} that can be read")
    house = check_house_rules(loaded, chosen.checking, originals, only)
    findings = check_corpus(loaded, chosen.answering.old_after_years, date.today(), only)
    if as_json:
        left_out = [asdict(problem) for problem in loaded.problems]
        whole = {"house_rules": asdict(house), "findings": [asdict(f) for f in findings], "left_out": left_out}
        _print(json.dumps(whole, ensure_ascii=False, indent=1))
    else:
        if house.pages:
            _print_house_rules(house, bool(sources))
        _print_findings(findings)
        to_mend = len(house.breaches) + sum(f.weight is Weight.MEND for f in findings)
        to_know = sum(f.weight is Weight.KNOW for f in findings)
        documents = "1 document" if only else f"{len(loaded.documents)} documents"
        _print(f"{to_mend} things to mend and {to_know} to know in {documents}")
    _tell_problems(loaded)
    if house.breaches or loaded.problems or any(f.weight is Weight.MEND for f in findings):
        raise typer.Exit(1)


@app.command()
def add(
    source: Annotated[
        str, typer.Argument(help="Address of a page, medlineplus:condition/NAME, medlineplus:gene/NAME, or a file.")
    ],
    topic: Annotated[str, typer.Option(help="What it is about: an id of topics.toml.")] = "",
    corpus: Annotated[Path, typer.Option(help="Folder of the documents.")] = Path("corpus"),
    settings: SettingsOption = None,
) -> None:
    """Store a page of the web, or a file, among the documents, with where it comes from; or renew it."""
    from askalms.adding import add as add_document
    from askalms.settings import load_settings

    addition = add_document(source, corpus, load_settings(settings), topic=topic)
    _print(_safe(f"{addition.outcome.value} {addition.doc_id}"))
    for name, value in addition.entry.items():
        _print(f"  {_safe(f'{name}: {value}')}")
    for note in addition.notes:
        _complaints.print(_safe(note), soft_wrap=True)
    if addition.outcome.value in ("added", "changed"):
        _complaints.print(f"askalms index {corpus} makes it answer questions.", soft_wrap=True)


@app.command()
def show(
    document: Annotated[str, typer.Argument(help="Path of the document below the corpus folder.")],
    index: IndexOption = Path("index"),
) -> None:
    """Print the text of a document as the index holds it; quotes count its characters."""
    from askalms.index import read_document

    sys.stdout.buffer.write(read_document(index, document).text.encode("utf-8"))


@app.command()
def verify(index: IndexOption = Path("index"), settings: SettingsOption = None) -> None:
    """Check every file, offset and count of the index, and ask each document for one of its sentences."""
    from askalms.embedding import load_encoders
    from askalms.generations import current_generation, folder_of, read_manifest
    from askalms.settings import load_settings
    from askalms.verification import verify as verify_index

    chosen = load_settings(settings)
    with _progress() as report:
        problems = list(verify_index(index, chosen.embedding, load_encoders, report))
    for problem in problems:
        _print(_safe(problem))
    if problems:
        raise typer.Exit(1)
    name = current_generation(index)
    manifest = read_manifest(folder_of(index, name))
    _print(
        f"generation {name} is whole: {len(manifest['documents'])} documents, {manifest['passages']} passages, "
        f"{manifest['sentences']} sentences"
    )


@app.command()
def rollback(index: IndexOption = Path("index"), settings: SettingsOption = None) -> None:
    """Go back to the index as it was before the last `askalms index`; a second time leads forward again."""
    from askalms.generations import read_manifest, roll_back
    from askalms.index import open_generation
    from askalms.settings import load_settings

    chosen = load_settings(settings)
    generation, left = roll_back(index, lambda before: open_generation(before, chosen.embedding))
    manifest = read_manifest(generation)
    _print(
        f"generation {generation.name} answers again: {len(manifest['documents'])} documents, made "
        f"{manifest['created']}; {left} is kept, and `askalms rollback` leads back to it"
    )


def main() -> None:
    """Run the command line; a problem that the user can mend is told in one line, with status 1."""
    try:
        app()
    except AskALMSError as error:
        _complaints.print(f"askalms: {error}", soft_wrap=True)
        sys.exit(1)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)


def _log_to_stderr() -> None:
    """Tell the operator of a page what happens while it runs."""
    import logging

    logging.basicConfig(format="%(asctime)s %(message)s", datefmt="%Y-%m-%d %H:%M:%S")
    logging.getLogger("askalms").setLevel(logging.INFO)


def _tell_problems(loaded: "Corpus") -> None:
    if loaded.problems:
        table = Table("Left out", "Why", title=f"{len(loaded.problems)} files could not be read", title_justify="left")
        for problem in loaded.problems:
            table.add_row(repr(problem.doc_id)[1:-1], problem.reason)
        _complaints.print(table)


def _tell_damage(loaded: "Corpus") -> None:
    from askalms.damage import tallies

    found = tallies(loaded.documents)
    if found:
        table = Table("Document", "Page", "Damage", "Times", "Sentences", "Examples", title_justify="left")
        table.title = "Damaged text: searched, but never quoted"
        for t in found:
            words = "; ".join(map(_safe, t.examples))
            table.add_row(_safe(t.doc_id), str(t.page or ""), t.kind.value, str(t.count), str(t.sentences), words)
        _complaints.print(_in_lines(table), soft_wrap=True)


def _print_difference(change: "Difference", dry_run: bool, fresh: bool) -> None:
    for name, doc_ids in (("added", change.added), ("changed", change.changed), ("removed", change.removed)):
        for doc_id in doc_ids:
            _print(_safe(f"{name} {doc_id}"))
    for old, new in change.renamed:
        _print(_safe(f"renamed {old} to {new}"))
    renamed = f"{len(change.renamed)} renamed, " if change.renamed else ""
    _print(
        f"{'would be ' if dry_run else ''}{len(change.added)} added, {len(change.changed)} changed, "
        f"{len(change.removed)} removed, {renamed}{change.unchanged} unchanged"
        + ("; the index is up to date" if fresh else "")
    )


def _tell_built(built: "Built", change: "Difference", left_out: int) -> None:
    table = Table("", "Documents", title=f"Index generation {built.generation}", title_justify="left")
    counts = {
        "added": len(change.added),
        "changed": len(change.changed),
        "renamed": len(change.renamed),
        "removed": len(change.removed),
        "unchanged": change.unchanged,
        "left out": left_out,
        "in the index now": built.documents,
    }
    for name, count in counts.items():
        table.add_row(name, str(count))
    _complaints.print(table)
    _complaints.print(
        f"{built.passages} passages, {built.sentences} sentences; {built.embedded} texts embedded, {built.reused} "
        f"embeddings kept; {_duration(built.seconds)}"
    )


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / 60)} min" if seconds < 90 * 60 else f"{seconds / 3600:.1f} h"


def _print_house_rules(report: "HouseReport", compared: bool) -> None:
    table = Table("Document", "Sections", "Sentences", "Words", "Reading grade", "Sources")
    for p in report.pages:
        table.add_row(_safe(p.doc_id), *map(str, (p.sections, p.sentences, p.words)), f"{p.grade:.1f}", str(p.sources))
    _print_table(table)
    for b in report.breaches:
        words = f': "{b.text}"' if b.text else ""
        _print(_safe(f"{b.doc_id}:{b.line}: {b.rule.value} ({b.detail}){words}"))
    if not compared:
        _print("Numbers and words were compared with no source; name copies of them with --sources.")
    elif report.not_at_hand:
        _print(_safe(f"Without a copy, so not compared: {', '.join(report.not_at_hand)}"))
    _print(f"{len(report.breaches)} rules of the house broken in {len(report.pages)} documents that name sources")


def _print_findings(findings: "Sequence[Finding]") -> None:
    """A table for each concern, cut where nobody would read on."""
    for concern in dict.fromkeys(f.concern for f in findings):
        part = [f for f in findings if f.concern is concern]
        table = Table(title=f"{concern.value.capitalize()}: {len(part)}", title_justify="left")
        table.show_lines = any(len(f.mentions) > 1 for f in part)
        table.add_column("To")
        table.add_column("Where", overflow="fold", max_width=60)
        table.add_column("What", overflow="fold", max_width=80)
        for f in part[:SHOWN_FINDINGS]:
            where = [_safe(f"{m.doc_id}:{m.line}" if m.line else m.doc_id) for m in f.mentions]
            said = list(dict.fromkeys(_safe(f'"{m.text}"') for m in f.mentions if m.text))
            table.add_row(f.weight.value, _first(where, SHOWN_MENTIONS), "\n".join([_safe(f.detail), *said[:2]]))
        _print_table(table)
        if len(part) > SHOWN_FINDINGS:
            _print(f"and {len(part) - SHOWN_FINDINGS} more; --json gives all")


def _first(lines: "Sequence[str]", most: int) -> str:
    more = [f"and {len(lines) - most} more"] if len(lines) > most else []
    return "\n".join([*lines[:most], *more])


def _print_details(run: "Run") -> None:
    from askalms.report import grade_of, title_of, with_interval

    names = ("right", "outcome", "first_quote")
    for head, groups in (("Category", run.by_category), ("Topic", run.by_topic)):
        if groups:
            table = Table(head, "Questions", *map(title_of, names))
            for group, figures in groups.items():
                shown = {f.measure: with_interval(f) for f in figures}
                table.add_row(_safe(group), str(figures[0].questions), *(shown.get(name, "") for name in names))
            _print_table(table)
    for j in run.judged:
        if grade_of(j, run.primary) != "right":
            quoted = f' "{j.quotes[0].text}"' if j.quotes else ""
            wanted = f"expected {j.expect}, got {j.outcome}" if j.expect else f"{run.primary} 0"
            _print(_safe(f"{j.question_id}: {wanted}: {j.turns[-1]!r} ->{quoted}"))
    for error, ids in run.errors.items():
        _print(_safe(f"{error}: {len(ids)} ({', '.join(ids)})"))


def _print_ablation(run: "Run") -> None:
    from askalms.report import title_of, with_interval

    measures = [f.measure for f in next(iter(run.ablation.values()))]
    table = Table("Search", *map(title_of, measures), title="What each part is good for", title_justify="left")
    for name, figures in run.ablation.items():
        table.add_row(name, *(with_interval(f) for f in figures))
    _print_table(table)


def _print_comparison(compared: "Comparison") -> None:
    for what, ids in (("better", compared.better), ("worse", compared.worse)):
        _print(_safe(f"{what}: {len(ids)} of {compared.paired}{': ' if ids else ''}{', '.join(ids)}"))
    for question_id, error in compared.new_errors:
        _print(_safe(f"new serious error: {question_id}: {error}"))
    for d in compared.differences:
        if d.before != d.after:
            _print(f"{d.measure}: {d.before:.4f} -> {d.after:.4f} (p = {d.p_value:.4f}, {d.questions} questions)")


def _some(lines: "Sequence[str]") -> list[str]:
    more = [f"and {len(lines) - SHOWN_LINES} more"] if len(lines) > SHOWN_LINES else []
    return [*lines[:SHOWN_LINES], *more]


def _print_questions_from(feedback: Path, index: Path, settings: "Settings") -> None:
    from askalms.feedback import questions_from
    from askalms.index import open_index

    documents = open_index(index, settings.embedding, or_before=True).documents
    for record in questions_from(feedback, documents):
        _print(json.dumps(record, ensure_ascii=False))


def _print(text: str) -> None:
    sys.stdout.buffer.write(text.encode("utf-8", errors="replace") + b"\n")
    sys.stdout.buffer.flush()


def _print_table(table: Table) -> None:
    _print(_in_lines(table))


def _in_lines(table: Table) -> str:
    """A table as wide as it needs: cut to the width of a terminal, it would lose figures."""
    console = Console(width=1000, highlight=False, markup=False, emoji=False)
    with console.capture() as printed:
        console.print(table)
    return "\n".join(line.rstrip() for line in printed.get().splitlines())


def _safe(text: str) -> str:
    """One line of what documents and questions hold, without what could steer the terminal."""
    from askalms.rendering import one_line

    return one_line(text)


@contextmanager
def _progress() -> Iterator[Any]:
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    # Where nobody watches, not even the empty line is left that a bar leaves behind.
    hidden = not _complaints.is_terminal
    with Progress(*columns, console=_complaints, transient=True, disable=hidden) as progress:
        task = progress.add_task("Reading")

        def report(what: str, done: int, total: int) -> None:
            progress.update(task, description=what[:60], completed=done, total=total)

        yield report


if __name__ == "__main__":
    main()
