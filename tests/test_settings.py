"""Reading askalms.toml: what is understood, and what is said about the rest."""

from pathlib import Path

import pytest

from askalms.errors import SettingsError
from askalms.settings import DEFAULT_RERANKER, RerankingSettings, Settings, load_settings, settings_from_dict


def refusal(path: Path, text: str) -> str:
    """Write a settings file that must be refused; give what is said."""
    path.write_text(text, "utf-8")
    with pytest.raises(SettingsError) as caught:
        load_settings(path)
    return str(caught.value)


def test_without_a_file_the_defaults_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A folder without askalms.toml is no error."""
    monkeypatch.chdir(tmp_path)
    assert load_settings() == Settings()


def test_the_file_of_the_working_folder_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """What it does not set keeps its default."""
    (tmp_path / "askalms.toml").write_text("[answering]\nmax_quotes = 2\n")
    monkeypatch.chdir(tmp_path)
    settings = load_settings()
    assert settings.answering.max_quotes == 2
    assert settings.retrieval == Settings().retrieval


def test_a_whole_number_serves_where_a_fraction_may_stand(tmp_path: Path):
    """Nobody has to write 1.0."""
    path = tmp_path / "a.toml"
    path.write_text("[retrieval]\ndense_weight = 1\n")
    value = load_settings(path).retrieval.dense_weight
    assert (value, type(value)) == (1.0, float)


def test_cross_encoder_country_and_age_are_read(tmp_path: Path):
    """The cross-encoder may be left out, the country chosen, and what is old decided."""
    path = tmp_path / "a.toml"
    path.write_text('[reranking]\nmodel = "none"\npassages = 4\n[answering]\ncountry = "GB"\nold_after_years = 3\n')
    settings = load_settings(path)
    assert settings.reranking == RerankingSettings(model="none", passages=4)
    assert (settings.answering.country, settings.answering.old_after_years) == ("GB", 3.0)


def test_the_shipped_cross_encoder_is_the_default():
    """Nothing needs to be set to get it, and no country is assumed."""
    assert Settings().reranking.model == DEFAULT_RERANKER
    assert Settings().answering.country == ""


def test_a_byte_order_mark_is_no_error(tmp_path: Path):
    """Some editors put one in front."""
    path = tmp_path / "a.toml"
    path.write_bytes(b"\xef\xbb\xbf[answering]\r\nmax_quotes = 1\r\n")
    assert load_settings(path).answering.max_quotes == 1


def test_settings_survive_being_written_down():
    """An index keeps the settings that made it, as dictionaries."""
    settings = settings_from_dict({"chunking": {"passage_tokens": 99}}, "here")
    assert settings_from_dict(settings.as_dict(), "there") == settings


def test_a_named_file_that_is_missing_is_refused(tmp_path: Path):
    """A slip in a file's name must not silently mean the defaults."""
    with pytest.raises(SettingsError, match=r"no settings file .*nowhere\.toml; leave --settings out"):
        load_settings(tmp_path / "nowhere.toml")


def test_a_folder_is_no_settings_file(tmp_path: Path):
    """It exists, but cannot be read."""
    with pytest.raises(SettingsError, match=r"cannot be opened .*check the file"):
        load_settings(tmp_path)


@pytest.mark.parametrize("data", [b"max_quotes 3", b"\xff\xfe[answering]", b"a = 1\na = 2\n"])
def test_what_is_not_toml_is_refused(tmp_path: Path, data: bytes):
    """The message says so and where to see how it is done."""
    path = tmp_path / "a.toml"
    path.write_bytes(data)
    with pytest.raises(SettingsError, match=r"a\.toml is not TOML .*README\.md"):
        load_settings(path)


def test_a_misspelled_name_is_refused_with_a_hint(tmp_path: Path):
    """The nearest name of the same table is offered."""
    said = refusal(tmp_path / "a.toml", "[answering]\nmax_quote = 2\n")
    assert "[answering] sets 'max_quote', which is not a setting; did you mean 'max_quotes'?" in said


def test_a_name_like_no_other_is_refused_with_the_known_ones(tmp_path: Path):
    """Where nothing is near, all are listed."""
    said = refusal(tmp_path / "a.toml", "colour = 3\n")
    assert "sets 'colour', which is not a setting; known are corpus, chunking, embedding" in said


def test_a_table_given_as_a_value_is_refused(tmp_path: Path):
    """The message shows how a table is written."""
    assert "write [retrieval]" in refusal(tmp_path / "a.toml", "retrieval = 5\n")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('[retrieval]\ndepth = "50"', "'depth' is '50'; expected a whole number, for example 50"),
        ("[retrieval]\ndepth = 5.5", "'depth' is 5.5; expected a whole number"),
        ("[retrieval]\ndepth = true", "'depth' is True; expected a whole number"),
        ("[retrieval]\ndense_weight = false", "'dense_weight' is False; expected a number, for example 0.6"),
        ("[embedding]\nmodel = 7", "'model' is 7; expected text in quotation marks"),
        ("[reranking]\nmodel = false", "'model' is False; expected text in quotation marks"),
        ("[reranking]\npassages = 2.5", "'passages' is 2.5; expected a whole number, for example 16"),
        ("[answering]\ncountry = 44", "'country' is 44; expected text in quotation marks"),
        ('[answering]\nold_after_years = "five"', "'old_after_years' is 'five'; expected a number, for example 5.0"),
        (f"[retrieval]\ndense_weight = {10**400}", "expected a number"),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused(tmp_path: Path, line: str, expected: str):
    """What was found, what was expected, and an example."""
    assert expected in refusal(tmp_path / "a.toml", line)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("[corpus]\nmax_file_megabytes = 0", "corpus.max_file_megabytes is 0.0; expected 0.001 to 10000"),
        ("[chunking]\npassage_tokens = 15", "chunking.passage_tokens is 15; expected 16 to 8192"),
        ("[retrieval]\ndepth = 0", "retrieval.depth is 0; expected 1 to 10000"),
        ("[retrieval]\npassages = 1001", "retrieval.passages is 1001; expected 1 to 1000"),
        ("[retrieval]\ndense_weight = -1", "retrieval.dense_weight is -1.0; expected 0 to 1"),
        ("[retrieval]\ndense_weight = nan", "retrieval.dense_weight is nan; expected 0 to 1"),
        ("[answering]\nthreshold = 1.01", "answering.threshold is 1.01; expected -1 to 1"),
        ("[answering]\nthreshold = inf", "answering.threshold is inf; expected -1 to 1"),
        ("[answering]\nmax_quotes = 5", "answering.max_quotes is 5; expected 1 to 4"),
        ("[answering]\nmax_quoted_words = 151", "answering.max_quoted_words is 151; expected 10 to 150"),
        ("[reranking]\npassages = 0", "reranking.passages is 0; expected 1 to 1000"),
        ("[answering]\nold_after_years = -1", "answering.old_after_years is -1.0; expected 0 to 1000"),
        ("[answering]\nold_after_years = nan", "answering.old_after_years is nan; expected 0 to 1000"),
        ("[answering]\nmax_question_characters = 9", "max_question_characters is 9; expected 10 to 100000"),
        ("[checking]\nmax_sentence_words = 0", "checking.max_sentence_words is 0; expected 1 to 1000"),
        ("[checking]\nmax_grade = nan", "checking.max_grade is nan; expected 0 to 100"),
        ("[checking]\nmax_shared_words = 0", "checking.max_shared_words is 0; expected 1 to 1000"),
        ("[serving]\ncheck_seconds = 0", "serving.check_seconds is 0.0; expected 0.01 to 86400"),
    ],
)
def test_a_number_out_of_its_range_is_refused(tmp_path: Path, line: str, expected: str):
    """The message gives the range."""
    assert expected in refusal(tmp_path / "a.toml", line)


def test_every_number_has_a_range():
    """No number may be as low or as high as one likes."""
    for table, values in Settings().as_dict().items():
        for name, default in values.items():
            for absurd in (-(10**9), 10**9):
                if not isinstance(default, str):
                    with pytest.raises(SettingsError, match=rf"{table}\.{name} is .*; expected"):
                        settings_from_dict({table: {name: absurd}}, "here")


def test_the_contact_of_fetching_cannot_carry_a_header(tmp_path: Path):
    """It goes into the user agent: one line of plain characters."""
    for contact in ("me@example.org\r\nCookie: x", "Zoë", "me) AppleWebKit (like"):
        with pytest.raises(SettingsError, match="user_agent_contact"):
            settings_from_dict({"fetching": {"user_agent_contact": contact}}, "here")
    assert settings_from_dict(
        {"fetching": {"user_agent_contact": "me@example.org"}}, "here"
    ).fetching.user_agent_contact
