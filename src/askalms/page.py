"""The chat page: what stands where in Gradio's chat, and what people who do not see need beside it.

Nothing of a conversation is kept in the browser or on disk: a visitor's turns live in the server's
memory while the page is open, and up to an hour longer. The page asks no other machine for anything.
"""

import os
import re
from collections.abc import AsyncIterator, Callable, Sequence
from html import escape
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, NamedTuple

from askalms.admission import Admission, visitor_of
from askalms.errors import AskALMSError
from askalms.hypertext import article, fragment, spoken
from askalms.rendering import to_json
from askalms.texts import load_data, message

# Gradio reads these when it is imported.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ["HF_HUB_OFFLINE"] = "1"

import gradio as gr
from gradio.events import api

if TYPE_CHECKING:
    from fastapi import FastAPI

REMEMBERED = 50
"""Turns of one conversation that are kept."""


class Turn(NamedTuple):
    """A question and what was shown for it."""

    number: int
    """From 1."""
    question: str
    reply: str
    """HTML."""
    failed: bool = False


Turns = tuple[Turn, ...]


def build_page(admission: Admission, *, examples: Sequence[str] | None = None) -> gr.Blocks:
    """Lay out the chat page.

    Args:
        admission: Asked for each question, with the visitor's earlier ones.
        examples: Questions to offer, one button each; by default those of `data/messages.toml`.

    Returns:
        The page, to be given to `mount`.
    """
    if examples is None:
        examples = load_data("messages")["page"]["example_questions"]
    page = gr.Blocks(title=message("page.title"), analytics_enabled=False)
    with page:
        turns = gr.State(())
        # Markdown, since Gradio's HTML runs code from text, which the page's security policy forbids.
        gr.Markdown(fragment("introduction"), elem_id="introduction")
        heading = f'<h2 class="unseen">{escape(message("page.conversation"))}</h2>'
        gr.Markdown(heading)
        chat = gr.Chatbot(
            elem_id="conversation",
            show_label=False,
            height=None,
            autoscroll=False,
            layout="panel",
            buttons=[],
            sanitize_html=True,
            latex_delimiters=[],
            allow_tags=True,
        )
        gr.Markdown(fragment("clinic"), elem_id="sheet")
        status = gr.Markdown(_told(""), elem_id="status", latex_delimiters=[])
        box = gr.Textbox(
            elem_id="question",
            label=message("page.question"),
            info=message("page.question_help", limit=f"{admission.longest_question:,}"),
            max_lines=8,
            html_attributes=gr.InputHTMLAttributes(autocomplete="off", enterkeyhint="send"),
        )
        with gr.Row(elem_id="actions"):
            send = gr.Button(message("page.send"), variant="primary", elem_id="send")
            gr.Button(message("page.new_conversation"), elem_id="fresh")
        # What is pressed comes by the script of the page, beside a question that may be half typed.
        with gr.Row(elem_id="pressed"):
            following = gr.Textbox(elem_id="next", show_label=False)
            literal = gr.Textbox(elem_id="as-typed", show_label=False)
        if examples:
            gr.Markdown(f"<h2>{escape(message('page.examples'))}</h2>", elem_id="examples")
        for example in examples:
            gr.Button(example, elem_classes="example")

        async def converse(
            typed: str, following: str, literal: str, turns: Turns, request: gr.Request
        ) -> AsyncIterator[tuple[Any, ...]]:
            pressed = literal or following
            asking = _converse(admission, visitor_of(request), pressed or typed, turns, as_typed=bool(literal))
            async for left, *shown in asking:
                yield gr.skip() if pressed else left, "", "", *shown

        # One event, of which the browser sends no second before the first has ended: the turns have one writer.
        gr.on(
            [box.submit, send.click],
            converse,
            [box, following, literal, turns],
            [box, following, literal, chat, turns, status],
            show_progress="hidden",
            api_visibility="private",
            # The admission decides how many are answered at once; a waiting visitor takes up nothing here.
            concurrency_limit=None,
        )

        async def ask(
            question: str,
            history: list[str] | None = None,
            as_typed: bool = False,
            request: gr.Request | None = None,
        ) -> dict[str, Any]:
            """Answer one question with quotes: the object that `askalms ask --json` prints.

            Args:
                question: What is asked.
                history: The earlier questions of the same conversation, oldest first.
                as_typed: Take the words as they stand: complete nothing, mend no spelling.
                request: Of the visitor; no part of what a program sends.
            """
            reply = await admission.ask(visitor_of(request), question, history or (), as_typed=as_typed)
            if reply.answer is None:
                raise gr.Error(reply.refusal, print_exception=False)
            return to_json(reply.answer)

        api(ask, api_name="ask", concurrency_limit=None)
    return page


def mount(app: "FastAPI", page: gr.Blocks, *, mcp: bool = False) -> Callable[[], None]:
    """Put the chat page at the root of a server.

    Args:
        app: The server, with all its other pages.
        page: From `build_page`.
        mcp: Offer the endpoint for programs as a tool of the Model Context Protocol, too.

    Returns:
        To be called in the server's loop before it stops: it lets go of the pages that are open.

    Raises:
        AskALMSError: `mcp` needs a package that is not installed.
    """
    if mcp and find_spec("mcp") is None:
        raise AskALMSError("the Model Context Protocol needs another package; install askalms[mcp]")
    gr.mount_gradio_app(
        app,
        page,
        path="/",
        footer_links=[],
        run_history=False,
        ssr_mode=False,
        enable_monitoring=False,
        mcp_server=mcp,
        max_file_size="1kb",
        show_error=False,
        theme=_theme(),
    )
    mounted: Any = app.routes[-1]
    let_go: Callable[[], None] = mounted.app.stop_event.set
    return let_go


def dressed(html: str, nonce: str) -> str:
    """Complete the page that Gradio sends by what must be there before its script runs, and without it.

    Its tags for link previews and frames, which name other machines, are left out.

    Args:
        html: Gradio's page.
        nonce: By which the security policy knows the scripts of the page.
    """
    words = {name: message(f"page.{name}") for name in ("conversation", "copy", "print", "copied", "trouble")}
    html = re.sub(r'<meta\s+(?:property="og|name="twitter)[^>]*>', "", html)
    html = re.sub(r"<script>(?:(?!</script>).)*iframeResizer.contentWindow.*?</script>", "", html, flags=re.DOTALL)
    html = re.sub(r'<link rel="manifest"[^>]*>', '<link rel="icon" href="data:,">', html)
    html = re.sub(r"(<body[^>]*>)", lambda body: body[1] + fragment("shell", words=words), html, count=1)
    # Not by Gradio's own setting for style sheets, which takes rules for the whole page apart.
    html = html.replace("</head>", '<link rel="stylesheet" href="askalms/chat.css"></head>', 1)
    script = '<script type="module" src="askalms/chat.js"></script>'
    html = html.replace("</gradio-app>", f"</gradio-app>{fragment('outside')}{script}", 1)
    return re.sub(r"<script(?=[ >])", f'<script nonce="{nonce}"', html)


async def _converse(
    admission: Admission, visitor: str, question: str, turns: Turns, *, as_typed: bool = False
) -> AsyncIterator[tuple[Any, ...]]:
    """Answer a question of one visitor: new values for the box, the chat, the turns and the status."""
    question = question.strip()
    number = turns[-1].number + 1 if turns else 1
    if question:
        yield "", _messages([*turns, Turn(number, question, "")]), gr.skip(), _told(message("page.looking"))
    earlier = tuple(turn.question for turn in turns if not turn.failed)
    reply = await admission.ask(visitor, question, earlier, as_typed=as_typed)
    if reply.refused:
        # What was refused goes back into the box, to be mended.
        yield question, _messages(turns), gr.skip(), _told(reply.refusal)
        return
    turn = Turn(number, question, article(number, question, reply.answer, reply.refusal), reply.failed)
    turns = (*turns, turn)[-REMEMBERED:]
    said = spoken(reply.answer) if reply.answer else reply.refusal
    # The box is left alone: the next question may be half typed.
    yield gr.skip(), _messages(turns), turns, _told(said, unseen=True)


def _told(text: str, *, unseen: bool = False) -> str:
    """Write the status line; `unseen` is for what stands in the conversation as well."""
    return _as_is(f'<p class="unseen">{escape(text)}</p>' if unseen else f"<p>{escape(text)}</p>")


def _as_is(html: str) -> str:
    """Keep Gradio from taking words for the place of a formula, which it marks by three percent signs."""
    return html.replace("%%%", "&#37;%%")


def _messages(turns: Sequence[Turn]) -> list[gr.MessageDict]:
    messages: list[gr.MessageDict] = []
    for turn in turns:
        messages.append({"role": "user", "content": _as_is(fragment("asked", question=turn.question))})
        if turn.reply:
            messages.append({"role": "assistant", "content": _as_is(turn.reply)})
    return messages


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
