"""The addresses of the hub: each app's own `urls.py`, under the app's name.

`access` (sign-in, language) and `desk` (home) stand at the root. An app without `urls.py` has no pages.
"""

from importlib import import_module
from importlib.util import find_spec

from django.urls import URLPattern, URLResolver, include, path

from hub import order, views

AT_THE_ROOT = {"access", "desk"}

# The only pages that answer without sign-in, by the name of their address. A page that is public carries Django's
# `login_not_required` and stands here; a test compares the two.
PUBLIC = {
    *("sign_in", "passkey_sign_in", "passkey_options", "second_factor", "choose_password", "enrol"),
    *("language", "alive", "programmes", "programme", "changes"),
}


def _of_apps() -> list[URLPattern | URLResolver]:
    found: list[URLPattern | URLResolver] = []
    for name in order.APPS:
        if find_spec(f"hub.{name}.urls"):
            prefix = "" if name in AT_THE_ROOT else f"{name}/"
            found.append(path(prefix, include(import_module(f"hub.{name}.urls"))))
    return found


urlpatterns = [
    *_of_apps(),
    path("alive/", views.alive, name="alive"),
]

handler400 = views.bad_request
handler403 = views.refused
handler404 = views.not_found
handler500 = views.fault
