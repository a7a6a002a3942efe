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
