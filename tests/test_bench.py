"""The bench: assistants of one index, and an index of the texts that a set of questions brings along."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from askalms.bench import Bench, ablated, article_corpus
from askalms.datatypes import Outcome
from askalms.embedding import Encoders
from askalms.index import Index
from askalms.measuring import measure_questions
from askalms.questions import Article, article_id
from askalms.settings import CorpusSettings, Settings

EELS = "Eels sleep in deep rivers during the whole winter.\n\nEels eat worms and small fish when the water is warm."
OWLS = "Owls hunt mice at night because mice are awake then.\n\nOwls sleep by day in hollow trees of old forests."


def test_articles_become_documents_about_one_subject():
    """Their text is as it was, to the last character, and their title is that of the article."""
    corpus = article_corpus("animals", [Article("Eels", EELS), Article("", OWLS)], CorpusSettings())
    assert [d.text for d in corpus.documents] == [EELS, OWLS]
    assert [d.doc_id for d in corpus.documents] == [article_id(0), article_id(1)]
    assert corpus.documents[0].provenance.title == "Eels" and corpus.documents[1].provenance.title
    assert {d.topics for d in corpus.documents} == {("animals",)}
    assert [t.home for t in corpus.topics.values()] == [True]


def test_a_set_with_texts_is_asked_about_these(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, toy_encoders: Encoders, toy_settings: Settings
):
    """No index is needed; with a cache the one that is made is kept, and gold is hit by its place."""
    monkeypatch.setattr("askalms.bench.load_encoders", lambda settings: toy_encoders)
    start = OWLS.index("mice at night")
    asked = [
        {"id": "a", "question": "What do owls hunt at night?", "answers": [{"text": "mice", "answer_start": start}]},
        {"id": "b", "question": "Who built the pyramids of Egypt?", "is_impossible": True, "answers": []},
    ]
    data = [{"title": "Eels", "paragraphs": [{"context": EELS, "qas": []}]}]
    data.append({"title": "Owls", "paragraphs": [{"context": OWLS, "qas": asked}]})
    path = tmp_path / "animals.json"
    path.write_text(json.dumps({"data": data}))
    settings = replace(toy_settings, answering=replace(toy_settings.answering, threshold=0.3))
    run = measure_questions(path, tmp_path / "none", settings, lambda *told: None, cache=tmp_path / "cache")
    assert [(j.outcome, j.scores["right"]) for j in run.judged] == [("answer", 1.0), ("not_found", 1.0)]
    assert run.judged[0].quotes[0].document == article_id(1)
    assert (tmp_path / "cache" / "animals" / "CURRENT").exists()
    assert not (tmp_path / "none").exists()


def test_every_part_can_be_left_out(toy_index: Index, toy_encoders: Encoders, toy_settings: Settings):
    """And the index, the encoders and the threshold stay the same."""
    assistants = ablated(Bench(toy_index, toy_encoders, toy_settings))
    assert len(assistants) == 5
    for assistant in assistants.values():
        assert assistant.ask("Which gene is changed in Alström syndrome?").outcome is Outcome.ANSWER
