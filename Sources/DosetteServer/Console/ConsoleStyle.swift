/// What the console's look has beside that of the clinics' pages.
enum ConsoleStyle {
    static let text = """
        .skip { position: absolute; left: -100rem; top: 0; background: var(--card); color: var(--ink);
          padding: .6rem 1rem; z-index: 2; }
        .skip:focus { left: 0; }
        .bar { display: flex; flex-wrap: wrap; align-items: center; gap: .25rem 1.25rem;
          max-width: 80rem; margin: 0 auto; padding: .25rem 1rem; }
        .bar .brand { padding: .4rem 0; margin: 0; }
        .bar a, .bar .who { color: var(--on-accent); }
        .bar a { text-decoration: none; display: inline-flex; align-items: center; min-height: 44px; }
        .menu { display: flex; flex-wrap: wrap; gap: 0 .25rem; }
        .menu a { padding: 0 .7rem; border-bottom: 3px solid transparent; }
        .menu a:hover { text-decoration: underline; }
        .menu a[aria-current] { border-bottom-color: currentColor; font-weight: 700; }
        .bar :focus-visible { outline-color: var(--on-accent); }
        .who { display: flex; align-items: center; gap: .75rem; margin-left: auto; }
        .who button { background: transparent; color: inherit; border-color: currentColor; }
        .bar + main, body:has(.bar) main { max-width: 80rem; }
        .door { max-width: 28rem; margin: 2rem auto; }
        main:focus { outline: none; }

        """
}
