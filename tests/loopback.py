"""Plain HTTP to servers on loopback, whose clients need no certificates.

httpx reads every certificate that the machine trusts for each client (also `httpx.post` makes one),
even for a client that never speaks TLS. That takes 25 ms of processor time, and a run of all tests
makes thousands of clients.
"""

import ssl

NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""``verify`` of such a client. It trusts nobody, so that TLS with it fails."""
