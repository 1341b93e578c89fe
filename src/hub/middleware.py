"""What happens around every request that Django does not already do."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.crypto import salted_hmac

from hub import walls
from hub.access.access import area_of_duty
from hub.access.roles import Right
from hub.access.trail import coming_from
from hub.people.access import cleared_for

type Answer = Callable[[HttpRequest], HttpResponse]


def language(answer: Answer) -> Answer:
    """Speak Korean unless this browser chose otherwise in the masthead.

    The browser's own wish is not asked: office machines are set up in all ways, and the same page should look the
    same at every desk until someone chooses.
    """
    offered = {code for code, _ in settings.LANGUAGES}

    def respond(request: HttpRequest) -> HttpResponse:
        chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
        with translation.override(chosen if chosen in offered else settings.LANGUAGE_CODE):
            request.LANGUAGE_CODE = translation.get_language() or settings.LANGUAGE_CODE
            response = answer(request)
            response.headers.setdefault("Content-Language", request.LANGUAGE_CODE)
            return response

    return respond


def whence(answer: Answer) -> Answer:
    """Tell the audit trail, once for all that a request does, which address and which session it comes from."""

    def respond(request: HttpRequest) -> HttpResponse:
        address = request.META.get("REMOTE_ADDR", "")
        if settings.BEHIND_PROXY:
            # The last entry is the one our own proxy wrote; those before it are what a browser claims.
            address = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip() or address
        number = request.session.session_key
        session = salted_hmac("hub.session", number, algorithm="sha256").hexdigest()[:16] if number else ""
        with coming_from(address[:45], session):
            return answer(request)

    return respond


def keep_private(answer: Answer) -> Answer:
    """Let nobody on the way, and no one at the same desk later, keep a copy of a signed-in person's page."""

    def respond(request: HttpRequest) -> HttpResponse:
        response = answer(request)
        response.headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
        if request.user.is_authenticated:
            response.headers.setdefault("Cache-Control", "no-store, private")
        return response

    return respond


def see_within_duty(answer: Answer) -> Answer:
    """Let the database show this request the households of the user's area of duty, and those opened to the user beyond them."""

    def respond(request: HttpRequest) -> HttpResponse:
        if not request.user.is_authenticated:
            return answer(request)
        area = area_of_duty(request.user, Right.SEE_HOUSEHOLDS)
        with walls.within(walls.of_duty(area, cleared_for(request.user))):
            return answer(request)

    return respond
