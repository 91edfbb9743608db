/// The script of the console: nothing on its pages needs it.
enum ConsoleScript {
    /// It fetches the page anew when something has changed, and puts in place what is marked as live, unless somebody is
    /// just at work there.
    static let text = """
        "use strict";
        (() => {
          const source = document.body.dataset.source;
          if (!source || !window.EventSource || !window.DOMParser) return;
          let isBusy = false;
          let isStale = false;
          const isAtWork = (place) =>
            place.contains(document.activeElement) && document.activeElement !== place;
          const renew = async () => {
            if (isBusy) { isStale = true; return; }
            isBusy = true;
            try {
              const answer = await fetch(location.href, { headers: { "Dosette-Refresh": "1" } });
              if (!answer.ok || answer.redirected) return;
              const page = new DOMParser().parseFromString(await answer.text(), "text/html");
              for (const place of document.querySelectorAll("[data-live]")) {
                const name = CSS.escape(place.dataset.live);
                const fresh = page.querySelector(`[data-live="${name}"]`);
                if (fresh && fresh.innerHTML !== place.innerHTML && !isAtWork(place)) {
                  const open = [...place.querySelectorAll("details[open][id]")].map((one) => one.id);
                  place.innerHTML = fresh.innerHTML;
                  for (const id of open) {
                    const one = document.getElementById(id);
                    if (one) one.open = true;
                  }
                }
              }
            } catch { /* The next change asks again. */ }
            finally {
              isBusy = false;
              if (isStale) { isStale = false; setTimeout(renew, 1000); }
            }
          };
          const events = new EventSource(source);
          events.addEventListener("change", renew);
          // What happened between the page and its first listening is not told by a change.
          events.addEventListener("open", renew);
        })();

        """
}
