"""(Question, passage) -> scores of its sentences: what is read, by our own model and by any other."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from askalms.crossencoding import (
    MAX_QUESTION_TOKENS,
    MAX_SENTENCE_TOKENS,
    MAX_TOKENS,
    NOTHING,
    QUESTION,
    CrossEncoder,
    Reading,
    joined,
    load_cross_encoder,
    pooling,
)
from askalms.errors import ModelError
from askalms.settings import DEFAULT_RERANKER

ENDS = (101, 102)


def _numbers(text: str) -> list[int]:
    """A tokenizer for texts made of numbers: each is its own token."""
    return [int(word) for word in text.split()]


def _some(count: int, number: int = 7) -> str:
    return " ".join([str(number)] * count)


# --- what is read


def test_question_and_passage_become_one_row():
    """Opening, question, closing, title and heading, the sentences in order, closing."""
    tokens, owners = joined(_numbers, ENDS, "1 2", Reading("3", ("4 5", "6")))
    assert tokens == [101, 1, 2, 102, 3, 4, 5, 6, 102]
    assert owners == [NOTHING, QUESTION, QUESTION, NOTHING, NOTHING, 0, 0, 1, NOTHING]


def test_a_long_question_is_cut():
    """64 of its 70 tokens stay."""
    tokens, owners = joined(_numbers, ENDS, _some(70), Reading("3", ("4",)))
    assert owners.count(QUESTION) == MAX_QUESTION_TOKENS == 64
    assert tokens[-4:] == [102, 3, 4, 102]


def test_a_long_title_is_cut():
    """64 of its 70 tokens stay, and the sentence after it is read."""
    tokens, owners = joined(_numbers, ENDS, "1", Reading(_some(70, 3), ("4",)))
    assert tokens.count(3) == 64
    assert owners[-2] == 0


def test_a_long_sentence_is_cut():
    """120 of its 130 tokens stay, and the sentence after it is read whole."""
    _, owners = joined(_numbers, ENDS, "1", Reading("3", (_some(130), "8 9")))
    assert owners.count(0) == MAX_SENTENCE_TOKENS == 120
    assert owners.count(1) == 2


def test_a_long_passage_is_cut_and_closed():
    """1 + 64 + 1 + 64 tokens stand before the sentences, so of 120 * 4 there is room for 400 - 130 - 1."""
    tokens, owners = joined(_numbers, ENDS, _some(64), Reading(_some(64), (_some(120),) * 4))
    assert len(tokens) == len(owners) == MAX_TOKENS == 400
    assert [owners.count(i) for i in range(4)] == [120, 120, 29, 0]
    assert (tokens[-1], owners[-1]) == (102, NOTHING)


@pytest.mark.parametrize(("last", "kept"), [(32, 32), (33, 32)])
def test_what_just_fits_is_not_cut(last: int, kept: int):
    """1 + 1 + 1 + 4 + 120 * 3 tokens leave room for 32 beside the one that closes the row."""
    _, owners = joined(_numbers, ENDS, "1", Reading("3 3 3 3", (*(_some(120),) * 3, _some(last))))
    assert owners.count(3) == kept
    assert len(owners) == MAX_TOKENS


@given(
    question=st.integers(0, 80),
    context=st.integers(0, 80),
    sentences=st.lists(st.integers(0, 150), min_size=1, max_size=9),
)
def test_a_row_is_within_its_limits_and_in_order(question: int, context: int, sentences: list[int]):
    """Whatever the lengths: every token has an owner, sentences keep their order, and both ends are marked."""
    reading = Reading(_some(context), tuple(map(_some, sentences)))
    tokens, owners = joined(_numbers, ENDS, _some(question), reading)
    assert len(tokens) == len(owners) <= MAX_TOKENS
    assert (tokens[0], tokens[-1], owners[0], owners[-1]) == (*ENDS, NOTHING, NOTHING)
    read = [owner for owner in owners if owner >= 0]
    assert read == sorted(read)
    assert all(owners.count(i) <= min(count, MAX_SENTENCE_TOKENS) for i, count in enumerate(sentences))


def test_pooling_takes_the_mean_of_each_part():
    """Two tokens of the question count one half each, as do those of the first sentence; the marks count nothing."""
    owners = [NOTHING, QUESTION, QUESTION, NOTHING, 0, 0, 1, NOTHING]
    assert pooling(owners, 2).tolist() == [
        [0, 0.5, 0.5, 0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0.5, 0.5, 0, 0],
        [0, 0, 0, 0, 0, 0, 1, 0],
    ]


def test_a_sentence_that_was_cut_off_has_no_mean():
    """Its row is zeros, not a division by zero."""
    matrix = pooling([NOTHING, QUESTION, NOTHING, 0, NOTHING], 2)
    assert matrix.dtype == np.float32
    assert matrix[2].tolist() == [0, 0, 0, 0, 0]


# --- any model of sentence-transformers


def _tiny_model(folder: Path, outputs: int) -> str:
    """Write a cross-encoder with random weights to a folder."""
    import torch
    from tokenizers.implementations import BertWordPieceTokenizer
    from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

    marks = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    vocabulary = {token: i for i, token in enumerate([*marks, "who", "sees", "badly", "nobody", "eyes", ":", "."])}
    torch.manual_seed(3)
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        max_position_embeddings=64,
        num_labels=outputs,
        initializer_range=0.8,
    )
    BertForSequenceClassification(config).save_pretrained(folder)
    PreTrainedTokenizerFast(
        tokenizer_object=BertWordPieceTokenizer(vocabulary),
        unk_token="[UNK]",
        pad_token="[PAD]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
        model_max_length=64,
    ).save_pretrained(folder)
    return str(folder)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> CrossEncoder:
    return load_cross_encoder(_tiny_model(tmp_path_factory.mktemp("tiny"), outputs=1))


READINGS = [Reading("Eyes", ("Nobody sees.", "Who sees badly.")), Reading("Who", ("Eyes.",)), Reading("Eyes", ())]


def test_any_cross_encoder_scores_each_sentence(tiny: CrossEncoder):
    """Two, one and none, and no two of them alike."""
    scores = tiny.score("Who sees badly?", READINGS)
    assert [s.shape for s in scores] == [(2,), (1,), (0,)]
    assert len({round(float(x), 4) for s in scores for x in s}) == 3


def test_any_cross_encoder_scores_alone_as_among_others(tiny: CrossEncoder):
    """The batch is padded, which must change nothing."""
    together = tiny.score("Who sees badly?", READINGS)
    for reading, scores in zip(READINGS, together, strict=True):
        assert tiny.score("Who sees badly?", [reading])[0] == pytest.approx(scores, abs=1e-4)


def test_any_cross_encoder_gives_log_odds(tiny: CrossEncoder, monkeypatch: pytest.MonkeyPatch):
    """What the model itself says, not squeezed between 0 and 1."""
    from sentence_transformers import CrossEncoder as PairModel

    model = PairModel(tiny.name, device="cpu")
    squeezed = model.predict([("Who sees badly?", "Who: Eyes.")], show_progress_bar=False)[0]
    found = tiny.score("Who sees badly?", READINGS[1:2])[0][0]
    assert 1 / (1 + np.exp(-found)) == pytest.approx(squeezed, abs=1e-4)


def test_no_readings_give_no_scores(tiny: CrossEncoder):
    """Nothing to read is no error."""
    assert tiny.score("Who?", []) == []
    assert [s.shape for s in tiny.score("Who?", [Reading("Eyes", ())])] == [(0,)]


def test_a_model_with_two_outputs_is_refused(tmp_path: Path):
    """It tells classes apart; it does not score."""
    with pytest.raises(ModelError, match=r"it gives 2 numbers for a pair; expected 1.*name a folder"):
        load_cross_encoder(_tiny_model(tmp_path, outputs=2))


@pytest.mark.parametrize("name", ["no-such/reader", "json"])
def test_a_reader_that_is_not_there_is_told_in_one_line(name: str):
    """The name that was found, what could be named instead, and how to do without."""
    with pytest.raises(ModelError, match=rf"the cross-encoder '{name}' cannot be loaded") as raised:
        load_cross_encoder(name)
    said = str(raised.value)
    assert "\n" not in said
    assert 'under [reranking] in askalms.toml, or "none" to do without' in said


def test_a_folder_without_a_reader_is_told_in_one_line(tmp_path: Path):
    """An empty folder is no model."""
    with pytest.raises(ModelError, match="cannot be loaded"):
        load_cross_encoder(str(tmp_path))


# --- our own model


@pytest.fixture(scope="module")
def own() -> CrossEncoder:
    return load_cross_encoder(DEFAULT_RERANKER)


FEVER = Reading(
    "Tulane fever. What are its signs?",
    (
        "Tulane fever begins with red spots on both arms.",
        "The town of Tulane has a large library.",
        "Doctors met there in 1960.",
    ),
)
EYES = Reading(
    "Muckle syndrome. Eyes",
    (
        "The retina lies at the back of the eye.",
        "Children begin to lose their sight at about six years of age.",
        "Glasses come in many colours.",
    ),
)


@pytest.mark.slow
def test_our_reader_scores_each_sentence(own: CrossEncoder):
    """One number for each, passage by passage."""
    scores = own.score("What are the first signs of Tulane fever?", [FEVER, Reading("Tulane", ("Yes.",))])
    assert own.name == DEFAULT_RERANKER
    assert [(s.shape, s.dtype) for s in scores] == [((3,), np.float32), ((1,), np.float32)]
    assert own.score("What are the first signs of Tulane fever?", []) == []


@pytest.mark.slow
def test_our_reader_scores_alone_as_among_others(own: CrossEncoder):
    """The same bytes, whatever else is read at the same time."""
    question = "When do children lose their sight?"
    together = own.score(question, [FEVER, EYES, Reading("Tulane", ("Yes.",)), EYES])
    alone = own.score(question, [EYES])[0]
    assert alone.tobytes() == together[1].tobytes() == together[3].tobytes()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("question", "reading", "answer"),
    [
        ("What are the first signs of Tulane fever?", FEVER, 0),
        ("How old are the children when they lose their sight?", EYES, 1),
        (
            "Who pays for a wheelchair?",
            Reading(
                "Wheelchairs. Costs", ("Some are red.", "A chair has four wheels.", "Insurers pay for a wheelchair.")
            ),
            2,
        ),
    ],
)
def test_our_reader_prefers_the_sentence_that_answers(own: CrossEncoder, question: str, reading: Reading, answer: int):
    """A plain answer outranks its neighbours."""
    assert int(np.argmax(own.score(question, [reading])[0])) == answer


@pytest.mark.slow
def test_the_question_decides_which_sentence_answers(own: CrossEncoder):
    """The same passage, read with another question."""
    reading = Reading("Muckle syndrome", ("It begins at six years of age.", "Changes in the MKL2 gene cause it."))
    age, gene = (own.score(q, [reading])[0] for q in ("At what age does it begin?", "Which gene causes it?"))
    assert age[0] > age[1]
    assert gene[1] > gene[0]


@pytest.mark.slow
def test_what_did_not_fit_in_never_outranks_what_was_read(own: CrossEncoder):
    """Of eight sentences of 300 words only the first four are read."""
    scores = own.score("a " * 3000, [Reading("c " * 500, ("w " * 300,) * 8)])[0]
    assert scores.shape == (8,)
    assert np.isfinite(scores).all()
    assert scores[4:].max() < scores[0]


@pytest.mark.slow
def test_no_text_is_too_odd_for_our_reader(own: CrossEncoder):
    """Empty, or in no letters that it knows."""
    for question in ("", "\0", "🙂" * 50, "ألستروم"):
        assert np.isfinite(own.score(question, [Reading("", ("", "🙂", "病"))])[0]).all()
