"""What the web server calls, with everything at hand that every page needs.

What is read here stays as long as the process does. So that the garbage collector need not walk through it again and again, it is
told to leave it alone: every thirty pages that stopped a process for a tenth of a second.
"""

import contextlib
import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hub.settings")
application = get_wsgi_application()

from hub.programmes import queries as programmes
from welfare import CatalogueError

with contextlib.suppress(CatalogueError):  # pages that need it tell what is wrong with it
    programmes.rules()
gc.collect()
gc.freeze()
