"""Everybody can use the pages: all rules of axe, and what no rule sees, in light and dark, small and in few colours."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import CDPSession, Page

from askalms.texts import message
from site_with_fake import ANSWER, BOTH, EXAMPLES, FakeAnswerer, ask, send_too_much, wait_for_page

pytestmark = pytest.mark.browser

WIDE = (1280, 900, 1)
SETTINGS = {
    "light": ("light", "none", *WIDE),
    "dark": ("dark", "none", *WIDE),
    "phone": ("light", "none", 320, 640, 2),
    "400 percent": ("dark", "none", 320, 256, 4),
    "forced colours": ("light", "active", *WIDE),
}
"""Colour scheme, forced colours, width, height and device pixels for one of the page's."""

TURNS = {
    "quotes": "Is it inherited?",
    "nothing found": "something unknown",
    "emergency": "I need help",
    "error": "a broken one",
}

LEVELS = ["wcag2a", "wcag21a", "wcag2aa", "wcag21aa", "wcag22aa", "wcag2aaa", "best-practice"]

BROKEN_RULES = """async (levels) => {
    // Those that are off by default are switched on.
    const rules = Object.fromEntries(axe.getRules(levels).map((rule) => [rule.ruleId, { enabled: true }]));
    const found = await axe.run(document, {
        runOnly: { type: "tag", values: levels }, rules, resultTypes: ["violations"],
    });
    return found.violations.flatMap((rule) => rule.nodes.map((node) =>
        `${rule.id}: ${node.target.join(" ")}: ${[...node.any, ...node.all, ...node.none][0]?.message}`));
}"""

TOOLS = """
    const told = (element) => `${element.localName}#${element.id} ${element.innerText?.trim().slice(0, 40)}`;
    const parse = (colour) => {
        const [r, g, b, a = 1] = colour.match(/[\\d.]+/g).map(Number);
        return { rgb: [r, g, b], a };
    };
    const over = (top, a, under) => top.map((value, i) => value * a + under[i] * (1 - a));
    const light = (rgb) => rgb.map((v) => v / 255)
        .map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
        .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
    const ground = (element) => {
        if (!element) return [255, 255, 255];
        const { rgb, a } = parse(getComputedStyle(element).backgroundColor);
        return over(rgb, a, a === 1 ? rgb : ground(element.parentElement));
    };
    const contrast = (one, other) => {
        const [low, high] = [light(one), light(other)].sort((x, y) => x - y);
        return (high + 0.05) / (low + 0.05);
    };
    const visible = (element) => element.checkVisibility({ visibilityProperty: true })
        && !element.closest(".unseen, .sr-only, .sr-only-live");
"""

FACTS = f"""() => {{ {TOOLS}
    const all = (selector) => [...document.querySelectorAll(selector)].filter((one) => one.checkVisibility());
    const faded = (element) => element ? getComputedStyle(element).opacity * faded(element.parentElement) : 1;
    const faint = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {{
        const element = walker.currentNode.parentElement;
        if (!walker.currentNode.data.trim() || !visible(element)) continue;
        const behind = ground(element), {{ rgb, a }} = parse(getComputedStyle(element).color);
        const ratio = contrast(over(rgb, a * faded(element), behind), behind);
        if (ratio < 7) faint.push(`${{told(element)}} ${{ratio.toFixed(2)}}`);
    }}
    const small = all("a, button, input, textarea, summary").filter((one) => {{
        const {{ width, height, right }} = one.getBoundingClientRect();
        const inText = one.localName === "a" && getComputedStyle(one).display === "inline";
        return visible(one) && !inText && right > 0 && Math.min(width, height) < 44;
    }}).map(told);
    return {{
        h1: all("h1").length, main: all("main, [role=main]").length, language: document.documentElement.lang,
        sideways: document.documentElement.scrollWidth - document.documentElement.clientWidth, faint, small,
    }};
}}"""

CLIPPED_WITH_SPACE = """() => {
    const style = document.createElement("style");
    style.textContent = `* { line-height: 1.5 !important; letter-spacing: 0.12em !important;
        word-spacing: 0.16em !important; } p { margin-bottom: 2em !important; }`;
    document.head.append(style);
    const clipped = [...document.querySelectorAll("body *")].filter((one) => one.checkVisibility()
        && one.innerText?.trim() && !one.closest(".unseen, .sr-only, .sr-only-live, textarea")
        && /hidden|clip/.test(getComputedStyle(one).overflow)
        && (one.scrollWidth > one.clientWidth + 1 || one.scrollHeight > one.clientHeight + 1)
    ).map((one) => `${one.localName}#${one.id}.${one.className}`);
    const sideways = document.documentElement.scrollWidth - document.documentElement.clientWidth;
    style.remove();
    return { clipped, sideways };
}"""

FOCUSED = f"""() => {{ {TOOLS}
    const element = document.activeElement;
    if (element === document.body) return null;
    const style = getComputedStyle(element);
    const reach = parseFloat(style.outlineWidth) + parseFloat(style.outlineOffset);
    const box = element.getBoundingClientRect();
    const [left, top, right, bottom] = [box.left - reach, box.top - reach, box.right + reach, box.bottom + reach];
    const cut = [];
    for (let outer = element.parentElement; outer; outer = outer.parentElement) {{
        if (outer === document.body || outer === document.documentElement) break;
        if (getComputedStyle(outer).overflow === "visible") continue;
        const edge = outer.getBoundingClientRect();
        if (left < edge.left - 0.5 || top < edge.top - 0.5 || right > edge.right + 0.5 || bottom > edge.bottom + 0.5)
            cut.push(told(outer));
    }}
    const labels = [...(element.labels ?? [])];
    const points = [[0.5, 0.5], [0.02, 0.1], [0.98, 0.1], [0.02, 0.9], [0.98, 0.9]].map(([x, y]) =>
        [box.left + x * box.width, box.top + y * box.height]).filter(([x, y]) =>
        x >= 0 && y >= 0 && x < innerWidth && y < innerHeight);
    const covering = points.map(([x, y]) => document.elementFromPoint(x, y)).filter((over) => over
        && !element.contains(over) && !over.contains(element) && !labels.some((label) => label.contains(over)));
    element.walked = (element.walked ?? 0) + 1;
    return {{
        told: told(element), again: element.walked > 1,
        leads: element.localName === "a" ? element.getAttribute("href") : "",
        marked: style.outlineStyle === "solid" && parseFloat(style.outlineWidth) >= 3,
        strong: contrast(parse(style.outlineColor).rgb, ground(element.parentElement)) >= 3,
        onScreen: left >= 0 && right <= document.documentElement.clientWidth + 0.5
            && box.bottom > 0 && box.top < innerHeight,
        cut, covering: covering.map(told),
    }};
}}"""


@dataclass(frozen=True, slots=True)
class Stop:
    """Where the focus rests on its way through the page."""

    name: str
    leads: str
    fault: str
    """What is wrong with how it is shown; empty if nothing is."""


def walk(page: Page, session: CDPSession) -> Iterator[Stop]:
    """Press Tab from the top of the page to its end."""
    page.evaluate(
        """() => { const top = document.createElement("span"); top.tabIndex = -1; document.body.prepend(top);
            top.focus(); top.remove(); scrollTo(0, 0); }"""
    )
    first = ""
    for _ in range(150):
        page.keyboard.press("Tab")
        seen = page.evaluate(FOCUSED)
        if seen is None or (seen["again"] and seen["told"] == first):
            return
        first = first or seen["told"]
        assert not seen["again"], f"the focus turns in a circle at {seen['told']}"
        focused = session.send("Runtime.evaluate", {"expression": "document.activeElement"})["result"]["objectId"]
        node = session.send("Accessibility.getPartialAXTree", {"objectId": focused, "fetchRelatives": False})["nodes"]
        good = seen["marked"] and seen["strong"] and seen["onScreen"] and not seen["cut"] and not seen["covering"]
        yield Stop(node[0].get("name", {}).get("value", ""), seen["leads"], "" if good else str(seen))
    pytest.fail("the focus never comes to the end of the page")


class Visited:
    """A page in the browser of somebody, and what must hold of it at any time."""

    def __init__(self, page: Page, address: str, setting: str) -> None:
        self.page = page
        self.session = page.context.new_cdp_session(page)
        scheme, forced, width, height, scale = SETTINGS[setting]
        page.emulate_media(color_scheme=scheme, forced_colors=forced, reduced_motion="reduce")  # type: ignore[arg-type]
        page.set_viewport_size({"width": width, "height": height})
        size = {"width": width, "height": height, "deviceScaleFactor": scale, "mobile": False}
        self.session.send("Emulation.setDeviceMetricsOverride", size)
        page.goto(address)
        page.evaluate(Axe().axe_script)

    def check(self, when: str) -> None:
        """No rule of axe is broken; structure, contrast, sizes and reflow are as they must be."""
        assert self.page.evaluate(BROKEN_RULES, LEVELS) == [], when
        expected = {"h1": 1, "main": 1, "language": "en", "sideways": 0, "faint": [], "small": []}
        assert self.page.evaluate(FACTS) == expected, when

    def check_stops(self) -> list[str]:
        """Each stop of the keyboard is named and seen, the first leads on; give the names."""
        stops = list(walk(self.page, self.session))
        assert "#" in stops[0].leads
        assert [stop for stop in stops if not stop.name.strip()] == []
        assert [stop.fault for stop in stops if stop.fault] == []
        return [stop.name for stop in stops]

    def check_space(self) -> None:
        """More space between letters, words, lines and paragraphs cuts nothing off (WCAG 1.4.12)."""
        assert self.page.evaluate(CLIPPED_WITH_SPACE) == {"clipped": [], "sideways": 0}


@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.parametrize("path", BOTH, ids=["chat", "plain"])
def test_no_rule_is_broken_whatever_is_asked(served: tuple[FakeAnswerer, str], window: Page, path: str, setting: str):
    """Before and after every kind of turn, up to AAA and best practice; in the end with all of it there and open."""
    visited = Visited(window, served[1] + path, setting)
    wait_for_page(window)
    visited.check("at the start")
    for kind, question in TURNS.items():
        ask(window, question)
        visited.check(kind)
    send_too_much(window)
    for summary in window.locator("summary").all():
        summary.click()
    visited.check("refused, and all open")
    visited.check_space()
    names = visited.check_stops()
    assert {message("page.send"), *EXAMPLES, *ANSWER.ask_next, message("page.make_sheet")} < set(names)


@pytest.mark.parametrize("setting", SETTINGS)
def test_the_statement_of_accessibility_keeps_its_word(served: tuple[FakeAnswerer, str], window: Page, setting: str):
    """It breaks no rule either."""
    visited = Visited(window, f"{served[1]}accessibility", setting)
    visited.check("as it is")
    visited.check_space()
    assert message("page.back_to_questions") in visited.check_stops()


def test_the_gate_can_be_failed(served: tuple[FakeAnswerer, str], window: Page):
    """Broken rules of every level are found, those that are off by default and those of our own as well."""
    page = window
    visited = Visited(page, f"{served[1]}plain", "light")
    page.evaluate(
        """() => document.querySelector("main").insertAdjacentHTML("beforeend", `
            <img src="data:,"> <p style="color: #666">Faint for AAA alone</p> <h5>Level skipped</h5>
            <a href="#x" style="outline: none !important">x</a> <h1>Twice</h1>
            <div style="width: 2000px">wide</div> <button style="width: 9px; min-width: 0">b</button>
            <div style="overflow: hidden; width: 9rem; height: 1.5rem">Cut if there is space</div>`)"""
    )
    rules = {found.split(":")[0] for found in page.evaluate(BROKEN_RULES, LEVELS)}
    assert {"image-alt", "color-contrast-enhanced", "heading-order"} <= rules
    facts = page.evaluate(FACTS)
    assert (facts["h1"], facts["sideways"] > 0, len(facts["faint"]), len(facts["small"])) == (2, True, 1, 1)
    assert page.evaluate(CLIPPED_WITH_SPACE)["clipped"] == ["div#."]
    assert any("a#" in stop.fault for stop in walk(page, visited.session))
