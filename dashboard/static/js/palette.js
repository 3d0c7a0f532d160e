// The command palette: Ctrl K, ⌘ K or ? opens it. A combobox with a list box (ARIA APG): the focus
// stays in the input, aria-activedescendant names the chosen option, Enter follows it.
// Entries come from the server when it is first opened; the documentation is searched as one types.
(() => {
  const dialog = document.getElementById("palette");
  if (!dialog) return;
  const part = (name) => document.getElementById(`palette-${name}`);
  const input = part("input");
  const list = part("list");
  const status = part("status");
  const docs = part("docs");
  const passages = part("passages");
  let loaded = false;
  let active = null;
  let timer = 0;
  let asking = null;

  const mac = /Mac|iPhone|iPad/.test(navigator.platform);
  if (mac) for (const key of document.querySelectorAll("[data-shortcut]")) key.textContent = "⌘ K";

  async function fetchPart(url, signal) {
    const response = await fetch(url, { signal, headers: { "X-Requested-With": "fetch" } });
    // A session that has ended redirects to the log-in page.
    if (!response.ok || response.redirected) throw new Error(String(response.status));
    return response.text();
  }

  async function open() {
    if (dialog.open || document.querySelector("dialog[open]")) return;
    dialog.showModal();
    input.value = "";
    passages.replaceChildren();
    input.focus();
    if (!loaded) {
      status.textContent = "Loading…";
      try {
        part("commands").innerHTML = await fetchPart(dialog.dataset.commands);
        loaded = true;
      } catch {
        status.textContent = "This could not be loaded. Reload the page and try again.";
        return;
      }
    }
    show();
  }

  const shown = () => [...list.querySelectorAll('[role="option"]')].filter((option) => !option.closest("[hidden]"));

  function show() {
    if (!loaded) return;
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const group of part("commands").querySelectorAll('[role="group"]')) {
      let some = false;
      for (const option of group.querySelectorAll('[role="option"]')) {
        const text = `${option.textContent} ${option.dataset.find}`.toLowerCase();
        option.hidden = !words.every((word) => text.includes(word));
        some ||= !option.hidden;
      }
      group.hidden = !some;
    }
    docs.hidden = !words.length || !passages.childElementCount;
    list.hidden = false;
    const found = shown();
    // What begins with the words is meant more often than what has them somewhere.
    const query = words.join(" ");
    choose(found.find((option) => option.textContent.trim().toLowerCase().startsWith(query)) ?? found[0] ?? null);
    list.hidden = !found.length;
    input.setAttribute("aria-expanded", String(Boolean(found.length)));
    const count = `${found.length} ${found.length === 1 ? "match" : "matches"}`;
    status.textContent = found.length ? count : asking ? "Searching…" : `Nothing matches “${input.value.trim()}”.`;
    status.classList.toggle("visually-hidden", Boolean(found.length));
  }

  function choose(option) {
    active?.setAttribute("aria-selected", "false");
    active = option;
    if (!option) {
      input.removeAttribute("aria-activedescendant");
      return;
    }
    option.id ||= `palette-option-${Math.random().toString(36).slice(2)}`;
    option.setAttribute("aria-selected", "true");
    input.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  }

  function move(step) {
    const found = shown();
    if (!found.length) return;
    const at = found.indexOf(active);
    choose(found[(at + step + found.length) % found.length]);
  }

  async function searchDocs(query) {
    asking?.abort();
    asking = query.length < 2 ? null : new AbortController();
    const mine = asking;
    let html = "";
    if (mine) {
      try {
        html = await fetchPart(`${dialog.dataset.docs}?q=${encodeURIComponent(query)}`, mine.signal);
      } catch {
        if (mine.signal.aborted) return; // a newer question is on its way
      }
      if (asking !== mine) return;
    }
    asking = null;
    const before = active;
    passages.innerHTML = html;
    show();
    if (before?.isConnected && !before.closest("[hidden]")) choose(before);
  }

  input.addEventListener("input", () => {
    show();
    clearTimeout(timer);
    timer = setTimeout(searchDocs, 150, input.value.trim());
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      move(event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "Enter" && !event.isComposing) {
      event.preventDefault();
      active?.click();
    }
  });
  list.addEventListener("click", (event) => {
    if (event.target.closest('[role="option"]')) dialog.close();
  });
  list.addEventListener("pointermove", (event) => {
    const option = event.target.closest('[role="option"]');
    if (option && option !== active) choose(option);
  });
  dialog.addEventListener("close", () => asking?.abort());

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-palette]")) open();
  });
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
    if (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey) {
      event.preventDefault();
      if (dialog.open) dialog.close();
      else open();
    } else if (event.key === "?" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      open();
    }
  });
})();
