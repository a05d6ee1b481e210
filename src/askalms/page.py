"""The chat page: what stands where, how it looks, and the little script that accessibility needs.

Nothing of a conversation is kept in the browser or on disk: a visitor's turns live in the server's
memory for as long as the page is open. The page asks no other machine for anything.
"""

import json
import logging
import os
import traceback
from collections.abc import Iterator, Sequence
from functools import partial
from html import escape
from typing import Any, NamedTuple

from askalms.datatypes import Answerer
from askalms.errors import AskALMSError
from askalms.rendering import as_markdown, to_json, to_markdown
from askalms.texts import load_data, message
from askalms.triage import triage

# Gradio reads these when it is imported.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ["HF_HUB_OFFLINE"] = "1"

import gradio as gr
from gradio.events import api

LONGEST_QUESTION = 2000
"""Characters."""

AT_ONCE = 4
"""Questions answered at the same time; the others wait in line."""

REMEMBERED = 50
"""Turns of one conversation that are kept."""

_logger = logging.getLogger(__name__)


class Turn(NamedTuple):
    """A question and what was shown for it."""

    question: str
    reply: str
    """Markdown."""
    failed: bool = False


Turns = tuple[Turn, ...]


def build_page(answerer: Answerer, *, examples: Sequence[str] | None = None) -> gr.Blocks:
    """Lay out the chat page around anything that answers.

    Args:
        answerer: Asked for each question, with the visitor's earlier ones; it may raise.
        examples: Questions to offer, one button each; by default those of `data/messages.toml`.

    Returns:
        The page, to be given to `launch`.
    """
    if examples is None:
        examples = load_data("messages")["page"]["example_questions"]
    page = gr.Blocks(title=message("page.title"), analytics_enabled=False)
    with page:
        turns = gr.State(())
        gr.HTML(_introduction(), elem_id="introduction")
        chat = gr.Chatbot(
            elem_id="conversation",
            show_label=False,
            height=None,
            autoscroll=False,
            layout="panel",
            buttons=[],
            sanitize_html=True,
            latex_delimiters=[],
            allow_tags=False,
        )
        status = gr.HTML("", elem_id="status")
        box = gr.Textbox(
            elem_id="question",
            label=message("page.question"),
            info=message("page.question_help", limit=f"{LONGEST_QUESTION:,}"),
            max_lines=8,
            html_attributes=gr.InputHTMLAttributes(autocomplete="off", enterkeyhint="send"),
        )
        with gr.Row(elem_id="actions"):
            send = gr.Button(message("page.send"), variant="primary", elem_id="send")
            fresh = gr.Button(message("page.new_conversation"), elem_id="fresh")
        if examples:
            gr.HTML(f"<h2>{escape(message('page.examples'))}</h2>")
        buttons = [gr.Button(example, elem_classes="example") for example in examples]

        quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
        shared: dict[str, Any] = {"concurrency_limit": AT_ONCE, "concurrency_id": "ask"}
        converse = partial(_converse, answerer)
        gr.on([box.submit, send.click], converse, [box, turns], [box, chat, turns, status], **quiet, **shared)
        # An example goes the way of a typed question: a visitor's turns have one writer.
        for button in buttons:
            button.click(None, [button], [box], js="(example) => example", **quiet).then(
                None, js="() => document.querySelector('#send').click()", **quiet
            )
        # A new visit is the one way to forget that an answer under way cannot undo.
        fresh.click(None, js="() => location.reload()", **quiet)

        def ask(question: str) -> dict[str, Any]:
            """Answer one question with quotes: the object that `askalms ask --json` prints."""
            return _ask_as_json(answerer, question)

        api(ask, api_name="ask", **shared)
    return page


def launch(page: gr.Blocks, host: str | None = None, port: int | None = None) -> str:
    """Start to serve the page, and return at once; `page.block_thread()` waits until it is stopped.

    Args:
        page: From `build_page`.
        host: Address to listen on; by default GRADIO_SERVER_NAME, or this machine only.
        port: By default GRADIO_SERVER_PORT, or the first free one from 7860.

    Returns:
        The address of the page.

    Raises:
        AskALMSError: The port is in use, or the address is not one of this machine.
    """
    words = {
        "conversation": message("page.conversation"),
        "user": message("page.question"),
        "bot": message("page.answer"),
    }
    try:
        _, address, _ = page.launch(
            server_name=host,
            server_port=port,
            prevent_thread_lock=True,
            share=False,
            quiet=True,
            footer_links=[],
            run_history=False,
            ssr_mode=False,
            enable_monitoring=False,
            mcp_server=False,
            max_file_size="1kb",
            theme=_theme(),
            css=_CSS,
            js=f"() => ({_SCRIPT})({json.dumps(words)})",
            head=_HEAD,
        )
    except OSError as error:
        found = message("page.not_served", host=host or "localhost", port=port or "7860")
        raise AskALMSError(found) from error
    return str(address)


def _converse(answerer: Answerer, question: str, turns: Turns) -> Iterator[tuple[Any, ...]]:
    """Answer a question of one visitor: new values for the box, the chat, the turns and the status."""
    question = question.strip()
    refusal = _refusal(question)
    if refusal:
        yield gr.skip(), gr.skip(), gr.skip(), escape(refusal)
        return
    yield "", _messages([*turns, Turn(question, "")]), gr.skip(), escape(message("page.looking"))
    earlier = tuple(turn.question for turn in turns if not turn.failed)
    try:
        turn = Turn(question, to_markdown(answerer.ask(question, history=earlier)))
    except Exception as error:
        _log(error)
        turn = Turn(question, as_markdown(message("page.trouble")), failed=True)
    turns = (*turns, turn)[-REMEMBERED:]
    # The box is left alone: the next question may be half typed.
    yield gr.skip(), _messages(turns), turns, escape(message("page.ready"))


def _ask_as_json(answerer: Answerer, question: str) -> dict[str, Any]:
    refusal = _refusal(question.strip())
    if refusal:
        raise gr.Error(refusal, print_exception=False)
    try:
        return to_json(answerer.ask(question.strip()))
    except Exception as error:
        _log(error)
        raise gr.Error(message("page.trouble"), print_exception=False) from None


def _refusal(question: str) -> str:
    """Say why a question cannot be looked up; empty where it can."""
    if not question:
        return message("page.no_question")
    # A cry for help is answered at any length.
    if len(question) > LONGEST_QUESTION and not triage(question):
        return message("page.too_long", length=f"{len(question):,}", limit=f"{LONGEST_QUESTION:,}")
    return ""


def _log(error: Exception) -> None:
    """Tell the operator what went wrong and where, but not the error's text: it may hold the question."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    _logger.error("%s in %s, line %s", type(error).__name__, place.filename, place.lineno)


def _messages(turns: Sequence[Turn]) -> list[gr.MessageDict]:
    messages: list[gr.MessageDict] = []
    for turn in turns:
        messages.append({"role": "user", "content": as_markdown(turn.question)})
        if turn.reply:
            messages.append({"role": "assistant", "content": turn.reply})
    return messages


def _introduction() -> str:
    paragraphs = ("page.what_it_is", "page.what_it_is_not", "answering.disclaimer")
    return "\n".join(
        [
            f"<h1>{escape(message('page.heading'))}</h1>",
            *(f"<p>{escape(message(paragraph))}</p>" for paragraph in paragraphs),
        ]
    )


def _theme() -> gr.themes.Base:
    font = gr.themes.utils.fonts.Font("sans-serif")
    sizes = ("0.875rem", "1rem", "1rem", "1.125rem", "1.25rem", "1.5rem", "2rem")
    theme = gr.themes.Base(font=font, font_mono=font, text_size=gr.themes.utils.sizes.Size(*sizes))
    colours = {
        name + suffix: colour
        for names, pair in _COLOURS.items()
        for name in names.split()
        for suffix, colour in zip(("", "_dark"), pair, strict=True)
    }
    return theme.set(**colours, layout_gap="1.25rem", block_border_width="0", button_border_width="2px")


_PAPER, _INK, _ACCENT, _LINE = (
    ("#ffffff", "#121212"),
    ("#1a1a1a", "#f2f2f2"),
    ("#003d99", "#a8d1ff"),
    ("#595959", "#a6a6a6"),
)
"""In light and dark: text keeps a contrast of 7:1 on what it stands on, edges keep 3:1."""

_COLOURS = {
    "body_background_fill background_fill_primary background_fill_secondary block_background_fill": _PAPER,
    "input_background_fill error_background_fill": _PAPER,
    "button_secondary_background_fill button_secondary_background_fill_hover": _PAPER,
    "button_primary_text_color button_primary_text_color_hover": _PAPER,
    "body_text_color body_text_color_subdued error_text_color block_info_text_color": _INK,
    "block_title_text_color block_label_text_color": _INK,
    "link_text_color link_text_color_hover link_text_color_active link_text_color_visited": _ACCENT,
    "button_primary_background_fill button_primary_background_fill_hover": _ACCENT,
    "button_primary_border_color button_primary_border_color_hover": _ACCENT,
    "button_secondary_text_color button_secondary_text_color_hover": _ACCENT,
    "button_secondary_border_color button_secondary_border_color_hover": _ACCENT,
    "border_color_primary input_border_color input_border_color_focus": _LINE,
}

_CSS = """
.gradio-container .main { max-width: 50rem !important; padding: 1rem; }
.gradio-container .html-container { padding: 0 !important; }
.gradio-container .prose, .gradio-container .prose * { font-size: 1.125rem; line-height: 1.6; }
.gradio-container .prose h1 { font-size: 2rem; line-height: 1.25; }
.gradio-container .prose h2 { font-size: 1.375rem; line-height: 1.25; margin: 0; }

/* The page scrolls, not a box inside it: at 400 % zoom such a box shows two lines. */
#conversation, #conversation * { height: auto; min-height: 0; overflow: visible !important; }
/* Gradio's own "Clear" would speak the browser's language and leave the turns in memory. */
#conversation .icon-button-wrapper { display: none; }
/* Gradio's clocks are only transparent here: a screen reader would still read them. */
[data-testid=status-tracker] { display: none !important; }
#conversation .message-wrap { margin: 0; }
#conversation .md { opacity: 1; }
#conversation .message { margin: 0; padding: 0; background: none; overflow-wrap: anywhere; }
#conversation .message-row { padding: 0.75rem 0; background: none; }
#conversation .user-row { border-top: 2px solid var(--border-color-primary); border-radius: 0; }
#conversation .user-row * { font-weight: 700; }
#conversation blockquote { margin: 1.25rem 0 0.5rem; padding: 0 0 0 1rem; color: inherit;
  border-left: 0.375rem solid var(--link-text-color); }
#conversation blockquote * { font-size: 1.25rem; font-style: normal; }
#conversation a { color: var(--link-text-color); text-decoration: underline; }

#status { min-height: 1.8rem; }
#status * { font-weight: 700; }
.form, #question { overflow: visible !important; padding: 0; border: 0; background: none; }
#question [data-testid=block-info] { font-size: 1.125rem; font-weight: 700; }
#question textarea { min-height: 2.75rem; padding: 0.5rem 0.75rem;
  border: 2px solid var(--input-border-color); }
.gradio-container button { min-height: 2.75rem; white-space: normal; }
.gradio-container .example { text-align: left; justify-content: flex-start; }
#actions > * { flex: 1 1 auto; }
.gradio-container :focus-visible { outline: 3px solid var(--link-text-color) !important;
  outline-offset: 2px; }
@media (prefers-reduced-motion: reduce) { * { animation: none !important; transition: none !important; } }
"""

_SCRIPT = """(words) => {
  const set = (element, name, value) => {
    if (element && element.getAttribute(name) !== value) element.setAttribute(name, value);
  };
  let rows = 0;
  const tidy = () => {
    const log = document.querySelector("#conversation [role=log]");
    if (!log) return;
    // One voice: the status line says that an answer is there, the log does not read itself out.
    set(document.querySelector("#status"), "role", "status");
    set(log, "aria-live", "off");
    set(log, "aria-label", words.conversation);
    // Gradio names each message by its Markdown source.
    for (const message of log.querySelectorAll("[data-testid=user], [data-testid=bot]")) {
      set(message, "role", "group");
      set(message, "aria-label", words[message.dataset.testid]);
    }
    // A new question goes to the top, so that its answer is read from the beginning.
    const found = log.querySelectorAll(".message-row");
    if (found.length > rows) [...log.querySelectorAll(".user-row")].at(-1).scrollIntoView();
    rows = found.length;
  };
  // Gradio builds the page piece by piece, and rebuilds some of them.
  const watched = { subtree: true, childList: true, attributeFilter: ["aria-label", "aria-live"] };
  new MutationObserver(tidy).observe(document.body, watched);
  tidy();
  // The next question can be typed at once; without a mouse this would open a phone's keyboard.
  document.addEventListener("click", (event) => {
    if (event.target.closest("#send, .example") && matchMedia("(hover: hover)").matches)
      document.querySelector("#question textarea").focus({ preventScroll: true });
  });
}"""

# Gradio sets the language of the page to the browser's, early or late, but every word on it is English.
# The policy makes the browser itself refuse requests to any other machine.
_HEAD = """
<meta http-equiv="Content-Security-Policy"
  content="default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; form-action 'self'">
<meta name="referrer" content="no-referrer">
<script>
{
  const page = document.documentElement;
  const speakEnglish = () => { if (page.lang !== "en") page.lang = "en"; };
  new MutationObserver(speakEnglish).observe(page, { attributeFilter: ["lang"] });
  speakEnglish();
}
</script>
"""
