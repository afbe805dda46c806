"""The same house and sockets as the tests of the sockets."""

from tests.ingest.conftest import _application, archive, connect, house, sockets, watch  # noqa: F401
