// Runs before the first paint: the pinned theme, and the time zone that the server shows times in.
(() => {
  const root = document.documentElement;
  const apply = (theme) => {
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
    else delete root.dataset.theme;
  };
  try { apply(localStorage.getItem("theme")); } catch { /* storage is blocked: follow the system */ }

  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone && !document.cookie.includes(`tz=${zone}`)) {
    const secure = location.protocol === "https:" ? "; secure" : "";
    document.cookie = `tz=${zone}; path=/; max-age=31536000; samesite=lax${secure}`;
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-set-theme]");
    if (!button) return;
    apply(button.dataset.setTheme);
    try { localStorage.setItem("theme", button.dataset.setTheme); } catch { /* lasts for this page */ }
    button.closest("details")?.removeAttribute("open");
  });
})();
