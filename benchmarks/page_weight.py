"""Measure what the pages weigh and how soon a question can be typed, beside a stock chat of Gradio, in one run.

    python benchmarks/page_weight.py [--runs N]

All three are served by this machine around a function that answers at once, and opened by Debian's Chromium with an
empty cache, in turns: as they are, and with the network of a slow phone (400 kbit/s, 400 ms a round trip).
"""

import argparse
import shutil
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr
from playwright.sync_api import Browser, sync_playwright

from askalms import Answer, Outcome, Settings
from askalms.serving import Server, build_site

SLOW = {"offline": False, "latency": 400, "downloadThroughput": 50_000, "uploadThroughput": 50_000}


class Nothing:
    """Answers everything at once, with nothing."""

    def ask(self, question: str, history: Sequence[str] = (), *, as_typed: bool = False) -> Answer:
        """Give the same answer to every question."""
        return Answer(Outcome.NOT_FOUND, "Nothing.")


@dataclass(frozen=True, slots=True)
class Opened:
    """One visit."""

    requests: int
    kilobytes: float
    """As they came over the wire."""
    seconds: float
    """From the request to a box that takes a question."""


def main() -> int:
    """Open each page in turns and print the medians."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if not chromium:
        sys.exit("no Chromium found; install Debian's package 'chromium'")
    server = Server(build_site(Nothing(), Settings()))
    stock = gr.ChatInterface(lambda question, history: "Nothing.")
    _, stock_address, _ = stock.launch(prevent_thread_lock=True, quiet=True, ssr_mode=False)
    pages = {"stock chat": stock_address, "chat page /": server.address, "/plain": f"{server.address}plain"}
    visits: dict[tuple[str, bool], list[Opened]] = defaultdict(list)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for _ in range(runs):
            for slow in (False, True):
                for name, address in pages.items():
                    visits[name, slow].append(_open(browser, address, slow))
        browser.close()
    server.close()
    stock.close(verbose=False)
    print("| page | requests | kB | seconds until usable | on a slow phone |\n| --- | --- | --- | --- | --- |")
    for name in pages:
        here, phone = visits[name, False], visits[name, True]
        requests, kilobytes = here[-1].requests, statistics.median(v.kilobytes for v in here)
        seconds, slow_seconds = (statistics.median(v.seconds for v in some) for some in (here, phone))
        print(f"| {name} | {requests} | {kilobytes:.0f} | {seconds:.2f} | {slow_seconds:.1f} |")
    return 0


def _open(browser: Browser, address: str, slow: bool) -> Opened:
    context = browser.new_context()
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.setCacheDisabled", {"cacheDisabled": True})
    if slow:
        session.send("Network.emulateNetworkConditions", SLOW)
    count, received = [0], [0.0]

    def sent(event: dict[str, Any]) -> None:
        count[0] += event["request"]["url"].startswith("http")

    def loaded(event: dict[str, Any]) -> None:
        received[0] += event["encodedDataLength"]

    session.on("Network.requestWillBeSent", sent)
    session.on("Network.loadingFinished", loaded)
    started = time.perf_counter()
    page.goto(address, wait_until="commit", timeout=120_000)
    page.locator("textarea:visible").first.click(timeout=120_000)
    seconds = time.perf_counter() - started
    # What is loaded later counts as well; a stock chat keeps a stream open, so its network is never idle.
    page.wait_for_timeout(0 if slow else 3000)
    context.close()
    return Opened(count[0], received[0] / 1000, seconds)


if __name__ == "__main__":
    sys.exit(main())
