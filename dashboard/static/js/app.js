// Behaviour by data attribute, delegated from the document so that htmx may swap what it likes:
//   data-copy="#id" | data-copy-text="…"   copies and says so
//   data-open="#dialog"                    opens a <dialog>; data-close inside closes it
//   data-nav-toggle                        the sidebar on small screens
//   role="tab" aria-controls="…"           tabs, with arrow keys
//   tr.link[data-href]                     a row that is a link (it also holds a real one)
//   data-confirm="…"                       asks before a form is sent
//   data-submit-on-change                  a select that needs no button
(() => {
  const $ = (selector) => document.querySelector(selector);

  async function copy(button) {
    const text = button.dataset.copyText ?? $(button.dataset.copy)?.textContent ?? "";
    try {
      await navigator.clipboard.writeText(text.trim());
    } catch {
      toast("Copying is blocked by the browser: select the text and copy it.", "error");
      return;
    }
    button.setAttribute("data-copied", "");
    announce("Copied");
    setTimeout(() => button.removeAttribute("data-copied"), 1600);
  }

  function announce(text) {
    const live = $("#announcer");
    if (live) live.textContent = text;
  }

  function toast(text, level = "info") {
    const box = $("#toasts");
    if (!box) return;
    const item = document.createElement("div");
    item.className = `toast ${level}`;
    const line = document.createElement("p");
    line.textContent = text;
    item.append(line);
    box.append(item);
    if (level === "error") item.addEventListener("click", () => item.remove());
    else fade(item);
  }

  // Errors stay until they are dismissed.
  const fade = (item) => setTimeout(() => item.remove(), 6000);
  for (const item of document.querySelectorAll(".toast:not(.error, .warning)")) fade(item);

  function nav(open) {
    document.body.dataset.nav = open ? "open" : "";
    $("[data-nav-toggle]")?.setAttribute("aria-expanded", String(open));
    if (open) $("#sidebar a")?.focus();
    else if (document.activeElement?.closest("#sidebar")) $("[data-nav-toggle]")?.focus();
  }

  function selectTab(tab) {
    for (const other of tab.closest('[role="tablist"]').querySelectorAll('[role="tab"]')) {
      const chosen = other === tab;
      other.setAttribute("aria-selected", String(chosen));
      other.tabIndex = chosen ? 0 : -1;
      document.getElementById(other.getAttribute("aria-controls")).hidden = !chosen;
    }
  }

  document.addEventListener("click", (event) => {
    const at = (selector) => event.target.closest(selector);
    let found;
    if ((found = at("[data-copy], [data-copy-text]"))) copy(found);
    else if ((found = at("[data-open]"))) $(found.dataset.open)?.showModal();
    else if ((found = at("[data-close]"))) found.closest("dialog")?.close();
    else if (at("[data-nav-toggle]")) nav(document.body.dataset.nav !== "open");
    else if ((found = at('[role="tab"]'))) selectTab(found);
    else if ((found = at("[data-dismiss]"))) found.closest(".toast")?.remove();
    else if (event.target instanceof HTMLDialogElement) event.target.close(); // the backdrop
    else if ((found = at("tr.link[data-href]")) && !at("a, button, input") && !getSelection().toString()) {
      found.querySelector("a")?.click();
    }
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  });

  document.addEventListener("keydown", (event) => {
    const target = event.target;
    if (event.key === "Escape") {
      const menu = target.closest?.("details.menu[open]");
      if (menu) { menu.open = false; menu.querySelector("summary").focus(); }
      if (document.body.dataset.nav === "open") nav(false);
    }
    if (target.getAttribute?.("role") === "tab" && ["ArrowLeft", "ArrowRight", "Home", "End"].includes(event.key)) {
      const tabs = [...target.closest('[role="tablist"]').querySelectorAll('[role="tab"]')];
      const at = tabs.indexOf(target);
      const next = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: -1 }[event.key];
      const tab = tabs.at(next % tabs.length);
      event.preventDefault();
      tab.focus();
      selectTab(tab);
    }
  });

  document.addEventListener("submit", (event) => {
    const question = event.target.dataset.confirm;
    if (question && !confirm(question)) event.preventDefault();
  });
  // Arrow keys and letters pass by options that nobody means: their select is sent when it is left,
  // or with Enter. A choice with the pointer, or from the open list, is sent at once.
  let keyed = false;
  let passing = null;
  const filter = (event) => event.target.closest?.("[data-submit-on-change]");
  const send = (select) => { passing = null; select.form.requestSubmit(); };
  document.addEventListener("pointerdown", () => { keyed = false; });
  document.addEventListener("keydown", (event) => {
    if (!filter(event)) return;
    keyed = /^(Arrow|Page|Home|End|[^ ]$)/.test(event.key);
    if (event.key === "Enter" && passing === event.target) send(passing);
  });
  document.addEventListener("change", (event) => {
    if (!filter(event)) return;
    if (keyed) passing = event.target;
    else send(event.target);
  });
  document.addEventListener("focusout", (event) => {
    if (passing === event.target) send(passing);
  });

  // htmx: what the server announces, and what goes wrong on the way.
  document.addEventListener("toast", (event) => toast(event.detail.text, event.detail.level));
  document.addEventListener("htmx:responseError", (event) => {
    if (event.detail.xhr.getResponseHeader("HX-Trigger")) return; // it says itself what went wrong
    const status = event.detail.xhr.status;
    toast(status === 403 ? "Your role does not allow this." : `That did not work (${status}). Try again.`, "error");
  });
  // A passkey that was cancelled, timed out, or is unknown here.
  document.addEventListener("allauth.error", (event) => {
    event.preventDefault();
    toast("The browser did not complete this. Try again, or sign in another way.", "error");
  });
  // A page nobody looks at does not refresh itself, nor one whose menu or table is open.
  document.addEventListener("htmx:beforeRequest", (event) => {
    const live = event.detail.elt.closest("[data-live]");
    if (live === event.detail.elt && (document.hidden || live.querySelector("details[open]"))) event.preventDefault();
  });
  document.addEventListener("htmx:sendError", () => toast("The server cannot be reached.", "error"));
  document.addEventListener("htmx:afterSwap", (event) => {
    const dialog = event.target.closest?.("dialog[data-open-on-swap]");
    if (dialog && !dialog.open) dialog.showModal();
  });
})();
