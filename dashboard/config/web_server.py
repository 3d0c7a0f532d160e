"""How gunicorn serves the dashboard: ``gunicorn --config python:config.web_server --bind …``.

Not granian, which serves the edge: its WSGI interface hands an empty header over when a value holds
a byte that is not ASCII, so one such cookie, set by whatever else runs on the domain, signed people
out and refused the log-in form. gunicorn keeps the bytes, as PEP 3333 says.
"""

wsgi_app = "config.wsgi:application"
worker_class = "gthread"
threads = 4
# Seconds. A proxy in front keeps its connections open, a browser its six; neither holds a thread.
keepalive = 20
# Bytes. The address of a filtered page of requests is long.
limit_request_line = 8190
# Which headers of a proxy are believed is Django's setting (DJANGO_BEHIND_TLS_PROXY) alone.
forwarded_allow_ips = ""
control_socket_disable = True
loglevel = "warning"
