"""A site around a fake answerer, and what a visitor does on its pages."""

import threading
from collections.abc import Sequence
from dataclasses import replace

from playwright.sync_api import Locator, Page, expect

from askalms.datatypes import Answer, Contact, Explanation, Outcome, Place, Provenance, Quote, Reference
from askalms.settings import ServingSettings, Settings
from askalms.texts import message

PATIENT = Settings(serving=ServingSettings(questions_per_minute=100_000))
"""All tests come from one address."""

BOTH = ("", "plain")
"""The addresses of the chat page and of the page that works without script."""

EXAMPLES = ("Is it inherited?", "What does the gene ALMS1 do?")

QUOTE = Quote(
    document="003.txt",
    start=0,
    end=67,
    text="Both parents of a child with Muckle disease carry one changed copy.",
    provenance=Provenance("Alström syndrome", "Genetics Home Reference", "https://example.org/page", "2008-08"),
    heading="Inheritance",
    probability=0.9,
    also_in=(Place("001.txt", 1, 68),),
    old=True,
    written_from=(Reference("Falls", "Norland Library", "https://a.example/falls", "2008-08"), Reference("Walks")),
)
SECOND = replace(
    QUOTE,
    document="sub/7 & 8.md",
    text="Signs are:\n- loss of sight\n- loss of hearing",
    provenance=Provenance("A page without address"),
    also_in=(),
    old=False,
    written_from=(),
)
ANSWER = Answer(
    Outcome.ANSWER,
    "Two pages speak about this:",
    (QUOTE, SECOND),
    explained=(Explanation("copy", replace(QUOTE, text="A copy is one of two.")),),
    ask_next=("How is it found?", "Who can help?"),
    understood_as="Is Alström syndrome inherited?",
    disclaimer="Not medical advice.",
)
NOTHING = Answer(Outcome.NOT_FOUND, "No answer. Below is the closest passage.", closest=QUOTE, disclaimer="Not advice.")
EMERGENCY = Answer(
    Outcome.EMERGENCY,
    "If somebody is in danger now, call 112 at once.",
    contacts=(
        Contact("Call 112", "tel:112"),
        Contact("Text 112 in words", "sms:112", speech=False),
        Contact("Ask somebody near you to call"),
    ),
)


class FakeAnswerer:
    """Answers by what the question says, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, tuple[str, ...]]] = []
        self.as_typed: list[bool] = []
        self.hostile = ANSWER
        """What a question that says "hostile" is answered with."""
        self.may_answer = threading.Event()

    def forget(self) -> None:
        """Be as if new."""
        self.asked.clear()
        self.as_typed.clear()
        self.hostile = ANSWER
        self.may_answer.clear()

    def ask(self, question: str, history: Sequence[str] = (), *, as_typed: bool = False) -> Answer:
        self.asked.append((question, tuple(history)))
        self.as_typed.append(as_typed)
        if "slow" in question:
            assert self.may_answer.wait(20)
        if "broken" in question:
            raise RuntimeError(f"cannot answer {question!r}")
        if "hostile" in question:
            return self.hostile
        if "unknown" in question:
            return NOTHING
        if "help" in question:
            return EMERGENCY
        if "long" in question:
            return replace(ANSWER, quotes=(replace(QUOTE, text="ALMS1" * 60 + " long" * 400),))
        return replace(ANSWER, message=f"About: {question}")


def wait_for_page(page: Page) -> None:
    """Wait until questions can be asked, and what the page's own script has to do at the start is done."""
    expect(box(page)).to_be_visible()
    if page.locator("gradio-app").count():
        expect(page.locator("#conversation [role=log]")).to_have_attribute("aria-live", "off")


def box(page: Page) -> Locator:
    """The question box, found by its label."""
    return page.get_by_role("textbox", name=message("page.question"))


def status(page: Page) -> Locator:
    """What is said to people who do not see, and shown where it is no answer."""
    return page.locator("#spoken, #status[role=status]")


def ask(page: Page, question: str) -> Locator:
    """Type a question, press Enter and wait for the answer, which is given back."""
    before = page.locator(".turn").count()
    box(page).fill(question)
    box(page).press("Enter")
    page.wait_for_function("before => document.querySelectorAll('.turn').length > before", arg=before)
    expect(page.locator(".turn")).to_have_count(before + 1)
    return page.locator(".turn").nth(before)


def send_too_much(page: Page, extra: str = "") -> str:
    """Send a question that is too long, and wait until it is refused; give the question."""
    question = f"{extra}{'x' * 2001}"
    box(page).fill(question)
    box(page).press("Enter")
    told = message("page.too_long", length=f"{len(question):,}", limit="2,000")
    expect(status(page)).to_have_text(told)
    expect(page.locator("#status")).to_have_text(told)
    return question
