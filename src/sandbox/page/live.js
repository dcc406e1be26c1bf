// Renews the parts of a page that change by themselves, once a second while the page is looked at.
for (const part of document.querySelectorAll("[data-live]")) {
  const renew = async () => {
    if (!document.hidden) {
      try {
        const answer = await fetch(part.dataset.live, { headers: { accept: "text/html" } });
        if (answer.ok) {
          const text = await answer.text();
          if (text !== part.innerHTML) part.innerHTML = text;
          delete part.dataset.stale;
        }
      } catch {
        part.dataset.stale = "true";
      }
    }
    setTimeout(renew, 1000);
  };
  setTimeout(renew, 1000);
}
