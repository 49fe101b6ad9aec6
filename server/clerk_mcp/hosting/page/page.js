// Search and copy. Without this script the page shows everything, and nothing that would not work.
"use strict";

const search = document.getElementById("search");
const found = document.getElementById("found");
const tools = [...document.querySelectorAll(".tool")];
const resources = [...document.querySelectorAll(".resource")];

function filter() {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  let count = 0;
  for (const tool of tools) {
    tool.hidden = !words.every((word) => tool.dataset.search.includes(word));
    count += tool.hidden ? 0 : 1;
  }
  for (const resource of resources) {
    const shown = resource.querySelectorAll(".tool:not([hidden])").length;
    resource.hidden = shown === 0;
    resource.querySelector("small").textContent = shown;
  }
  found.textContent = count === 1 ? "1 tool" : `${count} tools`;
}

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
  document.getElementById("said").textContent = done ? "Copied" : "Selected, copy it with the keyboard";
  setTimeout(() => (button.textContent = "Copy"), 2000);
}

document.querySelector(".search").hidden = false;
search.addEventListener("input", filter);
for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", () => copy(button));
}
document.addEventListener("keydown", (event) => {
  if (event.key === "/" && document.activeElement !== search) {
    event.preventDefault();
    search.focus();
  } else if (event.key === "Escape" && document.activeElement === search) {
    search.value = "";
    filter();
  }
});

// A link to one tool opens it.
function openLinked() {
  const linked = location.hash && document.getElementById(location.hash.slice(1));
  if (linked instanceof HTMLDetailsElement) linked.open = true;
}
addEventListener("hashchange", openLinked);
openLinked();
filter();
