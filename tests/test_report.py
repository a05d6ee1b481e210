"""The report of a run in a real browser: offline, with and without script, for everybody."""

import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

from askalms.comparison import compare
from askalms.datatypes import Outcome
from askalms.evaluation import Error
from askalms.report import grade_of, to_html, to_lines, write_report
from askalms.runs import Figure, Judged, Quoted, Run
from test_runs import judgement, run

HOSTILE = "<script>window.ran = true</script><img src=x onerror='window.ran = true'>\"'|"


def _runs() -> tuple[Run, Run]:
    """A run with one question of each kind, an ablation and a problem; and an earlier one."""
    found = run(
        judgement("fine"),
        judgement(HOSTILE, False, category=HOSTILE),
        judgement("bad", False, errors=(Error.WRONG_DISEASE,), disease="als"),
        judgement("quiet", False, outcome=Outcome.NOT_FOUND, probability=0.2, errors=(Error.ABSTAINED,)),
    )
    earlier = run(judgement("fine", False), judgement("bad"), judgement("quiet"), judgement("gone"))
    return replace(
        found, ablation={"fused": found.figures[:2], HOSTILE: found.figures[:1]}, problems=(HOSTILE,)
    ), earlier


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The system's Chromium."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not program:
        pytest.fail("no Chromium found; these tests need one: install it, e.g. `apt-get install chromium`")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture
def written(tmp_path: Path) -> str:
    """The address of a report."""
    found, earlier = _runs()
    path = tmp_path / "report.html"
    write_report(found, path, compare(earlier, found))
    return path.as_uri()


def _opened(browser: Browser, address: str, **settings: object) -> tuple[Page, list[str]]:
    """Open a page offline; what it complains of, and what it asks for, is told."""
    context = browser.new_context(offline=True, **settings)
    page = context.new_page()
    told: list[str] = []
    page.on("console", lambda message: told.append(message.text))
    page.on("pageerror", lambda error: told.append(str(error)))
    page.on("request", lambda request: told.append(request.url))
    page.goto(address)
    return page, told


@pytest.mark.browser
def test_it_needs_neither_network_nor_script(chromium: Browser, written: str):
    """Every question stands there, the serious errors first, and no filter that would not work."""
    page, told = _opened(chromium, written, java_script_enabled=False)
    expect(page.locator("article")).to_have_count(4)
    assert page.locator("article").first.locator("h4").inner_text() == "bad: bad?"
    expect(page.locator("form")).to_be_hidden()
    expect(page.get_by_role("heading", name="Serious errors (1)")).to_be_visible()
    assert told == [written]


@pytest.mark.browser
def test_what_went_wrong_can_be_filtered(chromium: Browser, written: str):
    """By how it went, by error, by words; a link to a question shows it even so."""
    page, told = _opened(chromium, written)
    expect(page.get_by_role("status")).to_have_text("4 of 4 questions are shown.")
    page.get_by_label("How it went").select_option("wrong")
    expect(page.locator("article:visible")).to_have_count(2)
    page.get_by_label("Error", exact=True).select_option(Error.ABSTAINED.value)
    expect(page.locator("article:visible h4")).to_have_text(["quiet: quiet?"])
    expect(page.get_by_role("status")).to_have_text("1 of 4 questions are shown.")
    page.get_by_label("Error", exact=True).select_option("")
    page.get_by_label("How it went").select_option("")
    page.get_by_label("Words").fill("FINE")
    expect(page.locator("article:visible h4")).to_have_text(["fine: fine?"])
    page.get_by_role("region", name="Errors, the worst first").get_by_role("link", name="bad").click()
    expect(page.locator("article:visible")).to_have_count(4)
    assert told == [written]
    assert page.evaluate("window.ran") is None


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(chromium: Browser, written: str, scheme: str):
    """In light and in dark, with everything unfolded."""
    page, _ = _opened(chromium, written, color_scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.browser
def test_it_fits_a_narrow_window(chromium: Browser, written: str):
    """Wide tables scroll by themselves; the page does not."""
    page, _ = _opened(chromium, written, viewport={"width": 320, "height": 600})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_plots_say_in_words_what_they_show():
    """And their numbers stand in tables."""
    found, _ = _runs()
    html = to_html(found)
    (title,) = re.findall(r'<title id="risk-title">(.*?)</title>', html)
    assert title == (
        "Risk by coverage; the area under the curve is "
        f"{found.area:.3f}. At the threshold of 0.40, 75% are answered, and 67% of these wrong."
    )
    assert "Points of the curve" in html and "Reliability of the probabilities" in html


def test_what_comes_from_questions_is_data():
    """No markup of theirs stands in the file."""
    found, earlier = _runs()
    html = to_html(found, compare(earlier, found))
    assert "<script>window" not in html and "<img" not in html
    assert "In the earlier run alone: gone" in html


def test_a_run_of_a_collection_is_reported_as_well():
    """Figures to 4 digits, what was found, and the questions for which nothing was."""
    judged = Judged(
        "q1",
        ("Do owls sleep?",),
        quotes=(Quoted("p1", "Owls", "", "Owls sleep.", 0.0, True),),
        scores={"nDCG@10": 0.63093},
    )
    lost = Judged("q2", ("Do eels?",), gold=(("p2", "Eels"),), scores={"nDCG@10": 0.0})
    found = Run("owls", "", "nDCG@10", {}, (Figure("nDCG@10", 0.315465, 0.0, 0.63093, 2),), (judged, lost))
    html = to_html(found)
    assert "0.3155 [0.0000, 0.6309]" in html and "nDCG@10 0.6309" in html and "Owls sleep." in html
    assert (grade_of(judged, "nDCG@10"), grade_of(lost, "nDCG@10")) == ("right", "wrong")
    assert to_lines(found)[0] == "nDCG@10: 0.3155 [0.0000, 0.6309], 2 questions"


def test_a_summary_has_ten_lines_at_most():
    """And names the questions with serious errors."""
    found, _ = _runs()
    lines = to_lines(found)
    assert len(lines) <= 10
    assert "Serious errors: quote about another disease: bad" in lines
    assert "Serious errors: none" in to_lines(run(judgement("a")))
