import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.web.markdown import render

ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](vbscript:x)",
    "![x](javascript:alert(1))",
    "<svg/onload=alert(1)>",
    "<a href='https://x.y' onclick=alert(1)>x</a>",
    "```\n</code></pre><script>alert(1)</script>\n```",
    '```"onload="alert(1)\nx\n```',
    "[x](<https://a.b/\" onmouseover=\"alert(1)>)",
    '[x](https://a.b "t\\" onmouseover=\\"alert(1)")',
    "https://a.b/\"onmouseover=\"alert(1)",
    "<https://a.b/\"onmouseover=alert(1)>",
    "<style>*{display:none}</style>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<form action=https://evil.example><input name=q></form>",
    "[x]: javascript:alert(1)\n\n[x]",
    "<math><mtext><table><mglyph><style><img src onerror=alert(1)>",
]  # fmt: skip
TAG = re.compile(r"<(/?)([a-z0-9]+)([^>]*)>")
ALLOWED = {
    *("p", "br", "hr", "a", "em", "strong", "s", "code", "pre", "blockquote", "ul", "ol", "li"),
    *("h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td"),
}


def assert_harmless(html: str) -> None:
    for _, name, attributes in TAG.findall(html):
        assert name in ALLOWED
        names = re.findall(r'([a-z-]+)="[^"]*"', attributes)
        assert set(names) <= {"href", "target", "rel", "start"}
        assert re.sub(r'[a-z-]+="[^"]*"', "", attributes).strip() in ("", "/")
        for href in re.findall(r'href="([^"]*)"', attributes):
            assert re.match(r"(https?|mailto):", href)


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_that_could_run_gets_through(attack: str) -> None:
    assert_harmless(render(attack))
    assert_harmless(render(f"> - {attack}\n\n| a |\n|---|\n| {attack} |"))


pieces = st.sampled_from(
    [*ATTACKS, "[", "](", ")", "**", "`", "\n", "\n\n", "> ", "- ", "|", "<", "&"]
)


@given(st.lists(pieces | st.text(max_size=8), max_size=12).map("".join))
def test_no_mixture_of_attacks_gets_through_or_breaks_the_renderer(text: str) -> None:
    assert_harmless(render(text))


def test_html_in_a_text_is_shown_as_it_was_written() -> None:
    assert render("a <b>c</b> <script>") == "<p>a &lt;b&gt;c&lt;/b&gt; &lt;script&gt;</p>\n"


def test_tables_code_lists_and_emphasis_look_as_written() -> None:
    html = render("| a |\n|---|\n| **b** |\n\n```py\nx < 1\n```\n\n3. one\n\n~~gone~~")
    assert "<td><strong>b</strong></td>" in html
    assert "<pre><code>x &lt; 1\n</code></pre>" in html
    assert '<ol start="3">' in html
    assert "<s>gone</s>" in html


def test_lines_stay_lines_and_a_rule_is_drawn() -> None:
    assert render("a\nb") == "<p>a<br>\nb</p>\n"
    assert render("a\n\n---\n\nb") == "<p>a</p>\n<hr>\n<p>b</p>\n"


def test_a_link_opens_outside_and_tells_nothing_about_us() -> None:
    html = render("[docs](https://example.com/a)")
    assert 'href="https://example.com/a"' in html
    assert 'rel="noopener noreferrer nofollow"' in html
    assert 'target="_blank"' in html


def test_a_bare_address_becomes_a_link_without_the_full_stop() -> None:
    html = render("See https://example.com/a?b=1&c=2. (or http://x.y/z)")
    assert 'href="https://example.com/a?b=1&amp;c=2"' in html
    assert 'href="http://x.y/z"' in html
    assert html.count("<a ") == 2


def test_an_address_that_is_a_link_already_or_code_stays_as_it_is() -> None:
    assert render("[https://a.example](https://b.example)").count("<a ") == 1
    assert "<a " not in render("`https://a.example`")


def test_an_image_is_a_link_and_loads_nothing() -> None:
    html = render("![the plan](https://tracker.example/x.png)")
    assert "<img" not in html
    assert 'href="https://tracker.example/x.png"' in html
    assert ">the plan</a>" in html
    assert render("[![a](https://b.example)](https://c.example)").count("<a ") == 1


def test_an_image_without_words_is_called_so() -> None:
    assert ">image</a>" in render("![](https://tracker.example/x.png)")
    assert "image" in render("[![](https://b.example)](https://c.example)")


def test_what_is_no_address_of_the_web_is_shown_without_a_link() -> None:
    assert render("[x](javascript:alert) [y](/root) [z]()") == "<p>x y z</p>\n"
    assert 'href="mailto:ana@b.example"' in render("<ana@b.example>")
    assert 'href="HTTPS://b.example"' in render("[x](HTTPS://b.example)")


def test_markdown_between_html_is_understood_and_the_html_is_shown() -> None:
    html = render(
        "<details>\n<summary>**how**</summary>\n- one\n</details>\n\n<script>\n\n# big\n\n`<b>`"
    )
    assert "&lt;summary&gt;<strong>how</strong>&lt;/summary&gt;" in html
    assert "<li>one" in html
    assert "<h3>big</h3>" in html
    assert "<code>&lt;b&gt;</code>" in html


@pytest.mark.parametrize("mark", ["> ", "- ", "1. ", "**a ", "[a"])
def test_what_is_nested_without_end_is_shown_as_far_as_people_nest(mark: str) -> None:
    html = render(mark * 3_000 + "the end")
    assert "the end" in html
    assert len(TAG.findall(html)) < 100


def test_a_table_that_grows_without_measure_is_plain() -> None:
    wide = "|a" * 300 + "\n" + "|-" * 300 + "\n" + "|b\n" * 260
    assert render(wide).startswith("<pre>|a|a")
    assert len(render(wide)) < 2 * len(wide)


def test_headings_of_a_message_stand_below_those_of_the_page() -> None:
    assert render("# big").startswith("<h3>")
    assert render("###### small").startswith("<h6>")


def test_a_very_long_text_is_plain_and_cut() -> None:
    html = render("<b>" + "x" * 200_000)
    assert html.startswith("<pre>&lt;b&gt;")
    assert html.endswith("<p>… 100003 more characters</p>")


def test_half_a_surrogate_pair_is_no_end_of_the_world() -> None:
    assert render("a\ud83db") == "<p>a?b</p>\n"


def test_many_threads_may_render_at_once() -> None:
    texts = [
        f"**{n}** [x](https://e.example/{n}) ~~s~~\n\n| a |\n|---|\n| {n} |" for n in range(200)
    ]
    alone = [render(text) for text in texts]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(render, texts)) == alone
