"""Runs: what they sum up, that they are the same twice, how they are kept, and what sets two of them apart."""

import math
from dataclasses import replace
from pathlib import Path

import pytest

from askalms.bench import Bench
from askalms.calibration import ERRORS_TO_SEE, calibrate, some_points, told, write_threshold
from askalms.comparison import compare
from askalms.corpus import Corpus
from askalms.datatypes import Answer, Outcome, Provenance, Quote
from askalms.embedding import Encoders
from askalms.errors import QuestionFileError, SettingsError
from askalms.evaluation import Error, Judgement, evaluate
from askalms.index import Index, open_index
from askalms.indexing import build_index
from askalms.measuring import failures, judged
from askalms.questions import Gold, Item, QuestionSet
from askalms.runs import Figure, Judged, Run, cost_of, figures_of, read_run, run_of, write_run
from askalms.settings import Settings, load_settings

GENE = Gold("alstrom.md", "Changes in the ALMS1 gene")


def judgement(
    name: str,
    right: bool = True,
    expect: Outcome = Outcome.ANSWER,
    outcome: Outcome = Outcome.ANSWER,
    probability: float = 0.5,
    errors: tuple[Error, ...] = (),
    category: str = "facts",
    disease: str = "alstrom",
) -> Judgement:
    """What an answer is worth, as it were."""
    text = "It is rare."
    quotes = (Quote("a.md", 0, 11, text, Provenance("A"), "", probability),) if outcome is Outcome.ANSWER else ()
    item = Item(name, (f"{name}?",), category, expect, (), disease, (Gold("a.md", text),))
    answer = Answer(outcome, "One page answers this:", quotes)
    return Judgement(item, answer, right, right, right, right, right, 3, errors, probability, right)


def run(*judgements: Judgement) -> Run:
    return run_of("set.jsonl", judgements, {}, {"threshold": 0.4})


def value(figure: Figure | None) -> float:
    assert figure
    return figure.value


def test_figures_are_means_with_their_questions():
    """Questions without the measure do not count; a measure that no question has is left out."""
    (figure,) = figures_of([{"hit": 1.0}, {"hit": 0.0}, {}, {"right": 1.0}], ["hit", "exact"])
    assert (figure.measure, figure.value, figure.questions) == ("hit", 0.5, 2)
    assert (figure.low, figure.high) == (0.0, 1.0)


def test_a_run_counts_by_category_and_topic_and_what_came():
    """And lists errors, curves and messages."""
    silent = judgement("c", False, outcome=Outcome.NOT_FOUND, probability=0.0, errors=(Error.ABSTAINED,), disease="als")
    found = run(judgement("a", probability=0.9), judgement("b", False, category="lay", probability=0.6), silent)
    assert value(found.figure("right")) == pytest.approx(1 / 3)
    assert found.figure("urgent_told") is None
    assert {name: value(figures[0]) for name, figures in found.by_category.items()} == {"facts": 0.5, "lay": 0.0}
    assert list(found.by_topic) == ["alstrom-syndrome", "amyotrophic-lateral-sclerosis"]
    assert found.confusion == {"answer": {"answer": 2, "not_found": 1}}
    assert found.errors == {"abstained from what they do say": ("c",)}
    # Risks 0, 1/2 and 2/3 at thirds of coverage: the refusal counts as wrong at the end, it is not dropped.
    assert found.area == pytest.approx((0 + 1 / 2 + 2 / 3) / 3)
    assert [b.count for b in found.reliability] == [1, 1]
    assert found.calibration_error == pytest.approx((0.6 + 0.1) / 2)
    assert [(g.message, g.times) for g in found.messages] == [("One page answers this:", 3)]


def test_a_name_counts_as_one_short_word_when_messages_are_graded():
    """Whoever has the disease can read it."""
    long = replace(judgement("a").answer, message="Amyotrophic lateral sclerosis is here. It is rare.")
    judgements = [replace(judgement("a"), answer=long)]
    (plain,) = run_of("set", judgements, {}, {}, names=["amyotrophic lateral sclerosis", ""]).messages
    (hard,) = run_of("set", judgements, {}, {}).messages
    assert plain.grade < 3 < 8 < hard.grade


def test_only_what_expects_an_answer_or_silence_is_on_the_curve():
    """Others are decided before any probability."""
    found = run(judgement("a", expect=Outcome.CRISIS, outcome=Outcome.CRISIS))
    assert (found.curve, found.area, found.reliability) == (None, 0.0, ())
    assert found.by_category == found.by_topic == {}


def test_a_run_is_read_back_as_it_was_written(tmp_path: Path):
    """Anything else, and another version, is refused in words."""
    found = replace(run(judgement("ö", False), judgement("b")), cost=cost_of(0.0, [3.0, 1.0, 2.0]))
    path = tmp_path / "sub" / "run.json"
    write_run(found, path)
    assert read_run(path) == found
    assert (found.cost.median_ms, found.cost.p95_ms) == (2.0, 3.0)
    assert found.cost.peak_megabytes > 10
    write_run(replace(found, format=99), path)
    with pytest.raises(QuestionFileError, match="another version"):
        read_run(path)
    path.write_text("{}")
    with pytest.raises(QuestionFileError, match="is no run to compare with"):
        read_run(path)
    with pytest.raises(QuestionFileError, match="cannot be written"):
        write_run(found, tmp_path)


def test_the_same_questions_give_the_same_run(toy_index: Index, toy_encoders: Encoders, toy_settings: Settings):
    """Twice in a row, but for what it took; the bolder assistant knows what was withheld."""
    texts = {"a": "Which gene is changed in Alström syndrome?", "b": "Which gene helps the ears in Alström syndrome?"}
    gold = (Gold("", "Changes in the ALMS1 gene"),)
    items = tuple(Item(name, (text,), expect=Outcome.ANSWER, gold=gold) for name, text in texts.items())
    runs = []
    for _ in range(2):
        bench = Bench(toy_index, toy_encoders, toy_settings)
        judgements, lost = judged(QuestionSet(items), bench, lambda *told: None)
        runs.append(run_of("toy", judgements, toy_index.documents, bench.description(), lost))
    assert runs[0] == runs[1]
    assert runs[0].judged[0].gold == (("alstrom.md", "Changes in the ALMS1 gene"),)
    strict = replace(toy_settings, answering=replace(toy_settings.answering, threshold=0.9999))
    bench = Bench(toy_index, toy_encoders, strict)
    (withheld, _), _ = judged(QuestionSet(items), bench, lambda *told: None)
    assert (withheld.answer.outcome, withheld.best_hit) == (Outcome.NOT_FOUND, True)
    assert 0 < withheld.probability < 0.9999
    assert bench.description()["threshold"] == 0.9999
    (silent, _) = evaluate(bench.assistant(), toy_index.documents, items)
    assert silent.probability == 0.0


def test_without_the_guard_of_topics_other_diseases_speak(
    toy_index: Index, toy_encoders: Encoders, toy_settings: Settings
):
    """What an ablation leaves out is really left out."""
    from askalms.bench import ablated

    assistants = ablated(Bench(toy_index, toy_encoders, toy_settings))
    question = "Are muscles and nerves weak in Alström syndrome?"
    shipped = assistants["fused and reranked (as shipped)"].ask(question)
    assert all("alstrom-syndrome" in toy_index.documents[q.document].topics for q in shipped.quotes)
    bold = replace(toy_settings, answering=replace(toy_settings.answering, threshold=0.0))
    loose = ablated(Bench(toy_index, toy_encoders, bold))["as shipped, without the guard of topics"].ask(question)
    assert {t for q in loose.quotes for t in toy_index.documents[q.document].topics} - {"alstrom-syndrome"}


def test_floors_name_what_is_below_them():
    """Only figures of which more is better have any."""
    found = run(judgement("a"), judgement("b", False))
    assert failures(found, ["right=0.5", "hit=0.6", "outcome=0.7"]) == [
        "hit is 0.5000, below 0.6",
        "outcome is 0.5000, below 0.7",
    ]
    for floor in ("right", "right=", "right=nan", "wrong=0.5", "false_alarms=0.1", "urgent_told=0.9", "quoted_words=3"):
        with pytest.raises(QuestionFileError, match="expected one of right, outcome, source, hit, first_quote, exact"):
            failures(found, [floor])


# --- comparison


def test_a_comparison_names_what_got_better_and_worse():
    """Questions of one run alone, or with other words, are no pair."""
    before = run(judgement("a"), judgement("b", False), judgement("c"), judgement("gone"))
    after = run(judgement("a", False), judgement("b"), judgement("c"), judgement("new"))
    found = compare(before, after)
    assert (found.paired, found.better, found.worse, found.new_errors) == (3, ("b",), ("a",), ())
    assert (found.only_before, found.only_after) == (("gone",), ("new",))
    (right,) = (d for d in found.differences if d.measure == "right")
    assert (right.before, right.after, right.p_value, right.questions) == (2 / 3, 2 / 3, 1.0, 3)
    assert found.is_worse
    assert not compare(before, run(judgement("a"), judgement("b"), judgement("c"))).is_worse
    assert compare(before, run(judgement("a", False), judgement("b", False))).is_worse
    with pytest.raises(QuestionFileError, match="no question in common"):
        compare(before, run(judgement("z")))
    with pytest.raises(QuestionFileError, match=r"measured by right, the other by nDCG@10"):
        compare(before, replace(after, primary="nDCG@10"))


def test_of_a_collection_the_mean_decides():
    """Its figures move a little with every change, so one query lost is no failure by itself."""

    def retrieved(**values: float) -> Run:
        judged = tuple(Judged(name, (name,), scores={"nDCG@10": value}) for name, value in values.items())
        return Run("c", "", "nDCG@10", {}, figures_of([j.scores for j in judged], ["nDCG@10"]), judged)

    found = compare(retrieved(a=0.5, b=0.5), retrieved(a=0.4, b=0.7))
    assert (found.worse, found.better, found.is_worse) == (("a",), ("b",), False)
    assert compare(retrieved(a=0.5, b=0.5), retrieved(a=0.4, b=0.5)).is_worse


def test_a_new_serious_error_is_worse_whatever_else_got_better():
    """Others are not: to answer what is not said has a published rate."""
    before = run(judgement("a", False), judgement("b"))
    after = run(judgement("a"), judgement("b", errors=(Error.WRONG_DISEASE, Error.ANSWERED_UNSAID)))
    found = compare(before, after)
    assert found.new_errors == (("b", "quote about another disease"),)
    assert found.is_worse
    assert not compare(after, after).is_worse


def test_without_a_document_the_questions_that_broke_are_named(
    tmp_path: Path, toy_corpus: Corpus, toy_encoders: Encoders, toy_settings: Settings
):
    """Those that it answered, and no others; the lost gold is told."""
    items = [
        Item("gene", ("Which gene is changed in Alström syndrome?",), expect=Outcome.ANSWER, gold=(GENE,)),
        Item("club", ("Which football club is best?",), expect=Outcome.NOT_FOUND),
    ]
    runs, told = [], []
    rest = tuple(d for d in toy_corpus.documents if d.doc_id != GENE.document)
    for name, left in (("all", toy_corpus.documents), ("less", rest)):
        folder = tmp_path / name
        build_index(folder, replace(toy_corpus, documents=left), toy_encoders, toy_settings)
        bench = Bench(open_index(folder, toy_settings.embedding), toy_encoders, toy_settings)
        judgements, lost = judged(QuestionSet(tuple(items)), bench, lambda *told: None)
        runs.append(run_of(name, judgements, bench.index.documents, {}))
        told.append(lost)
    found = compare(*runs)
    assert (found.worse, found.better, found.is_worse) == (("gene",), (), True)
    assert told == [
        [],
        ["gene: of 1 quotes that would answer, 1 stand in no document, such as 'Changes in the ALMS1 gene'"],
    ]


# --- calibration


def many(right: int, wrong: int, unsaid: int) -> list[Judgement]:
    """Right answers are surer than wrong ones, and both surer than what would be said where nothing is."""
    found = [judgement(f"r{n}", probability=0.8 + n / 1e4) for n in range(right)]
    found += [judgement(f"w{n}", False, probability=0.5 + n / 1e4) for n in range(wrong)]
    return found + [
        judgement(f"u{n}", False, Outcome.NOT_FOUND, Outcome.NOT_FOUND, 0.2 + n / 1e4) for n in range(unsaid)
    ]


def test_the_threshold_is_the_lowest_that_keeps_the_stated_rate():
    """90 right, 30 wrong below them: with 10 of the wrong ones a tenth is wrong, and the eleventh is too much."""
    found = calibrate(many(90, 30, 20), 0.1)
    assert found.threshold == pytest.approx(0.502)
    assert len(found.by_fold) == 5
    assert found.questions == 140
    assert 0 < found.error_rate < 0.2
    low, high = found.error_interval
    assert low < found.error_rate < high
    assert found.coverage == pytest.approx(100 / 140, abs=0.06)


@pytest.mark.parametrize(
    ("right", "wrong", "unsaid", "rate"),
    [(39, 10, 20, 0.1), (50, 10, 9, 0.1), (200, 10, 20, 0.01), (0, 0, 0, 0.5)],
)
def test_a_set_too_small_for_the_rate_is_refused(right: int, wrong: int, unsaid: int, rate: float):
    """It takes enough errors to tell the rate from a lower one, and questions without an answer."""
    needed = max(50, math.ceil(ERRORS_TO_SEE / rate))
    with pytest.raises(QuestionFileError, match=f"it takes {needed} and 10"):
        calibrate(many(right, wrong, unsaid), rate)


def test_a_rate_that_no_threshold_reaches_is_refused():
    """The surest answers are wrong."""
    surest = [judgement(f"s{n}", False, probability=0.99) for n in range(60)]
    with pytest.raises(QuestionFileError, match="at no threshold"):
        calibrate([*surest, *many(10, 10, 20)], 0.1)


def test_the_threshold_is_written_and_all_else_stays(tmp_path: Path):
    """With what it was measured to do in a comment; a broken file is left alone."""
    found = calibrate(many(90, 30, 20), 0.1)
    path = tmp_path / "askalms.toml"
    write_threshold(found, path, "set.jsonl")
    assert load_settings(path).answering.threshold == found.threshold
    path.write_text('# ours\n[serving]\nat_once = 2  # enough\n[answering]\ncountry = "GB"\nthreshold = 0.1 # old\n')
    write_threshold(found, path, "set.jsonl")
    text = path.read_text("utf-8")
    assert "# ours\n[serving]\nat_once = 2  # enough\n" in text
    assert told(found, "set.jsonl") in text and "# old" not in text
    settings = load_settings(path)
    assert (settings.answering.country, settings.answering.threshold) == ("GB", found.threshold)
    path.write_text("[[[")
    with pytest.raises(SettingsError, match="cannot be written"):
        write_threshold(found, path, "set.jsonl")
    assert path.read_text() == "[[["


def test_some_points_of_a_curve_are_enough():
    """One for each tenth of coverage at most, each once."""
    found = calibrate(many(90, 30, 20), 0.1)
    points = some_points(found.curve)
    assert len(points) == 10
    assert points[-1][1] == 1.0
    assert [p[1] for p in points] == sorted(p[1] for p in points)
