// Adds to the documentation what only makes sense with JavaScript: copy buttons, and tabs for the
// same example in several languages. Without it every block is there, one below the other.
// What a click on them does is app.js's business (data-copy, role="tab").
(() => {
  const REMEMBERED = "docs-language";

  function remembered() {
    try { return localStorage.getItem(REMEMBERED); } catch { return null; }
  }

  function remember(label) {
    try { localStorage.setItem(REMEMBERED, label); } catch { /* the browser may refuse storage */ }
  }

  function addCopyButton(block, number) {
    const code = block.querySelector("code");
    code.id = `code-${number}`;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button small copy";
    button.dataset.copy = `#${code.id}`;
    for (const [name, text] of [["todo", "Copy"], ["done", "Copied"]]) {
      const part = document.createElement("span");
      part.className = name;
      part.textContent = text;
      button.append(part);
    }
    block.append(button);
  }

  function makeTabs(group, number) {
    const panels = [...group.querySelectorAll(":scope > .code")];
    if (panels.length < 2) return;
    const list = document.createElement("div");
    list.className = "tabs";
    list.setAttribute("role", "tablist");
    list.setAttribute("aria-label", "Language");
    panels.forEach((panel, index) => {
      const tab = document.createElement("button");
      tab.type = "button";
      tab.className = "tab";
      tab.id = `tab-${number}-${index}`;
      tab.textContent = panel.dataset.label;
      tab.setAttribute("role", "tab");
      panel.id = `panel-${number}-${index}`;
      panel.setAttribute("role", "tabpanel");
      panel.setAttribute("aria-labelledby", tab.id);
      tab.setAttribute("aria-controls", panel.id);
      list.append(tab);
    });
    group.prepend(list);
    group.classList.add("ready");
    show(group, panels[0].dataset.label);
  }

  function show(group, label) {
    const panels = [...group.querySelectorAll(":scope > .code")];
    if (!panels.some((panel) => panel.dataset.label === label)) return;
    const tabs = [...group.querySelectorAll('[role="tab"]')];
    panels.forEach((panel, index) => {
      const chosen = panel.dataset.label === label;
      panel.hidden = !chosen;
      tabs[index].setAttribute("aria-selected", String(chosen));
      tabs[index].tabIndex = chosen ? 0 : -1;
    });
  }

  function showEverywhere(label) {
    document.querySelectorAll(".samples.ready").forEach((group) => show(group, label));
  }

  // A language chosen once, by mouse or arrow key, holds for every example on every page.
  function chosen(event) {
    const tab = event.target.closest?.('.samples [role="tab"]');
    if (!tab) return;
    remember(tab.textContent);
    const before = tab.getBoundingClientRect().top;
    showEverywhere(tab.textContent);
    // Examples above may have become shorter: what was clicked stays where it was.
    scrollBy(0, tab.getBoundingClientRect().top - before);
  }

  document.querySelectorAll(".docs-body .code").forEach(addCopyButton);
  document.querySelectorAll(".docs-body .samples").forEach(makeTabs);
  if (remembered()) showEverywhere(remembered());
  document.addEventListener("click", chosen);
  document.addEventListener("keyup", chosen);

  // The contents are folded away on a small screen.
  if (matchMedia("(max-width: 56rem)").matches) document.querySelector(".docs-menu")?.removeAttribute("open");
})();
