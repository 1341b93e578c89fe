"""What holds for every page, whoever wrote it: sign-in, language, one host, the content policy, errors that tell nothing."""

import logging
import re
from html.parser import HTMLParser

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from hub import urls
from hub.access.access import Refused
from hub.access.roles import Role


def patterns(resolver=None, prefix=""):
    for pattern in (resolver or get_resolver()).url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from patterns(pattern, route)
        else:
            yield route, pattern


def example(route):
    """An address that fits the route; the values need not exist."""
    filled = re.sub(r"<(?:int:)?\w*(?:id|number|year|month|step|page)\w*>|<int:\w+>", "1", route)
    return "/" + re.sub(r"<[^>]+>", "x", filled).lstrip("^").rstrip("$")


ROUTES = [pytest.param(route, pattern, id=route or "/") for route, pattern in patterns()]


@pytest.mark.parametrize(("route", "pattern"), ROUTES)
def test_a_page_asks_for_sign_in_unless_it_is_listed_as_public(db, client, route, pattern: URLPattern):
    needs_sign_in = getattr(pattern.callback, "login_required", True)
    assert needs_sign_in is (pattern.name not in urls.PUBLIC)
    response = client.get(example(route))
    if needs_sign_in and response.status_code != 404:  # 404: the example does not fit a stricter converter
        assert response.status_code == 302
        assert response.headers["Location"].startswith("/sign-in/?next=")


def test_every_public_page_exists():
    assert {pattern.name for _, pattern in patterns()} >= urls.PUBLIC


class Links(HTMLParser):
    """All addresses a page makes a browser load or go to, and everything its content policy forbids."""

    def __init__(self, html):
        super().__init__()
        self.addresses, self.inline = [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        for name, value in attrs:
            if name in ("src", "href", "action", "srcset", "poster", "data", "formaction"):
                self.addresses.append(value or "")
            if name == "style" or name.startswith("on"):
                self.inline.append((tag, name))
        if tag in ("style", "script") and not {"src", "nonce"} & {name for name, _ in attrs}:
            self.inline.append((tag, "without nonce"))


@pytest.fixture(params=[None, *Role], ids=str)
def visitor(request, someone):
    """A browser: a stranger's, or that of somebody in each role."""
    client = Client()
    if request.param is not None:
        client.force_login(someone(request.param))
    return client


@pytest.mark.parametrize("language", ["ko", "en"])
def test_every_page_without_parameters_renders_in_both_languages(visitor, language):
    visitor.cookies["hub-language"] = language
    seen = 0
    for route, _pattern in patterns():
        if "<" in route:
            continue
        response = visitor.get("/" + route)
        assert response.status_code in (200, 302, 403, 405), route
        if not response.headers.get("Content-Type", "").startswith("text/html") or not response.content:
            continue
        seen += 1
        html = response.content.decode()
        assert f'<html lang="{language}">' in html, route
        links = Links(html)
        assert [address for address in links.addresses if "//" in address] == [], route
        assert links.inline == [], route
        policy = response.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert ("시연용" if language == "ko" else "Demonstration") in html
        assert "official" not in html.lower()
    assert seen


def test_signed_in_pages_are_not_kept_by_anyone(client, coordinator):
    client.force_login(coordinator)
    response = client.get("/")
    assert response.headers["Cache-Control"] == "no-store, private"
    assert response.headers["X-Frame-Options"] == "DENY"
    assert response.headers["Referrer-Policy"] == "same-origin"


def test_a_page_that_is_not_there_says_so_without_repeating_the_address(client):
    response = client.get("/500101-1234567/")
    assert response.status_code == 404
    assert "찾으시는 화면이 없습니다" in response.content.decode()
    assert "500101" not in response.content.decode()


def test_a_form_from_elsewhere_is_refused_in_words(coordinator):
    client = Client(enforce_csrf_checks=True)
    client.force_login(coordinator)
    response = client.post("/sign-out/")
    assert response.status_code == 403
    assert "바뀐 내용은 없습니다" in response.content.decode()


class SecretNumber(Exception):
    """Carries what no page and no log may show."""


@pytest.fixture
def failing(monkeypatch):
    """Make the page at /alive/ fail in a chosen way."""

    def fail_with(error):
        def cursor(*arguments, **names):
            raise error

        monkeypatch.setattr("hub.views.connection", type("Broken", (), {"cursor": cursor})())

    return fail_with


def test_a_fault_shows_no_detail_on_the_page_or_in_the_log(db, failing, caplog):
    failing(SecretNumber("주민등록번호 500101-1234567"))
    client = Client(raise_request_exception=False)
    with caplog.at_level(logging.ERROR):
        response = client.get("/alive/")
    assert response.status_code == 500
    page = response.content.decode()
    assert "처리 중 문제가 생겼습니다" in page
    from hub.logs import Discreet

    written = "\n".join(Discreet().format(record) for record in caplog.records)
    assert "SecretNumber" in written
    for secret in ("500101", "주민등록번호"):
        assert secret not in page
        assert secret not in written


def test_a_closed_gate_gives_its_reason(db, failing):
    failing(Refused("a reason in words"))
    response = Client().get("/alive/")
    assert response.status_code == 403
    assert "a reason in words" in response.content.decode()


def test_a_refusal_that_is_not_ours_keeps_its_text_to_itself(db, failing):
    from django.core.exceptions import PermissionDenied

    failing(PermissionDenied("internal detail"))
    response = Client().get("/alive/")
    assert response.status_code == 403
    assert "internal detail" not in response.content.decode()


def test_a_request_for_another_host_is_refused(client):
    response = client.get("/", headers={"host": "evil.example"})
    assert response.status_code == 400


def test_the_masthead_offers_only_what_the_post_allows(client, someone):
    def offered(role):
        client.force_login(someone(role))
        return {entry["address"] for entry in client.get(reverse("home")).context["navigation"]}

    administrator, officer, member = map(
        offered, (Role.ADMINISTRATOR, Role.DISTRICT_OFFICER, Role.COUNCIL_MEMBER)
    )
    assert reverse("accounts") in administrator - officer
    assert {reverse("worklist"), reverse("approvals")} <= officer - administrator
    assert member < officer


def test_no_comment_of_a_template_runs_over_a_line_for_then_it_would_be_shown():
    from hub import places

    for path in (places.PROJECT / "src" / "hub").glob("**/*.html"):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            assert line.count("{#") == line.count("#}"), f"{path.name}:{number}"
