"""Measure the pages with many visitors at once: errors, mixed-up answers, waiting times, memory.

    python benchmarks/visitors.py QUESTIONS [--index DIR] [--visitors N] [--each N] [--total N]

QUESTIONS is a file of `evaluation/`. A server of its own is started, `askalms serve`, on a free port. First all
visitors ask at once, half of them on the chat page and half on the page without script; then questions follow one
after another, while the memory of the server is read. Every answer is compared with that of an Assistant here.
"""

import argparse
import json
import random
import secrets
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any

import httpx

from askalms import Assistant, load_settings
from askalms.hypertext import article
from askalms.questions import read_questions

SEED = 7
GOAL_GROWTH = 0.10


@dataclass(frozen=True, slots=True)
class Asked:
    """One question and what came back."""

    question: str
    page: str
    seconds: float
    reply: str
    error: str = ""


def main() -> int:
    """Run the measurement and print its figures; 1 if an answer was wrong, missing, or memory grew too much."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("questions", type=Path)
    parser.add_argument("--index", type=Path, default=Path("index"))
    parser.add_argument("--visitors", type=int, default=50)
    parser.add_argument("--each", type=int, default=4, help="questions of each visitor")
    parser.add_argument("--total", type=int, default=2000, help="questions while memory is watched")
    chosen = parser.parse_args()
    questions = [item.turns[0] for item in read_questions(chosen.questions) if len(item.turns) == 1]
    random.Random(SEED).shuffle(questions)
    assistant = Assistant.open(chosen.index, load_settings())
    asked = questions[: max(chosen.visitors * chosen.each, min(len(questions), chosen.total))]
    expected = {question: _quotes(article(1, question, assistant.ask(question))) for question in asked}
    with tempfile.TemporaryDirectory() as folder:
        settings = Path(folder) / "askalms.toml"
        settings.write_text("[serving]\nquestions_per_minute = 100000\n")
        port = _free_port()
        command = ["serve", "--port", str(port), "--index", str(chosen.index), "--settings", str(settings)]
        program = "import sys; from askalms.cli import main; sys.exit(main())"
        server = subprocess.Popen([sys.executable, "-c", program, *command], stderr=subprocess.DEVNULL)
        try:
            address = f"http://127.0.0.1:{port}"
            _wait(address)
            crowd = _crowd(address, questions, chosen.visitors, chosen.each)
            memory = _memory_over(server.pid, address, questions, chosen.total)
        finally:
            server.terminate()
            server.wait()
    failed = [asked for asked in crowd if asked.error]
    mixed = [asked for asked in crowd if not asked.error and _quotes(asked.reply) != expected[asked.question]]
    print(f"{chosen.visitors} visitors at once, {chosen.each} questions each: {len(crowd)} answers")
    for page in ("chat", "plain"):
        _print_times(page, [asked.seconds for asked in crowd if asked.page == page])
    print(f"errors: {len(failed)}; mixed-up answers: {len(mixed)}")
    for asked in (failed + mixed)[:5]:
        print(f"  {asked.page}: {asked.question!r}: {asked.error or 'other quotes than expected'}")
    warm, last = memory[len(memory) // 10], memory[-1]
    growth = last / warm - 1
    print(f"memory over {chosen.total} questions: {memory[0]:.0f}, {warm:.0f} after a tenth, {last:.0f} MiB at the end")
    print(f"growth since a tenth: {growth:+.1%} (goal: within {GOAL_GROWTH:.0%})")
    return int(bool(failed or mixed or growth > GOAL_GROWTH))


def _crowd(address: str, questions: list[str], visitors: int, each: int) -> list[Asked]:
    """Let all visitors ask at once, each one question after the other."""

    def visit(number: int) -> list[Asked]:
        mine = [questions[(number * each + i) % len(questions)] for i in range(each)]
        ask = _ask_chat if number % 2 else _ask_plain
        with httpx.Client(base_url=address, timeout=600) as client:
            return [ask(client, question) for question in mine]

    started = time.perf_counter()
    with ThreadPoolExecutor(visitors) as pool:
        found = [asked for visit_of_one in pool.map(visit, range(visitors)) for asked in visit_of_one]
    print(f"answers a second: {len(found) / (time.perf_counter() - started):.1f}")
    return found


def _ask_plain(client: httpx.Client, question: str) -> Asked:
    started = time.perf_counter()
    try:
        reply = client.post("/plain", data={"question": question})
        reply.raise_for_status()
        return Asked(question, "plain", time.perf_counter() - started, reply.text)
    except httpx.HTTPError as error:
        return Asked(question, "plain", time.perf_counter() - started, "", repr(error))


def _ask_chat(client: httpx.Client, question: str) -> Asked:
    """Ask as the browser does: join the queue, then listen until the answer is complete."""
    started = time.perf_counter()
    session = secrets.token_hex(8)
    answers: list[str] = []
    try:
        joined = {"data": [question, "", "", None], "fn_index": 0, "session_hash": session}
        client.post("/gradio_api/queue/join", json=joined).raise_for_status()
        with client.stream("GET", "/gradio_api/queue/data", params={"session_hash": session}) as stream:
            for line in stream.iter_lines():
                event = json.loads(line.removeprefix("data:")) if line.startswith("data:") else {}
                if event.get("msg") == "process_generating":
                    answers = [text for text in _texts(event["output"]["data"]) if "<article" in text]
                if event.get("msg") == "process_completed":
                    error = "" if event["success"] and answers else json.dumps(event)[:200]
                    return Asked(question, "chat", time.perf_counter() - started, "".join(answers), error)
        return Asked(question, "chat", time.perf_counter() - started, "", "the stream ended")
    except (httpx.HTTPError, KeyError, ValueError) as error:
        return Asked(question, "chat", time.perf_counter() - started, "", repr(error))


def _texts(value: Any) -> Iterator[str]:
    """All texts in a value of JSON."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict):
        for part in value if isinstance(value, list) else value.values():
            yield from _texts(part)


def _quotes(html: str) -> list[str]:
    """The quotes of an answer, in order."""
    return [unescape(part.split("</blockquote>")[0]) for part in html.split("<blockquote>")[1:]]


def _memory_over(pid: int, address: str, questions: list[str], total: int) -> list[float]:
    """Ask one question after another, and read the memory of the server now and then, in MiB."""
    read = [_memory(pid)]
    with httpx.Client(base_url=address, timeout=600) as client:
        for number in range(total):
            _ask_plain(client, questions[number % len(questions)])
            if number % max(1, total // 20) == 0:
                read.append(_memory(pid))
    return [*read, _memory(pid)]


def _memory(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def _print_times(page: str, seconds: list[float]) -> None:
    ordered = sorted(seconds)
    p95 = ordered[int(0.95 * (len(ordered) - 1))]
    print(f"{page}: median {statistics.median(ordered):.2f} s, 95th percentile {p95:.2f} s, n = {len(ordered)}")


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _wait(address: str) -> None:
    for _ in range(600):
        try:
            httpx.get(f"{address}/healthz").raise_for_status()
            return
        except httpx.HTTPError:
            time.sleep(0.2)
    sys.exit("the server did not start")


if __name__ == "__main__":
    sys.exit(main())
