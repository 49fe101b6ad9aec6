// Search, copy, and activity as it happens. Without this script the pages show everything, and nothing that
// would not work.
"use strict";

const said = document.getElementById("said");

// ── Tools: search ──

const search = document.getElementById("search");

function filterTools() {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  let count = 0;
  for (const tool of document.querySelectorAll(".tool")) {
    tool.hidden = !words.every((word) => tool.dataset.search.includes(word));
    count += tool.hidden ? 0 : 1;
  }
  for (const resource of document.querySelectorAll(".resource")) {
    const shown = resource.querySelectorAll(".tool:not([hidden])").length;
    resource.hidden = shown === 0;
    resource.querySelector("small").textContent = shown;
  }
  document.getElementById("found").textContent = count === 1 ? "1 tool" : `${count} tools`;
}

// A link to one tool opens it.
function openLinked() {
  const linked = location.hash && document.getElementById(location.hash.slice(1));
  if (linked instanceof HTMLDetailsElement) linked.open = true;
}

if (search) {
  document.querySelector(".search").hidden = false;
  search.addEventListener("input", filterTools);
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !event.target.closest("input, textarea, select")) {
      event.preventDefault();
      search.focus();
    } else if (event.key === "Escape" && document.activeElement === search) {
      search.value = "";
      filterTools();
    }
  });
  addEventListener("hashchange", openLinked);
  openLinked();
  filterTools();
}

// ── Copy ──

async function copy(button) {
  const text = button.parentElement.querySelector("code").textContent;
  let done = true;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Plain http on another machine has no clipboard: select the text, so that one key copies it.
    getSelection().selectAllChildren(button.parentElement.querySelector("code"));
    done = false;
  }
  button.textContent = done ? "Copied" : "Selected";
  said.textContent = done ? "Copied" : "Selected, copy it with the keyboard";
  setTimeout(() => (button.textContent = "Copy"), 2000);
}

for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", () => copy(button));
}

// ── Activity: calls as they happen ──

const pause = document.getElementById("pause");

async function refresh() {
  const live = document.getElementById("live");
  // Whoever reads or tabs through the calls is not disturbed.
  const busy = document.activeElement.closest("[data-live]");
  if (document.hidden || pause?.ariaPressed === "true" || live.dataset.done !== undefined || busy) return;
  const answer = await fetch(location.href, { headers: { accept: "text/html" } }).catch(() => null);
  const page = answer?.ok && new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page && page.getElementById("live");
  if (!fresh) {
    said.textContent = answer ? "No longer brought up to date: reload the page" : "The server does not answer";
    return;
  }
  if (fresh.dataset.said !== live.dataset.said) said.textContent = fresh.dataset.said;
  const more = fresh.dataset.count - live.dataset.count;
  for (const part of document.querySelectorAll("[data-live]")) part.replaceWith(page.getElementById(part.id));
  if (more > 0) {
    const last = fresh.querySelector("tbody tr");
    said.textContent = `${more} new ${more === 1 ? "call" : "calls"}` +
      (last ? `; the last that fits: ${last.cells[2].textContent}, ${last.cells[4].textContent}` : "");
  }
}

if (pause) {
  pause.hidden = false;
  pause.addEventListener("click", () => {
    const paused = pause.ariaPressed !== "true";
    pause.ariaPressed = String(paused);
    pause.textContent = paused ? "Go on" : "Pause";
  });
}

if (document.getElementById("live")) setInterval(refresh, 3000);
