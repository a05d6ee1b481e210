"""The chat page, as Gradio hosts start it: `python app.py`."""

from askalms import Assistant
from askalms.page import build_page, launch

demo = build_page(Assistant.open("index"))

if __name__ == "__main__":
    print(launch(demo), flush=True)
    demo.block_thread()
