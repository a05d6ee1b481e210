"""The pages, as Gradio hosts start them: `python app.py`, or any ASGI server with `app:app`."""

from askalms import LiveAssistant, load_settings
from askalms.serving import Server, build_site

settings = load_settings()
assistant = LiveAssistant.open("index", settings)
app = build_site(assistant, settings, library=lambda: assistant.current.index)

if __name__ == "__main__":
    server = Server(app, proxies=settings.serving.proxies)
    print(server.address, flush=True)
    server.wait()
