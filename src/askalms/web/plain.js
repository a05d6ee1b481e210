// Without this the page works as well: it sends the form and loads itself anew.
// With it the earlier answers stay, and the answer is read out without a new page.
const form = document.querySelector("#ask");
const box = document.querySelector("#question");
const status = document.querySelector("#status");
const words = JSON.parse(document.querySelector("#words").textContent);
let waiting = false;

async function ask(button) {
  const asked = new FormData(form, button);
  asked.set("number", document.querySelectorAll("#turns > article").length + 1);
  // What is pressed leaves a question alone that is half typed.
  if (!button?.name) box.value = "";
  tell(words.looking);
  const reply = await fetch(form.action, { method: "POST", body: asked });
  const page = new DOMParser().parseFromString(await reply.text(), "text/html");
  const answer = page.querySelector("#turns > article");
  if (answer) {
    document.querySelector("#turns").append(answer);
    document.querySelector("#conversation-heading").hidden = false;
    document.querySelector("#clinic").hidden &&= page.querySelector("#clinic").hidden;
    for (const old of form.querySelectorAll("[name=turn]")) old.remove();
    form.prepend(...page.querySelectorAll("#ask > [name=turn]"));
  }
  // What was refused comes back to be mended.
  if (!box.value) box.value = page.querySelector("#question").value;
  status.textContent = page.querySelector("#status").textContent;
  status.className = page.querySelector("#status").className;
  (answer ?? status).scrollIntoView();
  if (answer) withTools(answer, words);
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  // One after the other, so that each question goes with the ones before it.
  if (waiting) return;
  waiting = true;
  const button = event.submitter;
  const typed = box.value;
  ask(button).catch(() => {
    // The conversation stays, and so does the question.
    tell(words.trouble);
    box.value ||= typed;
    status.scrollIntoView();
  }).finally(() => (waiting = false));
  if (matchMedia("(hover: hover)").matches) box.focus({ preventScroll: true });
});
box.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  form.requestSubmit();
});
for (const article of document.querySelectorAll(".turn")) withTools(article, words);
