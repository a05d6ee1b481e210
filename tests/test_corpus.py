"""A folder -> documents: which, what about, and where from."""

import os
import unicodedata
from pathlib import Path

import pytest

from askalms.corpus import Corpus, load_corpus, load_references, load_topics
from askalms.datatypes import Document, Provenance, Reference, Topic
from askalms.errors import CorpusError
from askalms.settings import CorpusSettings
from invented_pages import ANSWERED_TWICE, JOURNEY, LIBRARY, SQUASHED
from made_files import archive, column, encrypted, page, pdf, word

MARLOW = '[marlow]\nname = "Marlow syndrome"\nnames = ["Marlow syndrome", "MRLW1", "MRLS"]\n'
BODY = "The ears ring at night. It goes away by day."


def load(folder: Path, **files: str) -> Corpus:
    """Write files (`a__md` becomes a.md) and read the folder."""
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_bytes(text.encode("utf-8"))
    return load_corpus(folder, CorpusSettings(max_file_megabytes=0.01))


def only(corpus: Corpus) -> Document:
    assert corpus.problems == ()
    (document,) = corpus.documents
    return document


def reasons(corpus: Corpus) -> dict[str, str]:
    return {p.doc_id: p.reason for p in corpus.problems}


def refusal(folder: Path, **files: str) -> str:
    with pytest.raises(CorpusError) as caught:
        load(folder, **files)
    return str(caught.value)


# --- which files


def test_documents_are_sorted_by_their_path_below_the_folder(tmp_path: Path):
    """Subfolders are read, and paths have forward slashes."""
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "a.txt").write_text(BODY)
    corpus = load(tmp_path, c__txt=BODY, a__md=BODY)
    assert [d.doc_id for d in corpus.documents] == ["a.md", "b/a.txt", "c.txt"]


def test_files_about_the_folder_and_hidden_ones_are_no_documents(tmp_path: Path):
    """Nor problems."""
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "a.txt").write_text(BODY)
    names = (
        "README.md",
        "readme.de.txt",
        "LICENSE",
        "CHANGELOG.md",
        ".hidden.txt",
        "topics.toml",
        "sources.toml",
        "references.toml",
    )
    for name in names:
        (tmp_path / name).write_text("")
    assert only(load(tmp_path, license_plates__txt=BODY)).doc_id == "license_plates.txt"


def test_one_bad_file_never_stops_the_others(tmp_path: Path):
    """Each has its own reason, and the good ones are all there."""
    (tmp_path / "nul.txt").write_bytes(b"a\0b")
    (tmp_path / "gone.txt").symlink_to(tmp_path / "nowhere.txt")
    corpus = load(
        tmp_path,
        a__txt=BODY,
        empty__txt="",
        huge__txt=BODY * 500,
        front__md="---\n- x\n---\n" + BODY,
        date__md="---\nreviewed: 2016-13-45\n---\n" + BODY,
        title__md="---\ntitle: [a, b]\n---\n" + BODY,
        topic__md="---\ntopic: nothing\n---\n" + BODY,
        page__odt=BODY,
        menu__txt="Log in | Search | Menu",
        z__txt=BODY,
    )
    assert [d.doc_id for d in corpus.documents] == ["a.txt", "date.md", "z.txt"]
    found = reasons(corpus)
    for name, reason in {
        "nul.txt": "NUL bytes",
        "gone.txt": "cannot be opened",
        "empty.txt": "it is empty",
        "huge.txt": "it has 0.022 MB, more than the 0.01 MB allowed",
        "front.md": "not a list of names and values",
        "title.md": "its field 'title' is a list",
        "topic.md": "its topic 'nothing' is not in topics.toml; known are",
        "page.odt": "the format .odt is not read",
        "menu.txt": "nothing in it can be quoted",
    }.items():
        assert reason in found.pop(name)
    assert found == {}


def test_every_file_is_told_before_it_is_read(tmp_path: Path):
    """With its number and how many there are, bad files included."""
    for name in ("b.txt", "a.pdf"):
        (tmp_path / name).write_text(BODY)
    told: list[tuple[int, int, str]] = []
    load_corpus(tmp_path, CorpusSettings(), lambda *args: told.append(args))
    assert told == [(1, 2, "a.pdf"), (2, 2, "b.txt")]


def test_an_empty_folder_has_no_documents(tmp_path: Path):
    """Which is no problem yet."""
    corpus = load(tmp_path)
    assert (corpus.documents, corpus.problems) == ((), ())


def test_a_missing_folder_is_refused(tmp_path: Path):
    """A file in its place too."""
    (tmp_path / "file").write_text(BODY)
    for name in ("nowhere", "file"):
        with pytest.raises(CorpusError, match=rf"there is no folder '.*{name}'; name the folder"):
            load_corpus(tmp_path / name, CorpusSettings())


def test_links_out_of_the_folder_are_refused(tmp_path: Path):
    """What is quoted must lie where the maintainers look; links inside the folder are fine."""
    inside, outside = tmp_path / "corpus", tmp_path / "outside"
    inside.mkdir()
    outside.mkdir()
    (outside / "secret.txt").write_text(BODY)
    (inside / "page.txt").write_text(BODY)
    (inside / "same.txt").symlink_to("page.txt")
    (inside / "out.txt").symlink_to(outside / "secret.txt")
    (inside / "folder").symlink_to(outside)
    corpus = load_corpus(inside, CorpusSettings())
    assert [d.doc_id for d in corpus.documents] == ["page.txt", "same.txt"]
    assert "a link to a file outside the corpus" in reasons(corpus)["out.txt"]
    assert "a link to a folder" in reasons(corpus)["folder"]


def test_links_in_a_circle_are_no_trap(tmp_path: Path):
    """Of folders and of files."""
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "up").symlink_to(tmp_path)
    (tmp_path / "a.txt").symlink_to("b.txt")
    (tmp_path / "b.txt").symlink_to("a.txt")
    corpus = load(tmp_path, c__txt=BODY)
    assert [d.doc_id for d in corpus.documents] == ["c.txt"]
    assert set(reasons(corpus)) == {"a.txt", "b.txt", "sub/up"}


def test_a_corpus_behind_a_link_is_read(tmp_path: Path):
    """The folder itself may be one."""
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    assert only(load(tmp_path / "link", a__txt=BODY)).doc_id == "a.txt"


@pytest.mark.parametrize("name", ["two words.txt", "alström.txt", "two\nlines.txt", "%20#?.txt", "日本.txt"])
def test_names_may_hold_anything_that_is_text(tmp_path: Path, name: str):
    """Such a name is the document's id as it is."""
    (tmp_path / name).write_text(BODY)
    assert only(load(tmp_path)).doc_id == name


def test_a_name_that_is_no_text_is_a_problem(tmp_path: Path):
    """It could not be written down."""
    (tmp_path / os.fsdecode(b"alstr\xf6m.txt")).write_text(BODY)
    assert reasons(load(tmp_path)) == {"alstr\ufffdm.txt": "its name is not UTF-8; rename it"}


def test_a_closed_subfolder_is_a_problem_and_a_closed_corpus_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Its documents would go missing without a word."""
    (tmp_path / "sub").mkdir()
    closed = tmp_path / "sub"
    scandir = os.scandir

    def scan(path: str):
        if Path(path) == closed:
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", scan)
    corpus = load(tmp_path, a__txt=BODY)
    assert [d.doc_id for d in corpus.documents] == ["a.txt"]
    assert "(Permission denied); check its permissions" in reasons(corpus)["sub"]
    closed = tmp_path
    assert "(Permission denied)" in refusal(tmp_path)


# --- where from


def test_front_matter_tells_where_a_document_is_from(tmp_path: Path):
    """All of its fields, and its sources."""
    text = (
        "---\ntitle: Falls\ntopic: alstrom-syndrome\npublisher: Norland Library\nurl: https://a.example/falls\n"
        "reviewed: 2016-03-01\nlicense: CC BY 4.0\nretrieved: today\nsources:\n- title: A\n  publisher: B\n"
        "  url: https://b.example\n  reviewed: 2008-08\n- C\n---\n" + BODY
    )
    document = only(load(tmp_path, a__md=text))
    assert document.provenance == Provenance(
        "Falls",
        "Norland Library",
        "https://a.example/falls",
        "2016-03-01",
        "CC BY 4.0",
        (Reference("A", "B", "https://b.example", "2008-08"), Reference("C")),
    )
    assert document.topics == ("alstrom-syndrome",)


def test_sources_toml_counts_more_than_front_matter_and_that_more_than_the_page(tmp_path: Path):
    """Field by field."""
    page = f"---\ntitle: From the front\npublisher: Front\n---\n# On the page\n\n{BODY}\n\nLast reviewed: 2001-01-01\n"
    sources = '["a.md"]\ntitle = "From the list"\nreviewed = 2002-02-02\n'
    provenance = only(load(tmp_path, a__md=page, sources__toml=sources)).provenance
    assert (provenance.title, provenance.publisher, provenance.reviewed) == ("From the list", "Front", "2002-02-02")


@pytest.mark.parametrize("nothing", ["", "~", "null", "''"])
def test_an_empty_field_says_nothing(tmp_path: Path, nothing: str):
    """The page is asked then."""
    page = f"---\ntitle: {nothing}\nreviewed: {nothing}\n---\n# On the page\n\n{BODY}\n\nReviewed: May 2001\n"
    provenance = only(load(tmp_path, a__md=page)).provenance
    assert (provenance.title, provenance.reviewed) == ("On the page", "2001-05")


def test_a_date_in_words_is_written_as_a_date(tmp_path: Path):
    """And a field without one leaves the question to the page."""
    assert only(load(tmp_path, a__md=f"---\nreviewed: May 2001\n---\n{BODY}")).provenance.reviewed == "2001-05"
    said = f"---\nreviewed: not stated\n---\n{BODY}\n\nReviewed: May 2002\n"
    assert only(load(tmp_path, a__md=said)).provenance.reviewed == "2002-05"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (JOURNEY, ("What Does the Gene MRLW1 Do? (Marlow Syndrome in Plain Words)", "", "", "2031-05-03")),
        (ANSWERED_TWICE, ("What starts Marlow syndrome?", "", "", "2030-11-02")),
        (LIBRARY, ("Marlow syndrome", "Norland Library of Health", "", "2029-08")),
        (
            SQUASHED,
            (
                "Marlow syndrome",
                "norlandplus.example",
                "https://norlandplus.example/genetics/marlow-syndrome/",
                "2028-03-01",
            ),
        ),
    ],
)
def test_what_nobody_states_is_read_from_the_page(tmp_path: Path, source: str, expected: tuple[str, ...]):
    """Its title without a menu stuck to it, its publisher, its address and its date."""
    found = only(load(tmp_path, page__txt=source)).provenance
    assert (found.title, found.publisher, found.url, found.reviewed) == expected


@pytest.mark.parametrize("title", ["DiGeorge syndrome", "Living with McArdle disease", "About MedlinePlus Genetics"])
def test_capitals_inside_a_name_do_not_cut_a_title(tmp_path: Path, title: str):
    """Only a menu's end makes a word that the page has nowhere else."""
    assert only(load(tmp_path, a__txt=f"{title}\n\n{BODY} MedlinePlus says so.")).provenance.title == title


def test_a_page_without_a_title_has_the_name_of_its_file(tmp_path: Path):
    """Better than none."""
    assert only(load(tmp_path, falls_at_night__txt=BODY)).provenance.title == "falls_at_night"


def test_sources_of_a_composed_name_fit_a_decomposed_one(tmp_path: Path):
    """Some systems take "ö" apart in the names of files."""
    (tmp_path / unicodedata.normalize("NFD", "alström.txt")).write_text(BODY)
    assert only(load(tmp_path, sources__toml='["alström.txt"]\ntitle = "A"\n')).provenance.title == "A"


def test_sources_of_a_missing_file_are_a_problem(tmp_path: Path):
    """A slip in a name must not go unseen."""
    corpus = load(tmp_path, a__txt=BODY, sources__toml='["b.txt"]\ntitle = "B"\n')
    assert reasons(corpus) == {
        "b.txt": "sources.toml describes it, but there is no such file; rename or remove the entry"
    }


@pytest.mark.parametrize(
    ("sources", "said"),
    [
        ('["a.txt"]\ntitel = "A"', "['a.txt'] has 'titel', which is no field of a document; did you mean 'title'?"),
        ('["a.txt"]\ncolour = "A"', "known are title, topic, publisher"),
        ('title = "A"', "['title'] is no table; write [\"title\"]"),
        ("title = ", "sources.toml cannot be read"),
    ],
)
def test_sources_that_are_not_understood_are_an_error(tmp_path: Path, sources: str, said: str):
    """With a hint where there is one."""
    assert said in refusal(tmp_path, a__txt=BODY, sources__toml=sources)


# --- what documents were written from


FALLS = """\
[falls]
title = "Falls in early life"
publisher = "Norland Library"
url = "https://a.example/falls"
reviewed = "2029-08"
as_of = "2012"
license = "CC BY 4.0"
public_domain = true
copy = "falls.txt"
"""


def test_references_are_known_by_their_ids(tmp_path: Path):
    """All of their fields; only the title is needed, and without the file there is none."""
    assert load_references(tmp_path) == {}
    (tmp_path / "references.toml").write_text("\ufeff" + FALLS + '["long walks"]\ntitle = "Walks"\n', "utf-8")
    assert load_references(tmp_path) == {
        "falls": Reference(
            *("Falls in early life", "Norland Library", "https://a.example/falls", "2029-08", "2012", "CC BY 4.0"),
            public_domain=True,
            copy="falls.txt",
            ref_id="falls",
        ),
        "long walks": Reference("Walks", ref_id="long walks"),
    }
    corpus = load(tmp_path, a__md=BODY)
    assert corpus.references == load_references(tmp_path)
    assert only(corpus).provenance.sources == ()


def test_a_document_names_its_sources_by_id(tmp_path: Path):
    """In its order; what is no id is a title, and a source may be described in the document itself."""
    front = "---\nsources: [walks, falls, {title: falls}, '7']\n---\n"
    corpus = load(tmp_path, references__toml=f'{FALLS}[walks]\ntitle = "Walks"\n', a__md=front + BODY)
    assert only(corpus).provenance.sources == (
        Reference("Walks", ref_id="walks"),
        corpus.references["falls"],
        Reference("falls"),
        Reference("7"),
    )


def test_sources_toml_names_sources_for_a_file_without_a_head(tmp_path: Path):
    """And counts more than a head."""
    named = '["a.txt"]\nsources = ["falls"]\n["b.md"]\nsources = []\n'
    corpus = load(
        tmp_path,
        references__toml=FALLS,
        sources__toml=named,
        a__txt=BODY,
        b__md=f"---\nsources: [falls]\n---\n{BODY}",
    )
    assert corpus.problems == ()
    assert [[r.ref_id for r in d.provenance.sources] for d in corpus.documents] == [["falls"], []]


@pytest.mark.parametrize(("sources", "named"), [("falls", ["falls"]), ("", []), ("[]", []), ("~", []), ("null", [])])
def test_one_source_needs_no_list(tmp_path: Path, sources: str, named: list[str]):
    """And none is none, however YAML writes it."""
    corpus = load(tmp_path, references__toml=FALLS, a__md=f"---\ntitle: A\nsources: {sources}\n---\n{BODY}")
    assert [r.ref_id for r in only(corpus).provenance.sources] == named


def test_sources_are_no_names_and_values(tmp_path: Path):
    """The document is left out, with the reason."""
    corpus = load(tmp_path, references__toml=FALLS, a__md=f"---\ntitle: A\nsources: {{falls: falls}}\n---\n{BODY}")
    assert "its field 'sources' holds names and values" in reasons(corpus)["a.md"]


@pytest.mark.parametrize(
    ("references", "said"),
    [
        ("title = ", "references.toml cannot be read"),
        (f"a = {'9' * 5000}", "references.toml cannot be read"),
        (f"a = {'[' * 50_000}", "references.toml cannot be read"),
        ("falls = 1", "references.toml: [falls] has no title; write [falls] and under it title = "),
        ('falls = ["A"]', "[falls] has no title"),
        ("[falls]", "[falls] has no title"),
        ('[[falls]]\ntitle = "A"', "[falls] has no title"),
        ("[falls]\ntitle = 7", "[falls] has no title"),
        ('[falls]\ntitle = " "', "[falls] has no title"),
        ('[falls]\ntitle = "A"\ncoppy = "a.txt"', "has 'coppy', which is no field of it; did you mean 'copy'?"),
        ('[falls]\ntitle = "A"\ncolour = "red"', "known are title, publisher, url, reviewed, as_of, license"),
        ('[falls]\ntitle = "A"\nref_id = "b"', "has 'ref_id', which is no field of it"),
        (
            '[falls]\ntitle = "A"\nreviewed = 2029-08-01',
            "[falls]: reviewed is datetime.date(2029, 8, 1); expected a text",
        ),
        ('[falls]\ntitle = "A"\nas_of = 2012', "[falls]: as_of is 2012; expected a text in quotation marks"),
        ('[falls]\ntitle = "A"\ncopy = ["a.txt"]', "copy is ['a.txt']; expected a text in quotation marks"),
        ('[falls]\ntitle = "A"\nurl = false', "url is False; expected a text in quotation marks"),
        ('[falls]\ntitle = "A"\npublic_domain = "yes"', "public_domain is 'yes'; expected true or false"),
        ('[falls]\ntitle = "A"\npublic_domain = 1', "public_domain is 1; expected true or false"),
    ],
)
def test_references_that_are_not_understood_are_an_error(tmp_path: Path, references: str, said: str):
    """In the folder of documents too, with a hint where there is one."""
    (tmp_path / "references.toml").write_text(references)
    with pytest.raises(CorpusError) as caught:
        load_references(tmp_path)
    assert said in str(caught.value)
    assert refusal(tmp_path, a__txt=BODY) == str(caught.value)


def test_toml_files_may_begin_with_a_byte_order_mark(tmp_path: Path):
    """Some editors put one there."""
    corpus = load(
        tmp_path, a__txt=BODY, topics__toml="\ufeff" + MARLOW, sources__toml='\ufeff["a.txt"]\ntopic = "marlow"'
    )
    assert only(corpus).topics == ("marlow",)


# --- what about


def test_topics_of_the_folder_add_to_the_built_in_ones_and_replace_them(tmp_path: Path):
    """By their id."""
    (tmp_path / "topics.toml").write_text(MARLOW + '[alstrom-syndrome]\nname = "A"\nnames = ["A"]\nhome = true\n')
    topics = load_topics(tmp_path)
    assert topics["marlow"] == Topic("marlow", "Marlow syndrome", ("Marlow syndrome", "MRLW1", "MRLS"))
    assert topics["alstrom-syndrome"] == Topic("alstrom-syndrome", "A", ("A",), home=True)
    assert "ALS" in topics["amyotrophic-lateral-sclerosis"].names


@pytest.mark.parametrize(
    ("topics", "said"),
    [
        ("name = ", "topics.toml cannot be read"),
        ("marlow = 1", "[marlow] is no table"),
        ('[marlow]\nnames = ["A"]', "[marlow] has no name"),
        ('[marlow]\nname = 3\nnames = ["A"]', "[marlow] has no name"),
        ('[marlow]\nname = "A"', "[marlow] has no names"),
        ('[marlow]\nname = "A"\nnames = []', "[marlow] has no names"),
        ('[marlow]\nname = "A"\nnames = "ALS"', "names is 'ALS'; expected a list"),
        ('[marlow]\nname = "A"\nnames = ["A", ""]', "names is ['A', '']; expected a list"),
        (
            '[marlow]\nname = "A"\nnames = ["A"]\nnmaes = ["B"]',
            "has 'nmaes', which is no field of a topic; did you mean 'names'?",
        ),
        ('[marlow]\nname = "A"\nnames = ["A"]\nhome = "no"', "home is 'no'; expected true or false"),
        (
            '[marlow]\nname = "A"\nnames = ["A"]\nconfused_with = ["alstrom-syndrom"]',
            "did you mean 'alstrom-syndrome'?",
        ),
    ],
)
def test_topics_that_are_not_understood_are_an_error(tmp_path: Path, topics: str, said: str):
    """A name cut into letters, or one that is empty, would be found everywhere."""
    assert said in refusal(tmp_path, topics__toml=topics)


def topic_of(folder: Path, text: str, name: str = "page__txt") -> tuple[str, ...]:
    return only(load(folder, topics__toml=MARLOW, **{name: text})).topics


def test_a_stated_topic_decides(tmp_path: Path):
    """Several are those of a page that sets diseases side by side; each counts once."""
    front = "---\ntopic: [marlow, alstrom-syndrome, marlow]\n---\n"
    assert topic_of(tmp_path, f"{front}# Usher syndrome\n\n{BODY}", "page__md") == ("marlow", "alstrom-syndrome")


def test_a_misspelled_topic_is_refused_with_a_hint(tmp_path: Path):
    """The nearest id is offered."""
    corpus = load(tmp_path, topics__toml=MARLOW, a__md=f"---\ntopic: marlov\n---\n{BODY}")
    assert reasons(corpus)["a.md"].endswith("did you mean 'marlow'?")


def test_a_title_that_is_a_name_decides(tmp_path: Path):
    """However often the page mentions another disease; case and accents do not matter."""
    assert topic_of(tmp_path, f"MARLOW SYNDROME\n\n{BODY} ALS is not it. ALS is another. ALS kills.") == ("marlow",)


def test_a_page_is_about_what_it_mentions_most(tmp_path: Path):
    """By any of its names."""
    text = f"Questions of parents\n\n{BODY} MRLS is rare. The gene is MRLW1. It is not Alström syndrome."
    assert topic_of(tmp_path, text) == ("marlow",)


def test_a_page_that_mentions_no_disease_is_a_topic_by_itself(tmp_path: Path):
    """A single mention is none."""
    corpus = load(tmp_path, topics__toml=MARLOW, page__txt=f"Ringing ears\n\n{BODY} MRLS is rare.")
    assert only(corpus).topics == ("ringing-ears",)
    assert corpus.topics["ringing-ears"] == Topic("ringing-ears", "Ringing ears", ("Ringing ears",))


def test_a_title_that_names_another_disease_makes_it_a_topic(tmp_path: Path):
    """With the short form that the page gives it, though the page compares it with a known one."""
    text = (
        f"Okafor syndrome\n\nOkafor syndrome (OKS) stays. {BODY} It is not MRLS. MRLS is mild. Okafor syndrome is not."
    )
    corpus = load(tmp_path, topics__toml=MARLOW, page__txt=text)
    assert only(corpus).topics == ("okafor-syndrome",)
    assert corpus.topics["okafor-syndrome"].names == ("Okafor syndrome", "OKS")


def test_a_stated_title_makes_a_topic_of_what_stands_before_the_colon(tmp_path: Path):
    """People ask for the disease, not for an overview."""
    corpus = load(tmp_path, topics__toml=MARLOW, page__md=f'---\ntitle: "Okafor syndrome: an overview"\n---\n{BODY}')
    assert corpus.topics[only(corpus).topics[0]] == Topic("okafor-syndrome", "Okafor syndrome", ("Okafor syndrome",))


@pytest.mark.parametrize("title", ["Marlow syndrome type 2", "Juvenile Marlow syndrome", "Marlow syndrome, type IB"])
@pytest.mark.parametrize("form", ["---\ntitle: {title}\n---\n{body}", "# {title}\n\n{body}"])
def test_a_subtype_is_a_topic_of_its_own(tmp_path: Path, title: str, form: str):
    """What is said of it need not hold for the whole, though it mentions the whole all the time."""
    text = form.format(title=title, body=f"{BODY} Marlow syndrome is rare. Marlow syndrome is mild.")
    assert topic_of(tmp_path, text, "page__md") == ("-".join(title.lower().replace(",", "").split()),)


@pytest.mark.parametrize(
    "title",
    [
        "Types of Marlow syndrome",
        "Marlow syndrome: type 2 diabetes",
        "Adults with Marlow syndrome",
        "Is MRLS type 1 rare?",
    ],
)
def test_a_title_about_a_disease_is_no_subtype(tmp_path: Path, title: str):
    """It is a sentence or a subject, and no name."""
    text = f'---\ntitle: "{title}"\n---\n{BODY} Marlow syndrome is rare. Marlow syndrome is mild.'
    assert topic_of(tmp_path, text, "page__md") == ("marlow",)


def test_a_page_about_a_sign_is_about_the_disease_it_mentions(tmp_path: Path):
    """Its title is no name of a disease, even if it is said more often."""
    text = f"Ringing ears\n\nRinging ears are a sign of MRLS. Ringing ears pass. Ringing ears in MRLS are mild. {BODY}"
    assert topic_of(tmp_path, text) == ("marlow",)


def test_offsets_count_the_characters_of_the_file(tmp_path: Path):
    """Decoded as UTF-8, with its mark and its line ends as they are."""
    data = f"\ufeffMarlow syndrome\r\n\r\nLøken’s ears ring. {BODY}\r\n"
    document = only(load(tmp_path, a__txt=data))
    decoded = (tmp_path / "a.txt").read_bytes().decode("utf-8")
    assert document.text == decoded == data
    first = document.blocks[1].sentences[0]
    assert decoded[first.start : first.end] == "Løken’s ears ring."


# --- files of every format, good and hostile ones


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.html", page(f"<h1>Marlow syndrome</h1><p>{BODY}</p>").encode()),
        ("a.pdf", pdf(column(f"# Marlow syndrome\n\n{BODY}"))),
        ("a.docx", word(("Title", "Marlow syndrome"), ("Normal", BODY))),
    ],
)
def test_every_format_makes_a_document(tmp_path: Path, name: str, data: bytes):
    """Its title is the heading, its sentences stand where they say."""
    (tmp_path / name).write_bytes(data)
    document = only(load_corpus(tmp_path, CorpusSettings()))
    assert document.provenance.title == "Marlow syndrome"
    spans = [span for block in document.blocks for span in block.sentences]
    assert [document.text[s.start : s.end] for s in spans] == ["The ears ring at night.", "It goes away by day."]


def test_what_a_file_says_of_itself_counts_less_than_what_is_stated(tmp_path: Path):
    """And fills in what is not."""
    head = """<link rel="canonical" href="https://norland.example/marlow"><meta name="author" content="Ann Finch">
    <meta property="og:site_name" content="Norland Library">
    <meta property="article:modified_time" content="2024-05-03">"""
    source = page(f"<h1>Marlow</h1><p>{BODY}</p>", head).encode()
    (tmp_path / "a.html").write_bytes(source)
    (tmp_path / "b.html").write_bytes(source.replace(BODY.encode(), BODY.encode() + b"</p><p>Last reviewed: May 2020"))
    (tmp_path / "sources.toml").write_text('["b.html"]\npublisher = "Finch Press"\nlanguage = "fr"\n')
    first, second = load_corpus(tmp_path, CorpusSettings()).documents
    found = "https://norland.example/marlow"
    assert first.provenance == Provenance("Marlow", "Norland Library", found, "2024-05-03", language="en")
    assert second.provenance == Provenance("Marlow", "Finch Press", found, "2020-05", language="fr")


def test_pages_of_a_document_are_found_by_place(tmp_path: Path):
    """From 1; a file without pages has page 0 everywhere."""
    (tmp_path / "a.pdf").write_bytes(pdf(column("The ears ring."), column("It goes away.")))
    (tmp_path / "b.txt").write_text(BODY)
    first, second = load_corpus(tmp_path, CorpusSettings()).documents
    assert [first.page_at(offset) for offset in (0, first.page_starts[1] - 1, first.page_starts[1], 10**6)] == [
        1,
        1,
        2,
        2,
    ]
    assert second.page_at(5) == 0


def test_in_a_folder_of_thirty_files_each_hostile_one_is_named_and_the_others_are_read(tmp_path: Path):
    """Whatever stands between them: eighteen are read, twelve are left out, each for its own reason."""
    corpus, outside = tmp_path / "corpus", tmp_path / "outside"
    deep = corpus.joinpath(*["d"] * 40)
    for folder in (corpus, outside, deep):
        folder.mkdir(parents=True)
    html = page(f"<h1>Marlow</h1><p>{BODY} Bjørk listens.</p>")
    good = {
        **{f"page{n}.txt": f"Number {n}. {BODY}".encode() for n in range(4)},
        **{f"page{n}.md": f"# Marlow {n}\n\n{BODY}\n".encode() for n in range(3)},
        "utf16.txt": f"\ufeff{BODY} Bjørk listens.".encode("utf-16-le"),
        "latin1.txt": f"{BODY} Bjørk listens.".encode("latin-1"),
        "utf16.html": html.encode("utf-16"),
        "latin1.html": html.replace("<head>", '<head><meta charset="latin-1">').encode("latin-1"),
        "scripts.htm": html.replace("</main>", "<script>alert('Marlow')</script></main>").encode(),
        "one.pdf": pdf(column(BODY)),
        "open.pdf": encrypted(pdf(column(BODY)), ""),
        "one.docx": word(("Heading 1", "Marlow"), ("Normal", BODY)),
        "two\nlines.txt": BODY.encode(),
        "sp ace [b] ö.md": BODY.encode(),
    }
    whole = pdf(column(BODY), column(BODY))
    hostile = {
        "closed.pdf": (encrypted(whole, "secret"), "protected by a password"),
        "zip.pdf": (archive(a_txt=b"x" * 99), "but it is a ZIP archive"),
        "empty.html": (b"", "it is empty"),
        "huge.txt": (b"x" * 2_000_001, "more than the 2 MB allowed"),
        "binary.txt": (bytes(range(128)) * 20, "control characters"),
        "cut.pdf": (whole[:-400], "breaks off before its end"),
        "scan.pdf": (pdf([], [], []), "pictures without text"),
        "bomb.docx": (archive(word__document_xml=b" " * 31_000_000), "which no document has"),
        "program.html": (b"<html><body><script>fetch('/marlow')</script></body></html>", "without text"),
    }
    for name, data in {**good, **{name: data for name, (data, _) in hostile.items()}}.items():
        (corpus / name).write_bytes(data)
    (deep / "deep.txt").write_text(BODY)
    (outside / "secret.txt").write_text(BODY)
    (corpus / "out.txt").symlink_to(outside / "secret.txt")
    (corpus / "loop.txt").symlink_to(corpus / "loop.txt")
    (corpus / "round").symlink_to(corpus)

    found = load_corpus(corpus, CorpusSettings(max_file_megabytes=2))

    assert [d.doc_id for d in found.documents] == sorted([*good, "/".join(["d"] * 40) + "/deep.txt"])
    assert all("ring at night" in d.text for d in found.documents)
    assert all(("Bjørk listens." in d.text) for d in found.documents if d.doc_id[:5] in ("utf16", "latin"))
    assert not any("alert" in d.text or d.damage for d in found.documents)
    expected = {name: reason for name, (_, reason) in hostile.items()}
    expected |= {
        "out.txt": "a link to a file outside the corpus",
        "loop.txt": "it cannot be opened (Too many levels of symbolic links)",
        "round": "it is a link to a folder",
    }
    told = reasons(found)
    assert told.keys() == expected.keys()
    assert {name: expected[name] in told[name] for name in expected} == dict.fromkeys(expected, True)
    assert not any("\n" in reason for reason in told.values())
    assert (len(found.documents), len(told)) == (18, 12)


@pytest.mark.parametrize("matter", ['title: "x\\ud800"', 'sources: ["\\udfff"]'])
def test_half_a_character_is_refused(tmp_path: Path, matter: str):
    """YAML can say it, but no file can hold it: the page is left out, and the others are not."""
    corpus = load(tmp_path, a__md=f"---\n{matter}\n---\n{BODY}", b__md=BODY)
    assert "half of a character" in reasons(corpus)["a.md"]
    assert [d.doc_id for d in corpus.documents] == ["b.md"]
