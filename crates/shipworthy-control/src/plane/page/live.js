// Makes what is live on the page like what the server sends. Without this the page is as whole.
"use strict";
// Changes only what differs: what somebody has selected, or scrolled to, stays.
const fill = (old, fresh) => {
  const [before, after] = [[...old.childNodes], [...fresh.childNodes]];
  before.forEach((child, place) => (place < after.length ? become(child, after[place]) : child.remove()));
  old.append(...after.slice(before.length));
};
const become = (old, fresh) => {
  if (old.isEqualNode(fresh)) return;
  if (old.nodeName !== fresh.nodeName || !old.attributes) return old.replaceWith(fresh);
  for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name)) old.removeAttribute(name);
  for (const { name, value } of fresh.attributes) old.setAttribute(name, value);
  fill(old, fresh);
};
const news = document.getElementById("news");
const source = new EventSource("/v1/page/events");
source.addEventListener("page", (event) => {
  const fresh = new DOMParser().parseFromString(event.data, "text/html");
  const isTyping = document.querySelector("details[open]");
  if (!isTyping && [...fresh.body.children].some((part) => /^body-/.test(part.id) && !document.getElementById(part.id))) {
    location.reload();
    return;
  }
  for (const part of document.querySelectorAll(".live")) {
    const next = fresh.getElementById(part.id);
    if (next) fill(part, next);
  }
  news.textContent = "Live: changes show by themselves.";
});
source.addEventListener("error", () => {
  const isOver = source.readyState === EventSource.CLOSED;
  news.textContent = isOver ? "Not live any more: load this page again." : "The server does not answer; trying again.";
});
for (const back of document.querySelectorAll("details.back")) {
  back.addEventListener("toggle", () => back.open && back.querySelector("textarea").focus());
  back.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    back.open = false;
    back.querySelector("summary").focus();
  });
  back.addEventListener("submit", () => { back.querySelector("button").disabled = true; });
}
addEventListener("pageshow", () => {
  for (const button of document.querySelectorAll("details.back button")) button.disabled = false;
});
