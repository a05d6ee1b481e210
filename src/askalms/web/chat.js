// What a chat of Gradio lacks for people who do not see, or use no mouse.
const words = JSON.parse(document.querySelector("#words").textContent);
const find = (selector, within = document) => within.querySelector(selector);
const set = (element, name, value) => {
  if (element && element.getAttribute(name) !== value) element.setAttribute(name, value);
};
let turns = 0;

function tidy() {
  // Gradio sets the language of the page to the browser's, but every word on it is English.
  set(document.documentElement, "lang", "en");
  const log = find("#conversation [role=log]");
  if (!log) return;
  // What Gradio has to say of a lost connection is told in words of our own.
  for (const notice of document.querySelectorAll(".toast-body.error:not([data-told])")) {
    notice.dataset.told = "";
    tell(words.trouble);
    find("#status").scrollIntoView({ block: "center" });
  }
  // One voice: what Gradio's status shows is said by an element that was there before; the log does not read itself out.
  const told = find("#status p")?.textContent ?? "";
  if (told !== find("#spoken").textContent) find("#spoken").textContent = told;
  set(log, "aria-live", "off");
  set(log, "aria-label", words.conversation);
  // Gradio names each message by its source, and an answer is an article with a heading of its own.
  for (const message of log.querySelectorAll("[data-testid=user], [data-testid=bot]")) {
    message.removeAttribute("aria-label");
    set(message, "role", "none");
  }
  for (const article of log.querySelectorAll(".turn")) {
    set(article, "aria-labelledby", find("h3", article).id);
    withTools(article, words);
  }
  const sheet = find("#sheet");
  if (sheet) sheet.hidden = !find(".turn input[type=checkbox]", log);
  // A sheet in the same window would end the conversation.
  set(find("#clinic"), "target", "_blank");
  // A new answer is read from its beginning.
  const found = log.querySelectorAll(".asked, .turn");
  if (found.length > turns) found[found.length - 1].scrollIntoView();
  turns = found.length;
}

// The way of a typed question, but by a hidden box: what is half typed stays.
function ask(question, hidden) {
  const box = find(`${hidden} textarea`);
  Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, "value").set.call(box, question);
  box.dispatchEvent(new Event("input", { bubbles: true }));
  setTimeout(() => find("#send").click(), 50);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button?.matches(".ask-next, .example")) ask(button.value || button.textContent.trim(), "#next");
  if (button?.matches(".as-typed")) ask(button.value, "#as-typed");
  // Nothing of a visit is kept, so a new one is the way to forget the old.
  if (button?.matches("#fresh")) location.reload();
  // The next question can be typed at once; without a mouse this would open a phone's keyboard.
  if (button?.matches("#send, .example, .ask-next, .as-typed") && matchMedia("(hover: hover)").matches)
    find("#question textarea").focus({ preventScroll: true });
});

// Gradio builds the page piece by piece, and rebuilds some of them.
const watched = { subtree: true, childList: true, attributeFilter: ["aria-label", "aria-live", "lang"] };
new MutationObserver(tidy).observe(document.documentElement, watched);
tidy();
