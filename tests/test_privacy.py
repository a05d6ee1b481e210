"""A question stays between the visitor and the server's memory: a word nobody can guess is looked for everywhere."""

import os
import secrets
import signal
import string
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError
from playwright.sync_api import Browser, BrowserContext, Page, expect

from askalms.texts import message
from conftest import ROOT
from site_with_fake import BOTH, ask, box, status, wait_for_page

pytestmark = pytest.mark.browser

SERVER = """
import logging, sys
from pathlib import Path
logging.basicConfig(level=logging.NOTSET)
from conftest import ToyEncoder
from askalms.embedding import Encoders
from askalms.reloading import LiveAssistant
from askalms.serving import Server, build_site
from askalms.settings import AnsweringSettings, EmbeddingSettings, RerankingSettings, Settings

settings = Settings(
    embedding=EmbeddingSettings("toy", "toy"), reranking=RerankingSettings("none"), answering=AnsweringSettings(0.0)
)
assistant = LiveAssistant(Path(sys.argv[1]), Encoders(ToyEncoder(), ToyEncoder()), settings)

class Failing:
    def ask(self, question, history=(), *, as_typed=False):
        if "broken" in question:
            raise RuntimeError(f"cannot answer {question!r} after {history!r}")
        return assistant.ask(question, history, as_typed=as_typed)

site = build_site(Failing(), settings, library=lambda: assistant.current.index)
server = Server(site, "127.0.0.1")
print(server.address, flush=True)
server.wait()
"""

QUESTION = "Is Alström syndrome inherited?"

STORED = """async () => {
    const stored = [{...localStorage}, {...sessionStorage}, document.cookie, history.state, location.href,
        document.referrer, window.name, performance.getEntries().map((entry) => entry.name)];
    for (const { name } of await indexedDB.databases()) {
        const open = indexedDB.open(name);
        const database = await new Promise((resolve) => { open.onsuccess = () => resolve(open.result); });
        for (const table of database.objectStoreNames) {
            const all = database.transaction(table).objectStore(table).getAll();
            stored.push(await new Promise((resolve) => { all.onsuccess = () => resolve(all.result); }));
        }
    }
    for (const name of await caches.keys())
        for (const request of await (await caches.open(name)).keys()) stored.push(request.url);
    return JSON.stringify([stored, (await navigator.serviceWorker?.getRegistrations() ?? []).length]);
}"""


class Running(NamedTuple):
    """A server in a process of its own that logs all that any library says."""

    process: subprocess.Popen[str]
    address: str
    folder: Path
    """With all that the process may take for its own: home, working folder, temporary files, caches."""
    said: Path
    """What it wrote to stdout and stderr."""


@pytest.fixture
def running(tmp_path: Path, toy_folder: Path) -> Iterator[Running]:
    folder, said = tmp_path / "own", tmp_path / "said"
    places = {name: str(folder / name.lower()) for name in ("HOME", "TMPDIR", "GRADIO_TEMP_DIR", "XDG_CACHE_HOME")}
    for place in (folder / "work", *map(Path, places.values())):
        place.mkdir(parents=True)
    paths = os.pathsep.join([str(ROOT / "src"), str(ROOT / "tests")])
    environment = {**os.environ, **places, "PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1"}
    with said.open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", SERVER, str(toy_folder)],
            cwd=folder / "work",
            env=environment,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        assert process.stdout
        address = process.stdout.readline().strip()
        yield Running(process, address, folder, said)
        process.kill()
        process.wait()


def visit(context: BrowserContext, address: str) -> Page:
    page = context.new_page()
    page.goto(address)
    wait_for_page(page)
    return page


def test_a_question_leaves_no_trace(running: Running, chromium: Browser):
    """Asked on both pages and by a program, answered, failing and refused: no log, file, address or visitor gets it."""
    canary = "".join(secrets.choice(string.ascii_lowercase) for _ in range(20))
    too_much = " ".join([canary] * 100)
    addresses: list[str] = []
    visitor, other = chromium.new_context(), chromium.new_context()
    visitor.on("request", lambda request: addresses.append(f"{request.url} {request.headers}"))
    for path in BOTH:
        page = visit(visitor, running.address + path)
        answer = ask(page, f"{QUESTION} {canary}")
        expect(answer.locator("h3")).to_contain_text(canary)
        expect(ask(page, f"a broken {canary}").locator("p")).to_have_text(message("page.trouble"))
        box(page).fill(too_much)
        box(page).press("Enter")
        expect(status(page)).to_contain_text("2,000")
        expect(box(page)).to_have_value(too_much)
        assert canary not in page.evaluate(STORED)
    assert visitor.cookies() == []
    assert len(addresses) > 20
    assert not any(canary in address for address in addresses)

    form = {"question": f"{QUESTION} {canary}", "turn": canary}
    assert canary in httpx.post(f"{running.address}plain", data=form).text
    program = Client(running.address, verbose=False)
    program.predict(question=f"{QUESTION} {canary}", history=[canary], api_name="/ask")
    for question in (f"a broken {canary}", too_much):
        with pytest.raises(AppError):
            program.predict(question=question, api_name="/ask")

    for path in BOTH:
        page = visit(other, running.address + path)
        ask(page, QUESTION)
        assert canary not in page.content()
    for path in ("config", "gradio_api/info", "gradio_api/startup-events", "healthz", "accessibility", "plain", ""):
        assert canary not in httpx.get(running.address + path).text
    assert canary not in str(Client(running.address, verbose=False).predict(question=QUESTION, api_name="/ask"))
    visitor.close()
    other.close()

    running.process.send_signal(signal.SIGINT)
    assert running.process.wait(30) == 0
    assert running.process.stdout
    said = running.said.read_text() + running.process.stdout.read()
    # All was logged that any library has to say, and that there was trouble.
    assert "DEBUG:" in said
    assert said.count("ERROR:askalms.admission:RuntimeError in ") == 3
    assert canary not in said
    files = [path for path in running.folder.parent.rglob("*") if path.is_file()]
    assert [path for path in files if canary.encode() in path.read_bytes() or canary in str(path)] == []
