/// The look of the console's drawings, lists and numbers.
enum ConsoleDrawingStyle {
    static let text = """
        figure { margin: 0 0 1rem; }
        figcaption, caption { text-align: left; color: var(--soft); padding: .25rem 0; }
        .diagram { overflow-x: auto; }
        .diagram svg { display: block; max-width: 100%; min-width: 40rem; height: auto; }
        svg text { font: 13px system-ui, sans-serif; fill: var(--ink); }
        .node rect { fill: var(--card); stroke: var(--field); stroke-width: 1; }
        .node text { text-anchor: middle; }
        .node.past rect { fill: var(--tint); stroke: var(--accent); }
        .node.now rect { fill: var(--accent); stroke: var(--ink); stroke-width: 3; }
        .node.now text { fill: var(--on-accent); font-weight: 700; }
        .move path { fill: none; stroke: var(--field); stroke-width: 1.2; }
        .move path.head { fill: var(--field); stroke: none; }
        .move.open path { stroke: var(--accent); stroke-width: 2.2; }
        .move.open path.head { fill: var(--accent); stroke: none; }
        .chart svg { display: block; width: 100%; height: auto; max-width: 46rem; }
        .chart text { font-size: 12px; fill: var(--soft); }
        .chart .end { text-anchor: end; }
        .chart .middle { text-anchor: middle; }
        .chart .axis { stroke: var(--line); stroke-width: 1; }
        .chart .first { fill: var(--accent); }
        .chart .second { fill: none; stroke: var(--warn); stroke-width: 2.5; }
        .chart .mark { fill: var(--warn); }
        .legend { display: flex; flex-wrap: wrap; gap: 0 1.5rem; margin: 0; }
        .numbers { display: grid; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); gap: .75rem;
          margin: 0 0 1rem; padding: 0; list-style: none; }
        .numbers li { background: var(--card); border: 1px solid var(--line); border-radius: .6rem;
          padding: .75rem 1rem; }
        .numbers a { display: block; text-decoration: none; color: inherit; min-height: 44px; }
        .numbers a:hover .what { text-decoration: underline; }
        .numbers .count { display: block; font-size: 1.6rem; font-weight: 700; line-height: 1.2; }
        .numbers .what { color: var(--soft); }
        .numbers .due { border-left: .3rem solid var(--warn); }
        .numbers .bad { border-left: .3rem solid var(--bad); }
        .wide-table { overflow-x: auto; }
        .items td.number, .items th.number { text-align: right; font-variant-numeric: tabular-nums; }
        .items code, dd code { font-size: .9em; overflow-wrap: anywhere; }
        form + div h3 { margin-top: 1.25rem; }
        .items th .soft { font-weight: 400; }
        pre { overflow: auto; max-width: 100%; white-space: pre-wrap; }
        dd { min-width: 0; overflow-wrap: anywhere; }
        @media (max-width: 36rem) {
          dl { grid-template-columns: 1fr; gap: 0; }
          dl dd { margin-bottom: .5rem; }
        }
        @media (max-width: 30rem) {
          /* Numbers mean nothing without the titles of their columns: such tables scroll instead. */
          .wide-table .items thead, figure .items thead { position: static; width: auto; height: auto;
            clip-path: none; }
          .wide-table .items tr, figure .items tr { display: table-row; }
          .wide-table .items th, .wide-table .items td, figure .items th, figure .items td {
            display: table-cell; overflow-wrap: normal; border-top: 1px solid var(--line); padding: .5rem .75rem .5rem 0; }
          .chart { overflow-x: auto; }
          .chart svg { min-width: 32rem; }
        }
        .badge { display: inline-block; border: 1px solid var(--line); border-radius: 1rem;
          padding: 0 .6rem; white-space: nowrap; }
        .badge.bad { border-color: var(--bad); color: var(--bad); }
        .badge.warn { border-color: var(--warn); color: var(--warn); }
        .badge.good { border-color: var(--accent); color: var(--accent); }
        .pages { display: flex; flex-wrap: wrap; gap: .75rem 1.5rem; align-items: center; }
        summary { min-height: 44px; display: inline-flex; align-items: center; cursor: pointer;
          color: var(--accent); }
        details summary::before { content: "▸"; margin-right: .4rem; }
        details[open] summary::before { content: "▾"; }
        summary::-webkit-details-marker { display: none; }
        @media print {
          details > *, details::details-content { display: block; content-visibility: visible; }
          .pages, form.search { display: none; }
          .chart svg, .diagram svg { break-inside: avoid; }
        }
        @media (forced-colors: active) {
          .node.now rect { fill: Highlight; } .node.now text { fill: HighlightText; }
          .chart .first { fill: Highlight; }
        }

        """
}
