"""A file of questions -> items: what to ask, and where it is known what would be right.

Read are JSON Lines, tables of a spreadsheet (CSV, XLSX) and the JSON of SQuAD 1 and 2. Alone in importing openpyxl.
"""

import csv
import gzip
import io
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from askalms.datatypes import Outcome
from askalms.errors import QuestionFileError

DISEASES = {"alstrom": "alstrom-syndrome", "als": "amyotrophic-lateral-sclerosis", "both": "", "": ""}
"""Short names of what a question is about -> id of the topic; empty where quotes may be about any."""


@dataclass(frozen=True, slots=True)
class Gold:
    """Words of a document that would rightly answer."""

    document: str
    """Its id; empty where nobody says in which document the words stand."""
    quote: str
    group: str = ""
    """Of each group one is needed; all are of one if none is named."""
    start: int = -1
    """Where in the document; below 0: wherever the words stand there."""


@dataclass(frozen=True, slots=True)
class Item:
    """A dialogue whose last turn is to be answered."""

    question_id: str
    turns: tuple[str, ...]
    category: str = ""
    expect: Outcome | None = None
    """None: nobody has said what would be right, so it can be asked, but not judged."""
    also_accept: tuple[Outcome, ...] = ()
    disease: str = ""
    gold: tuple[Gold, ...] = ()


@dataclass(frozen=True, slots=True)
class Article:
    """A text that a set of questions brings along."""

    title: str
    text: str


@dataclass(frozen=True, slots=True)
class QuestionSet:
    """The questions of a file, with what is expected of each."""

    items: tuple[Item, ...]
    problems: tuple[str, ...] = ()
    """What cannot be understood, with file and line; it is left out."""
    articles: tuple[Article, ...] = ()
    """What the questions are about, if the file holds it; their gold names them by `article_id`."""


def read_questions(path: Path) -> Iterator[Item]:
    """Read a file of questions to be asked, one JSON object a line.

    Args:
        path: The file; "-" is standard input.

    Raises:
        QuestionFileError: It cannot be read, or a line is no question; the line is named.
    """
    for where, number, line in _lines(path):
        question_id, turns, _ = _asked(_parsed(line, where), str(number), where)
        yield Item(question_id, turns)


def read_question_set(path: Path) -> QuestionSet:
    """Read questions that are to be judged: .jsonl, .csv, .xlsx, or .json of SQuAD, the first and the last also as .gz.

    Raises:
        QuestionFileError: The file cannot be read, or no question of it can be understood.
    """
    suffix = Path(path.name.removesuffix(".gz")).suffix.lower()
    if suffix == ".json":
        found = _squad(path)
    elif suffix in (".csv", ".xlsx"):
        rows = _rows_of_csv(path) if suffix == ".csv" else _rows_of_xlsx(path)
        found = _collected(_from_table(rows, path))
    else:
        found = _collected((where, _item_on(line, number, where)) for where, number, line in _lines(path))
    if not found.items:
        raise QuestionFileError(
            found.problems[0]
            if found.problems
            else f"{str(path)!r} holds no question; expected one JSON object a line, or a table of questions"
        )
    return found


def article_id(number: int) -> str:
    """Give the id that the document of an article has; `number` counts from 0."""
    return f"{number + 1:04d}.txt"


_Read = Callable[[], Item]


def _collected(found: Iterator[tuple[str, _Read]]) -> QuestionSet:
    """Read each item; what cannot be understood, or has the id of another, is named and left out."""
    items: dict[str, Item] = {}
    problems = []
    for where, read in found:
        try:
            item = read()
        except QuestionFileError as error:
            problems.append(str(error))
            continue
        if item.question_id in items:
            problems.append(f"{where} has the id {item.question_id!r}, which another question has; give it its own")
            continue
        items[item.question_id] = item
    return QuestionSet(tuple(items.values()), tuple(problems))


def _lines(path: Path) -> Iterator[tuple[str, int, str]]:
    """Give place, number and text of each line that is not empty."""
    text = sys.stdin.read().removeprefix("\ufeff") if str(path) == "-" else _text_of(path)
    # Only "\n" ends a line of JSON Lines: a question may hold other line separators.
    for number, line in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), 1):
        if line.strip():
            yield f"{path}:{number}", number, line


def _text_of(path: Path) -> str:
    try:
        data = path.read_bytes()
        return (gzip.decompress(data) if path.suffix == ".gz" else data).decode("utf-8-sig")
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise QuestionFileError(
            f"the questions in {str(path)!r} cannot be read ({error}); expected UTF-8 text"
        ) from None


def _parsed(line: str, where: str) -> Any:
    try:
        # Escapes may write half of a character, which no file can hold.
        return json.loads(json.dumps(json.loads(line), ensure_ascii=False).encode("utf-8", "replace"))
    except (ValueError, RecursionError) as error:
        raise QuestionFileError(f"{where} is not JSON ({error}); expected one object a line") from None


def _asked(record: Any, default_id: str, where: str) -> tuple[str, tuple[str, ...], dict[str, Any]]:
    turns = record.get("turns", [record.get("question")]) if isinstance(record, dict) else []
    if not isinstance(turns, list) or not turns or not all(isinstance(t, str) for t in turns):
        raise QuestionFileError(
            f'{where} holds no question; expected {{"id": ..., "question": "..."}}, or {{"id": ..., "turns": ["..."]}}'
        )
    question_id = default_id if record.get("id") is None else str(record["id"])
    return question_id, tuple(turns), record


def _item_on(line: str, number: int, where: str) -> _Read:
    return lambda: _item(_parsed(line, where), str(number), where)


def _item(record: Any, default_id: str, where: str) -> Item:
    question_id, turns, record = _asked(record, default_id, where)
    also = record.get("also_accept", [])
    gold = record.get("gold", [])
    if not isinstance(also, list) or not isinstance(gold, list):
        raise QuestionFileError(f"{where}: also_accept and gold are lists; compare the line with one that works")
    disease = record.get("disease") or ""
    if not isinstance(disease, str) or disease not in DISEASES:
        known = ", ".join(filter(None, DISEASES))
        raise QuestionFileError(f"{where}: the disease is {disease!r}; known are {known}, and null for none")
    return Item(
        question_id,
        turns,
        str(record.get("category") or ""),
        _outcome(record.get("expect"), where),
        tuple(_outcome(name, where) for name in also),
        disease,
        tuple(_gold(entry, where) for entry in gold),
    )


def _outcome(name: Any, where: str) -> Outcome:
    try:
        return Outcome(name)
    except ValueError:
        known = ", ".join(outcome.value for outcome in Outcome)
        raise QuestionFileError(f"{where} expects {name!r}; known are {known}") from None


def _gold(entry: Any, where: str) -> Gold:
    if not isinstance(entry, dict) or not all(isinstance(entry.get(k), str) and entry[k] for k in ("doc", "quote")):
        raise QuestionFileError(f'{where}: a gold span is {entry!r}; expected {{"doc": "...", "quote": "..."}}')
    return Gold(entry["doc"], entry["quote"], str(entry.get("group") or ""))


# --- tables


_COLUMNS = {
    "question": ("question", "asked"),
    "expect": ("expect", "expected", "expected outcome", "outcome"),
    "quote": ("quote", "words", "expected quote", "words of the expected quote"),
    "document": ("document", "doc", "page", "file"),
    "id": ("id", "number", "no"),
    "category": ("category", "kind"),
    "disease": ("disease", "about"),
}
"""What a column holds -> what its head may say, in lower case."""


def _from_table(rows: Sequence[tuple[int, Sequence[str]]], path: Path) -> Iterator[tuple[str, _Read]]:
    """Read a table whose first row names its columns; several quotes stand below each other in one cell."""
    if not rows:
        return
    places: dict[str, int] = {}
    for place, head in enumerate(rows[0][1]):
        for name, heads in _COLUMNS.items():
            if " ".join(head.lower().replace("_", " ").split()) in heads:
                places.setdefault(name, place)
    if "question" not in places:
        raise QuestionFileError(
            f"{path}:{rows[0][0]} has no column 'question'; expected a first row such as question, expected, quote"
        )
    for number, cells in rows[1:]:
        filled = {n: cells[p].strip() for n, p in places.items() if p < len(cells) and cells[p].strip()}
        if filled:
            where = f"{path}:{number}"
            yield where, _item_in(filled, number, where)


def _item_in(cells: Mapping[str, str], number: int, where: str) -> _Read:
    def read() -> Item:
        quotes = [line.strip() for line in cells.get("quote", "").splitlines() if line.strip()]
        expect = "_".join(cells.get("expect", "answer" if quotes else "").lower().split())
        record = {
            "question": cells.get("question"),
            **{name: cells[name] for name in ("id", "category") if name in cells},
            "disease": cells.get("disease", "").lower(),
            "expect": expect,
        }
        gold = tuple(Gold(cells.get("document", ""), quote) for quote in quotes)
        item = _item(record, str(number), where)
        if item.expect is Outcome.ANSWER and not gold:
            raise QuestionFileError(f"{where} expects an answer, but has no quote; copy the words that answer there")
        return replace(item, gold=gold)

    return read


def _rows_of_csv(path: Path) -> list[tuple[int, Sequence[str]]]:
    """Read a table with commas, semicolons or tabs between its cells: spreadsheets write what their country does."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise QuestionFileError(f"the questions in {str(path)!r} cannot be read ({error})") from None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", "replace")
    head = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=head.count))
    rows: list[tuple[int, Sequence[str]]] = []
    number = 1
    try:
        for cells in reader:
            rows.append((number, cells))
            number = reader.line_num + 1
    except csv.Error as error:
        raise QuestionFileError(f"{path}:{reader.line_num} is no row of a table ({error})") from None
    return [(number, cells) for number, cells in rows if any(map(str.strip, cells))]


def _rows_of_xlsx(path: Path) -> list[tuple[int, Sequence[str]]]:
    """Read the first sheet of a workbook."""
    import openpyxl

    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        found = [
            (number, ["" if cell is None else str(cell) for cell in cells])
            for number, cells in enumerate(book.worksheets[0].iter_rows(values_only=True), 1)
        ]
        book.close()
    # openpyxl tells of a broken file by whatever its parts raise.
    except Exception as error:
        raise QuestionFileError(
            f"the questions in {str(path)!r} cannot be read ({error}); save the table as .xlsx or .csv again"
        ) from None
    return [(number, cells) for number, cells in found if any(map(str.strip, cells))]


# --- SQuAD


def _squad(path: Path) -> QuestionSet:
    """Read articles, and questions whose answers are spans of them; a question without an answer expects silence.

    Source:
        Rajpurkar et al., EMNLP 2016, doi:10.18653/v1/D16-1264; ACL 2018, doi:10.18653/v1/P18-2124.
    """
    text = _text_of(path)
    try:
        data = json.loads(text)["data"]
        listed = [(str(a.get("title") or ""), a["paragraphs"]) for a in data]
    except (ValueError, RecursionError, LookupError, TypeError, AttributeError):
        raise QuestionFileError(
            f"{str(path)!r} is no SQuAD file; expected {{'data': [{{'title': ..., 'paragraphs': [...]}}]}} as JSON"
        ) from None
    articles: list[Article] = []
    found: list[tuple[str, _Read]] = []
    for number, (title, paragraphs) in enumerate(listed):
        body = ""
        for place, paragraph in enumerate(paragraphs if isinstance(paragraphs, list) else [None], 1):
            where = f"{path}: article {number + 1}, paragraph {place}"
            context = paragraph.get("context") if isinstance(paragraph, dict) else None
            questions = paragraph.get("qas") if isinstance(paragraph, dict) else None
            if not isinstance(context, str) or not isinstance(questions, list):
                found.append((where, _refused(f"{where} is no paragraph; expected its context and its qas")))
                continue
            body += "\n\n" if body else ""
            for q, entry in enumerate(questions, 1):
                there = f"{where}, question {q}"
                found.append((there, _spanned(entry, article_id(number), title, context, len(body), there)))
            body += context
        articles.append(Article(" ".join(title.replace("_", " ").split()), body))
    return replace(_collected(iter(found)), articles=tuple(articles))


def _spanned(entry: Any, document: str, title: str, context: str, shift: int, where: str) -> _Read:
    def read() -> Item:
        try:
            question, question_id = entry["question"], str(entry["id"])
            answers = [] if entry.get("is_impossible") else entry["answers"]
            spans = [(int(a["answer_start"]), str(a["text"])) for a in answers]
        except (LookupError, TypeError, ValueError, AttributeError):
            raise QuestionFileError(f"{where} is no question; expected its id, question and answers") from None
        if not isinstance(question, str) or not question.strip():
            raise QuestionFileError(f"{where} is empty")
        for start, text in spans:
            if not text or context[start : start + len(text)] != text:
                raise QuestionFileError(f"{where}: the answer {text!r} does not stand at {start} of its paragraph")
        gold = tuple(dict.fromkeys(Gold(document, text, start=start + shift) for start, text in spans))
        expect = Outcome.ANSWER if gold else Outcome.NOT_FOUND
        return Item(question_id, (question,), title, expect, gold=gold)

    return read


def _refused(why: str) -> _Read:
    def read() -> Item:
        raise QuestionFileError(why)

    return read
