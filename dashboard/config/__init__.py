"""The dashboard's settings and entry points.

``shared`` is a sibling source tree, not an installed package, in a checkout: any way into the
dashboard (manage.py, a WSGI or ASGI server) imports this package first, so the path is set here.
"""

import sys
from importlib.util import find_spec
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent.parent

_spec = find_spec("shared")
# Without an origin it is not the package but the folder "shared" of a checkout one stands in.
if _spec is None or _spec.origin is None:
    sys.path.append(str(REPOSITORY / "shared" / "src"))
