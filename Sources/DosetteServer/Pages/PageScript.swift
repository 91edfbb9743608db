/// The script of the pages: nothing on them needs it.
enum PageScript {
    /// It brings the focus to what is wrong in a side panel, and keeps an order's page up to date; without it the page loads itself again every few seconds.
    static let text = """
        "use strict";
        (() => {
          // A browser lets no page in a frame take the focus by its markup alone.
          const first = document.querySelector("[autofocus]");
          if (first && window !== window.top) first.focus();
          const source = document.body.dataset.source;
          if (!source) return;
          const again = () => setTimeout(() => location.reload(), 10000);
          if (!window.EventSource) { again(); return; }
          const events = new EventSource(source);
          let isOver = false;
          events.addEventListener("order", (event) => {
            const parts = JSON.parse(event.data);
            for (const place of document.querySelectorAll("[data-live]")) {
              const markup = parts[place.dataset.live];
              if (markup !== undefined && place.innerHTML !== markup) place.innerHTML = markup;
            }
          });
          events.addEventListener("end", () => { isOver = true; events.close(); });
          events.addEventListener("error", () => {
            if (!isOver && events.readyState === EventSource.CLOSED) again();
          });
        })();

        """
}
