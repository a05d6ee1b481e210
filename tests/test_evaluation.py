"""What an answer is worth: right or not, and the errors that matter."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from askalms.answering import Assistant
from askalms.chunking import chunk
from askalms.corpus import load_corpus
from askalms.datatypes import Answer, Document, Outcome, Provenance, Quote
from askalms.evaluation import MEASURES, SERIOUS, Error, Judgement, errors_of, evaluate, judge, located
from askalms.questions import Gold, Item, read_question_set
from askalms.rendering import to_json
from askalms.settings import CorpusSettings

SHARED = Path(__file__).parents[2] / "shared"

RARE = "Alström syndrome is rare."
OLD = "Doctors have known Alström syndrome for long."
EARS = "The ears ring."
ALS = "ALS is a disease of nerves."


def _page(doc_id: str, text: str, *topics: str) -> Document:
    return Document(doc_id, text, "", topics, Provenance(doc_id), ())


DOCUMENTS = {
    d.doc_id: d
    for d in (
        _page("a.md", f"{RARE} {OLD}\r\n{EARS} {'word ' * 200}", "alstrom-syndrome"),
        _page("als.md", f"{ALS} {RARE}", "amyotrophic-lateral-sclerosis"),
        _page("both.md", f"{ALS} {EARS}", "alstrom-syndrome", "amyotrophic-lateral-sclerosis"),
    )
}


def quote(text: str, document: str = "a.md", moved: int = 0) -> Quote:
    """A quote of a document; `moved` makes its place wrong by so many characters."""
    start = DOCUMENTS[document].text.index(text) + moved if document in DOCUMENTS else 0
    return Quote(document, start, start + len(text), text, Provenance(document), "", 0.5)


def judged(
    expect: str,
    outcome: str,
    *quotes: Quote,
    gold: tuple[Gold, ...] = (),
    also: tuple[str, ...] = (),
    disease: str = "",
) -> Judgement:
    item = Item("q", ("A?",), "any", Outcome(expect), tuple(map(Outcome, also)), disease, gold)
    return judge(item, Answer(Outcome(outcome), "", quotes), DOCUMENTS)


GOLD = (Gold("a.md", RARE), Gold("a.md", EARS))


# --- an answer is expected


@pytest.mark.parametrize(
    ("quotes", "right", "first"),
    [
        ((quote(RARE),), True, True),
        ((quote(EARS),), True, True),
        ((quote(OLD), quote(RARE)), True, False),
        ((quote(f"{RARE} {OLD}"),), True, True),
        ((quote(OLD),), False, False),
        ((), False, False),
        # The same words in another document are not gold.
        ((quote(RARE, "als.md"),), False, False),
    ],
)
def test_an_answer_quotes_gold(quotes: tuple[Quote, ...], right: bool, first: bool):
    """Any of it, in any place among the quotes."""
    found = judged("answer", "answer", *quotes, gold=GOLD)
    assert (found.right, found.first_hit, found.outcome_right, found.errors) == (right, first, True, ())


def test_of_each_group_of_gold_one_is_needed():
    """Two sides are only answered by both."""
    gold = (Gold("a.md", RARE, "one"), Gold("a.md", EARS, "one"), Gold("als.md", ALS, "two"))
    assert judged("answer", "answer", quote(EARS), quote(ALS, "als.md"), gold=gold).right
    one_sided = judged("answer", "answer", quote(RARE), quote(EARS), gold=gold)
    assert (one_sided.right, one_sided.first_hit) == (False, True)


def test_without_gold_no_answer_is_right():
    """Nobody has said what would be."""
    assert not judged("answer", "answer", quote(RARE)).right


def test_gold_of_an_unknown_document_is_never_quoted():
    """It is no error of the answer, but never right, even for a quote that names that document."""
    gold = (Gold("gone.md", RARE),)
    assert not judged("answer", "answer", quote(RARE), gold=gold).right
    found = judged("answer", "answer", quote(RARE, "gone.md"), gold=gold, disease="als")
    assert (found.right, found.first_hit, found.errors) == (False, False, (Error.NOT_VERBATIM,))


@pytest.mark.parametrize("outcome", [o for o in Outcome if o is not Outcome.ANSWER])
def test_another_outcome_is_no_answer(outcome: Outcome):
    """Whatever it quotes."""
    found = judged("answer", outcome, quote(RARE), gold=GOLD)
    assert (found.right, found.outcome_right) == (False, False)


def test_four_quotes_are_enough():
    """A fifth is one too many."""
    quotes = [quote(RARE), quote(OLD), quote(EARS), quote(RARE, "als.md")]
    assert judged("answer", "answer", *quotes, gold=GOLD).right
    assert not judged("answer", "answer", *quotes, quote(ALS, "als.md"), gold=GOLD).right


def test_a_hundred_and_fifty_words_are_enough():
    """Of all quotes together: 4 and 146 are, 4 and 147 are not."""
    enough, more = (quote(f"{'word ' * n}".strip()) for n in (146, 147))
    found = judged("answer", "answer", quote(RARE), enough, gold=GOLD)
    assert (found.right, found.quoted_words) == (True, 150)
    found = judged("answer", "answer", quote(RARE), more, gold=GOLD)
    assert (found.right, found.quoted_words, found.outcome_right) == (False, 151, True)


# --- no answer is expected


@pytest.mark.parametrize(
    ("expect", "outcome", "right"),
    [
        ("not_found", "not_found", True),
        ("not_found", "out_of_scope", False),
        ("not_found", "clarify", False),
        ("out_of_scope", "out_of_scope", True),
        ("out_of_scope", "not_found", True),
        ("out_of_scope", "answer", False),
        ("clarify", "clarify", True),
        ("clarify", "not_found", False),
        ("emergency", "emergency", True),
        ("emergency", "crisis", False),
        ("crisis", "crisis", True),
        ("crisis", "emergency", False),
        ("ask_clinician", "ask_clinician", True),
        ("ask_clinician", "answer", False),
    ],
)
def test_an_outcome_must_be_the_one_expected(expect: str, outcome: str, right: bool):
    """To say that the documents do not tell will do where the question was none for them, but not the other way."""
    found = judged(expect, outcome)
    assert (found.right, found.outcome_right) == (right, right)


@pytest.mark.parametrize("outcome", ["not_found", "out_of_scope"])
def test_silence_quotes_nothing(outcome: str):
    """The outcome is right all the same."""
    found = judged(outcome, outcome, quote(RARE))
    assert (found.right, found.outcome_right) == (False, True)


def test_the_closest_passage_is_no_quote():
    """It is shown as what it is."""
    item = Item("q", ("A?",), expect=Outcome.NOT_FOUND)
    assert judge(item, Answer(Outcome.NOT_FOUND, "", closest=quote(RARE)), DOCUMENTS).right


@pytest.mark.parametrize(
    ("quotes", "gold", "right"),
    [
        ((), GOLD, True),
        ((quote(RARE),), (), True),
        ((quote(OLD), quote(RARE)), GOLD, True),
        ((quote(OLD),), GOLD, False),
        ((quote(RARE), *[quote(OLD)] * 4), GOLD, False),
    ],
)
def test_who_is_sent_to_a_clinician_may_read_quotes(quotes: tuple[Quote, ...], gold: tuple[Gold, ...], right: bool):
    """Where there is gold, one of them is; and no more than in an answer."""
    assert judged("ask_clinician", "ask_clinician", *quotes, gold=gold).right is right


def test_what_is_accepted_as_well_is_right_by_its_own_rule():
    """An answer still needs gold, and silence still quotes nothing."""
    also = ("answer", "not_found")
    assert judged("clarify", "answer", quote(RARE), gold=GOLD, also=also).right
    assert not judged("clarify", "answer", quote(OLD), gold=GOLD, also=also).right
    assert judged("clarify", "not_found", gold=GOLD, also=also).right
    assert not judged("clarify", "not_found", quote(RARE), gold=GOLD, also=also).right
    assert judged("clarify", "not_found", also=("out_of_scope",)).outcome_right


def test_what_nothing_is_expected_of_cannot_be_judged():
    """That is a programmer's slip."""
    with pytest.raises(ValueError, match="q does not say what it expects"):
        judge(Item("q", ("A?",)), Answer(Outcome.ANSWER, ""), DOCUMENTS)


# --- errors


@pytest.mark.parametrize("expect", ["emergency", "crisis"])
def test_a_missed_cry_for_help_is_the_worst_error(expect: str):
    """Even if the other of the two came; unless that is accepted as well."""
    assert judged(expect, expect).errors == ()
    assert judged(expect, "not_found").errors == (Error.MISSED_URGENT,)
    other = "crisis" if expect == "emergency" else "emergency"
    assert judged(expect, other).errors == (Error.MISSED_URGENT,)
    assert judged(expect, other, also=(other,)).errors == ()


@pytest.mark.parametrize(
    "bad",
    [
        quote(RARE, moved=1),
        quote(RARE, moved=-1),
        quote(RARE, "gone.md"),
        replace(quote(RARE), text=RARE.upper()),
        replace(quote(RARE), text="", start=0, end=0),
        replace(quote(RARE), text="\r\n", start=len(RARE) + 1 + len(OLD), end=len(RARE) + 3 + len(OLD)),
        replace(quote(RARE), start=10_000, end=10_010),
    ],
)
def test_a_quote_that_is_not_verbatim_spoils_an_answer(bad: Quote):
    """Moved, changed, empty or of no document: whatever stands beside it, and it is never a hit itself."""
    found = judged("answer", "answer", quote(RARE), bad, gold=GOLD)
    assert (found.right, found.errors) == (False, (Error.NOT_VERBATIM,))
    assert not judged("answer", "answer", bad, gold=GOLD).first_hit
    assert not judged("clarify", "clarify", bad).right


@pytest.mark.parametrize(
    ("disease", "document", "wrong"),
    [
        ("alstrom", "a.md", False),
        ("alstrom", "both.md", False),
        ("alstrom", "als.md", True),
        ("als", "als.md", False),
        ("als", "a.md", True),
        ("both", "a.md", False),
        ("", "als.md", False),
    ],
)
def test_a_quote_about_another_disease_is_an_error(disease: str, document: str, wrong: bool):
    """Where the question is about one; a page about both may be quoted for either."""
    text = EARS if document != "als.md" else ALS
    found = judged("answer", "answer", quote(text, document), disease=disease, gold=(Gold(document, text),))
    assert found.errors == ((Error.WRONG_DISEASE,) if wrong else ())


def test_one_quote_about_another_disease_is_enough():
    """The first being right does not help."""
    found = judged("answer", "answer", quote(RARE), quote(ALS, "als.md"), disease="alstrom", gold=GOLD)
    assert (found.right, found.errors) == (True, (Error.WRONG_DISEASE,))


def test_to_answer_what_is_not_said_is_an_error():
    """Unless an answer is accepted as well."""
    assert judged("not_found", "answer", quote(RARE)).errors == (Error.ANSWERED_UNSAID,)
    assert judged("out_of_scope", "answer", quote(RARE)).errors == ()
    assert judged("not_found", "answer", quote(RARE), gold=GOLD, also=("answer",)).errors == ()


@pytest.mark.parametrize("outcome", ["emergency", "crisis"])
def test_a_false_alarm_is_an_error(outcome: str):
    """Where neither of the two is accepted."""
    assert judged("answer", outcome).errors == (Error.FALSE_ALARM,)
    assert judged("answer", outcome, also=("emergency",)).errors == ()
    assert judged("crisis", outcome).errors == (() if outcome == "crisis" else (Error.MISSED_URGENT,))


def test_to_be_silent_about_what_is_said_is_an_error():
    """Unless silence is accepted as well; other outcomes are no silence."""
    assert judged("answer", "not_found", gold=GOLD).errors == (Error.ABSTAINED,)
    assert judged("answer", "not_found", gold=GOLD, also=("not_found",)).errors == ()
    assert judged("answer", "out_of_scope", gold=GOLD).errors == ()
    assert judged("clarify", "not_found").errors == ()


def test_errors_are_told_the_worst_first():
    """Several may be in one answer."""
    found = judged("not_found", "answer", quote(RARE, moved=1), quote(RARE), disease="als")
    assert found.errors == (Error.NOT_VERBATIM, Error.WRONG_DISEASE, Error.ANSWERED_UNSAID)
    assert set(SERIOUS) == set(Error) - {Error.ANSWERED_UNSAID, Error.ABSTAINED}


# --- measures


def _named(question_id: str, judgement: Judgement) -> Judgement:
    return replace(judgement, item=replace(judgement.item, question_id=question_id))


def _measured(judgement: Judgement) -> dict[str, float]:
    """What a judgement counts for, but for `right` and `outcome`, for which all do."""
    found = {name: measure.of(judgement) for name, measure in MEASURES.items()}
    return {name: value for name, value in found.items() if value is not None and name not in ("right", "outcome")}


def test_a_question_counts_for_the_measures_that_it_can_tell_of():
    """Refusals count as well: one that kept silent has no hit, it is not left out."""
    answered = _measured(judged("answer", "answer", quote(OLD), quote(RARE), gold=GOLD, disease="alstrom"))
    assert answered == {
        "source": 1, "hit": 1, "first_quote": 0, "exact": 1, "false_alarms": 0, "other_disease": 0, "kept_silent": 0,
        "wrong_answers": 0, "quoted_words": 11,
    }  # fmt: skip
    silent = _measured(judged("answer", "not_found", gold=GOLD))
    assert silent == {"source": 0, "hit": 0, "first_quote": 0, "false_alarms": 0, "kept_silent": 1}
    assert _measured(judged("answer", "crisis", gold=GOLD))["false_alarms"] == 1
    assert _measured(judged("not_found", "answer", quote(RARE))) == {
        "exact": 1, "false_alarms": 0, "answered_unsaid": 1, "wrong_answers": 1
    }  # fmt: skip
    assert _measured(judged("not_found", "not_found", also=("answer",))) == {"false_alarms": 0}
    assert _measured(judged("crisis", "not_found")) == {"urgent_told": 0}
    assert _measured(judged("emergency", "crisis", also=("crisis",))) == {"urgent_told": 1}
    assert _measured(judged("ask_clinician", "ask_clinician")) == {"clinician_told": 1, "false_alarms": 0}
    moved = _measured(judged("clarify", "answer", quote(RARE, moved=1), disease="als"))
    assert (moved["exact"], moved["other_disease"]) == (0, 1)


def test_errors_are_listed_by_question():
    """The worst first."""
    found = errors_of(
        [
            _named("c", judged("answer", "not_found", gold=GOLD)),
            _named("d", judged("answer", "not_found", gold=GOLD)),
            _named("g", judged("clarify", "crisis")),
        ]
    )
    assert list(found.items()) == [(Error.FALSE_ALARM, ("g",)), (Error.ABSTAINED, ("c", "d"))]


def test_the_best_quote_is_known_even_where_it_was_withheld():
    """The most probable one, wherever it stands; with no quote at all the probability is 0."""
    item = Item("q", ("A?",), expect=Outcome.ANSWER, gold=GOLD)
    likely, unlikely = replace(quote(OLD), probability=0.9), replace(quote(RARE), probability=0.3)
    shown = judge(item, Answer(Outcome.ANSWER, "", (unlikely, likely)), DOCUMENTS)
    assert (shown.probability, shown.best_hit) == (0.9, False)
    silent = Answer(Outcome.NOT_FOUND, "")
    kept = judge(item, silent, DOCUMENTS, Answer(Outcome.ANSWER, "", (unlikely,)))
    assert (kept.probability, kept.best_hit, kept.hit, kept.right) == (0.3, True, False, False)
    assert judge(item, silent, DOCUMENTS).probability == 0.0
    # What is quoted beside a fixed text says nothing of how sure an answer would be.
    assert judged("ask_clinician", "ask_clinician", quote(RARE)).probability == 0.0


def test_gold_with_a_place_is_hit_there_alone():
    """Where the same word stands two hundred times in the document."""
    text = DOCUMENTS["a.md"].text
    start = text.index("word word") + 50
    quoted = Quote("a.md", start, start + 9, text[start : start + 9], Provenance(""), "", 0.5)
    assert judged("answer", "answer", quoted, gold=(Gold("a.md", "word", start=start),)).hit
    assert not judged("answer", "answer", quoted, gold=(Gold("a.md", "word", start=start + 20),)).hit
    assert judged("answer", "answer", quoted, gold=(Gold("a.md", "word"),)).hit


def test_words_without_a_document_are_found_in_all():
    """Whatever white space is between; what stands nowhere is told, and never right."""
    items = [
        Item("a", ("A?",), expect=Outcome.ANSWER, gold=(Gold("", f"{OLD} {EARS}"), Gold("", RARE))),
        Item("b", ("B?",), expect=Outcome.ANSWER, gold=(Gold("", "gone"), Gold("a.md", RARE), Gold("als.md", EARS))),
        Item("c", ("C?",), expect=Outcome.ANSWER, gold=(Gold("gone.md", RARE),)),
    ]
    found, lost = located(items, DOCUMENTS)
    assert found[0].gold == (
        Gold("a.md", f"{OLD}\r\n{EARS}", start=26),
        Gold("a.md", RARE, start=0),
        Gold("als.md", RARE, start=len(ALS) + 1),
    )
    assert found[1].gold == items[1].gold
    assert lost == [
        "b: of 3 quotes that would answer, 2 stand in no document, such as 'gone'",
        f"c: of 1 quotes that would answer, 1 stand in no document, such as {RARE!r}",
    ]


# --- asking


class _Recorder:
    """Answers nothing, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, tuple[str, ...]]] = []

    def ask(self, question: str, history: tuple[str, ...] = ()) -> Answer:
        self.asked.append((question, history))
        return Answer(Outcome.NOT_FOUND, "")


def test_the_last_turn_is_asked_after_the_others():
    """In order, and each item is told before it is asked."""
    items = [
        Item("a", ("A?",), expect=Outcome.NOT_FOUND),
        Item("b", ("B?", "C?", "D?"), expect=Outcome.ANSWER),
    ]
    asked, told = _Recorder(), []
    found = evaluate(asked, {}, items, lambda *progress: told.append((*progress, len(asked.asked))))
    assert asked.asked == [("A?", ()), ("D?", ("B?", "C?"))]
    assert told == [("Asking a", 0, 2, 0), ("Asking b", 1, 2, 1)]
    assert [(j.item, j.right) for j in found] == [(items[0], True), (items[1], False)]
    assert evaluate(asked, {}, []) == []


def test_only_where_it_was_silent_is_a_bolder_one_asked():
    """With the same turns."""

    class Bold(_Recorder):
        def ask(self, question: str, history: tuple[str, ...] = ()) -> Answer:
            super().ask(question, history)
            return Answer(Outcome.ANSWER, "", (quote(RARE),))

    bold, silent = Bold(), _Recorder()
    item = Item("b", ("B?", "C?"), expect=Outcome.ANSWER, gold=GOLD)
    (found,) = evaluate(silent, DOCUMENTS, [item], never_silent=bold)
    assert (bold.asked, found.best_hit, found.answer.outcome) == ([("C?", ("B?",))], True, Outcome.NOT_FOUND)
    evaluate(bold, DOCUMENTS, [item], never_silent=silent)
    assert len(silent.asked) == 1


def test_an_assistant_is_judged_by_the_documents_of_its_index(toy_assistant: Assistant):
    """The gene stands in one sentence of the page."""
    gold = (Gold("alstrom.md", "Changes in the ALMS1 gene cause"),)
    turns = ("Which gene is changed in Alström syndrome?",)
    item = Item("a", turns, expect=Outcome.ANSWER, disease="alstrom", gold=gold)
    (found,) = evaluate(toy_assistant, toy_assistant.index.documents, [item])
    assert (found.right, found.first_hit, found.errors) == (True, True, ())
    # Halves of characters, and nothing at all, are questions as well.
    odd = [replace(item, question_id=turn, turns=(turn,)) for turn in ("\ud800", "", "\0")]
    assert not any(j.right for j in evaluate(toy_assistant, toy_assistant.index.documents, odd))


# --- the same judgement as the tool of the given question set


def _answers(item: Item, documents: dict[str, Document], chance: Random) -> Answer:
    """Make up an answer: gold, its neighbours, other sentences, quotes that are moved, too many or too long."""
    accepted = [item.expect, *item.also_accept]
    outcome = chance.choice([*accepted * 4, *Outcome])
    quotes = []
    for gold in chance.sample(item.gold, min(len(item.gold), chance.randint(0, 3))):
        text = documents[gold.document].text
        start = text.index(gold.quote)
        end = start + len(gold.quote)
        around = [s for s in chunk(documents[gold.document], len, len(text)).sentences if s.start < end + 200]
        near = around[-1 - chance.randrange(min(3, len(around)))] if around else None
        half = (start + end) // 2
        places = [
            (start, end),
            (start, half),
            (half, end),
            (max(0, start - 150), half),
            (start, min(len(text), end + 90)),
        ]
        places += [(near.start, near.end)] * 2 if near else []
        a, b = chance.choice(places)
        quotes.append(Quote(gold.document, a, b, text[a:b], Provenance(""), "", 0.5))
    document = chance.choice(list(documents.values()))
    sentences = chunk(document, len, len(document.text)).sentences
    others = chance.sample(sentences, chance.choice([0, 0, 0, 1, 2, 5]))
    quotes += [Quote(s.doc_id, s.start, s.end, s.text, Provenance(""), "", 0.5) for s in others]
    if chance.random() < 0.1:
        quotes.append(Quote(document.doc_id, 0, 1500, document.text[:1500], Provenance(""), "", 0.5))
    if quotes and chance.random() < 0.15:
        spoilt = chance.choice(
            [{"start": quotes[0].start + 1}, {"document": "gone.txt"}, {"text": quotes[0].text + "!"}, {"text": " "}]
        )
        quotes[0] = replace(quotes[0], **spoilt)
    if chance.random() < 0.5:
        chance.shuffle(quotes)
    return Answer(outcome, "", tuple(quotes))


_SAME_ERRORS = {
    "missed emergency": Error.MISSED_URGENT,
    "missed crisis": Error.MISSED_URGENT,
    "false emergency": Error.FALSE_ALARM,
    "false crisis": Error.FALSE_ALARM,
    **{e.value: e for e in (Error.NOT_VERBATIM, Error.ANSWERED_UNSAID, Error.ABSTAINED)},
}


def test_judgements_agree_with_the_tool_of_the_question_set(tmp_path: Path):
    """Item by item, on made-up answers, two to each given question: right, outcome, first hit, words, errors."""
    questions = SHARED / "data" / "family" / "dev.jsonl"
    tool = SHARED / "tools" / "score_family.py"
    if not (questions.exists() and tool.exists() and (SHARED / "corpus").is_dir()):
        pytest.skip("the question set and its tool in ../shared are not on this machine")
    documents = {d.doc_id: d for d in load_corpus(SHARED / "corpus", CorpusSettings()).documents}
    records = [json.loads(line) for line in questions.read_text("utf-8").splitlines()]
    twice = [{**record, "id": f"{record['id']}/{n}"} for record in records for n in range(2)]
    asked = tmp_path / "questions.jsonl"
    asked.write_text("".join(json.dumps(record) + "\n" for record in twice), "utf-8")
    items = read_question_set(asked).items
    chance = Random(7)
    answers = [_answers(item, documents, chance) for item in items]
    answered = tmp_path / "answers.jsonl"
    answered.write_text(
        "".join(json.dumps(to_json(a, i.question_id)) + "\n" for i, a in zip(items, answers, strict=True)), "utf-8"
    )
    command = [sys.executable, tool, asked, answered, SHARED / "corpus", "--json", tmp_path / "judged.json"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1, done.stderr
    theirs = json.loads((tmp_path / "judged.json").read_text("utf-8"))
    ours = [judge(item, answer, documents) for item, answer in zip(items, answers, strict=True)]
    for judgement, row in zip(ours, theirs, strict=True):
        own = {e for e in judgement.errors if e is not Error.WRONG_DISEASE}
        assert (judgement.item.question_id, judgement.right, judgement.outcome_right, judgement.first_hit) == (
            row["id"],
            row["right"],
            row["outcome_right"],
            row["first_hit"],
        )
        assert (judgement.quoted_words, own) == (row["words"], {_SAME_ERRORS[e] for e in row["errors"]}), row["id"]
    # All kinds of answers were among them.
    assert 0.2 < sum(j.right for j in ours) / len(ours) < 0.8
    assert {e for j in ours for e in j.errors} == set(Error)
