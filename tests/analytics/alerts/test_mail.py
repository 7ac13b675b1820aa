from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.alerts import plot
from analytics.alerts.mail import MailSettings, message
from analytics.alerts.notice import Contributor, Figure, Notice, Plot, Section
from analytics.exceptions import SettingsError

SCRIPT = '<script>alert("1")</script> & {{ 7 * 7 }}'
SETTINGS = MailSettings(sender="alerts@example.com")
TEXT = """\
WARNING: The budget search has used 82 % of its $500.00 for November 2026, and
is likely to be spent on 26 November.

  Spent so far           $412.07 of $500.00 (82 %)
  Left                   $87.93 until 1 December 00:00 UTC
  Runs out               Thursday 26 November, about 15:00 UTC
  Forecast for November  $563.20 (80 % sure: $521.40 to $611.85)

  [#################################:::::::|:::::]
  # spent, : expected by the end, | limit

What makes it up, and what changed

  model claude-opus-5-5   $248.90  +$96.12 (+63 %)
  model claude-sonnet-5   $131.46  +$4.80 (+4 %)
  feature nightly-digest   $88.02  new
  user u-4711              $31.71

What to do

  * Look at feature nightly-digest: it is new this month and runs on Opus.
  * Raise the amount of search in budgets.yaml, or let it step down to a
    cheaper tier.

Dashboard: https://tollgate.example.com/?budget=search&period=2026-11

14 calls to models without a price are not in these figures.

Tollgate tells ada@example.com, search-team@example.com about search, as
budgets.yaml says.
To be taken off, write to alerts@example.com or change budgets.yaml; for a
break: tollgate alerts silence.
"""


def sent(notice: Notice, *, to: str = "ada@example.com", parcel_id: str = "ab12", **settings: Any) -> EmailMessage:
    """The message as it arrives: written, and read again."""
    told = MailSettings(**{"sender": "alerts@example.com"} | settings)
    arrived = message_from_bytes(message(notice, to=to, parcel_id=parcel_id, settings=told).as_bytes(), policy=default)
    assert isinstance(arrived, EmailMessage)
    return arrived


def body(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    assert part is not None
    return part.get_content().replace("\r\n", "\n")


def hostile(words: str) -> dict[str, Any]:
    """Every field of a notice that may hold words of others."""
    return {
        "subject": words,
        "headline": words,
        "figures": (Figure(label=words, value=words),),
        "sections": (Section(title=words, rows=(Figure(label=words, value=words),)),),
        "contributors": (Contributor(name=words, cost=Decimal(1), change=words),),
        "actions": (words,),
        "footnotes": (words,),
        "link": f"https://example.com/?tag={words}",
        "rule": words,
        "recipients": (words,),
        "thread": words,
    }


def test_the_text_reads_well_in_a_terminal(a_notice: Callable[..., Notice]) -> None:
    """The text has the whole alert in order, in 78 columns, with figures and amounts aligned."""
    assert body(sent(a_notice()), "plain") == TEXT
    assert max(map(len, TEXT.splitlines())) <= 78


def test_text_and_page_and_picture_are_one_message(a_notice: Callable[..., Notice]) -> None:
    """alternative(text, related(page, picture)); the page shows the picture by its content id; all is small."""
    mail = sent(a_notice())
    assert [part.get_content_type() for part in mail.walk()] == [
        "multipart/alternative",
        "text/plain",
        "multipart/related",
        "text/html",
        "image/png",
    ]
    (picture,) = (part for part in mail.walk() if part.get_content_type() == "image/png")
    assert f'src="cid:{picture["Content-ID"].strip("<>")}"' in body(mail, "html")
    assert picture["Content-Disposition"].startswith("inline")
    assert len(mail.as_bytes()) < 60_000
    assert all(part["Content-Transfer-Encoding"] != "8bit" for part in mail.walk())


def test_the_headers_say_who_what_and_how_to_stop_it(a_notice: Callable[..., Notice]) -> None:
    """The headers that mail readers and robots go by are there, and a warning is not marked as urgent."""
    headers = {name: str(value) for name, value in sent(a_notice()).items()}
    del headers["Content-Type"]
    assert headers == {
        "From": "Tollgate <alerts@example.com>",
        "To": "ada@example.com",
        "Subject": "Tollgate: search at 82 % of $500.00 for November 2026",
        "Date": "Sat, 21 Nov 2026 09:30:00 +0000",
        "Message-ID": "<ab12@example.com>",
        "References": "<thread-abf52b1bfb4e3653f7012175cd7b1bc5@example.com>",
        "List-Id": "<search.tollgate.example.com>",
        "List-Unsubscribe": "<mailto:alerts@example.com?subject=unsubscribe%20search>",
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
        "MIME-Version": "1.0",
    }


def test_one_click_is_promised_only_where_something_takes_it(a_notice: Callable[..., Notice]) -> None:
    """With an address that takes it, both ways of unsubscribing are named; answers go to reply_to."""
    mail = sent(a_notice(), unsubscribe_url="https://tollgate.example.com/stop", reply_to="ada@example.com")
    assert mail["List-Unsubscribe"] == (
        "<https://tollgate.example.com/stop?parcel=ab12>, <mailto:ada@example.com?subject=unsubscribe%20search>"
    )
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail["Reply-To"] == "ada@example.com"


def test_only_a_critical_alert_is_marked_as_urgent(a_notice: Callable[..., Notice]) -> None:
    """A critical alert and its reminder are of high importance; that it is resolved is not."""
    assert sent(a_notice(severity="critical"))["Importance"] == "high"
    assert sent(a_notice(severity="critical", kind="reminder"))["X-Priority"] == "1"
    assert sent(a_notice(severity="critical", kind="resolved"))["Importance"] is None


def test_sent_again_it_is_the_same_message(a_notice: Callable[..., Notice]) -> None:
    """Byte for byte, so that a mailbox knows it has it; another parcel has another Message-ID in the same thread."""
    one, again = (message(a_notice(), to="ada@example.com", parcel_id="ab12", settings=SETTINGS) for _ in range(2))
    assert one.as_bytes() == again.as_bytes()
    later = sent(a_notice(kind="resolved", first=False), parcel_id="cd34")
    assert later["Message-ID"] == "<cd34@example.com>"
    assert later["References"] == later["In-Reply-To"] == one["References"]
    assert one["In-Reply-To"] is None


def test_long_names_leave_the_ids_whole(a_notice: Callable[..., Notice]) -> None:
    """An id that is longer than a line is neither broken nor encoded."""
    domain = f"{'a' * 50}.{'b' * 50}.example.com"
    raw = message(
        a_notice(rule="r" * 300),
        to="ada@example.com",
        parcel_id="ab12",
        settings=MailSettings(sender=f"alerts@{domain}"),
    ).as_bytes()
    assert f"\r\nReferences: <thread-abf52b1bfb4e3653f7012175cd7b1bc5@{domain}>\r\n".encode() in raw
    assert f"\r\nMessage-ID: <ab12@{domain}>\r\n".encode() in raw
    assert max(map(len, raw.split(b"\r\n"))) < 998


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"severity": "info"}, "Info"),
        ({"severity": "critical"}, "Critical"),
        ({"kind": "reminder"}, "Reminder: Warning"),
        ({"kind": "resolved"}, "Resolved"),
        ({"kind": "digest"}, "Digest"),
        ({"kind": "test"}, "Test"),
    ],
)
def test_a_word_says_how_serious_it_is(changes: dict[str, Any], word: str, a_notice: Callable[..., Notice]) -> None:
    """Text and page say it in a word, not by a colour alone."""
    mail = sent(a_notice(**changes))
    assert body(mail, "plain").startswith(f"{word.upper()}: ")
    assert f">{word}</td>" in body(mail, "html")


def test_a_digest_has_its_tables(a_notice: Callable[..., Notice]) -> None:
    """The sections of a digest stand under their headings, in text and page."""
    rows = (Figure(label="search", value="$412.07"), Figure(label="support-team", value="$97.44 of $400.00"))
    mail = sent(a_notice(kind="digest", plot=None, sections=(Section(title="Budgets", rows=rows),)))
    assert "\nBudgets\n\n  search        $412.07\n  support-team  $97.44 of $400.00\n" in body(mail, "plain")
    assert ">Budgets</td>" in body(mail, "html")
    assert mail.get_body(("related",)) is None


def test_markup_is_words(a_notice: Callable[..., Notice]) -> None:
    """A script, or a template's own marks, in any field is shown as written, and never becomes part of the page."""
    mail = sent(a_notice(**hostile(SCRIPT)))
    page = body(mail, "html")
    assert "<script" not in page
    assert page.count("{{ 7 * 7 }}") > 10
    assert "&lt;script&gt;alert(&#34;1&#34;)&lt;/script&gt; &amp; {{ 7 * 7 }}" in page
    assert SCRIPT in body(mail, "plain")


def test_only_a_web_address_is_a_link(a_notice: Callable[..., Notice]) -> None:
    """A link that would run something is left out."""
    mail = sent(a_notice(link="javascript:alert(1)"))
    assert "javascript" not in body(mail, "html") + body(mail, "plain")


@settings(deadline=None)
@given(words=st.text(st.characters(), max_size=300))
def test_no_name_adds_a_header_or_breaks_the_message(words: str, a_notice: Callable[..., Notice]) -> None:
    """Whatever a rule, a tag or a subject is called, the headers are the same ones, and text and page can be read."""
    words = f"x\r\nBcc: evil@example.com\r\n\r\n{words}"
    mail = sent(a_notice(plot=None, **hostile(words)))
    assert mail.keys() == sent(a_notice(plot=None)).keys()
    assert mail["To"] == "ada@example.com"
    assert "\n" not in mail["Subject"]
    assert not mail.defects
    assert "x Bcc: evil@example.com" in body(mail, "plain")
    assert "</html>" in body(mail, "html")


@pytest.mark.parametrize("to", ["", "ada", "ada@", "@example.com", "a@b.c\r\nBcc: d@e.f", "a@b.c, d@e.f", "a b@c.d"])
def test_what_is_no_address_gets_no_mail(to: str, a_notice: Callable[..., Notice]) -> None:
    """The error says what was found; nothing is cut out of it and sent elsewhere."""
    with pytest.raises(SettingsError, match=r"recipient: found .*, expected an address such as ada@example.com"):
        sent(a_notice(), to=to)


def test_addresses_may_be_in_any_script(a_notice: Callable[..., Notice]) -> None:
    """A domain becomes ASCII; a name before the @ that is not ASCII, and a subject, arrive as they are."""
    mail = sent(
        a_notice(subject="Tollgate: Suche für 検索"), to="jörg@bücher.example", sender="Maut <maut@bücher.example>"
    )
    assert mail["To"] == "jörg@xn--bcher-kva.example"
    assert mail["From"] == "Maut <maut@xn--bcher-kva.example>"
    assert mail["Subject"] == "Tollgate: Suche für 検索"


def test_a_picture_that_cannot_be_drawn_holds_nothing_up(
    a_notice: Callable[..., Notice], a_plot: Callable[..., Plot], caplog: pytest.LogCaptureFixture
) -> None:
    """The alert goes out without its plot, and the log says so."""
    mail = sent(a_notice(plot=a_plot(zone="Mars/Olympus")))
    assert "image/png" not in [part.get_content_type() for part in mail.walk()]
    assert "cannot be drawn" in caplog.text


def test_a_plot_is_described_for_who_does_not_see_it(a_plot: Callable[..., Plot]) -> None:
    """The words have the same figures as the picture, in the zone of the budget."""
    assert plot.describe(a_plot(zone="Asia/Kolkata")) == (
        "Spend from 1 November 2026 05:30 to 1 December 2026 05:30: $412.07 so far, of a limit of $500.00, "
        "heading for $563.20 ($521.40 to $611.85)."
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"points": ()},
        {"limit": None},
        {"limit": Decimal(0)},
        {"expected": None, "low": None, "high": None},
        {"points": (), "limit": None, "expected": None, "low": None, "high": None},
    ],
)
def test_a_plot_lacks_what_is_not_known(changes: dict[str, Any], a_plot: Callable[..., Plot]) -> None:
    """No spend yet, no limit, not enough history: there is a picture all the same; without a limit there is no bar."""
    drawn = a_plot(**changes)
    assert plot.png(drawn).startswith(b"\x89PNG")
    assert plot.describe(drawn)
    assert (plot.bar(drawn) is None) == (not drawn.limit)


@settings(deadline=None)
@given(
    spent=st.decimals(0, 10**6, places=2),
    limit=st.decimals("0.01", 10**6, places=2),
    more=st.decimals(0, 10**6, places=2),
)
def test_a_bar_is_as_long_as_it_is(spent: Decimal, limit: Decimal, more: Decimal, a_plot: Callable[..., Plot]) -> None:
    """Its width is fixed, the limit is on it, and it is full beyond the limit only when the limit was passed."""
    drawn = a_plot(points=({"moment": a_plot().end, "spent": spent},), limit=limit, expected=spent + more)
    bar = plot.bar(drawn)
    assert bar is not None
    assert len(bar) == 48
    assert bar.count("|") == 1
    assert "#" not in bar.partition("|")[2] or spent > limit
