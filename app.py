"""The chat page, as Gradio hosts start it: `python app.py`."""

from askalms import LiveAssistant
from askalms.page import build_page, launch

demo = build_page(LiveAssistant.open("index"))

if __name__ == "__main__":
    print(launch(demo), flush=True)
    demo.block_thread()
