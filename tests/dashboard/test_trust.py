"""The page that shows how a phone learns to trust the local CA, and the certificate itself."""

from django.test import Client

from fleet import tls


def test_everybody_in_the_office_gets_the_certificate_and_never_its_key(db, settings, tmp_path) -> None:
    settings.LOCAL_CA = tls.local(tmp_path, ["127.0.0.1"]).ca
    page = Client().get("/lan/")
    assert page.status_code == 200
    assert 'href="/lan/ca.crt"' in page.content.decode()
    answer = Client().get("/lan/ca.crt")
    assert answer["Content-Type"] == "application/x-x509-ca-cert"
    assert answer.content.startswith(b"-----BEGIN CERTIFICATE-----")
    assert b"PRIVATE" not in answer.content


def test_without_a_local_ca_there_is_nothing(db, settings, tmp_path) -> None:
    for settings.LOCAL_CA in (None, tmp_path / "ca.pem"):
        assert Client().get("/lan/").status_code == 404
        assert Client().get("/lan/ca.crt").status_code == 404
