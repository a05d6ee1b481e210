// Copies an answer with its addresses, or prints it.
function withTools(article, words) {
  if (article.querySelector(".tools") || !article.querySelector("blockquote")) return;
  const tools = document.createElement("p");
  tools.className = "actions tools";
  // Browsers let nothing be copied from a page without HTTPS.
  const acts = navigator.clipboard ? [["copy", copy]] : [];
  for (const [name, act] of [...acts, ["print", () => print()]]) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = words[name];
    button.addEventListener("click", () => act(article, words));
    tools.append(button, " ");
  }
  article.append(tools);
}

async function copy(article, words) {
  const shown = article.cloneNode(true);
  for (const extra of shown.querySelectorAll(".actions, .next, dd .action, button")) extra.remove();
  for (const link of shown.querySelectorAll("a[href^=http]")) link.append(` (${link.href})`);
  const lines = [...shown.querySelectorAll("h3, p, dt, dd, li")].map((line) => line.textContent.trim());
  await navigator.clipboard.writeText(lines.filter(Boolean).join("\n\n"));
  tell(words.copied);
}

// Says something where it is both seen and heard.
function tell(text) {
  const status = document.querySelector("#status");
  const line = status.querySelector("p") ?? status;
  line.className = "";
  line.textContent = text;
}

