"""The pages around a subscription."""

import pytest
from support.status_page import calm, hostile

from actinf.responder.publishing.page import PublicPage
from actinf.web.status import subscription_pages


def test_a_link_of_a_mail_shows_a_form_that_sends_its_token_back() -> None:
    markup = subscription_pages.confirm(calm(), 'a"b', ["gateway", "gone"]).decode()
    assert '<form method="post" action="confirm">' in markup
    assert '<input type="hidden" name="token" value="a&#34;b">' in markup
    assert "Answers to requests" in markup
    assert "Stored results" not in markup


def test_who_chose_no_part_is_told_that_it_is_all() -> None:
    assert b"any part of <bdi><b>Active Inference API" in subscription_pages.confirm(calm(), "t", [])


def test_leaving_says_which_address_and_asks_once() -> None:
    markup = subscription_pages.leave(calm(), "t", "a<b>@example.org").decode()
    assert "a&lt;b&gt;@example.org" in markup
    assert '<form method="post" action="leave">' in markup


@pytest.mark.parametrize("page", [calm(), hostile()])
def test_every_one_of_them_has_a_heading_and_nothing_that_runs(page: PublicPage) -> None:
    every = [
        subscription_pages.asked(page),
        subscription_pages.confirmed(page),
        subscription_pages.left(page),
        subscription_pages.wrong(page, "<script>x</script>", "<b>no\x00\n\nway"),
    ]
    for markup in every:
        assert markup.count(b"<h1") == 1
        assert b"<script" not in markup
        assert b"default-src &#39;none&#39;" in markup
        assert b"\x00" not in markup
