// What unfold's and Django's admin pages leave out for assistive technology: a main landmark, and
// names for landmarks and widgets that scripts make. By attributes alone: their templates stay
// theirs, and an upgrade of them breaks nothing here.
"use strict";

function describe() {
  const set = (selector, name, value) => {
    for (const element of document.querySelectorAll(selector)) {
      if (element.getAttribute(name) !== value(element)) element.setAttribute(name, value(element));
    }
  };
  set("#main", "role", () => "main");
  set("#nav-sidebar-inner", "aria-label", () => "Staff pages");
  set("#nav-sidebar-apps .simplebar-content-wrapper", "aria-label", () => "List of staff pages");
  set(".help-tooltip", "role", () => "img");
  // An empty select2 is labelled by its own empty text.
  for (const widget of document.querySelectorAll(".select2-container")) {
    const select = widget.previousElementSibling;
    const label = select && select.labels && select.labels[0];
    const name = label ? label.textContent.trim() : select && select.getAttribute("data-placeholder");
    if (!name) continue;
    for (const part of widget.querySelectorAll("[role=combobox], [role=textbox], [role=searchbox]")) {
      if (part.getAttribute("aria-label") !== name) part.setAttribute("aria-label", name);
    }
  }
}

document.addEventListener("DOMContentLoaded", () => {
  describe();
  new MutationObserver(describe).observe(document.body, { childList: true, subtree: true });
});
