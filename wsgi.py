"""The WSGI entry: gunicorn runs `wsgi:app`, and so does the `flask` command."""

import os

from config import Config
from wms.app import create_app
from wms.platform import metrics

app = create_app(Config.from_environ(os.environ).require_engines())
metrics.set_role("web")  # seen with their first request: the server may build this once and fork it
