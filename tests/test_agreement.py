"""Sentences of different pages that contradict each other."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from askalms.agreement import contradict, counts_in, shares_in


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("The cause of Muckle fever is unknown.", "A changed gene is the cause of Muckle fever."),
        ("The cause is not yet fully understood.", "The cause is a changed gene."),
        ("What the protein does is unclear.", "The protein moves sugar."),
        ("Why the fever returns has not been determined.", "The fever returns because the marsh floods."),
        ("The role of the protein remains to be found.", "The role of the protein is to move sugar."),
    ],
)
def test_unknown_and_told_contradict(one: str, other: str):
    """One page says that nobody knows, the other one knows."""
    assert contradict(one, other)
    assert contradict(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("About 200 people with Muckle fever are known.", "Some 900 people are known to have Muckle fever."),
        ("Fewer than 200 cases of the fever are described.", "About 300 cases of the fever were described."),
        ("About 200 to 300 people have the fever.", "About 900 people have the fever."),
        ("About 5 million people have the fever.", "About 5 people have the fever."),
        ("Doctors found 40 affected families.", "Doctors found 60 families."),
    ],
)
def test_different_counts_of_the_same_contradict(one: str, other: str):
    """Both count the same thing and come to different numbers."""
    assert contradict(one, other)
    assert contradict(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("The cause is unknown.", "The cause is not well understood."),
        ("The cause is unknown.", "Spots begin on both arms."),
        ("More than 1,200 people have the fever.", "Some 1200 people have the fever."),
        ("About 200 people have the fever.", "The fever is rare."),
        ("The fever begins at 8 years.", "The fever begins at 12 years."),
        ("About 900 people with the fever are known.", "A clinic followed 30 patients with diabetes for ten years."),
        ("", ""),
        ("About 900 people have the fever.", ""),
    ],
)
def test_sentences_that_can_both_be_true_agree(one: str, other: str):
    """The same said twice, other subjects, and numbers that count no people."""
    assert not contradict(one, other)
    assert not contradict(other, one)


@pytest.mark.parametrize(
    "share",
    [
        "About 1 in 100,000 people have the fever.",
        "Some 3 out of 10 people have it.",
        "50% of 800 people have the fever.",
    ],
)
def test_shares_are_not_compared_with_counts(share: str):
    """How many of a hundred thousand is no count of all."""
    assert not contradict(share, "About 900 people have the fever.")
    assert not contradict("About 900 people have the fever.", share)


@given(st.text() | st.from_regex(r"(About|Some) [0-9]{1,5} people (have|had) (it|spots|fever)\.", fullmatch=True))
def test_no_sentence_contradicts_itself(text: str):
    """Whatever it says."""
    assert not contradict(text, text)


@given(
    *[
        st.sampled_from(["unknown", "5 people", "9 people", "fever", "%", "not yet clear", "1 in 5"]).map(
            "fever {}".format
        )
    ]
    * 2
)
def test_it_does_not_matter_which_comes_first(one: str, other: str):
    """A contradiction has two equal sides."""
    assert contradict(one, other) == contradict(other, one)


@pytest.mark.parametrize(
    ("sentence", "figures"),
    [
        ("In 25% of families.", [(0.25, 0.25, "%")]),
        ("In 25 percent of families.", [(0.25, 0.25, "percent")]),
        ("In 2.5 per cent.", [(0.025, 0.025, "per cent")]),
        ("In 5 to 10 percent.", [(0.05, 0.1, "percent")]),
        ("In 5-10% of them.", [(0.05, 0.1, "%")]),
        ("In 5% to 10% of them.", [(0.05, 0.1, "%")]),
        ("In up to 70% of them.", [(0.0, 0.7, "%")]),
        ("In more than 90 percent.", [(0.9, 1.0, "percent")]),
        ("One in four of them, or 1 out of every 4.", [(0.25, 0.25, "1 in")] * 2),
        ("In 1 in 1,000 to 2,000 births.", [(0.0005, 0.001, "1 in")]),
        ("In 3 of every 1,000 births.", [(0.003, 0.003, "in 1000")]),
        ("In 500 in 2008.", []),
        ("In 300% of them.", []),
        ("In 5 of 9 families.", []),
        ("1 in 0, or 3 of 0.", []),
        (f"3 in 1{'0' * 5000}, 1 in {'9' * 5000} and {'9' * 5000}%.", []),
    ],
)
def test_shares_are_read_in_every_notation(sentence: str, figures: list[tuple[float, float, str]]):
    """From 0 to 1, as least and most; what is no share is none."""
    assert [(f.least, f.most, f.notation) for f in shares_in(sentence)] == figures


@given(st.text(alphabet="0123456789 ,.-%inouftperceaybdm\n", max_size=60))
def test_any_text_has_figures_in_order_or_none(text: str):
    """Whatever digits stand in it."""
    assert all(0 <= f.least <= f.most <= 1 for f in shares_in(text))
    assert all(f.least >= 0 for f in counts_in(text))
