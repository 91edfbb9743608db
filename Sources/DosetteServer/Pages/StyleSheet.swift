/// The look of the pages: light and dark, on paper, and as narrow as a side panel.
enum StyleSheet {
    static let text = """
        :root {
          color-scheme: light dark;
          --ground: #fbfbf8; --card: #ffffff; --ink: #1b2421; --soft: #52605b; --line: #c9d1cd;
          --field: #6d7b75; --accent: #0b5d4e; --on-accent: #ffffff; --tint: #e5f1ed;
          --bad: #a4161a; --bad-tint: #fdecec; --warn: #7a4b00; --warn-tint: #fff3dc;
        }
        @media screen and (prefers-color-scheme: dark) {
          :root {
            --ground: #121715; --card: #1a211e; --ink: #e9efec; --soft: #a9b7b1; --line: #35413c;
            --field: #84938d; --accent: #7fd1bd; --on-accent: #06231c; --tint: #1c332c;
            --bad: #ff9c9c; --bad-tint: #3a1c1c; --warn: #f3c577; --warn-tint: #372a12;
          }
        }
        *, ::before, ::after { box-sizing: border-box; }
        html { font: 100%/1.5 system-ui, sans-serif; -webkit-text-size-adjust: 100%; }
        body { margin: 0; background: var(--ground); color: var(--ink); overflow-wrap: anywhere; }
        body > header { background: var(--accent); color: var(--on-accent); }
        .brand { margin: 0 auto; padding: .6rem 1rem; max-width: 62rem; font-weight: 700;
          letter-spacing: .02em; }
        main { max-width: 62rem; margin: 0 auto; padding: 1rem 1rem 3rem; }
        h1 { font-size: 1.6rem; line-height: 1.2; margin: .5rem 0 1rem; }
        h2 { font-size: 1.2rem; line-height: 1.3; margin: 0 0 .6rem; }
        h3 { font-size: 1rem; margin: 0 0 .4rem; }
        p { margin: 0 0 .75rem; max-width: 44rem; }
        a { color: var(--accent); }
        section, .errors { background: var(--card); border: 1px solid var(--line);
          border-radius: .6rem; padding: 1rem; margin: 0 0 1rem; }
        dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1rem; margin: 0; }
        dl > div { display: contents; }
        dt { color: var(--soft); }
        dd { margin: 0; }
        ul.plain, ol.plain { list-style: none; margin: 0; padding: 0; }
        .orders li, .story li { padding: .6rem 0; border-top: 1px solid var(--line); }
        .orders li:first-child, .story li:first-child { border-top: 0; padding-top: 0; }
        .orders a { display: inline-flex; align-items: center; min-height: 44px; font-weight: 600; }
        .orders p, .story p { margin: 0; }
        .soft, time { color: var(--soft); }
        .state { font-size: 1.15rem; font-weight: 600; border-left: .3rem solid var(--accent);
          background: var(--tint); padding: .75rem 1rem; border-radius: .3rem; max-width: none; }
        .state.bad { border-color: var(--bad); background: var(--bad-tint); }
        .state.warn { border-color: var(--warn); background: var(--warn-tint); }
        .notice { background: var(--warn-tint); color: var(--warn); padding: .6rem .8rem;
          border-radius: .3rem; max-width: none; }
        fieldset { border: 0; border-top: 1px solid var(--line); margin: 0 0 1rem;
          padding: 1rem 0 0; min-width: 0; }
        form > fieldset:first-of-type { border-top: 0; padding-top: 0; }
        legend { float: left; width: 100%; font-weight: 700; font-size: 1.05rem; padding: 0;
          margin: 0 0 .5rem; }
        legend + * { clear: both; }
        .fields { display: grid; grid-template-columns: 1fr; gap: 0 1rem; align-items: end; }
        .field { margin: 0 0 1rem; min-width: 0; }
        .field > label, .label { display: block; font-weight: 600; margin: 0 0 .25rem; }
        .hint { display: block; color: var(--soft); font-size: .9rem; margin: 0 0 .25rem; }
        .error { display: block; color: var(--bad); font-weight: 600; margin: 0 0 .25rem; }
        .wrong { border-left: .25rem solid var(--bad); padding-left: .75rem; }
        input:not([type=checkbox]), select, textarea { width: 100%; min-height: 44px; font: inherit;
          color: inherit; background: var(--ground); border: 1px solid var(--field);
          border-radius: .35rem; padding: .5rem .6rem; }
        textarea { resize: vertical; display: block; }
        [aria-invalid=true] { border: 2px solid var(--bad) !important; }
        .check { display: flex; align-items: center; gap: .75rem; min-height: 44px; cursor: pointer; }
        .check input { width: 1.4rem; height: 1.4rem; flex: none; margin: 0 0 0 .2rem;
          accent-color: var(--accent); }
        button { min-height: 44px; font: inherit; font-weight: 600; padding: .5rem 1.2rem;
          border-radius: .35rem; border: 1px solid var(--accent); cursor: pointer;
          background: var(--card); color: var(--accent); }
        button.main { background: var(--accent); color: var(--on-accent); }
        a.go { display: inline-flex; align-items: center; min-height: 44px; }
        .buttons { display: flex; flex-wrap: wrap; gap: .75rem; }
        :focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
        .errors { border: 2px solid var(--bad); background: var(--bad-tint); }
        .errors h2 { color: var(--bad); }
        .errors a { color: var(--bad); display: inline-flex; align-items: center; min-height: 44px; }
        .items { width: 100%; border-collapse: collapse; }
        .items th, .items td { text-align: left; vertical-align: top; padding: .5rem .75rem .5rem 0;
          border-top: 1px solid var(--line); }
        .items thead th { border-top: 0; color: var(--soft); font-weight: 600; }
        @media (max-width: 30rem) {
          .items thead { position: absolute; width: 1px; height: 1px; overflow: hidden;
            clip-path: inset(50%); }
          .items tr { display: block; padding: .5rem 0; border-top: 1px solid var(--line); }
          .items tr:first-child { border-top: 0; }
          .items th, .items td { display: block; border: 0; padding: .1rem 0; }
          .buttons button { width: 100%; }
        }
        @media (min-width: 40rem) {
          .fields { grid-template-columns: 1fr 1fr; }
          .fields .wide { grid-column: 1 / -1; }
          .fields.three { grid-template-columns: 1fr 1fr 1fr; }
        }
        @media (min-width: 56rem) {
          .sides { display: grid; grid-template-columns: minmax(0, 2fr) minmax(16rem, 1fr);
            gap: 1rem; align-items: start; }
        }
        @media (forced-colors: active) { .state, .wrong { border-left: .3rem solid CanvasText; } }
        @media print {
          body > header, .entry, a.go { display: none; }
          body { background: #fff; color: #000; }
          section { border: 0; padding: 0; break-inside: avoid; }
        }

        """
}
